import json
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from symptomeme.data import importing
from symptomeme.data.dataset import read_dataset, read_splits
from symptomeme.data.importing import Imported, import_archives
from symptomeme.data.placing import Placing
from symptomeme.domain.errors import AnnotationError, ArchiveError, InputError
from symptomeme.domain.labels import ANXIETY, DEPRESSION, Task
from symptomeme.domain.layout import dataset_paths
from symptomeme.domain.writing import read_jsonl

Files = dict[str, bytes | str]
Pack = Callable[[str, Files], Path]
Take = Callable[..., Imported]
AXIOM = dataset_paths("axiom")


@pytest.fixture
def take(project: Path, placing: Placing) -> Take:
    def from_archives(*archives: Path, task: Task = ANXIETY, add: bool = False) -> Imported:
        return import_archives(task, archives, placing, add=add)

    return from_archives


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
        AnnotationError, match=r"more\.zip/complete/anxiety_test\.json: TE-1: 'Joy' is not a class of AxiOM"
    ):
        take(pack("more.zip", small), add=True)
    assert tree(Path("data")) == before


def test_what_is_there_is_not_replaced(pack: Pack, small: Files, take: Take) -> None:
    archive = pack("memes.zip", small)
    take(archive)
    with pytest.raises(InputError) as error:
        take(archive)
    assert str(error.value) == (
        "data/axiom is there already: use --add to join more memes to it, or delete it to import afresh "
        "(then memes may move between splits)."
    )


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


@pytest.mark.parametrize("root", ["", "memes/"])
def test_the_kind_of_data_and_the_boxes_are_kept(pack: Pack, small: Files, take: Take, make: Any, root: str) -> None:
    boxes = [
        {"key": f"{key}", "words": [{"text": "é", "box": [1, 2, 3, 4.5]}]} for key in ("train/TR-10", "train/TR-9")
    ]
    lines = "".join(json.dumps(row) + "\n" for row in [*boxes, {"key": "test/TE-1"}, {"key": "train/other"}])
    drawn = {f"{root}{name}": data for name, data in small.items()}
    take(pack("memes.zip", {**drawn, f"{root}source.json": '{"kind": "drawn"}', f"{root}boxes.jsonl": lines}))
    assert json.loads(AXIOM.source.read_text()) == {"kind": "drawn"}
    assert read_jsonl(AXIOM.boxes("train")) == boxes[::-1]
    assert read_jsonl(AXIOM.boxes("test")) == [{"key": "test/TE-1"}]
    more = {
        "source.json": '{"kind": "drawn"}',
        "boxes.jsonl": '{"key": "train/TR-9", "words": []}\n{"key": "train/TR-17"}\n',
        "train.json": json.dumps([make.anxiety("TR-17")]),
        "train/TR-17.jpg": make.picture(17),
    }
    take(pack("more.zip", more), add=True)
    assert read_jsonl(AXIOM.boxes("train")) == [*boxes[::-1], {"key": "train/TR-17"}]


def test_kinds_are_not_mixed(pack: Pack, small: Files, take: Take) -> None:
    published = pack("published.zip", small)
    sample = pack("sample.zip", {**small, "source.json": '{"kind": "sample"}'})
    with pytest.raises(ArchiveError) as error:
        take(published, sample)
    assert str(error.value) == (
        f"Archives of different kinds are not mixed: {published} is published, {sample} is sample. "
        "Import them one data set at a time."
    )
    take(sample)
    with pytest.raises(ArchiveError) as error:
        take(published, add=True)
    assert str(error.value) == (
        "data/axiom holds sample data and these archives published data: the two are not mixed. "
        "Delete data/axiom and import without --add."
    )


@pytest.mark.parametrize("content", ["", "[]", '{"kind": "published"}', '{"kind": 3}', "[" * 100_000])
def test_an_odd_source_is_refused(pack: Pack, small: Files, take: Take, content: str) -> None:
    with pytest.raises(
        ArchiveError, match=r'memes\.zip/source\.json: expected {"kind": "sample"} or {"kind": "drawn"}\.$'
    ):
        take(pack("memes.zip", {**small, "source.json": content}))


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("[1]", ":1: expected a JSON object with a key '<split>/<id>'."),
        ('{"key": 3}', ":1: expected a JSON object with a key '<split>/<id>'."),
        ("{", ": no JSON object a line (JSONDecodeError)."),
        ('{"key": "\\ud800"}', ": no JSON object a line (UnicodeEncodeError)."),
    ],
)
def test_odd_boxes_are_refused(pack: Pack, small: Files, take: Take, line: str, told: str) -> None:
    with pytest.raises(AnnotationError) as error:
        take(pack("memes.zip", {**small, "boxes.jsonl": line}))
    assert str(error.value).endswith(f"memes.zip/boxes.jsonl{told}")


def test_an_archive_without_a_meme_of_the_task_is_told(pack: Pack, small: Files, take: Take) -> None:
    archive = pack("memes.zip", small)
    with pytest.raises(ArchiveError) as error:
        take(archive, task=DEPRESSION)
    assert str(error.value) == (
        f"{archive}: no annotations of RESTORE; expected JSON or CSV files whose names tell a split (such as "
        "depression_train.json), with the field meme_depressive_categories."
    )
    texts = pack("texts", {name: data for name, data in small.items() if name.endswith(".json")})
    with pytest.raises(ArchiveError) as error:
        take(texts)
    assert str(error.value) == (
        f"{texts}: 18 annotations of AxiOM, but a picture for none that could be taken; nothing was imported. Give the "
        "archive with the pictures too, or draw them with 'symptomeme draw anxiety'."
    )
