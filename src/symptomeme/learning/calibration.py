"""What is fitted on validation after training: calibration, a threshold a class, and how sure a claim has to be."""

from collections.abc import Mapping
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize, minimize_scalar
from scipy.special import expit, log_expit, log_softmax, softmax

from symptomeme.models.decision import Calibration

Floats = npt.NDArray[np.float64]
Indicators = npt.NDArray[np.bool_]

TEMPERATURES = (0.05, 20.0)
_SCALES = (0.05, 20.0)  # positive, so that a class's memes keep their order


def fit_calibration(logits: Floats, truth: Indicators, *, per_class: bool, multi_label: bool) -> Calibration:
    """The temperature that suits these memes best; if asked for, then a scale and a bias for each class too."""
    temperature = fit_temperature(logits, truth, multi_label=multi_label)
    by_class = fit_by_class(logits / temperature, truth, multi_label=multi_label) if per_class else None
    return Calibration(temperature, by_class)


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


def fit_by_class(logits: Floats, truth: Indicators, *, multi_label: bool) -> tuple[tuple[float, float], ...]:
    """The scale and bias of each class with the smallest negative log likelihood on these memes.

    Scales are held to 1 and biases to 0 by a standard normal prior, so that a class with few memes stays near where it
    was, and one with none has an answer at all.

    Source: vector scaling, Guo et al., arXiv:1706.04599, sec. 4.2; multi label: Platt scaling. The prior is ours.
    """
    classes = truth.shape[1]
    untouched = np.repeat([1.0, 0.0], classes)

    def loss(scales_and_biases: Floats) -> tuple[float, Floats]:
        scales, biases = np.split(scales_and_biases, 2)
        scaled = logits * scales + biases
        likelihood = negative_log_likelihood(scaled, truth, temperature=1.0, multi_label=multi_label)
        judged = truth.size if multi_label else len(truth)
        errors = (expit(scaled) if multi_label else softmax(scaled, axis=1)) - truth
        slopes = np.concatenate([(errors * logits).sum(axis=0), errors.sum(axis=0)])
        moved = scales_and_biases - untouched
        return likelihood * judged + float(moved @ moved) / 2, slopes + moved

    bounds = [_SCALES] * classes + [(None, None)] * classes
    found = minimize(loss, untouched, jac=True, bounds=bounds, method="L-BFGS-B")
    scales, biases = np.split(found.x.round(4), 2)
    return tuple(zip(scales.tolist(), biases.tolist(), strict=True))


def fit_thresholds(scores: Floats, truth: Indicators) -> list[float]:
    """For each class the threshold with the best F1 on these memes; half where the class has no member.

    Thresholds lie midway between neighbouring scores, where no meme stands on one; of equals the one nearest 0.5 wins.
    """
    return [_best_threshold(scores[:, column], truth[:, column]) for column in range(truth.shape[1])]


def fit_min_confidence(
    confidence: Floats, risk: Floats, aim: Mapping[Literal["below", "coverage", "risk"], float]
) -> float:
    """The confidence that a claim has to be over for a coverage or a risk on these memes.

    Args:
        confidence: (N,), from 0 to 1; at 0 nothing was claimed, and nothing can be answered.
        risk: (N,), of each claim.
        aim: `{"coverage": share}`: answer at least that share, the most confident; or `{"risk": mean}`: answer as many
            as can be with at most that mean risk, none if need be.
    """
    order = np.argsort(-confidence, kind="stable")
    order = order[confidence[order] > 0]
    if not len(order):
        return 0.0
    levels = confidence[order]
    last = np.flatnonzero(np.append(np.diff(levels) != 0, True))  # claims of the same confidence go together
    answered = last + 1
    if "coverage" in aim:
        enough = np.flatnonzero(answered >= aim["coverage"] * len(confidence) - 1e-9)
        kept = enough[0] if len(enough) else len(last) - 1
    else:
        fine = np.flatnonzero(np.cumsum(risk[order])[last] / answered <= aim["risk"] + 1e-9)
        if not len(fine):
            return float(np.ceil(levels[0] * 1e6) / 1e6)
        kept = fine[-1]
    below = levels[last[kept + 1]] if kept + 1 < len(last) else 0.0
    return round(float(levels[last[kept]] + below) / 2, 6)


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
