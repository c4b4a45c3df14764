"""From logits to calibrated probabilities to labels: the one rule, for training, evaluation and serving."""

import numpy as np
import numpy.typing as npt
from scipy.special import expit, softmax

Floats = npt.NDArray[np.float64]
Indicators = npt.NDArray[np.bool_]


def probabilities(logits: Floats, *, temperature: float, multi_label: bool) -> Floats:
    """Calibrated probabilities (N, C) of logits (N, C)."""
    scaled = np.asarray(logits, np.float64) / temperature
    return np.asarray(expit(scaled) if multi_label else softmax(scaled, axis=1))


def decide(probabilities: Floats, *, thresholds: Floats, multi_label: bool) -> Indicators:
    """Which labels are claimed: bool (N, C) from probabilities (N, C).

    Multi label: every class over its threshold (C,), perhaps none. Single label: the most probable class, always one.
    """
    if multi_label:
        return np.asarray(probabilities > thresholds)
    return np.asarray(np.arange(probabilities.shape[1]) == probabilities.argmax(axis=1)[:, None])


def abstains(probabilities: Floats, *, thresholds: Floats, multi_label: bool) -> npt.NDArray[np.bool_]:
    """Which memes are better left unlabelled: bool (N,).

    Multi label: no class over its threshold. Single label: the top probability is not over its class's threshold.
    """
    over = probabilities > thresholds
    if multi_label:
        return np.asarray(~over.any(axis=1))
    top = probabilities.argmax(axis=1)
    return np.asarray(~over[np.arange(len(over)), top])
