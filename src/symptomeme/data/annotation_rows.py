"""The rows of an annotation file, as they stand in it: a JSON list of objects, or a CSV table."""

import csv
import io
import json
from collections import Counter
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Any

from symptomeme.data.archives import Member
from symptomeme.data.left_out import LeftOut
from symptomeme.domain.errors import AnnotationError
from symptomeme.domain.labels import TASKS, Task

ID = "sample_id"
TEXT = "ocr_text"
REASONING = "figurative_reasoning"
REASONING_PARTS = ("cause_effect", "figurative_understanding", "mental_state")
_READ = {ID, TEXT, REASONING, *REASONING_PARTS, *(field for task in TASKS.values() for field in task.label_fields)}
MAX_BYTES = 100_000_000


class _OddRow(dict[str, Any]):
    """A row that a parser lets pass, with what is wrong with it."""

    fault = ""


def rows_of(task: Task, member: Member, left_out: LeftOut) -> list[dict[str, Any]]:
    """The rows of an annotation file of this task; none when it turns out to be another kind of file.

    Raises:
        AnnotationError: it is damaged, has no label field, holds annotations otherwise than as a list, or holds a row
            that is none.
    """
    found = _parsed(member)
    rows = [row for row in found if isinstance(row, dict)] if isinstance(found, list) else []
    names = {name for row in rows for name in row}
    if ID not in names:
        if not isinstance(found, list) or len(rows) < len(found):
            _refuse_wrapped(task, member, found)
        left_out.add("file of no known kind", member.where)
        return []
    if names.isdisjoint(task.label_fields):
        if not all(names.isdisjoint(other.label_fields) for other in TASKS.values()):
            left_out.add("file of another task", member.where)
            return []
        raise AnnotationError(f"{member.where}: no label field; {task.title} has {' or '.join(task.label_fields)}.")
    for number, row in enumerate(found, start=1):
        _check_row(f"{member.where}: row {number}", row)
    return rows


def _parsed(member: Member) -> Any:
    if member.size > MAX_BYTES:
        raise AnnotationError(f"{member.where}: {member.size} bytes, annotation files of at most {MAX_BYTES} are read.")
    kind = PurePosixPath(member.path).suffix.lower().removeprefix(".")
    try:
        text = member.read().decode("utf-8-sig")
        return json.loads(text, object_pairs_hook=_object) if kind == "json" else _table(text)
    except (ValueError, RecursionError, csv.Error) as error:
        raise AnnotationError(f"{member.where}: no whole {kind.upper()} file ({type(error).__name__}).") from None


def _table(text: str) -> list[dict[str, Any]]:
    table = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    twice = _twice(table.fieldnames or ())
    return [_marked(row, twice or _short(row)) for row in table]


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    return _marked(dict(pairs), _twice([name for name, _ in pairs]))


def _twice(names: Sequence[str]) -> str:
    """What to tell where a name that is read stands twice, of which the last would win in silence."""
    times = Counter(name for name in names if name in _READ)
    return next((f"{name} stands twice in it; which one counts?" for name, found in times.items() if found > 1), "")


def _short(row: dict[str, Any]) -> str:
    """What to tell of a table's row that ends before its last named field, and is not blank."""
    lacking = any(name and field is None for name, field in row.items())
    if lacking and any(isinstance(field, str) and field.strip() for field in row.values()):
        return "it has fewer fields than the header; the file was cut off, or a field is missing."
    return ""


def _marked(row: dict[str, Any], fault: str) -> dict[str, Any]:
    if not fault:
        return row
    odd = _OddRow(row)
    odd.fault = fault
    return odd


def _refuse_wrapped(task: Task, member: Member, found: Any) -> None:
    """Refuse a JSON file that holds this task's annotations, but not as a list of objects."""
    waiting = [found]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            if not value.keys().isdisjoint(task.label_fields):
                raise AnnotationError(
                    f"{member.where}: annotations of {task.title} in {_kind(found)}; expected a list of JSON objects, "
                    f"each with {ID}. Mend the file and import again."
                )
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value


def _check_row(where: str, row: Any) -> None:
    if not isinstance(row, dict):
        raise AnnotationError(
            f"{where} is {_kind(row)}, a list of annotations holds JSON objects alone. Mend the file and import again."
        )
    if isinstance(row, _OddRow):
        raise AnnotationError(f"{where}: {row.fault} Mend the file and import again.")
    if any(field.strip() for field in row.get(None, ())):  # of a CSV table, what its header has no name for
        raise AnnotationError(
            f"{where} has more fields than the table's header; a text with a comma stands in quotes. "
            "Mend the file and import again."
        )


def _kind(value: Any) -> str:
    """What JSON calls a value."""
    kinds = {
        dict: "an object",
        list: "a list of other things",
        str: "a text",
        bool: "a truth value",
        type(None): "null",
    }
    return kinds.get(type(value), "a number")
