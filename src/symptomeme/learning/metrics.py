"""F1 figures and their bootstrap intervals, in numpy; labels and predictions are indicator arrays (N, C).

The intervals are percentile bootstrap intervals over memes (Efron, 1979). A paired comparison resamples the same
memes for both models.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Indicators = npt.NDArray[np.bool_]


class Interval(NamedTuple):
    """A figure and its bootstrap interval."""

    value: float
    low: float
    high: float


class F1(NamedTuple):
    """F1 figures of one or many weightings of the same memes; shapes (R,), (R,), (R, C)."""

    macro: Floats
    weighted: Floats
    per_class: Floats


def f1(truth: Indicators, predicted: Indicators, weights: Floats | None = None) -> F1:
    """F1 under each weighting of the memes; a class with neither members nor predictions counts 0, as in scikit-learn.

    Args:
        truth: bool (N, C).
        predicted: bool (N, C).
        weights: float (R, N), how often each meme counts; None: once each, R = 1.
    """
    if weights is None:
        weights = np.ones((1, len(truth)))
    hits = weights @ (truth & predicted)
    members = weights @ truth
    claimed = weights @ predicted
    per_class = _ratio(2 * hits, members + claimed)
    return F1(
        macro=per_class.mean(axis=1),
        weighted=_ratio((per_class * members).sum(axis=1), members.sum(axis=1)),
        per_class=per_class,
    )


def resampled(count: int, *, resamples: int, seed: int) -> Floats:
    """How often each of `count` memes is drawn in each bootstrap resample: float (resamples, count)."""
    return np.random.default_rng(seed).multinomial(count, np.full(count, 1 / count), size=resamples).astype(np.float64)


def interval(value: float, samples: Floats, *, confidence: float) -> Interval:
    """The percentile interval of bootstrap samples (R,) around a figure."""
    tail = (1 - confidence) / 2
    low, high = np.quantile(samples, [tail, 1 - tail])
    return Interval(value=value, low=float(low), high=float(high))


def paired_difference(first: Floats, second: Floats, *, resamples: int, confidence: float, seed: int) -> Interval:
    """Mean of `first` minus mean of `second`, both (N,) over the same memes, with its paired bootstrap interval."""
    differences = np.asarray(first, np.float64) - np.asarray(second, np.float64)
    weights = resampled(len(differences), resamples=resamples, seed=seed)
    return interval(float(differences.mean()), weights @ differences / len(differences), confidence=confidence)


def _ratio(above: Floats, below: Floats) -> Floats:
    return np.divide(above, below, out=np.zeros_like(above, dtype=np.float64), where=below > 0)
