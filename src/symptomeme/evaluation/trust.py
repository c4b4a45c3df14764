"""How far to trust what a model says: calibration, beside chance and beside none at all; selective prediction."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from symptomeme.evaluation.bootstrap import Figures, bootstrap
from symptomeme.evaluation.classwise import classwise_error, errors_if_calibrated
from symptomeme.evaluation.figures import Scored, told
from symptomeme.evaluation.metrics import Floats, ratio
from symptomeme.evaluation.reliability import negative_log_likelihood
from symptomeme.evaluation.selective import area, risks


class Trusted(NamedTuple):
    """Memes with what a model said, and how sure it was."""

    scored: Scored
    uncalibrated: Floats  # (N, C), probabilities
    confidence: Floats  # (N,), in the claims
    abstain: npt.NDArray[np.bool_]  # (N,)

    def of(self, rows: npt.NDArray[Any]) -> "Trusted":
        """Some of the memes, by their places or by a mask."""
        return Trusted(self.scored.of(rows), self.uncalibrated[rows], self.confidence[rows], self.abstain[rows])

    @property
    def risk(self) -> Floats:
        """Of each claim: float (N,)."""
        return risks(self.scored.truth, self.scored.predicted)


def trust(trusted: Trusted, *, bins: int, resamples: int, confidence: float, seed: int) -> dict[str, Any]:
    """Figures by name, each as `figures.measured` tells them; docs/trust.md defines them."""
    settings = {"resamples": resamples, "seed": seed}
    point, samples = bootstrap(lambda weights: _figures(trusted, weights, bins), len(trusted.risk), **settings)
    found = {name: told(point[name][0], samples[name], confidence=confidence) for name in point}
    probabilities, multi_label = trusted.scored.probabilities, trusted.scored.multi_label
    chance = errors_if_calibrated(probabilities, multi_label=multi_label, bins=bins, draws=resamples, seed=seed)
    return {
        "classwise_ece": found.pop("classwise_ece"),
        "classwise_ece_if_calibrated": told(chance.mean(), chance, confidence=confidence),
        **found,
    }


def _figures(trusted: Trusted, weights: Floats, bins: int) -> Figures:
    truth, _, probabilities, multi_label = trusted.scored
    count = weights.sum(axis=1)
    calibrated, uncalibrated = (
        weights @ negative_log_likelihood(truth, found, multi_label=multi_label) / count
        for found in (probabilities, trusted.uncalibrated)
    )
    risk, answered = trusted.risk, ~trusted.abstain
    under_curve = area(risk, trusted.confidence, weights)
    return {
        "classwise_ece": classwise_error(truth, probabilities, weights, bins=bins),
        "nll_uncalibrated": uncalibrated,
        "nll_gain": uncalibrated - calibrated,
        "answered_risk": ratio(weights @ (risk * answered), weights @ answered.astype(float)),
        "aurc": under_curve,
        "aurc_ratio": ratio(under_curve, weights @ risk / count),
    }
