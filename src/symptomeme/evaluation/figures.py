"""All figures of a view, each with its bootstrap interval, ready for JSON."""

import math
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from symptomeme.evaluation.bootstrap import Figures, bootstrap, interval
from symptomeme.evaluation.metrics import Floats, Indicators, f1, mean_of_defined, ranking
from symptomeme.evaluation.reliability import brier, calibration_error, negative_log_likelihood

DIGITS = 6
OF_A_CLASS = ("precision", "recall", "f1", "auroc", "average_precision")


class Scored(NamedTuple):
    """Memes with what is true and what a model said: (N, C) each."""

    truth: Indicators
    predicted: Indicators
    probabilities: Floats
    multi_label: bool

    def of(self, rows: npt.NDArray[Any]) -> "Scored":
        """Some of the memes, by their places or by a mask."""
        return Scored(self.truth[rows], self.predicted[rows], self.probabilities[rows], self.multi_label)


def measured(
    scored: Scored, labels: tuple[str, ...], *, bins: int, resamples: int, confidence: float, seed: int
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Figures over all classes by name, and those of each class by class and name.

    A figure is as `told` tells it. Resamples in which it is undefined are not part of its interval.
    """
    point, samples = bootstrap(
        lambda weights: _figures(scored, weights, bins), len(scored.truth), resamples=resamples, seed=seed
    )

    overall = {
        name: told(point[name][0], samples[name], confidence=confidence) for name in point if name not in OF_A_CLASS
    }
    each = {
        label: {
            "memes": int(scored.truth[:, column].sum()),
            **{
                name: told(point[name][0, column], samples[name][:, column], confidence=confidence)
                for name in OF_A_CLASS
            },
        }
        for column, label in enumerate(labels)
    }
    return overall, each


def told(value: Floats | float, samples: Floats, *, confidence: float) -> dict[str, Any]:
    """A figure and the interval of its samples (R,) for JSON: None where it is undefined, and in how many samples."""
    found = interval(float(value), samples, confidence=confidence)._asdict()
    undefined = int(np.isnan(samples).sum())
    numbers = {name: None if math.isnan(number) else round(number, DIGITS) for name, number in found.items()}
    return {**numbers, "undefined": undefined} if undefined else numbers


def _figures(scored: Scored, weights: Floats, bins: int) -> Figures:
    truth, predicted, probabilities, multi_label = scored
    claims = f1(truth, predicted, weights)
    ranks = ranking(truth, probabilities, weights)
    count = weights.sum(axis=1)
    return {
        "macro_f1": claims.macro,
        "weighted_f1": claims.weighted,
        "macro_auroc": mean_of_defined(ranks.auroc),
        "macro_average_precision": mean_of_defined(ranks.average_precision),
        "ece": calibration_error(truth, probabilities, weights, multi_label=multi_label, bins=bins),
        "brier": weights @ brier(truth, probabilities, multi_label=multi_label) / count,
        "nll": weights @ negative_log_likelihood(truth, probabilities, multi_label=multi_label) / count,
        "precision": claims.precision,
        "recall": claims.recall,
        "f1": claims.per_class,
        "auroc": ranks.auroc,
        "average_precision": ranks.average_precision,
    }
