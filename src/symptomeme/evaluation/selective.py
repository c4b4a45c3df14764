"""Selective prediction: what is risked when the least confident claims are left out.

The risk of a claim is 1 minus the F1 of claimed and true labels; with one label a meme that is 1 for a wrong one, 0 for
the right one. Claims of equal confidence are answered together, or not.
"""

import numpy as np
import pandas as pd

from symptomeme.evaluation.metrics import Floats, Indicators, ratio


def risks(truth: Indicators, predicted: Indicators) -> Floats:
    """The risk of each meme's claim: float (N,). Nothing claimed where nothing is true is right.

    It is 1 minus what scikit-learn's `f1_score(average="samples", zero_division=1)` is the mean of.
    """
    named = truth.sum(axis=1) + predicted.sum(axis=1)
    return np.asarray(1 - np.where(named == 0, 1.0, 2 * (truth & predicted).sum(axis=1) / np.maximum(named, 1)))


def area(risk: Floats, confidence: Floats, weights: Floats) -> Floats:
    """Area under the risk-coverage curve (R,): the mean, over coverages, of the risk of what is answered.

    Who abstains at random has the mean risk of all memes.

    Source: Geifman, Uziel and El-Yaniv, Bias-Reduced Uncertainty Estimation, arXiv:1805.08206.
    """
    order, last = _by_confidence(confidence)
    drawn = weights[:, order]
    answered = np.cumsum(drawn, axis=1)[:, last]
    mean = np.nan_to_num(ratio(np.cumsum(drawn * risk[order], axis=1)[:, last], answered))
    gained = np.diff(answered, axis=1, prepend=0)
    return ratio((gained * mean).sum(axis=1), weights.sum(axis=1))


def curve(risk: Floats, confidence: Floats) -> pd.DataFrame:
    """A row for each number of memes that can be answered, fewest first: `coverage`, `risk`, lowest `confidence`."""
    order, last = _by_confidence(confidence)
    answered = last + 1
    return pd.DataFrame(
        {
            "coverage": answered / max(len(risk), 1),
            "risk": np.cumsum(risk[order])[last] / answered,
            "confidence": confidence[order][last],
        }
    )


def _by_confidence(confidence: Floats) -> tuple[np.ndarray, np.ndarray]:
    """The memes, the most confident first, and which of these places are the last of equal confidence."""
    order = np.argsort(-confidence, kind="stable")
    changes = np.diff(confidence[order]) != 0
    return order, np.flatnonzero(np.append(changes, True)) if len(order) else np.arange(0)
