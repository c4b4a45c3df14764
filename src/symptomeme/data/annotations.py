"""Published annotation files as records: both JSON forms and the CSV form, checked against the task's labels."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from symptomeme.data.annotation_rows import ID, REASONING, REASONING_PARTS, TEXT, rows_of
from symptomeme.data.archives import Member
from symptomeme.data.left_out import LeftOut
from symptomeme.data.naming import SAFE_ID, key_of
from symptomeme.data.wording import well_formed
from symptomeme.domain.errors import AnnotationError
from symptomeme.domain.labels import Task


@dataclass(frozen=True, kw_only=True)
class Record:
    """What one annotation says of a meme."""

    labels: tuple[str, ...]  # in the task's order
    text: str
    reasoning: str


Records = dict[str, dict[str, Record | None]]
"""Split -> id -> record; None for a meme that is known but left out."""


def read_records(task: Task, files: list[tuple[str, Member]], left_out: LeftOut) -> Records:
    """Read annotation files, each with the split it belongs to, and merge those of one split.

    The first record of an id is kept; files without reasoning come first, so that of the two JSON forms the plain one
    gives labels and text, and the other its reasoning.

    Raises:
        AnnotationError: a file is damaged, or a record has an id, field or label that is not allowed.
    """
    tables = [(split, member, rows_of(task, member, left_out)) for split, member in files]
    tables.sort(key=lambda table: any(_reasoning(row, where) for where, row in _placed(table[1], table[2])))
    records: Records = {}
    for split, member, rows in tables:
        found = records.setdefault(split, {})
        here: set[str] = set()
        for where, row in _placed(member, rows):
            meme_id = _id(row, where)
            key = key_of(split, meme_id)
            record = _record(task, row, f"{member.where}: {meme_id}", key, left_out)
            if meme_id in here and found[meme_id] == record:
                left_out.add("repeated id with the same record, kept once", key)
            elif meme_id in found:
                found[meme_id] = _merged(found[meme_id], record, key, left_out)
            else:
                found[meme_id] = record
            here.add(meme_id)
    return records


def _placed(member: Member, rows: list[dict[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Rows, each with what to call it as long as its id is not known to be one."""
    return ((f"{member.where}: row {number}", row) for number, row in enumerate(rows, start=1))


def _merged(first: Record | None, second: Record | None, key: str, left_out: LeftOut) -> Record | None:
    """The first record, with the reasoning of the second when it has none."""
    if first is None or second is None:
        differ = first is not second
    else:
        differ = first.labels != second.labels or first.text.split() != second.text.split()
    if differ:
        left_out.add("repeated id with another record, first kept", key)
    if first is None or second is None or first.reasoning:
        return first
    return replace(first, reasoning=second.reasoning)


def _id(row: dict[str, Any], where: str) -> str:
    found = row.get(ID)
    if not isinstance(found, str) or not SAFE_ID.fullmatch(found):
        what = f"of {len(found)} characters" if isinstance(found, str) else "that is no text"
        raise AnnotationError(
            f"{where}: a {ID} {what} may not name a file; expected up to 100 letters, digits, '.', '_' or '-', not "
            "beginning with '.'."
        )
    return found


def _record(task: Task, row: dict[str, Any], where: str, key: str, left_out: LeftOut) -> Record | None:
    """The record of one row; None, noted in `left_out`, when the task has no class for it."""
    found = _labels(task, row, where)
    kept = task.keep(found, where=where)
    if not task.multi_label and len(kept) > 1:
        raise AnnotationError(f"{where}: {len(kept)} labels, a meme of {task.title} has one.")
    if not task.multi_label and not kept:
        left_out.add("label that is no class, meme left out" if found else "no label, meme left out", key)
        return None
    if len(kept) < len(set(found)):
        left_out.add("label that is no class, meme kept without it", key)
    return Record(labels=tuple(kept), text=_text(row, TEXT, where), reasoning=_reasoning(row, where))


def _labels(task: Task, row: dict[str, Any], where: str) -> list[str]:
    field = next((name for name in task.label_fields if name in row), None)
    if field is None:
        raise AnnotationError(f"{where}: no label field; {task.title} has {' or '.join(task.label_fields)}.")
    found = [] if row[field] is None else row[field]
    found = [found] if isinstance(found, str) else found
    if not isinstance(found, list) or not all(isinstance(label, str) for label in found):
        raise AnnotationError(f"{where}: {field} is neither a text nor a list of texts.")
    return [label.strip() for label in found if label.strip()]


def _reasoning(row: dict[str, Any], where: str) -> str:
    whole = _text(row, REASONING, where)
    return whole or "\n".join(filter(None, (_text(row, part, where) for part in REASONING_PARTS)))


def _text(row: dict[str, Any], field: str, where: str) -> str:
    """A text field as valid Unicode; empty when it is absent or null."""
    found = row.get(field)
    if found is not None and not isinstance(found, str):
        raise AnnotationError(f"{where}: {field} is no text.")
    return well_formed(found or "").strip()
