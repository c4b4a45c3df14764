"""Whether new rows differ from reference rows by more than chance: distances, and bounds from permutations.

Each bound holds for batches of just this size. Old and new rows are thrown together and divided anew at random many
times; what distance that gives tells what chance alone does. Under "nothing has changed" all divisions are equally
likely, so a criterion exceeds its bound with probability `level` at most, whatever the distributions are.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.spatial.distance import cdist

Floats = npt.NDArray[np.float64]
Divided = npt.NDArray[np.bool_]
"""Divisions of N pooled rows, (R, N): true for rows of the batch."""

KS, ENERGY, ROOT = "Kolmogorov-Smirnov distance", "energy distance", "root of the energy distance"
_DIGITS = 4  # as requests keep embeddings
_CHUNK = 500  # divisions at once, so that memory stays small


class Criterion(NamedTuple):
    """One comparison: over its bound it is an alarm."""

    name: str
    statistic: str
    value: float
    bound: float
    alarm: bool
    where: str | None  # the class whose scores are farthest apart


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """How strict a comparison is."""

    level: float  # probability that one criterion alarms by chance
    permutations: int
    min_rows: int
    min_distance: float  # smaller ones never alarm
    min_embedding_distance: float
    seed: int


class Features(NamedTuple):
    """What is compared of N rows of `records.REFERENCE_ROWS`, and of T more texts of which nothing else is known."""

    numbers: pd.DataFrame  # (N + T) text_length, ocr_confidence, abstain; NaN: does not apply
    scores: Floats  # (N, C)
    embeddings: Floats  # (N, E)


def features(rows: pd.DataFrame, texts: pd.DataFrame | None = None) -> Features:
    """Prepare rows. A picture without words counts as confidence 0; of a text that was given, there is none.

    Args:
        rows: of `records.REFERENCE_ROWS`.
        texts: text_length and ocr_confidence of more.
    """
    numbers = _numbers(rows) if texts is None else pd.concat([_numbers(rows), _numbers(texts)], ignore_index=True)
    return Features(numbers, _stacked(rows.probabilities), _stacked(rows.embedding))


def compare(reference: Features, batch: Features, labels: Sequence[str], bounds: Bounds) -> list[Criterion]:
    """All criteria that have enough rows on both sides.

    Args:
        reference: the model's validation memes.
        batch: what is new.
        labels: the C classes, in order.
        bounds: how strict to be.
    """
    found = []
    for name in reference.numbers:
        old, new = (side.numbers[name].dropna().to_numpy()[:, None] for side in (reference, batch))
        if min(len(old), len(new)) >= bounds.min_rows:
            pooled = np.concatenate([old, new])
            distance = partial(_ks_distance, pooled)
            found.append(_criterion(str(name), KS, distance, (len(old), len(pooled)), bounds.min_distance, bounds))
    sizes = len(reference.scores), len(reference.scores) + len(batch.scores)
    pooled, places = (
        np.concatenate(sides) for sides in ((reference.scores, batch.scores), (reference.embeddings, batch.embeddings))
    )
    # all classes at once: a changed mix moves many of them a little
    scores = partial(_root_of_energy, cdist(pooled, pooled))
    of_scores = _criterion("label_scores", ROOT, scores, sizes, bounds.min_distance, bounds)
    apart = ks_distances(pooled, np.arange(sizes[1])[None] >= sizes[0])[0]
    embeddings = partial(energy_coefficients, cdist(places, places))
    return [
        *found,
        of_scores._replace(where=labels[int(apart.argmax())]),
        _criterion("embedding", ENERGY, embeddings, sizes, bounds.min_embedding_distance, bounds),
    ]


def _criterion(
    name: str,
    statistic: str,
    distance: Callable[[Divided], Floats],
    sizes: tuple[int, int],
    least: float,
    bounds: Bounds,
) -> Criterion:
    """A distance against what it is when rows are divided at random; `sizes`: old rows, all rows."""
    value, bound = _tested(distance, *sizes, bounds)
    bound = max(bound, least)
    return Criterion(name, statistic, value, bound, value > bound, None)


def _ks_distance(pooled: Floats, divided: Divided) -> Floats:
    return ks_distances(pooled, divided)[:, 0]


def _root_of_energy(between: Floats, divided: Divided) -> Floats:
    return np.sqrt(np.maximum(energy_coefficients(between, divided), 0.0))  # rounding can leave -1e-17


def _tested(distance: Callable[[Divided], Floats], old: int, rows: int, bounds: Bounds) -> tuple[float, float]:
    """The distance as rows are divided now, and the one exceeded by chance with probability `level` at most."""
    as_it_is = np.arange(rows)[None] >= old
    chance = np.concatenate([distance(divided) for divided in _divisions(as_it_is, bounds)])
    allowed = int(bounds.level * (bounds.permutations + 1) + 1e-9)  # how many of them may be as large
    return float(distance(as_it_is)[0]), float(np.sort(chance)[-allowed])


def _divisions(as_it_is: Divided, bounds: Bounds) -> Iterator[Divided]:
    generator = np.random.default_rng(bounds.seed)
    for start in range(0, bounds.permutations, _CHUNK):
        count = min(_CHUNK, bounds.permutations - start)
        yield generator.permuted(np.repeat(as_it_is, count, axis=0), axis=1)


def ks_distances(pooled: Floats, divided: Divided) -> Floats:
    """The largest gap between the two cumulative distributions of each column, float (R, K).

    Args:
        pooled: (N, K).
        divided: (R, N).
    """
    new = int(divided[0].sum())
    old = divided.shape[1] - new
    steps = np.where(divided, old, -new).astype(np.int64)  # whole numbers: equal distances compare as equal
    found = []
    for column in pooled.T:
        order = np.argsort(column, kind="stable")
        ranked = column[order]
        last_of_its_value = np.append(ranked[1:] != ranked[:-1], True)
        gaps = np.cumsum(steps[:, order], axis=1)[:, last_of_its_value]
        found.append(np.abs(gaps).max(axis=1) / (old * new))
    return np.stack(found, axis=1)


def energy_coefficients(between: Floats, divided: Divided) -> Floats:
    """Székely's energy distance over twice the mean distance across, float (R,): 0 equal, 1 two points.

    Args:
        between: distances of all pairs, (N, N).
        divided: (R, N).
    """
    new = int(divided[0].sum())
    old = divided.shape[1] - new
    chosen = divided.astype(np.float64)
    sums = chosen @ between
    within_new = (sums * chosen).sum(axis=1)
    across = sums.sum(axis=1) - within_new
    within_old = between.sum() - 2 * across - within_new
    apart = 2 * across / (old * new)
    energy = apart - within_new / new**2 - within_old / old**2
    share: Floats = energy / np.maximum(apart, np.finfo(float).tiny)
    return share


def _numbers(rows: pd.DataFrame) -> pd.DataFrame:
    found = rows.reindex(columns=["text_length", "ocr_confidence", "abstain"]).astype(float)
    unread = found.ocr_confidence.isna() & (found.text_length == 0)
    return found.assign(ocr_confidence=found.ocr_confidence.mask(unread, 0.0))


def _stacked(rows: pd.Series) -> Floats:
    """As one array, (N, K), all with the same digits: kept rows are rounded, and 0 differs from 1e-9 in rank."""
    return np.array(rows.tolist(), dtype=np.float64).round(_DIGITS)
