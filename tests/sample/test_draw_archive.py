import argparse
import hashlib
import json

import pytest
from PIL import Image

from symptomeme.cli import draw as cli
from symptomeme.domain.errors import InputError
from symptomeme.domain.labels import ANXIETY, DEPRESSION
from symptomeme.domain.writing import read_jsonl
from symptomeme.sample import archive
from symptomeme.sample.archive import draw_archive, picture_path


def files(root):
    return {
        path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in root.rglob("*")
        if path.is_file()
    }


def drawn(annotations, out, **more):
    arguments = {"extra": [], "split_test": None, "seed": 1} | more
    return draw_archive(ANXIETY, annotations, out, **arguments)


def test_an_archive_has_the_published_layout(annotations, tmp_path):
    train = annotations(
        "train.json", ("hello there", "Restlessness"), ("", "Nervousness"), ("word " * 130, "Nervousness")
    )
    extra = annotations("other.json", ("汉字", "Nervousness"))
    told = drawn([train], tmp_path / "out", extra=[extra])
    out = tmp_path / "out"
    assert (told.splits, told.cut, told.replaced, told.empty) == ({"train": 3, "extra": 1}, 1, 2, 1)
    assert json.loads((out / "anxiety_train.json").read_text()) == json.loads(train.read_text())
    assert json.loads((out / "anxiety_extra.json").read_text()) == json.loads(extra.read_text())
    assert json.loads((out / "source.json").read_text()) == {"kind": "drawn"}
    rows = read_jsonl(out / "boxes.jsonl")
    assert [row["key"] for row in rows] == ["train/TR-1", "train/TR-2", "train/TR-3", "extra/TR-1"]
    assert all(row["symbols"] == [] for row in rows)
    for row in rows:
        split, sample_id = row["key"].split("/")
        (picture,) = (out / f"anxiety_{split}_image").glob(f"{sample_id}.*")
        with Image.open(picture) as found:
            assert found.size == (row["width"], row["height"])


@pytest.mark.parametrize(
    ("task", "file_format", "path"),
    [
        (ANXIETY, "JPEG", "anxiety_test_image/TE-1.jpg"),
        (ANXIETY, "PNG", "anxiety_test_image/TE-1.png"),
        (DEPRESSION, "JPEG", "depressive_image/test/TE-1.jpeg"),
        (DEPRESSION, "PNG", "depressive_image/test/TE-1.png"),
    ],
)
def test_pictures_are_named_as_published(task, file_format, path):
    assert picture_path(task, "test", "TE-1", file_format).as_posix() == path


def test_the_same_input_gives_the_same_bytes_in_one_process_and_in_many(annotations, tmp_path, monkeypatch):
    train = annotations("train.json", *[(f"thought number {n}", "Restlessness") for n in range(6)])
    drawn([train], tmp_path / "one")
    monkeypatch.setattr(archive, "WORTH_A_POOL", 2)
    monkeypatch.setattr(archive.os, "sched_getaffinity", lambda _: {0, 1})
    drawn([train], tmp_path / "many")
    assert len(files(tmp_path / "one")) == 6 + 3
    assert files(tmp_path / "one") == files(tmp_path / "many")


def test_pictures_do_not_depend_on_labels(annotations, tmp_path):
    for name, label in (("first", "Restlessness"), ("second", "Impending Doom")):
        drawn([annotations("train.json", ("same words", label))], tmp_path / name)
    first, second = files(tmp_path / "first"), files(tmp_path / "second")
    assert first.pop("anxiety_train.json") != second.pop("anxiety_train.json")
    assert first == second


def test_a_carved_test_part_lands_in_its_own_files(annotations, tmp_path):
    train = annotations("train.json", *[(f"thought {n}", "Restlessness") for n in range(10)])
    told = drawn([train], tmp_path / "out", split_test=0.2)
    assert told.splits == {"train": 8, "test": 2}
    kept, moved = (json.loads((tmp_path / "out" / f"anxiety_{split}.json").read_text()) for split in ("train", "test"))
    assert {record["sample_id"] for record in kept + moved} == {f"TR-{n}" for n in range(1, 11)}
    assert len(list((tmp_path / "out" / "anxiety_test_image").iterdir())) == 2


def test_an_occupied_folder_is_left_alone(annotations, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "mine").write_text("mine")
    with pytest.raises(InputError, match=r"out exists and is not empty\. Delete it first, or choose another --out\."):
        drawn([annotations("train.json", ("a", "Restlessness"))], out)
    assert files(out).keys() == {"mine"}


def test_an_interrupted_drawing_leaves_nothing(annotations, tmp_path, monkeypatch):
    def interrupted(order):
        raise KeyboardInterrupt

    monkeypatch.setattr(archive, "draw_meme", interrupted)
    train = annotations("train.json", ("a", "Restlessness"))
    with pytest.raises(KeyboardInterrupt):
        drawn([train], tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["train.json"]


def parsed(*argv):
    top = argparse.ArgumentParser()
    cli.add_to(top.add_subparsers())
    return top.parse_args([str(word) for word in argv])


def test_without_a_folder_the_archive_is_named_after_its_task(annotations, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    args = parsed("draw", "anxiety", "--annotations", annotations("train.json", ("fine", "Restlessness")))
    assert args.run(args) == 0
    assert "  symptomeme import-data anxiety drawn/anxiety" in capsys.readouterr().out.splitlines()
    assert (tmp_path / "drawn/anxiety/anxiety_train.json").is_file()


def test_the_command_says_what_it_drew_and_what_to_type(annotations, tmp_path, capsys):
    train = annotations("train.json", ("word " * 121, "Restlessness"), ("fine", "Restlessness"))
    args = parsed("draw", "anxiety", "--annotations", train, "--out", tmp_path / "out")
    assert args.run(args) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"2 memes drawn into {tmp_path / 'out'}: train 2.",
        "1 texts were over 120 words or 1,200 characters and were cut.",
        "0 letters are not in the font and became '?'; 0 memes have no words.",
        "",
        "Next:",
        f"  symptomeme import-data anxiety {tmp_path / 'out'}",
    ]


@pytest.mark.parametrize("share", ["0", "1", "-0.2", "some", "nan"])
def test_a_share_outside_0_to_1_is_refused(share, capsys):
    with pytest.raises(SystemExit):
        parsed("draw", "anxiety", "--annotations", "a.json", "--out", "out", f"--split-test={share}")
    assert f"'{share}' is no share; expected a number between 0 and 1, such as 0.2" in capsys.readouterr().err
