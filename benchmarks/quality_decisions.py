"""Out-of-fold logits into claims and figures; what a decision needs is fitted on the other folds."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from quality_rules import SHRUNK
from scipy.optimize import minimize

from symptomeme.evaluation.metrics import f1
from symptomeme.learning.calibration import fit_temperature, negative_log_likelihood
from symptomeme.learning.linear import Rule
from symptomeme.models.decision import UNCALIBRATED, Calibration, probabilities

Floats = npt.NDArray[np.float64]
Indicators = npt.NDArray[np.bool_]
Config = tuple[float, str | None]
"""Strength and class weights of a linear peer."""
Member = Floats | Mapping[Config, Floats]
"""Logits (N, C), or several of which one is chosen."""


class Cell(NamedTuple):
    """What an idea claims of each meme, and its negative log likelihood of each."""

    claimed: Indicators  # (N, C)
    nll: Floats  # (N,)


def cells(logits: Floats, truth: Indicators, folds: npt.NDArray[np.int64], *, multi_label: bool) -> dict[str, Cell]:
    """A cell for each decision rule: temperature and rule are fitted on the other folds."""
    scores, nll = np.zeros_like(logits), np.zeros(len(truth))
    rules = SHRUNK[multi_label]
    claimed = {name: np.zeros(truth.shape, np.bool_) for name in rules}
    for fold in np.unique(folds):
        here, others = folds == fold, folds != fold
        temperature = fit_temperature(logits[others], truth[others], multi_label=multi_label)
        scores = _probabilities(logits, Calibration(temperature), multi_label=multi_label)
        nll[here] = [
            negative_log_likelihood(row[None], true[None], temperature=temperature, multi_label=multi_label)
            for row, true in zip(logits[here], truth[here], strict=True)
        ]
        for name, rule in rules.items():
            claimed[name][here] = rule(scores[others], truth[others])(scores[here])
    return {name.split(", ")[-1]: Cell(found, nll) for name, found in claimed.items()}


def chosen_linear(configs: Mapping[Config, Floats], truth: Indicators, folds: npt.NDArray[np.int64], rule: Rule, *,
                  multi_label: bool) -> Indicators:  # fmt: skip
    """What the linear peer claims (N, C): strength, class weights and rule by macro-F1 on the other folds."""
    claimed = np.zeros(truth.shape, np.bool_)
    for fold in np.unique(folds):
        here, others = folds == fold, folds != fold
        best = -1.0
        for logits in configs.values():
            scores = _probabilities(logits, UNCALIBRATED, multi_label=multi_label)
            decide = rule(scores[others], truth[others])
            reached = float(f1(truth[others], decide(scores[others])).macro[0])
            if reached > best:
                best, claimed[here] = reached, decide(scores[here])
    return claimed


def stacked(members: Sequence[Member], truth: Indicators, folds: npt.NDArray[np.int64], *, multi_label: bool) -> Floats:
    """Sums of logits (N, C) with the weights, none negative, that suit the other folds best by likelihood.

    Of a member with several configs the one that is likeliest on the other folds is taken.
    """
    logits = np.zeros(truth.shape)
    for fold in np.unique(folds):
        here, others = folds == fold, folds != fold
        parts = [
            likeliest(member, truth, others, multi_label=multi_label) if isinstance(member, Mapping) else member
            for member in members
        ]
        weights = best_weights([part[others] for part in parts], truth[others], multi_label=multi_label)
        logits[here] = sum(weight * part[here] for weight, part in zip(weights, parts, strict=True))
    return logits


def best_weights(parts: list[Floats], truth: Indicators, *, multi_label: bool) -> Floats:
    """The weights of a sum of logits with the smallest negative log likelihood."""

    def loss(weights: Floats) -> float:
        summed = np.einsum("p,pnc->nc", weights, np.stack(parts))
        return negative_log_likelihood(summed, truth, temperature=1.0, multi_label=multi_label)

    start = np.full(len(parts), 1 / len(parts))
    return np.asarray(minimize(loss, start, bounds=[(0.0, None)] * len(parts)).x)


def likeliest(configs: Mapping[Config, Floats], truth: Indicators, seen: Indicators, *, multi_label: bool) -> Floats:
    """Of several logits (N, C) those with the smallest calibrated negative log likelihood of the memes seen (N,)."""
    losses = {}
    for name, logits in configs.items():
        temperature = fit_temperature(logits[seen], truth[seen], multi_label=multi_label)
        losses[name] = negative_log_likelihood(
            logits[seen], truth[seen], temperature=temperature, multi_label=multi_label
        )
    return configs[min(losses, key=lambda name: losses[name])]


def _probabilities(logits: Floats, calibration: Calibration, *, multi_label: bool) -> Floats:
    found: Floats = probabilities(torch.from_numpy(logits), calibration, multi_label=multi_label).numpy()
    return found
