import json
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from symptomeme.data import importing
from symptomeme.data.dataset import read_dataset, read_splits
from symptomeme.data.importing import Imported
from symptomeme.domain.errors import AnnotationError, ArchiveError
from symptomeme.domain.labels import ANXIETY, DEPRESSION
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


@pytest.mark.parametrize("name", ["anxiety_dataset_complete.zip", "anxiety_dataset_complete"])
def test_an_archive_becomes_the_one_layout(pack: Pack, small: Files, take: Take, name: str) -> None:
    imported = take(pack(name, small))
    assert sorted(tree(AXIOM.root)) == sorted(
        [
            "source.json",
            "splits.parquet",
            "test/metadata.jsonl",
            "train/metadata.jsonl",
            *(f"test/images/TE-{i}.jpg" for i in (1, 2)),
            *(f"train/images/TR-{i}.jpg" for i in range(1, 17)),
        ]
    )
    assert AXIOM.source.read_text() == '{\n  "kind": "published"\n}\n'
    assert (AXIOM.images("train") / "TR-3.jpg").read_bytes() == small["complete/anxiety_train_image/TR-3.jpg"]
    rows = read_jsonl(AXIOM.metadata("train"))
    assert [row["id"] for row in rows] == [f"TR-{i}" for i in range(1, 17)]
    assert rows[1] == {
        "file_name": "images/TR-2.jpg",
        "id": "TR-2",
        "labels": ["Restlessness"],
        "text": "words of TR-2",
        "reasoning": "",
    }
    assert Counter(read_splits(AXIOM).values()) == {"train": 14, "val": 2, "test": 2} == imported.sizes
    assert {split: len(memes) for split, memes in imported.taken.items()} == {
        "train": 14,
        "val": 2,
        "test": 2,
        "extra": 0,
    }
    assert all(meme.image.is_file() for memes in imported.taken.values() for meme in memes)
    assert reasons(imported) == {}


def test_the_same_archive_leaves_the_same_bytes(pack: Pack, small: Files, take: Take) -> None:
    take(pack("memes.zip", small))
    first = tree(AXIOM.root)
    shutil.rmtree(AXIOM.root)
    take(pack("other-name", dict(reversed(small.items()))))
    assert tree(AXIOM.root) == first


def test_the_second_public_layout(pack: Pack, make: Any, take: Take) -> None:
    files: Files = {}
    for split, prefix in (("train", "TR"), ("val", "VA"), ("test", "TE")):
        files[f"Depressive_Data/{split}.json"] = json.dumps([make.depression(f"{prefix}-1", ["Feeling Down"])])
        files[f"Depressive_Data/Images/depressive_image/{split}/{prefix}-1.JPEG"] = make.picture(ord(prefix[1]))
    files["__MACOSX/Depressive_Data/Images/depressive_image/train/._TR-1.JPEG"] = b"junk"
    files["Depressive_Data/.DS_Store"] = b"junk"
    imported = take(pack("M3H.zip", files), task=DEPRESSION)
    assert [(meme.key, str(meme.image)) for meme in read_dataset(DEPRESSION)] == [
        ("test/TE-1", "data/restore/test/images/TE-1.jpeg"),
        ("train/TR-1", "data/restore/train/images/TR-1.jpeg"),
        ("val/VA-1", "data/restore/val/images/VA-1.jpeg"),
    ]
    assert read_splits(dataset_paths("restore")) == {"test/TE-1": "test", "train/TR-1": "train", "val/VA-1": "val"}
    assert reasons(imported) == {}


def test_annotations_and_pictures_may_come_in_different_archives(pack: Pack, small: Files, take: Take) -> None:
    texts = {name: data for name, data in small.items() if name.endswith(".json")}
    pictures = {name: data for name, data in small.items() if name.endswith(".jpg")}
    assert take(pack("texts", texts), pack("pictures.zip", pictures)).sizes.total() == 18


