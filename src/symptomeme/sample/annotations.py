"""Annotation files without pictures: read, checked, and a test part carved out of the training records."""

import csv
import io
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

from symptomeme.data.naming import SAFE_ID, key_of
from symptomeme.data.wording import normalise
from symptomeme.domain.errors import AnnotationError, InputError
from symptomeme.domain.labels import Task


@dataclass(frozen=True)
class Annotated:
    """One record of an annotation file."""

    split: str
    id: str
    text: str
    labels: tuple[str, ...]  # classes of the task; dropped labels are left out here, not in `record`
    record: dict[str, Any]  # as it stood in the file

    @property
    def key(self) -> str:
        """Unique in a task."""
        return key_of(self.split, self.id)


def read_annotations(task: Task, files: Iterable[Path], *, extra: Iterable[Path] = ()) -> list[Annotated]:
    """Records of JSON lists or CSV tables as published; a file's name tells its split, default train.

    Args:
        extra: files whose records become the split `extra`, whatever their names.

    Raises:
        InputError: a file is missing.
        AnnotationError: a file is no such list, all are empty, or a record has no usable id, text or label.
    """
    found = [row for path in files for row in _read(task, path, split_of(path))]
    found += [row for path in extra for row in _read(task, path, "extra")]
    if not found:
        raise AnnotationError(
            "the annotation files hold no record; expected lists of records in the published JSON form."
        )
    refuse_repeated_ids(found)
    return found


def split_of(path: Path) -> str:
    """The split that a file's name tells: test, val or train."""
    words = set(re.split(r"[^a-z]+", path.stem.lower()))
    return next((split for split in ("test", "val") if split in words), "train")


def refuse_repeated_ids(rows: Iterable[Annotated]) -> None:
    """Ids must be unique within a split, as pictures are named by them.

    Raises:
        AnnotationError: one is not.
    """
    repeated = [key for key, count in Counter(row.key for row in rows).items() if count > 1]
    if repeated:
        raise AnnotationError(
            f"{len(repeated)} ids stand more than once in a split, the first is {repeated[0]}. "
            "Give each file once, with unique sample_id values."
        )


def carve_test(rows: list[Annotated], share: float, *, seed: int) -> list[Annotated]:
    """Move about `share` of the train records to test: whole duplicate clusters, each label about alike.

    Records whose texts have the same letters and digits stay together; records without any stand alone. A cluster
    counts for the rarest label in it. Moved records keep their ids.
    """
    train = [row for row in rows if row.split == "train"]
    counts = Counter(label for row in train for label in row.labels)
    clusters: dict[str, list[Annotated]] = defaultdict(list)
    for row in train:
        clusters[normalise(row.text) or f"/{row.key}"].append(row)
    order = sorted(clusters)
    Random(seed).shuffle(order)
    seen: Counter[str] = Counter()
    taken: Counter[str] = Counter()
    moved: set[str] = set()
    for name in order:
        members = clusters[name]
        label = min((label for row in members for label in row.labels), key=lambda label: counts[label], default="")
        seen[label] += len(members)
        if taken[label] + len(members) / 2 <= share * seen[label]:
            taken[label] += len(members)
            moved.update(row.key for row in members)
    return [replace(row, split="test") if row.key in moved else row for row in rows]


def _read(task: Task, path: Path, split: str) -> list[Annotated]:
    kind = "CSV" if path.suffix.lower() == ".csv" else "JSON"
    try:
        whole = path.read_bytes().decode("utf-8-sig")
        found = (
            list(csv.DictReader(io.StringIO(whole, newline=""), strict=True)) if kind == "CSV" else json.loads(whole)
        )
    except FileNotFoundError:
        raise InputError(f"{path} is missing; give annotation files as published (JSON lists, CSV tables).") from None
    except (ValueError, RecursionError, csv.Error) as error:
        raise AnnotationError(
            f"{path} is no {kind} in UTF-8 ({type(error).__name__}); expected a list of records."
        ) from None
    if not isinstance(found, list) or not all(isinstance(record, dict) for record in found):
        raise AnnotationError(f"{path} is no list of records; expected the published JSON form.")
    return [_checked(task, record, split, where=f"{path}: record {number}") for number, record in enumerate(found)]


def _checked(task: Task, record: dict[str, Any], split: str, *, where: str) -> Annotated:
    sample_id = record.get("sample_id")
    if not isinstance(sample_id, str) or not SAFE_ID.fullmatch(sample_id):
        raise AnnotationError(
            f"{where}: its sample_id cannot name a file; use up to 100 letters, digits, '-', '_', '.'."
        )
    text = record.get("ocr_text") or ""
    if not isinstance(text, str):
        raise AnnotationError(f"{where} ({sample_id}): ocr_text is a {type(text).__name__}, expected a string.")
    field = next((name for name in task.label_fields if name in record), None)
    if field is None:
        raise AnnotationError(f"{where} ({sample_id}): no field {' or '.join(map(repr, task.label_fields))}.")
    value = record[field]
    labels = [value] if isinstance(value, str) else value or []
    if not isinstance(labels, list) or not all(isinstance(label, str) for label in labels):
        raise AnnotationError(
            f"{where} ({sample_id}): {field} is a {type(value).__name__}, expected a string or a list."
        )
    return Annotated(split, sample_id, text, tuple(task.keep(labels, where=f"{where} ({sample_id})")), record)
