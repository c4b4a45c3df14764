"""What a run of the stage `ocr` costs when a few memes are new: reading alone, and the whole command."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any, NamedTuple

from drawn_memes import Drawn

from symptomeme.domain.digests import of_file
from symptomeme.domain.layout import task_paths
from symptomeme.domain.records import MEME_ROWS, write_rows
from symptomeme.text.engines import kept_at
from symptomeme.text.ocr import OcrEngine

TASK = "anxiety"  # whose params are the same as any other's


class Again(NamedTuple):
    """Seconds, as a clock on the wall shows them."""

    reading: float  # of what is new, without the start of Python and the tables
    command: float  # `symptomeme ocr` from its start to its end, with what is new
    idle: float  # the same with nothing new


def again(engine: OcrEngine, memes: list[Drawn], new: int, read: Callable[[list[Drawn], Path], object], folder: Path
) -> Again:  # fmt: skip
    """Read all but the first `new` memes, then all, twice: within this process, and by the command.

    Args:
        engine: of ./params.yaml.
        memes: all of them.
        new: how many come later.
        read: reads memes with the engine, but those that are kept in a folder.
        folder: an empty one for all that is written.
    """
    shutil.copy("params.yaml", folder)
    _write_table(memes, folder)
    place, beside = folder / kept_at(engine), folder / "beside"
    read(memes[new:], place)
    shutil.copytree(place, beside)
    return Again(_seconds(lambda: read(memes, beside)), *(_seconds(lambda: _command(folder)) for _ in range(2)))


def _seconds(work: Callable[[], object]) -> float:
    start = perf_counter()
    work()
    return perf_counter() - start


def _command(folder: Path) -> None:
    command = [sys.executable, "-m", "symptomeme.cli.main", "ocr", "--task", TASK]
    subprocess.run(command, cwd=folder, check=True, stderr=subprocess.DEVNULL)


def _write_table(memes: list[Drawn], folder: Path) -> None:
    """What `validate` leaves."""
    rows: list[dict[str, Any]] = [
        {
            "key": f"train/{n}", "id": str(n), "origin": "train", "split": "train", "image": str(meme.path.resolve()),
            "sha256": of_file(meme.path), "width": 0, "height": 0, "phash": "0" * 16, "labels": [], "given_text": "",
            "given_reasoning": "", "cluster": f"train/{n}", "leaked": False, "fault": None,
        }
        for n, meme in enumerate(memes)
    ]  # fmt: skip
    write_rows(folder / task_paths(TASK).valid, rows, MEME_ROWS)
