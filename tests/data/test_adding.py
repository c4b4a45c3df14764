import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from symptomeme.data.dataset import read_splits
from symptomeme.data.importing import Imported
from symptomeme.domain.errors import InputError
from symptomeme.domain.layout import dataset_paths
from symptomeme.domain.writing import read_jsonl

Files = dict[str, bytes | str]
Pack = Callable[[str, Files], Path]
Take = Callable[..., Imported]
AXIOM = dataset_paths("axiom")


def tree(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


def reasons(imported: Imported) -> dict[str, list[str]]:
    return dict(imported.left_out.reasons())


def test_what_is_there_is_not_replaced(pack: Pack, small: Files, take: Take) -> None:
    archive = pack("memes.zip", small)
    take(archive)
    with pytest.raises(InputError) as error:
        take(archive)
    assert str(error.value) == (
        "data/axiom is there already: use --add to join more memes to it, or delete it to import afresh "
        "(then memes may move between splits)."
    )


def test_what_to_do_about_the_sample_is_told(pack: Pack, small: Files, take: Take) -> None:
    take(pack("sample.zip", {**small, "source.json": '{"kind": "sample"}'}))
    before = tree(AXIOM.root)
    with pytest.raises(InputError) as error:
        take(pack("memes.zip", small))
    assert str(error.value) == (
        "data/axiom holds the sample, with which no other memes are mixed. To put others in its place: "
        "'rm -r data/axiom', then run this again."
    )
    assert tree(AXIOM.root) == before


@pytest.mark.parametrize(
    ("name", "held", "told"),
    [
        ("metadata.jsonl", b'{"id": "TR-1"}\n', "line 1: file_name, labels, text, reasoning"),
        ("boxes.jsonl", b'{"key": ', "JSONDecodeError"),
        ("boxes.jsonl", b"[3]\n", "TypeError"),
        ("boxes.jsonl", b'{"words": []}\n', "KeyError"),
        ("boxes.jsonl", b"[" * 100_000, "RecursionError"),
    ],
)
def test_nothing_joins_what_was_changed_by_hand(
    pack: Pack, small: Files, take: Take, name: str, held: bytes, told: str
) -> None:
    archive = pack("memes.zip", small)
    take(archive)
    changed = AXIOM.root / "train" / name
    changed.write_bytes(held)
    before = tree(AXIOM.root)
    with pytest.raises(InputError) as error:
        take(archive, add=True)
    assert str(error.value).startswith(f"data/axiom/train/{name}: not what import-data writes ({told}): it was changed")
    assert tree(AXIOM.root.parent) == {f"axiom/{name}": data for name, data in before.items()}


def test_there_must_be_something_to_add_to(pack: Pack, small: Files, take: Take) -> None:
    with pytest.raises(
        InputError, match=r"^data/axiom is missing: run 'symptomeme import-data anxiety ARCHIVE\.\.\.', or "
    ):
        take(pack("memes.zip", small), add=True)


def test_more_memes_join_and_none_moves(pack: Pack, small: Files, take: Take, make: Any) -> None:
    take(pack("memes.zip", small))
    before = tree(AXIOM.root)
    placed = read_splits(AXIOM)
    rows = [make.anxiety(f"TR-{i}") for i in range(17, 30)]
    more: Files = {f"train/TR-{i}.png": make.picture(i, kind="PNG") for i in range(17, 30)}
    imported = take(pack("more.zip", {**more, "train.json": json.dumps(rows)}), add=True)
    after = tree(AXIOM.root)
    now = read_splits(AXIOM)
    assert {key: now[key] for key in placed} == placed
    assert len(now) == 31 == imported.sizes.total()
    assert sum(map(len, imported.taken.values())) == 13
    assert {name for name in before if after[name] != before[name]} == {"splits.parquet", "train/metadata.jsonl"}
    assert [row["id"] for row in read_jsonl(AXIOM.metadata("train"))] == [f"TR-{i}" for i in range(1, 30)]
    assert [path.name for path in Path("data").iterdir()] == ["axiom"]


def test_added_memes_that_are_there_already_are_skipped_or_conflict(
    pack: Pack, small: Files, take: Take, make: Any
) -> None:
    take(pack("memes.zip", small))
    before = tree(AXIOM.root)
    rows = [make.anxiety("TR-2"), make.anxiety("TR-4"), make.anxiety("TR-6", label="Impending Doom")]
    more: Files = {f"train/TR-{i}.jpg": small[f"complete/anxiety_train_image/TR-{i}.jpg"] for i in (2, 6)}
    more |= {"train/TR-4.jpg": make.picture(44), "train.json": json.dumps(rows)}
    imported = take(pack("more.zip", more), add=True)
    assert reasons(imported) == {
        "there already, skipped": ["train/TR-2"],
        "there already with another picture or labels, left out": ["train/TR-4", "train/TR-6"],
    }
    assert tree(AXIOM.root) == before


def test_a_published_validation_split_may_come_later(pack: Pack, small: Files, take: Take, make: Any) -> None:
    take(pack("memes.zip", small))
    more = {"val.json": json.dumps([make.anxiety("VA-1")]), "val/VA-1.jpg": make.picture(500)}
    take(pack("more.zip", more), add=True)
    assert Counter(read_splits(AXIOM).values()) == {"train": 14, "val": 3, "test": 2}
