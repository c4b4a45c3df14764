"""Percentile bootstrap over memes (Efron, 1979), as weights: how often each meme counts in each resample.

A figure is a function of weights float (R, N) that gives float (R,) or (R, C); so all resamples are computed at once.
A paired comparison gives both models the same resamples.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Figures = Mapping[str, Floats]

_CHUNK = 2**22  # weights computed at once: 32 MiB


class Interval(NamedTuple):
    """A figure and its bootstrap interval; not a number where it is undefined."""

    value: float
    low: float
    high: float


def resampled(count: int, *, resamples: int, seed: int) -> Floats:
    """How often each of `count` memes is drawn in each bootstrap resample: float (resamples, count)."""
    return np.concatenate(list(_in_chunks(count, resamples=resamples, seed=seed)))


def bootstrap(
    figures: Callable[[Floats], Figures], count: int, *, resamples: int, seed: int
) -> tuple[Figures, Figures]:
    """Figures of `count` memes as they are, each (1,) or (1, C), and of their resamples, each (R,) or (R, C).

    Memory does not grow with the number of resamples, but for the figures themselves.
    """
    point = figures(np.ones((1, count)))
    drawn = [figures(weights) for weights in _in_chunks(count, resamples=resamples, seed=seed)]
    return point, {name: np.concatenate([chunk[name] for chunk in drawn]) for name in point}


def interval(value: float, samples: Floats, *, confidence: float) -> Interval:
    """The percentile interval of bootstrap samples (R,) around a figure; samples where it is undefined are left out."""
    tail = (1 - confidence) / 2
    defined = samples[~np.isnan(samples)]
    low, high = np.quantile(defined, [tail, 1 - tail]) if defined.size else (np.nan, np.nan)
    return Interval(value=value, low=float(low), high=float(high))


def two_sided_p(differences: Floats) -> float:
    """How likely so large a difference is where there is none: twice the smaller share of resamples on a side of 0.

    Args:
        differences: of paired resamples, (R,); those where it is undefined are left out.

    Source: Efron and Tibshirani, An Introduction to the Bootstrap, sec. 15.4: the achieved level at which the
    percentile interval begins to hold 0. One resample is added to each side, so that none is 0.
    """
    defined = differences[~np.isnan(differences)]
    below, above = ((defined <= 0).sum(), (defined >= 0).sum())
    return float(min(1.0, 2 * (min(below, above) + 1) / (len(defined) + 1)))


def paired_difference(first: Floats, second: Floats, *, resamples: int, confidence: float, seed: int) -> Interval:
    """Mean of `first` minus mean of `second`, both (N,) over the same memes, with its paired bootstrap interval."""
    differences = np.asarray(first, np.float64) - np.asarray(second, np.float64)
    weights = resampled(len(differences), resamples=resamples, seed=seed)
    return interval(float(differences.mean()), weights @ differences / len(differences), confidence=confidence)


def _in_chunks(count: int, *, resamples: int, seed: int) -> Iterator[Floats]:
    """The same resamples, whatever the size of a chunk."""
    rng = np.random.default_rng(seed)
    shares = np.full(count, 1 / count)
    most = max(1, _CHUNK // count)
    for done in range(0, resamples, most):
        yield rng.multinomial(count, shares, size=min(most, resamples - done)).astype(np.float64)
