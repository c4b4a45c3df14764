"""The one style of progress bar."""

import os
import sys
from collections.abc import Iterable
from typing import TypeVar

from tqdm import tqdm

Item = TypeVar("Item")

ROW = "SYMPTOMEME_PROGRESS_ROW"
"""Environment variable: which terminal row below the cursor the bars of this process use, for runs side by side."""


def progress(items: Iterable[Item], *, what: str, unit: str = "meme", total: int | None = None) -> "tqdm[Item]":
    """A bar on stderr over `items`; it shows only when the work takes more than two seconds, in a log now and then."""
    return tqdm(
        items,
        desc=f"{what:<12}",
        unit=unit,
        total=total,
        delay=2,
        position=int(os.environ.get(ROW, "0")),
        dynamic_ncols=True,
        mininterval=0.5 if sys.stderr.isatty() else 15,
        maxinterval=30,
        bar_format="{desc} {percentage:3.0f}%|{bar:24}| {n_fmt}/{total_fmt} {unit} {rate_fmt} {remaining}",
    )


def note(line: str) -> None:
    """A line on stderr that breaks no bar."""
    tqdm.write(line, sys.stderr)
