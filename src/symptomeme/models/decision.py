"""From logits to calibrated probabilities to labels, or to none: the one rule, for training, evaluation and serving."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from torch import Tensor

Floats = npt.NDArray[np.float64]
Indicators = npt.NDArray[np.bool_]


class Calibration(NamedTuple):
    """What makes logits honest: they become `logits / temperature * scale + bias`."""

    temperature: float = 1.0
    by_class: tuple[tuple[float, float], ...] | None = None  # scale and bias of each class; None: 1 and 0


UNCALIBRATED = Calibration()


def calibrated_logits(logits: Tensor, calibration: Calibration) -> Tensor:
    """Logits (N, C) whose sigmoid or softmax is the probability that is told."""
    scaled: Tensor = logits / calibration.temperature
    if calibration.by_class is not None:
        scales, biases = scaled.new_tensor(calibration.by_class).T
        scaled = scaled * scales + biases
    return scaled


def probabilities(logits: Tensor, calibration: Calibration, *, multi_label: bool) -> Tensor:
    """Probabilities (N, C) of logits (N, C), of the same type; single label: over the classes they sum to 1."""
    scaled = calibrated_logits(logits, calibration)
    return scaled.sigmoid() if multi_label else scaled.softmax(dim=-1)


def decide(probabilities: Floats, *, thresholds: Floats, multi_label: bool) -> Indicators:
    """Which labels are claimed: bool (N, C) from probabilities (N, C).

    Multi label: every class over its threshold (C,), perhaps none. Single label: the most probable class, always one.
    """
    if multi_label:
        return np.asarray(probabilities > thresholds)
    return np.asarray(np.arange(probabilities.shape[1]) == probabilities.argmax(axis=1)[:, None])


def confidence(probabilities: Floats, claimed: Indicators, *, multi_label: bool) -> Floats:
    """How right the model itself expects each claim to be, from 0 to 1: the F1 of claimed and true labels (N,).

    Single label: the probability of the claimed class. Multi label: its mean over all that may be true, by the
    probabilities, classes taken as independent of each other; 0 where nothing is claimed.

    Source: the expected F-measure, Ye et al., Optimizing F-Measures, arXiv:1206.4625.
    """
    if not multi_label:
        return np.asarray((probabilities * claimed).sum(axis=1))
    hits, missed = _how_many(probabilities * claimed), _how_many(probabilities * ~claimed)
    right, left_out = np.ogrid[: hits.shape[1], : missed.shape[1]]
    sizes = claimed.sum(axis=1)[:, None, None] + right + left_out
    return np.asarray(np.einsum("nr,nl,nrl->n", hits, missed, 2 * right / np.maximum(sizes, 1)))


def abstains(
    probabilities: Floats, *, thresholds: Floats, min_confidence: float, multi_label: bool
) -> npt.NDArray[np.bool_]:
    """Which memes are better left unlabelled: bool (N,).

    Multi label: no class is over its threshold. Single label: the top probability is not over its class's threshold.
    Both: the confidence in the claim is not over `min_confidence`.
    """
    claimed = decide(probabilities, thresholds=thresholds, multi_label=multi_label)
    over = ((probabilities > thresholds) & claimed).any(axis=1)
    return np.asarray(~over | (confidence(probabilities, claimed, multi_label=multi_label) <= min_confidence))


def _how_many(probabilities: Floats) -> Floats:
    """How probable it is that 0, 1, ... C of C independent events happen: (N, C + 1)."""
    count, events = probabilities.shape
    found = np.zeros((count, events + 1))
    found[:, 0] = 1
    for probability in probabilities.T[:, :, None]:
        happens = found[:, :-1] * probability
        found = found * (1 - probability)
        found[:, 1:] += happens
    return found
