"""Calibration of every pair of a meme and a class, in bins of equal mass, beside what chance alone makes of it."""

import numpy as np
import numpy.typing as npt

from symptomeme.evaluation.metrics import Floats, Indicators

_CHUNK = 2**22  # labels drawn at once: 32 MiB


def classwise_error(truth: Indicators, probabilities: Floats, weights: Floats, *, bins: int) -> Floats:
    """Expected calibration error (R,) of all pairs of a meme and a class, pooled, in bins of equal mass.

    Bins are those of the memes as they are, the same in every resample. Equal probabilities share a bin.

    Source: class-wise, Kull et al., arXiv:1910.12656; equal mass, Nguyen and O'Connor, arXiv:1508.05154.
    """
    where = _bins(probabilities, bins)
    gaps = np.stack([((truth - probabilities) * (where == at)).sum(axis=1) for at in range(bins)], axis=1)
    return np.asarray(np.abs(weights @ gaps).sum(axis=1) / (weights.sum(axis=1) * truth.shape[1]))


def errors_if_calibrated(
    probabilities: Floats, *, multi_label: bool, bins: int, draws: int, seed: int
) -> Floats:  # fmt: skip
    """`classwise_error` of a perfectly calibrated model with these probabilities: float (draws,).

    Labels are drawn by the probabilities: one a meme, or each class by itself. Few memes leave gaps in bins whatever
    the model, and such an error is no sign of miscalibration.

    Source: consistency resampling, Bröcker and Smith, Increasing the Reliability of Reliability Diagrams, 2007.
    """
    rng = np.random.default_rng(seed)
    in_bin = np.eye(bins)[_bins(probabilities, bins).ravel()]  # (N * C, bins)
    at_once = max(1, _CHUNK // probabilities.size)
    found = []
    for done in range(0, draws, at_once):
        labels = _drawn(probabilities, min(at_once, draws - done), rng, multi_label=multi_label)
        gaps = (labels - probabilities).reshape(len(labels), -1) @ in_bin
        found.append(np.abs(gaps).sum(axis=1) / probabilities.size)
    return np.concatenate(found)


def _drawn(probabilities: Floats, draws: int, rng: np.random.Generator, *, multi_label: bool) -> Indicators:
    """Labels that are as probable as said: bool (draws, N, C)."""
    memes, classes = probabilities.shape
    if multi_label:
        return np.asarray(rng.random((draws, memes, classes)) < probabilities)
    up_to = np.cumsum(probabilities, axis=1)
    which = (rng.random((draws, memes, 1)) * up_to[:, -1:] < up_to).argmax(axis=2)
    return np.asarray(which[:, :, None] == np.arange(classes))


def _bins(probabilities: Floats, bins: int) -> npt.NDArray[np.int64]:
    """The bin of each probability (N, C), as scikit-learn's `calibration_curve(strategy="quantile")` has them."""
    inner = np.quantile(probabilities, np.arange(1, bins) / bins)
    return np.searchsorted(inner, probabilities)
