"""A folder of drawn memes in the published layout, drawn by all cores and put in place only when whole."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from symptomeme.domain.errors import InputError
from symptomeme.domain.labels import SPLITS, Task
from symptomeme.domain.progress import progress
from symptomeme.domain.workers import in_workers
from symptomeme.domain.writing import replacing
from symptomeme.sample.annotations import Annotated, carve_test, read_annotations, refuse_repeated_ids
from symptomeme.sample.draw import Meme, Order, draw_meme

WORTH_A_POOL = 48
"""Fewer memes are drawn in this process: starting others would take longer."""

CHUNK = 8
"""Memes a worker draws before it reports."""


@dataclass
class Drawn:
    """What was written."""

    splits: dict[str, int] = field(default_factory=dict)  # memes a split
    cut: int = 0  # texts that were too long
    replaced: int = 0  # letters without a likeness in the font
    empty: int = 0  # memes without a word


def draw_archive(
    task: Task, annotations: list[Path], out: Path, *, extra: list[Path], split_test: float | None, seed: int
) -> Drawn:
    """Draw a meme for every record of annotation files. The pictures depend on texts and ids alone, never on labels.

    Raises:
        InputError: `out` is not empty, or a file is missing.
        AnnotationError: a record is not as published, or ids would repeat within a split.
    """
    refuse_occupied(out)
    rows = read_annotations(task, annotations, extra=extra)
    if split_test is not None:
        rows = carve_test(rows, split_test, seed=seed)
        refuse_repeated_ids(rows)
    return write_archive(task, [(row, Order(key=row.key, text=row.text)) for row in rows], out, kind="drawn")


def refuse_occupied(out: Path) -> None:
    """Nothing that exists is overwritten.

    Raises:
        InputError: `out` is a file, or a folder with something in it.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise InputError(f"{out} exists and is not empty. Delete it first, or choose another --out.")


def write_archive(task: Task, memes: list[tuple[Annotated, Order]], out: Path, *, kind: str) -> Drawn:
    """Draw and write an archive in the published layout, with `source.json` and `boxes.jsonl`.

    Args:
        kind: what source.json says, "drawn" or "sample".
    """
    with replacing(out.resolve()) as beside:
        drawn = fill_archive(task, memes, beside, kind=kind)
    return drawn


def fill_archive(task: Task, memes: list[tuple[Annotated, Order]], root: Path, *, kind: str) -> Drawn:
    """`write_archive` into a folder that its caller puts in place."""
    drawn = Drawn()
    root.mkdir(parents=True, exist_ok=True)
    with (root / "boxes.jsonl").open("w", encoding="utf-8") as boxes:
        results = _draw_all([order for _, order in memes])
        for (row, _), meme in zip(memes, progress(results, what="drawing", total=len(memes)), strict=True):
            path = root / picture_path(task, row.split, row.id, meme.format)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(meme.data)
            boxes.write(json.dumps({"key": row.key, **meme.row}, ensure_ascii=False) + "\n")
            drawn.splits[row.split] = drawn.splits.get(row.split, 0) + 1
            drawn.cut += meme.row["cut"]
            drawn.replaced += meme.row["replaced"]
            drawn.empty += not meme.row["words"]
    _write_json(root / "source.json", {"kind": kind})
    for split in SPLITS:
        records = [row.record for row, _ in memes if row.split == split]
        if records:
            _write_json(root / f"{task.name}_{split}.json", records)
    return drawn


def picture_path(task: Task, split: str, sample_id: str, file_format: str) -> Path:
    """Where the published layout keeps a picture."""
    if task.name == "anxiety":
        ending = "png" if file_format == "PNG" else "jpg"
        return Path(f"anxiety_{split}_image") / f"{sample_id}.{ending}"
    ending = "png" if file_format == "PNG" else "jpeg"
    return Path("depressive_image") / split / f"{sample_id}.{ending}"


def _write_json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, indent=1) + "\n", encoding="utf-8", newline="\n")


def _draw_all(orders: list[Order]) -> Iterator[Meme]:
    """Memes in the order of `orders`."""
    workers = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if workers == 1 or len(orders) < WORTH_A_POOL:
        yield from map(draw_meme, orders)
        return
    yield from in_workers(draw_meme, orders, workers=workers, chunk=CHUNK)
