"""The study's table: each row's F1 on each split and view, beside the reference and what was published."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from symptomeme.evaluation.figures import DIGITS
from symptomeme.evaluation.paired import FIGURES, Line, paired_lines
from symptomeme.evaluation.study.words import Description
from symptomeme.evaluation.views import views

Indicators = npt.NDArray[np.bool_]


class Row(NamedTuple):
    """A row that was measured."""

    name: str
    told: Description
    predictions: Sequence[pd.DataFrame]  # of each seed, or one: rows of `records.PREDICTION_ROWS`
    parameters: int
    trained: int  # of these
    seconds: float | None  # a seed, on average; None: not known
    cpu_seconds: float | None
    in_one_go: bool  # else the time is that of the last go


class Bootstrap(NamedTuple):
    """How memes are resampled."""

    resamples: int
    confidence: float
    seed: int


def study_table(
    rows: Sequence[Row], *, reference: str, indicators: Callable[[pd.Series], Indicators], bootstrap: Bootstrap
) -> pd.DataFrame:
    """A line for each split, view and row.

    Args:
        rows: of one task; all predict the same memes.
        reference: the row that the others are compared with.
        indicators: from labels to bool (N, C).
        bootstrap: how memes are resampled.

    Returns:
        split, view, memes, row, inputs, parts, seeds; for macro_f1 and weighted_f1 the mean over seeds, its standard
        deviation, interval, and the p of its difference from the reference; parameters, trained, seconds, cpu_seconds,
        in_one_go.
    """
    found = []
    first = rows[0].predictions[0]
    for split, view, which in views(first):
        keys = first.key[which]
        claimed = {
            row.name: [indicators(predicted.set_index("key").predicted.loc[keys]) for predicted in row.predictions]
            for row in rows
        }
        pairs = [(name, reference) for name in claimed if reference in claimed and name != reference]
        lines = {
            (line.name, line.figure): line
            for line in paired_lines(indicators(first.labels[which]), claimed, pairs, **bootstrap._asdict())
        }
        found += [
            {"split": split, "view": view, "memes": int(which.sum()), **_cells(row, lines, reference)} for row in rows
        ]
    return pd.DataFrame(found)


def _cells(row: Row, lines: dict[tuple[str, str], Line], reference: str) -> dict[str, Any]:
    figures: dict[str, Any] = {}
    for figure in FIGURES:
        line = lines[row.name, figure]
        values = [seed.value for seed in line.seeds]
        difference = lines.get((f"{row.name} - {reference}", figure))
        numbers: dict[str, Any] = {
            "": line.mean.value,
            "_sd": np.std(values, ddof=1) if len(values) > 1 else np.nan,
            "_low": line.mean.low,
            "_high": line.mean.high,
            "_p": np.nan if difference is None else difference.p,
        }
        figures |= {f"{figure}_f1{name}": round(float(number), DIGITS) for name, number in numbers.items()}
    return {
        "row": row.name,
        **row.told._asdict(),
        "seeds": len(row.predictions),
        **figures,
        "parameters": row.parameters,
        "trained": row.trained,
        "seconds": row.seconds,
        "cpu_seconds": row.cpu_seconds,
        "in_one_go": row.in_one_go,
    }
