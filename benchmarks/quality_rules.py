"""Decision rules with less to fit than a free threshold (or factor) for each class, beside those of the linear peer."""

from collections.abc import Callable, Mapping

import numpy as np
from linear_peer import RULES, fitted_factors, shared_threshold

from symptomeme.learning.calibration import fit_thresholds
from symptomeme.learning.linear import Floats, Indicators, Rule
from symptomeme.models.decision import decide


def halfway(scores: Floats, truth: Indicators) -> Callable[[Floats], Indicators]:
    """Multi label: half the way from the threshold that all classes share to that of the class."""
    limits = (np.array(fit_thresholds(scores, truth)) + shared_threshold(scores, truth)) / 2
    return lambda others: decide(others, thresholds=limits, multi_label=True)


def expected(scores: Floats, _: Indicators) -> Callable[[Floats], Indicators]:
    """Multi label: over the threshold with the largest F1 if the probabilities were right; labels are not looked at."""
    limits = np.array([_likeliest(column) for column in scores.T])
    return lambda others: decide(others, thresholds=limits, multi_label=True)


def halfway_factors(scores: Floats, truth: Indicators) -> Callable[[Floats], Indicators]:
    """Single label: the largest probability times the square root of a fitted factor a class."""
    factors = np.sqrt(fitted_factors(scores, truth))
    return lambda others: decide(others * factors, thresholds=np.zeros(len(factors)), multi_label=False)


def _likeliest(scores: Floats) -> float:
    """The threshold of one class: half the largest F1 that can be expected (Lipton et al., arXiv:1402.1892)."""
    ordered = np.sort(scores)[::-1]
    claimed = np.arange(1, len(scores) + 1)
    return float((2 * np.cumsum(ordered) / (claimed + scores.sum())).max() / 2)


SHRUNK: dict[bool, Mapping[str, Rule]] = {
    False: {**RULES[False], "halfway factors": halfway_factors},
    True: {**RULES[True], "halfway to one threshold": halfway, "expected F1": expected},
}
"""All rules by whether memes carry several labels."""
