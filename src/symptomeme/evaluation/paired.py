"""F1 of several claimants on the same memes, over seeds, and their differences with paired bootstrap intervals.

Memes are resampled once for a split and view; every claimant and every seed sees the same resamples. The figure over
seeds is the mean of the seeds' figures, and its interval that of this mean: it covers the choice of memes, for just
these seeds.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from symptomeme.evaluation.bootstrap import Interval, interval, resampled, two_sided_p
from symptomeme.evaluation.metrics import f1

Floats = npt.NDArray[np.float64]
Indicators = npt.NDArray[np.bool_]

FIGURES = ("macro", "weighted")


class Line(NamedTuple):
    """A figure of a claimant, or of the first minus the second: for each seed, and their mean."""

    name: str
    figure: str
    seeds: tuple[Interval, ...]
    mean: Interval
    p: float | None  # of a difference: two-sided, that there is none


class Sampled(NamedTuple):
    """A figure of a claimant: of each seed (S,), and of each seed's resamples (S, R)."""

    values: Floats
    samples: Floats


def paired_lines(
    truth: Indicators,
    claimed: Mapping[str, Sequence[Indicators]],
    pairs: Sequence[tuple[str, str]],
    *,
    resamples: int,
    confidence: float,
    seed: int,
) -> list[Line]:
    """A line for each figure and claimant, then for each figure and pair.

    Args:
        truth: bool (N, C).
        claimed: for each claimant what it claims with each seed, bool (N, C); one that knows no seed has one entry.
        pairs: claimants whose difference is told: the first minus the second. Where both have seeds, they are the same.
        resamples: of the memes.
        confidence: of the intervals.
        seed: of the resamples.
    """
    weights = resampled(len(truth), resamples=resamples, seed=seed)
    sampled = {name: _sampled(truth, seeds, weights) for name, seeds in claimed.items()}
    lines = [_line(name, figure, found[figure], confidence) for name, found in sampled.items() for figure in FIGURES]
    for first, second in pairs:
        for figure in FIGURES:
            one, other = sampled[first][figure], sampled[second][figure]
            difference = Sampled(one.values - other.values, one.samples - other.samples)
            p = two_sided_p(difference.samples.mean(axis=0))
            lines.append(_line(f"{first} - {second}", figure, difference, confidence, p))
    return lines


def _sampled(truth: Indicators, seeds: Sequence[Indicators], weights: Floats) -> dict[str, Sampled]:
    points = [f1(truth, claimed) for claimed in seeds]
    drawn = [f1(truth, claimed, weights) for claimed in seeds]
    return {
        figure: Sampled(
            np.array([getattr(point, figure)[0] for point in points]),
            np.stack([getattr(samples, figure) for samples in drawn]),
        )
        for figure in FIGURES
    }


def _line(name: str, figure: str, found: Sampled, confidence: float, p: float | None = None) -> Line:
    seeds = tuple(
        interval(float(value), samples, confidence=confidence)
        for value, samples in zip(found.values, found.samples, strict=True)
    )
    mean = interval(float(found.values.mean()), found.samples.mean(axis=0), confidence=confidence)
    return Line(name, figure, seeds, mean, p)
