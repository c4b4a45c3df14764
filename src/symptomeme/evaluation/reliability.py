"""How far probabilities can be trusted: losses a meme, and calibration in bins.

With one label a meme the probability that is judged is the top one, and it is right when its class is. With several,
each pair of a meme and a class is judged by itself.
"""

import numpy as np
import numpy.typing as npt
import pandas as pd

from symptomeme.evaluation.metrics import Floats, Indicators, ratio

_LEAST = 5e-9  # half of the last digit that predictions are stored with: a probability is never taken as 0


def negative_log_likelihood(truth: Indicators, probabilities: Floats, *, multi_label: bool) -> Floats:
    """Negative log likelihood (N,) of each meme's labels, in nats; multi label: the mean over classes."""
    kept = np.clip(probabilities, _LEAST, 1 - _LEAST)
    if multi_label:
        return np.asarray(-np.log(np.where(truth, kept, 1 - kept)).mean(axis=1))
    return np.asarray(-(np.log(kept) * truth).sum(axis=1))


def brier(truth: Indicators, probabilities: Floats, *, multi_label: bool) -> Floats:
    """Squared error (N,) of each meme's probabilities: summed over classes (0 to 2); multi label: their mean (0 to 1).

    Source: Brier (1950); scikit-learn's `brier_score_loss`.
    """
    errors = (probabilities - truth) ** 2
    return np.asarray(errors.mean(axis=1) if multi_label else errors.sum(axis=1))


def calibration_error(
    truth: Indicators, probabilities: Floats, weights: Floats, *, multi_label: bool, bins: int
) -> Floats:
    """Expected calibration error (R,): the gap between probability and frequency in bins of equal width, by their size.

    Source: Guo et al., On Calibration of Modern Neural Networks, arXiv:1706.04599, sec. 2.
    """
    stated, right = judged(truth, probabilities, multi_label=multi_label)
    where = _bin_of(stated, bins)
    gaps = np.stack([((right - stated) * (where == at)).sum(axis=1) for at in range(bins)], axis=1)
    return np.asarray(np.abs(weights @ gaps).sum(axis=1) / (weights.sum(axis=1) * stated.shape[1]))


def reliability_curve(truth: Indicators, probabilities: Floats, *, multi_label: bool, bins: int) -> pd.DataFrame:
    """A row a bin that is not empty: mean probability, frequency of being right, and how many were judged."""
    stated, right = judged(truth, probabilities, multi_label=multi_label)
    where = _bin_of(stated, bins)
    count = np.array([(where == at).sum() for at in range(bins)])
    rows = {
        "probability": ratio([stated[where == at].sum() for at in range(bins)], count),
        "frequency": ratio([right[where == at].sum() for at in range(bins)], count),
        "count": count,
    }
    return pd.DataFrame(rows)[count > 0].reset_index(drop=True)


def judged(truth: Indicators, probabilities: Floats, *, multi_label: bool) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Probabilities that are judged and whether each was right: (N, C), or (N, 1) with one label a meme."""
    if multi_label:
        return probabilities, truth
    top = probabilities.argmax(axis=1)[:, None]
    return np.take_along_axis(probabilities, top, axis=1), np.take_along_axis(truth, top, axis=1)


def _bin_of(stated: Floats, bins: int) -> npt.NDArray[np.int64]:
    """The bin of each probability; bins are open below and closed above, and 0 belongs to the first."""
    return np.clip(np.ceil(stated * bins).astype(np.int64) - 1, 0, bins - 1)
