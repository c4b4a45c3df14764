"""Reading and writing of data/<dataset>, the layout that import-data leaves."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from symptomeme.data.metadata_line import parsed
from symptomeme.data.naming import key_of, natural
from symptomeme.domain.errors import InputError
from symptomeme.domain.labels import SPLITS, Task
from symptomeme.domain.layout import DatasetPaths, dataset_paths
from symptomeme.domain.records import SPLIT_ROWS, read_rows, write_rows
from symptomeme.domain.writing import write_jsonl


@dataclass(frozen=True, kw_only=True)
class Annotation:
    """A meme as its annotators gave it."""

    id: str
    origin: str  # the published split
    image: Path  # from the project's root
    labels: tuple[str, ...]  # in the task's order
    text: str
    reasoning: str

    @property
    def key(self) -> str:
        """Its name in the task."""
        return key_of(self.origin, self.id)


def read_dataset(task: Task) -> list[Annotation]:
    """All memes of a task, in the natural order of their keys.

    Raises:
        InputError: they are not there.
    """
    paths = dataset_paths(task.dataset)
    require_dataset(task)
    return read_annotations(paths)


def require_dataset(task: Task) -> None:
    """Check that import-data has been here.

    Raises:
        InputError: it has not, or its result is not whole.
    """
    paths = dataset_paths(task.dataset)
    for needed in (paths.root, paths.splits, paths.source):
        if not needed.exists():
            raise InputError(
                f"{needed} is missing: run 'symptomeme import-data {task.name} ARCHIVE...', or 'dvc pull {paths.root}'."
            )


def read_annotations(paths: DatasetPaths) -> list[Annotation]:
    """The memes of every published split that is there.

    Raises:
        InputError: a file of annotations is not what `write_annotations` leaves.
    """
    found = [
        annotation
        for origin in SPLITS
        if paths.metadata(origin).is_file()
        for annotation in _annotations(paths, origin)
    ]
    return sorted(found, key=lambda annotation: natural(annotation.key))


def _annotations(paths: DatasetPaths, origin: str) -> list[Annotation]:
    path = paths.metadata(origin)
    lines = [(number, line) for number, line in enumerate(path.read_bytes().split(b"\n"), start=1) if line.strip()]
    return [_annotation(paths, origin, number, line) for number, line in lines]


def _annotation(paths: DatasetPaths, origin: str, number: int, line: bytes) -> Annotation:
    try:
        row = parsed(line)
    except ValueError as error:
        raise changed(paths.metadata(origin), f"line {number}: {error}") from None
    return Annotation(
        id=row.id,
        origin=origin,
        image=paths.root / origin / row.file_name,
        labels=row.labels,
        text=row.text,
        reasoning=row.reasoning,
    )


def changed(path: Path, told: str) -> InputError:
    """What to tell of a file in data/ that import-data did not leave so."""
    return InputError(
        f"{path}: not what import-data writes ({told}): it was changed or damaged. "
        "Run 'dvc checkout data', or import again."
    )


def write_annotations(paths: DatasetPaths, annotations: Iterable[Annotation]) -> None:
    """Write metadata.jsonl of every split that has memes, sorted naturally by id."""
    ordered = sorted(annotations, key=lambda annotation: natural(annotation.key))
    for origin in SPLITS:
        rows = [
            {
                "file_name": f"images/{annotation.image.name}",
                "id": annotation.id,
                "labels": list(annotation.labels),
                "text": annotation.text,
                "reasoning": annotation.reasoning,
            }
            for annotation in ordered
            if annotation.origin == origin
        ]
        if rows:
            write_jsonl(paths.metadata(origin), rows)


def read_splits(paths: DatasetPaths) -> dict[str, str]:
    """Where each meme is used, by key.

    Raises:
        InputError: the table is missing or has other columns.
    """
    table = read_rows(paths.splits, SPLIT_ROWS)
    return dict(zip(table["key"], table["split"], strict=True))


def write_splits(paths: DatasetPaths, placed: dict[str, str]) -> None:
    """Write where each meme is used, in the natural order of keys."""
    write_rows(paths.splits, [{"key": key, "split": placed[key]} for key in sorted(placed, key=natural)], SPLIT_ROWS)


def read_kind(paths: DatasetPaths) -> str:
    """What kind of data it is: sample, drawn or published.

    Raises:
        InputError: the file that tells it is damaged.
    """
    try:
        return str(json.loads(paths.source.read_text(encoding="utf-8"))["kind"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise changed(paths.source, type(error).__name__) from None
