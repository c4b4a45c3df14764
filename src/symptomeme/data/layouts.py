"""The published layouts: which members of an archive are annotations, pictures or boxes, and of which split.

Names tell it, wherever the files are nested: `anxiety_train.json`, `depression_val_llava_dataset.json`, `train.json`,
`anxiety_test_gpt_new.csv`; pictures in `anxiety_train_image/` or `.../depressive_image/val/`, called by their id.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from symptomeme.data.archives import Archive, Member
from symptomeme.data.left_out import LeftOut
from symptomeme.data.naming import key_of, printable
from symptomeme.data.transforms import MAX_BYTES
from symptomeme.domain.labels import Task

ANNOTATIONS = (".json", ".csv")
PICTURES = (".jpg", ".jpeg", ".png", ".gif", ".webp", ".bmp", ".tif", ".tiff")
BOXES = "boxes.jsonl"
SOURCE = "source.json"
_SPLIT_WORDS = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "dev": "val",
    "test": "test",
    "testing": "test",
    "extra": "extra",
}
_TASK_WORDS = {"anxiety": ("anxi", "axiom"), "depression": ("depress", "restore")}


@dataclass(frozen=True)
class Found:
    """What of some archives belongs to a task."""

    annotations: list[tuple[str, Member]] = field(default_factory=list)  # with their split
    pictures: dict[str, dict[str, Member]] = field(default_factory=dict)  # split -> id -> member
    boxes: list[Member] = field(default_factory=list)


def recognise(task: Task, archives: Iterable[Archive], left_out: LeftOut) -> Found:
    """Sort the members of archives by what they are; none is read."""
    found = Found()
    for archive in archives:
        for link in archive.links:
            left_out.add("symbolic link or device, not followed", link)
        for member in archive.members:
            if _names_other_task(task, (*member.folders, member.path.stem)):
                left_out.add("file of another task", member.where)
            elif member.path.suffix.lower() in PICTURES:
                _sort_picture(member, found, left_out)
            elif member.path.name == BOXES:
                found.boxes.append(member)
            elif member.path.name != SOURCE:
                _sort_annotation(member, found, left_out)
    return found


def _sort_picture(member: Member, found: Found, left_out: LeftOut) -> None:
    split = _split_of_folders(member.folders)
    if split is None:
        left_out.add("picture in a folder whose name tells no split", member.where)
        return
    name = member.path.stem
    if member.size > MAX_BYTES:
        left_out.add(f"picture over {MAX_BYTES} bytes", printable(key_of(split, name)))
    elif name in found.pictures.setdefault(split, {}):
        left_out.add("second picture of an id, first kept", printable(key_of(split, name)))
    else:
        found.pictures[split][name] = member


def _sort_annotation(member: Member, found: Found, left_out: LeftOut) -> None:
    splits = _splits_in(member.path.stem)
    if member.path.suffix.lower() in ANNOTATIONS and len(splits) == 1:
        found.annotations.append((splits.pop(), member))
    else:
        left_out.add("file of no known kind", member.where)


def _split_of_folders(folders: tuple[str, ...]) -> str | None:
    """The split that the innermost telling folder names."""
    for folder in reversed(folders):
        splits = _splits_in(folder)
        if len(splits) == 1:
            return splits.pop()
    return None


def _splits_in(name: str) -> set[str]:
    return {_SPLIT_WORDS[word] for word in re.split(r"[^a-z]+", name.lower()) if word in _SPLIT_WORDS}


def _names_other_task(task: Task, names: tuple[str, ...]) -> bool:
    """Whether the innermost name that speaks of just one task speaks of another one."""
    for name in reversed(names):
        spoken = {of for of, words in _TASK_WORDS.items() if any(word in name.lower() for word in words)}
        if len(spoken) == 1:
            return spoken != {task.name}
    return False
