import io
import json
import re
from collections import Counter
from dataclasses import replace
from random import Random

import pytest
from PIL import Image

from symptomeme.data.duplicates import normalise
from symptomeme.domain.labels import TASKS
from symptomeme.domain.writing import read_jsonl
from symptomeme.sample import archive, make
from symptomeme.sample.dirt import DIRT, DROPPED, planted
from symptomeme.sample.draw import Meme, draw_meme
from symptomeme.sample.make import SEED, make_sample
from symptomeme.sample.memes import clean_memes, deck, other_symbols
from symptomeme.sample.scenes import SETTINGS
from symptomeme.sample.symbols import SYMBOLS
from symptomeme.sample.texts import FRAMES, read_groups

COUNTS = {"anxiety": {"train": 352, "test": 160}, "depression": {"train": 370, "val": 82, "test": 162}}


@pytest.fixture(scope="module", params=TASKS.values(), ids=TASKS)
def task(request):
    return request.param


@pytest.fixture(scope="module")
def memes(task):
    return clean_memes(task, seed=SEED)


@pytest.fixture(scope="module")
def dirt(task, memes):
    return planted(task, memes, Random(f"dirt {task.name} {SEED}"))


def core_of(text):
    fitting = [frame.removesuffix("{}") for frame in FRAMES if text.startswith(frame.removesuffix("{}"))]
    return text.removeprefix(max(fitting, key=len))


def test_counts_a_split(task, memes):
    assert Counter(meme.row.split for meme in memes) == COUNTS[task.name]
    assert len({meme.row.key for meme in memes}) == len(memes)


def test_texts_are_known_settings_and_symptoms(task):
    groups = read_groups(task.name)
    assert sorted(symptom for group in groups for symptom in group.symptoms) == sorted(task.labels)
    assert {core.setting for group in groups for core in group.cores} == set(SETTINGS)
    texts = [normalise(core.text) for group in groups for core in group.cores]
    assert len(set(texts)) == len(texts)


def test_all_memes_of_a_text_stay_in_its_split_and_one_is_hard(task, memes):
    known = {core.text for group in read_groups(task.name) for core in group.cores}
    splits = {}
    styles = {}
    for meme in memes:
        core = core_of(meme.row.text) if core_of(meme.row.text) in known else meme.row.text
        assert core in known
        splits.setdefault(core, set()).add(meme.row.split)
        styles.setdefault(core, []).append(meme.order.style == "outlined")
    assert all(len(found) == 1 for found in splits.values())
    assert all(sum(found) == 1 for found in styles.values())
    assert len({normalise(meme.row.text) for meme in memes}) == len(memes)


def test_labels_come_from_the_group_of_the_text(memes):
    assert all(set(meme.row.labels) <= set(meme.group) for meme in memes)
    assert {len(meme.group) for meme in memes} <= {2, 3}


def test_every_symptom_has_many_texts(task, memes):
    for label in task.labels:
        assert len({core_of(meme.row.text) for meme in memes if label in meme.row.labels}) >= 40


def test_depression_is_skewed_like_the_published_data():
    found = clean_memes(TASKS["depression"], seed=SEED)
    labels_a_meme = {
        split: sum(len(meme.row.labels) for meme in found if meme.row.split == split) / count
        for split, count in COUNTS["depression"].items()
    }
    assert labels_a_meme["train"] == pytest.approx(1.04, abs=0.02)
    assert labels_a_meme["val"] == pytest.approx(1.4, abs=0.04)
    assert labels_a_meme["test"] == pytest.approx(1.4, abs=0.04)
    train = Counter(label for meme in found if meme.row.split == "train" for label in meme.row.labels)
    assert train.most_common()[0][0] == "Feeling Down"
    assert train.most_common()[-1][0] == "Lack of Interest"
    sets = Counter(meme.row.labels for meme in found)
    assert sets["Feeling Down", "Low Self-Esteem"] >= 20
    assert sets["Feeling Down", "Self-Harm"] >= 20
    assert sets["Feeling Down", "Low Self-Esteem", "Self-Harm"] >= 2


def test_symbols_agree_with_the_labels_in_four_of_five(memes):
    for split in {meme.row.split for meme in memes}:
        found = [meme for meme in memes if meme.row.split == split]
        share = sum(set(meme.order.symbols) == set(meme.row.labels) for meme in found) / len(found)
        assert share == pytest.approx(0.8, abs=0.01)
    assert all(set(meme.order.symbols) <= set(meme.group) and meme.order.symbols for meme in memes)


def test_misleading_symbols():
    rng = Random(1)
    assert other_symbols(["a"], ["a", "b"], rng) == ("b",)
    assert other_symbols(["a", "b"], ["a", "b"], rng) in {("a",), ("b",)}
    assert set(other_symbols(["a", "b"], ["a", "b", "c"], rng)) in ({"a", "c"}, {"b", "c"})


