"""What every cell of the study leaves: predictions of all memes but those of train, and their F1."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from symptomeme.domain.labels import Task
from symptomeme.domain.layout import CellPaths
from symptomeme.domain.records import PREDICTION_ROWS, write_rows
from symptomeme.domain.writing import write_json
from symptomeme.evaluation.figures import DIGITS
from symptomeme.evaluation.metrics import f1
from symptomeme.evaluation.views import leaked, views
from symptomeme.learning.batches import indicators


def held_out(memes: pd.DataFrame) -> pd.DataFrame:
    """The memes that a cell predicts, out of all valid ones."""
    found = memes.assign(leaked=leaked(memes))
    return found[found.split != "train"].reset_index(drop=True)


def write_cell(out: CellPaths, predictions: pd.DataFrame, task: Task, facts: Mapping[str, Any]) -> None:
    """Write what a cell has found.

    Args:
        out: where to.
        predictions: rows of `records.PREDICTION_ROWS`.
        task: theirs.
        facts: how many parameters there are, how many of them were fitted, whose reasoning stood behind the words, and
            of an ablation whether n-grams stand beside it.
    """
    truth, predicted = (indicators(labels, task) for labels in (predictions.labels, predictions.predicted))
    figures: dict[str, Any] = {}
    for split, view, rows in views(predictions):
        found = f1(truth[rows], predicted[rows])
        figures.setdefault(split, {})[view] = {
            "memes": int(rows.sum()),
            "macro_f1": round(float(found.macro[0]), DIGITS),
            "weighted_f1": round(float(found.weighted[0]), DIGITS),
        }
    write_rows(out.predictions, predictions, PREDICTION_ROWS)
    write_json(out.figures, {**facts, **figures})


def leave_out(out: CellPaths, reason: str) -> None:
    """Say why a cell cannot be measured."""
    write_rows(out.predictions, [], PREDICTION_ROWS)
    write_json(out.figures, {"not_measured": reason})
