"""Figures of labels and scores under weights, in numpy; each is scikit-learn's where scikit-learn has one.

Memes are rows: `truth` and `predicted` are bool (N, C), `probabilities` float (N, C), `weights` float (R, N), how often
each meme counts in each of R weightings (None: once each, R = 1). An undefined figure is not a number, and means over
classes leave it out; it never counts as 0.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Indicators = npt.NDArray[np.bool_]


class F1(NamedTuple):
    """Precision, recall and F1 of each class (R, C), and the means of F1 (R,)."""

    macro: Floats
    weighted: Floats
    per_class: Floats
    precision: Floats
    recall: Floats


class Ranking(NamedTuple):
    """How well scores order the memes by each class: float (R, C)."""

    auroc: Floats
    average_precision: Floats


def f1(truth: Indicators, predicted: Indicators, weights: Floats | None = None) -> F1:
    """Precision, recall and F1, as scikit-learn's with `zero_division=np.nan`.

    Precision is undefined for a class that is never predicted, recall for one without members, F1 for one with neither.
    """
    weights = _or_once(weights, len(truth))
    hits = weights @ (truth & predicted)
    members = weights @ truth
    claimed = weights @ predicted
    per_class = ratio(2 * hits, members + claimed)
    return F1(
        macro=mean_of_defined(per_class),
        weighted=ratio((np.nan_to_num(per_class) * members).sum(axis=1), members.sum(axis=1)),
        per_class=per_class,
        precision=ratio(hits, claimed),
        recall=ratio(hits, members),
    )


def ranking(truth: Indicators, probabilities: Floats, weights: Floats | None = None) -> Ranking:
    """Area under the ROC curve (ties count half) and average precision (no interpolation) of each class.

    Both are undefined for a class without members, AUROC for one without other memes too.
    """
    weights = _or_once(weights, len(truth))
    columns = [_ranked(truth[:, column], probabilities[:, column], weights) for column in range(truth.shape[1])]
    auroc, average_precision = (np.stack(found, axis=1) for found in zip(*columns, strict=True))
    return Ranking(auroc=auroc, average_precision=average_precision)


def mean_of_defined(values: Floats) -> Floats:
    """Mean over the classes (R, C) for which a figure is defined: (R,)."""
    return ratio(np.nan_to_num(values).sum(axis=1), (~np.isnan(values)).sum(axis=1))


def ratio(above: npt.ArrayLike, below: npt.ArrayLike) -> Floats:
    """`above / below`, not a number where `below` is 0."""
    above, below = np.asarray(above, np.float64), np.asarray(below, np.float64)
    return np.asarray(np.divide(above, below, out=np.full_like(above, np.nan), where=below > 0))


def _ranked(truth: npt.NDArray[np.bool_], scores: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """AUROC and average precision of one class, (R,) each: sorted once, then sums over all weightings."""
    order = np.argsort(-scores, kind="stable")
    last = np.flatnonzero(np.append(np.diff(scores[order]) != 0, True))  # of each run of equal scores
    drawn = weights[:, order]
    claimed = np.cumsum(drawn, axis=1)[:, last]
    hits = np.cumsum(drawn * truth[order], axis=1)[:, last]
    gained = np.diff(hits, axis=1, prepend=0)
    alarms = claimed - hits
    members, others = hits[:, -1], alarms[:, -1]
    precision = np.nan_to_num(ratio(hits, claimed))  # before the first drawn meme, where nothing is gained
    middle = alarms - np.diff(alarms, axis=1, prepend=0) / 2
    auroc = 1 - ratio((gained * middle).sum(axis=1), members * others)
    return auroc, ratio((gained * precision).sum(axis=1), members)


def _or_once(weights: Floats | None, count: int) -> Floats:
    return np.ones((1, count)) if weights is None else weights