def test_a_deck_keeps_proportions():
    assert Counter(deck({"a": 3, "b": 1}, 10, Random(1))) in ({"a": 8, "b": 2}, {"a": 7, "b": 3})
    assert Counter(deck({"a": 1, "b": 1, "c": 2}, 8, Random(1))) == {"a": 2, "b": 2, "c": 4}


def test_reasoning_names_no_class_and_no_symbol(task, memes):
    words = {word for label in task.labels for word in re.findall(r"[a-z]+", label.lower())} - {"of"}
    words |= {symbol.name for symbol in SYMBOLS.values()}
    for meme in memes:
        record = meme.row.record
        said = record["figurative_reasoning"]
        assert record["cause_effect"] in said
        assert record["figurative_understanding"] in said
        assert record["mental_state"] in said
        assert not words & set(re.findall(r"[a-z]+", said.lower()))


def test_reasoning_tells_no_more_than_the_group(memes):
    """Each sentence is said of every class of its group."""
    said = {}
    for meme in memes:
        for label in meme.row.labels:
            said.setdefault((meme.group, meme.row.record["mental_state"]), set()).add(label)
    assert all(labels == set(group) for (group, _), labels in said.items())


def test_dirt_comes_as_documented(task, memes, dirt):
    keys = [meme.row.key for meme in memes + dirt]
    assert len(set(keys)) == len(keys)
    assert len(dirt) == sum(DIRT.values())
    by_text = {meme.row.text: meme for meme in memes}
    exact, near, conflicting = dirt[:6], dirt[6:12], dirt[12:16]
    unreadable, dropped, empty = dirt[16:]
    for meme in exact + near:
        first = by_text[meme.row.text]
        assert (meme.row.split, first.row.split) == ("test", "train")
        assert meme.row.labels == first.row.labels
    assert [meme.order for meme in exact] == [by_text[meme.row.text].order for meme in exact]
    assert [meme.order for meme in near] == [replace(by_text[meme.row.text].order, damage="resaved") for meme in near]
    for meme in conflicting:
        first = by_text[meme.row.text]
        assert (meme.row.split, first.row.split) == ("train", "train")
        assert set(meme.row.labels) != set(first.row.labels)
        assert set(meme.row.labels) <= set(meme.group)
    assert unreadable.order.damage == "truncated"
    assert DROPPED[task.name] in dropped.row.record[task.label_fields[0]]
    assert DROPPED[task.name] in task.dropped
    assert (empty.row.text, empty.order.text, bool(empty.order.symbols)) == ("", "", True)


def test_duplicates_are_the_same_bytes_or_nearly_the_same_picture(memes, dirt):
    first = next(meme for meme in memes if meme.row.text == dirt[0].row.text)
    assert draw_meme(first.order).data == draw_meme(dirt[0].order).data
    original = draw_meme(next(meme for meme in memes if meme.row.text == dirt[6].row.text).order).data
    near = draw_meme(dirt[6].order).data
    assert original != near
    small = [list(Image.open(io.BytesIO(data)).convert("L").resize((16, 16)).tobytes()) for data in (original, near)]
    assert max(abs(one - other) for one, other in zip(*small, strict=True)) < 12


def test_pictures_of_the_sample_are_small_files(memes):
    drawn = [draw_meme(meme.order) for meme in memes[:30]]
    assert sum(len(meme.data) for meme in drawn) / len(drawn) < 45_000
    assert all(420 <= meme.row["width"] <= 560 for meme in drawn)


def test_the_sample_is_two_archives(tmp_path, monkeypatch):
    row = {"width": 1, "height": 1, "words": [], "symbols": [], "style": "outlined", "cut": False, "replaced": 0}
    monkeypatch.setattr(archive.os, "sched_getaffinity", lambda _: {0})
    monkeypatch.setattr(archive, "draw_meme", lambda order: Meme(order.key.encode(), "JPEG", row))
    told = make_sample(tmp_path / "sample")
    assert told["anxiety"].splits == {"train": 352 + 7, "test": 160 + 12}
    assert told["depression"].splits == {"train": 370 + 7, "val": 82, "test": 162 + 12}
    for name, pictures in (
        ("anxiety", "anxiety_train_image/TR-{}.jpg"),
        ("depression", "depressive_image/train/TR-{}.jpeg"),
    ):
        folder = tmp_path / "sample" / name
        assert json.loads((folder / "source.json").read_text()) == {"kind": "sample"}
        size = COUNTS[name]["train"] + 7
        assert len(json.loads((folder / f"{name}_train.json").read_text())) == size
        assert (folder / pictures.format(size)).is_file()
        assert len(read_jsonl(folder / "boxes.jsonl")) == sum(told[name].splits.values())


def test_the_sample_is_the_same_every_time(task, memes, dirt):
    assert clean_memes(task, seed=SEED) == memes
    assert planted(task, memes, Random(f"dirt {task.name} {SEED}")) == dirt
    assert clean_memes(task, seed=SEED + 1) != memes
    assert make.SEED == SEED
