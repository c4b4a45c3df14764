"""The two files that may come beside memes: what kind of data it is, and where words stand in drawn pictures."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from symptomeme.data.annotation_rows import MAX_BYTES
from symptomeme.data.archives import Archive, Member
from symptomeme.data.dataset import changed
from symptomeme.data.layouts import SOURCE
from symptomeme.data.naming import natural, printable
from symptomeme.domain.errors import AnnotationError, ArchiveError
from symptomeme.domain.labels import SPLITS
from symptomeme.domain.layout import DatasetPaths
from symptomeme.domain.writing import read_jsonl, write_jsonl

SAMPLE, PUBLISHED = "sample", "published"
KINDS = (SAMPLE, "drawn")
MAX_SOURCE_BYTES = 10_000


def read_source_kind(archives: Sequence[Archive]) -> str:
    """The kind of data in archives: what their source.json says, "published" where there is none.

    Raises:
        ArchiveError: a source.json says something else, or the archives differ.
    """
    kinds = {archive.path: _kind(archive) for archive in archives}
    if len(set(kinds.values())) > 1:
        told = ", ".join(f"{printable(path)} is {kind}" for path, kind in kinds.items())
        raise ArchiveError(f"Archives of different kinds are not mixed: {told}. Import them one data set at a time.")
    return next(iter(kinds.values()))


def read_boxes(members: Iterable[Member], keys: set[str]) -> dict[str, dict[str, Any]]:
    """The rows of boxes.jsonl files that belong to memes, by key.

    Raises:
        AnnotationError: a row is no JSON object with a key.
    """
    boxes: dict[str, dict[str, Any]] = {}
    for member in members:
        for number, row in enumerate(_rows(member), start=1):
            if not isinstance(row, dict) or not isinstance(row.get("key"), str):
                raise AnnotationError(f"{member.where}:{number}: expected a JSON object with a key '<split>/<id>'.")
            if row["key"] in keys:
                boxes.setdefault(row["key"], row)
    return boxes


def write_boxes(paths: DatasetPaths, boxes: dict[str, dict[str, Any]], *, there: DatasetPaths) -> None:
    """Write the boxes.jsonl of each published split, sorted naturally by key: these rows and those that are there.

    Raises:
        InputError: what is there is not what this leaves.
    """
    for origin in SPLITS:
        path = there.boxes(origin)
        rows = [row for key, row in boxes.items() if key.startswith(f"{origin}/")]
        try:
            rows += read_jsonl(path) if path.is_file() else []
            rows.sort(key=lambda row: natural(row["key"]))
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise changed(path, type(error).__name__) from None
        if rows:
            write_jsonl(paths.boxes(origin), rows)


def _kind(archive: Archive) -> str:
    """What the source.json at the root, or in the one folder at the root, says."""
    outermost = sorted(
        (member for member in archive.members if member.path.name == SOURCE and not member.path.parts[2:]),
        key=lambda member: len(member.path.parts),
    )
    if not outermost:
        return PUBLISHED
    found = _parsed(outermost[0]) if outermost[0].size <= MAX_SOURCE_BYTES else None
    kind = found.get("kind") if isinstance(found, dict) else None
    if kind not in KINDS:
        raise ArchiveError(f'{outermost[0].where}: expected {{"kind": "sample"}} or {{"kind": "drawn"}}.')
    return str(kind)


def _parsed(member: Member) -> Any:
    try:
        return json.loads(member.read())
    except (ValueError, RecursionError):
        return None


def _rows(member: Member) -> list[Any]:
    if member.size > MAX_BYTES:
        raise AnnotationError(f"{member.where}: {member.size} bytes, annotation files of at most {MAX_BYTES} are read.")
    try:
        rows = [json.loads(line) for line in member.read().splitlines() if line.strip()]
        json.dumps(rows, ensure_ascii=False).encode()  # half a surrogate pair could not be written again
    except (ValueError, RecursionError) as error:
        raise AnnotationError(f"{member.where}: no JSON object a line ({type(error).__name__}).") from None
    return rows
