"""The tables behind the plots of a split: what DVC draws, and what is drawn as pictures."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from sklearn.metrics import precision_recall_curve

from symptomeme.evaluation.figures import DIGITS, Scored
from symptomeme.evaluation.metrics import Indicators, f1
from symptomeme.evaluation.reliability import reliability_curve
from symptomeme.evaluation.selective import curve
from symptomeme.evaluation.trust import Trusted

NONE = "(none)"


def tables(scored: Scored, labels: tuple[str, ...], *, bins: int) -> dict[str, pd.DataFrame]:
    """A table for each plot, by name; numbers are rounded."""
    truth, predicted, probabilities, multi_label = scored
    found = {
        "f1_by_class": pd.DataFrame({"label": labels, "f1": f1(truth, predicted).per_class[0]}),
        "confusion": _matrices(scored, labels),
        "precision_recall": _precision_recall(scored, labels),
        "reliability": reliability_curve(truth, probabilities, multi_label=multi_label, bins=bins),
    }
    return {name: table.round(DIGITS) for name, table in found.items()}


def risk_coverage(by_view: Mapping[str, Trusted]) -> pd.DataFrame:
    """Points of a curve a view, and of another for who abstains at random; `label` tells which; rounded."""
    curves = []
    for view, memes in by_view.items():
        risk = memes.risk
        curves.append(curve(risk, memes.confidence)[["coverage", "risk"]].assign(label=view))
        ends = {"coverage": [0.0, 1.0], "risk": risk.mean()}
        curves.append(pd.DataFrame(ends).assign(label=f"{view}, at random"))
    columns = ["label", "coverage", "risk"]
    found = pd.concat(curves, ignore_index=True) if curves else pd.DataFrame(columns=columns)
    return found[columns].round(DIGITS)


def _matrices(scored: Scored, labels: tuple[str, ...]) -> pd.DataFrame:
    """Counts of memes, a row a cell: the confusion matrix.

    Where memes carry several labels: how many memes have a true and a predicted label, two true labels, and two
    predicted labels (their diagonal: how many have the label). A meme without a label stands under NONE.
    """
    truth, predicted = scored.truth, scored.predicted
    if not scored.multi_label:
        return _cells("true (rows), predicted (columns)", truth, predicted, labels)
    all_truth, all_predicted = (np.column_stack([found, ~found.any(axis=1)]) for found in (truth, predicted))
    return pd.concat(
        [
            _cells("true (rows), predicted (columns)", all_truth, all_predicted, (*labels, NONE)),
            _cells("true together", truth, truth, labels),
            _cells("predicted together", predicted, predicted, labels),
        ],
        ignore_index=True,
    )


def _cells(matrix: str, rows: Indicators, columns: Indicators, labels: tuple[str, ...]) -> pd.DataFrame:
    counts = rows.T.astype(int) @ columns
    cells = [
        {"matrix": matrix, "row": labels[i], "column": labels[j], "memes": counts[i, j]}
        for i in range(len(labels))
        for j in range(len(labels))
    ]
    return pd.DataFrame(cells)


def _precision_recall(scored: Scored, labels: tuple[str, ...]) -> pd.DataFrame:
    """Points of a curve a class, from the highest threshold down; a class without members has none."""
    curves = [pd.DataFrame({"label": [], "recall": [], "precision": []})]
    for column, label in enumerate(labels):
        truth = scored.truth[:, column]
        if truth.any():
            precision, recall, _ = precision_recall_curve(
                truth, scored.probabilities[:, column], drop_intermediate=True
            )
            curves.append(pd.DataFrame({"label": label, "recall": recall[::-1], "precision": precision[::-1]}))
    return pd.concat(curves[1:] or curves, ignore_index=True)
