from collections.abc import Callable
from pathlib import Path

import pytest

from symptomeme.data.archives import open_archive
from symptomeme.data.layouts import Found, recognise
from symptomeme.data.left_out import LeftOut
from symptomeme.domain.labels import ANXIETY, DEPRESSION, Task

Pack = Callable[[str, dict[str, str]], Path]


def look(task: Task, archive: Path) -> tuple[Found, dict[str, list[str]]]:
    left_out = LeftOut()
    with open_archive(archive) as opened:
        return recognise(task, [opened], left_out), dict(left_out.reasons())


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("anxiety_train.json", "train"),
        ("anxiety_train_llava_dataset.json", "train"),
        ("anxiety_final/anxiety_test_gpt_new.csv", "test"),
        ("deep/er/depression_val.json", "val"),
        ("Depressive_Data/train.json", "train"),
        ("Depressive_Data/validation.JSON", "val"),
        ("depression_extra.json", "extra"),
    ],
)
def test_the_split_of_annotations_is_in_their_name(pack: Pack, name: str, split: str) -> None:
    task = ANXIETY if "anxiety" in name else DEPRESSION
    found, _ = look(task, pack("memes.zip", {name: ""}))
    assert [(of, str(member.path)) for of, member in found.annotations] == [(split, name)]


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("anxiety_train_image/TR-1.jpg", "train"),
        ("AxiOM/anxiety_final/anxiety_test_image/TR-1.PNG", "test"),
        ("depressive_image/val/TR-1.jpeg", "val"),
        ("Depressive_Data/Images/depressive_image/test/TR-1.jpeg", "test"),
        ("train/of/the/test/TR-1.webp", "test"),
        ("anxiety_extra_image/TR-1.jpg", "extra"),
    ],
)
def test_the_split_of_a_picture_is_in_its_innermost_telling_folder(pack: Pack, name: str, split: str) -> None:
    task = DEPRESSION if "depressive" in name.lower() else ANXIETY
    found, _ = look(task, pack("memes.zip", {name: ""}))
    assert {of: list(ids) for of, ids in found.pictures.items()} == {split: ["TR-1"]}


def test_the_archive_itself_counts_as_the_outermost_folder(pack: Pack) -> None:
    found, _ = look(ANXIETY, pack("anxiety_train_image", {"TR-1.jpg": ""}))
    assert list(found.pictures) == ["train"]


def test_files_of_the_other_task_are_left_out(pack: Pack) -> None:
    archive = pack(
        "depression-and-more",
        {
            "anxiety_final/anxiety_train_image/TR-1.jpg": "",
            "Depressive_Data/Images/depressive_image/train/TR-1.jpeg": "",
            "depression_train.json": "",
        },
    )
    found, left_out = look(ANXIETY, archive)
    assert str(found.pictures["train"]["TR-1"].path) == "anxiety_final/anxiety_train_image/TR-1.jpg"
    assert left_out == {
        "file of another task": [
            f"{archive}/Depressive_Data/Images/depressive_image/train/TR-1.jpeg",
            f"{archive}/depression_train.json",
        ]
    }


def test_what_is_not_understood_is_told(pack: Pack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("symptomeme.data.layouts.MAX_BYTES", 3)
    archive = pack(
        "a.zip",
        {
            "train/TR-1.jpeg": "",
            "train/TR-1.jpg": "",
            "train/TR-2.jpg": "1234",
            "images/TR-3.jpg": "",
            "readme.txt": "",
            "train_test.json": "",
            "source.json": "",
            "boxes.jsonl": "",
        },
    )
    found, left_out = look(ANXIETY, archive)
    assert str(found.pictures["train"]["TR-1"].path) == "train/TR-1.jpeg"
    assert [str(member.path) for member in found.boxes] == ["boxes.jsonl"]
    assert left_out == {
        "picture in a folder whose name tells no split": [f"{archive}/images/TR-3.jpg"],
        "file of no known kind": [f"{archive}/readme.txt", f"{archive}/train_test.json"],
        "second picture of an id, first kept": ["train/TR-1"],
        "picture over 3 bytes": ["train/TR-2"],
    }