def test_the_same_id_in_two_splits_is_two_memes(pack: Pack, make: Any, take: Take) -> None:
    files = {}
    for seed, split in enumerate(("train", "test")):
        files[f"{split}.json"] = json.dumps([make.anxiety("1", f"words of {split}")])
        files[f"{split}/1.png"] = make.picture(seed, kind="PNG")
    take(pack("memes.zip", files))
    assert [(meme.key, meme.text) for meme in read_dataset(ANXIETY)] == [
        ("test/1", "words of test"),
        ("train/1", "words of train"),
    ]


def test_what_has_no_other_half_is_left_out_and_counted(pack: Pack, small: Files, take: Take, make: Any) -> None:
    del small["complete/anxiety_train_image/TR-5.jpg"]
    small["complete/anxiety_test_image/TE-9.jpg"] = make.picture(9)
    imported = take(pack("memes.zip", small))
    assert reasons(imported) == {
        "annotation without a picture": ["train/TR-5"],
        "picture without an annotation": ["test/TE-9"],
    }
    assert imported.sizes.total() == 17


def test_a_picture_whose_label_was_dropped_is_not_without_annotation(pack: Pack, make: Any, take: Take) -> None:
    rows = [make.anxiety("TR-1", label="Unknown"), make.anxiety("TR-2")]
    files = {"train.json": json.dumps(rows), "train/TR-1.jpg": make.picture(1), "train/TR-2.jpg": make.picture(2)}
    assert reasons(take(pack("memes.zip", files))) == {"label that is no class, meme left out": ["train/TR-1"]}


def test_bytes_that_are_no_picture_are_kept_for_ingest_to_mark(pack: Pack, small: Files, take: Take) -> None:
    small["complete/anxiety_train_image/TR-1.jpg"] = b"not a picture"
    assert take(pack("memes.zip", small)).sizes.total() == 18
    assert (AXIOM.images("train") / "TR-1.jpg").read_bytes() == b"not a picture"


def test_train_memes_with_a_duplicate_in_test_are_counted_and_stay(pack: Pack, small: Files, take: Take) -> None:
    small["complete/anxiety_test_image/TE-1.jpg"] = small["complete/anxiety_train_image/TR-4.jpg"]
    imported = take(pack("memes.zip", small))
    assert imported.touching == 1
    assert read_splits(AXIOM)["train/TR-4"] == "train"


@pytest.mark.parametrize("fault", ["label", "zip", "traversal", "disk"])
def test_a_failed_import_leaves_nothing(
    pack: Pack, small: Files, take: Take, make: Any, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected: type[Exception] = ArchiveError
    if fault == "label":
        small["complete/anxiety_test.json"] = json.dumps([make.anxiety("TE-1", label="Joy")])
        expected = AnnotationError
    if fault == "traversal":
        small["../evil.jpg"] = b"x"
    if fault == "disk":
        monkeypatch.setattr(importing, "write_splits", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left")))
        expected = OSError
    archive = pack("memes.zip", small)
    if fault == "zip":
        packed, last = archive.read_bytes(), small["complete/anxiety_test_image/TE-2.jpg"]
        assert isinstance(last, bytes)
        archive.write_bytes(packed.replace(packed[packed.index(b"TE-2.jpg") + 20 :][:8], b"damaged!", 1))
    with pytest.raises(expected):
        take(archive)
    assert list(Path("data").glob("*") if Path("data").exists() else []) == []
    assert not Path("../evil.jpg").exists()


def test_a_failed_addition_leaves_the_old_tree(pack: Pack, small: Files, take: Take, make: Any) -> None:
    take(pack("memes.zip", small))
    before = tree(Path("data"))
    small["complete/anxiety_test.json"] = json.dumps([make.anxiety("TE-1", label="Joy")])
    with pytest.raises(
        AnnotationError,
        match=r"more\.zip/complete/anxiety_test\.json: TE-1: a label of 3 characters is not a class of AxiOM",
    ):
        take(pack("more.zip", small), add=True)
    assert tree(Path("data")) == before
