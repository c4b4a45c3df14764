"""What is fitted on validation after training: one temperature, and a threshold a class."""

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize_scalar
from scipy.special import log_expit, log_softmax

Floats = npt.NDArray[np.float64]
Indicators = npt.NDArray[np.bool_]

TEMPERATURES = (0.05, 20.0)


def negative_log_likelihood(logits: Floats, truth: Indicators, *, temperature: float, multi_label: bool) -> float:
    """Mean negative log likelihood a meme (multi label: a meme and class)."""
    scaled = np.asarray(logits, np.float64) / temperature
    if multi_label:
        return float(-np.where(truth, log_expit(scaled), log_expit(-scaled)).mean())
    return float(-log_softmax(scaled, axis=1)[truth].mean())


def fit_temperature(logits: Floats, truth: Indicators, *, multi_label: bool) -> float:
    """The temperature with the smallest negative log likelihood on these memes.

    Source: Guo et al., On Calibration of Modern Neural Networks, arXiv:1706.04599, sec. 4.
    """

    def loss(log_temperature: float) -> float:
        return negative_log_likelihood(logits, truth, temperature=np.exp(log_temperature), multi_label=multi_label)

    found = minimize_scalar(loss, bounds=tuple(np.log(TEMPERATURES)), method="bounded")
    return round(float(np.exp(found.x)), 4)


def fit_thresholds(scores: Floats, truth: Indicators) -> list[float]:
    """For each class the threshold with the best F1 on these memes; half where the class has no member.

    Thresholds lie midway between neighbouring scores, where no meme stands on one; of equals the one nearest 0.5 wins.
    """
    return [_best_threshold(scores[:, column], truth[:, column]) for column in range(truth.shape[1])]


def _best_threshold(scores: Floats, truth: npt.NDArray[np.bool_]) -> float:
    if not truth.any():
        return 0.5
    levels = np.unique(scores)
    candidates = np.concatenate([[levels[0] / 2], (levels[1:] + levels[:-1]) / 2])
    claimed = scores[None, :] > candidates[:, None]
    hits = (claimed & truth).sum(axis=1)
    f1 = 2 * hits / (claimed.sum(axis=1) + truth.sum())
    best = candidates[f1 >= f1.max() - 1e-12]
    return round(float(best[np.argmin(np.abs(best - 0.5))]), 6)
