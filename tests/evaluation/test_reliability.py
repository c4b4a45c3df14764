import numpy as np
import pytest
from sklearn.metrics import brier_score_loss, log_loss

from symptomeme.evaluation.figures import Scored
from symptomeme.evaluation.reliability import (
    brier,
    calibration_error,
    negative_log_likelihood,
    reliability_curve,
)


def test_losses_are_scikit_learns_with_one_label(labels: tuple[str, ...]) -> None:
    probabilities = np.array([[0.7, 0.2, 0.1], [0.1, 0.1, 0.8], [0.3, 0.4, 0.3]])
    truth = np.eye(3, dtype=bool)[[0, 1, 2]]
    assert brier(truth, probabilities, multi_label=False).mean() == pytest.approx(
        brier_score_loss([0, 1, 2], probabilities)
    )
    assert negative_log_likelihood(truth, probabilities, multi_label=False).mean() == pytest.approx(
        log_loss([0, 1, 2], probabilities)
    )


def test_a_probability_that_was_rounded_to_nothing_costs_much_but_not_all() -> None:
    for multi_label in (False, True):
        found = negative_log_likelihood(np.array([[True, False]]), np.array([[0.0, 1.0]]), multi_label=multi_label)
        assert found[0] == pytest.approx(-np.log(5e-9))


def test_calibration_error_by_hand() -> None:
    truth = np.array([[True, False], [False, True], [True, False], [True, False]])
    probabilities = np.array([[0.9, 0.1], [0.8, 0.2], [0.6, 0.4], [0.6, 0.4]])
    # top probabilities .9 and .8, half of them right, share a bin; so do .6 and .6, both right
    expected = abs(0.85 - 0.5) / 2 + abs(0.6 - 1) / 2
    found = calibration_error(truth, probabilities, np.ones((1, 4)), multi_label=False, bins=3)
    assert found == pytest.approx([expected])
    curve = reliability_curve(truth, probabilities, multi_label=False, bins=3)
    assert curve.to_dict("list") == {
        "probability": pytest.approx([0.6, 0.85]),
        "frequency": [1.0, 0.5],
        "count": [2, 2],
    }


def test_the_error_is_the_gap_of_the_curve(scored: Scored) -> None:
    curve = reliability_curve(scored.truth, scored.probabilities, multi_label=scored.multi_label, bins=7)
    gap = ((curve.probability - curve.frequency).abs() * curve["count"]).sum() / curve["count"].sum()
    weights = np.ones((1, len(scored.truth)))
    found = calibration_error(scored.truth, scored.probabilities, weights, multi_label=scored.multi_label, bins=7)
    assert found == pytest.approx([gap])


def test_bins_are_closed_above() -> None:
    probabilities = np.array([[0.0], [0.5], [0.51], [1.0]])
    curve = reliability_curve(np.ones((4, 1), bool), probabilities, multi_label=True, bins=2)
    assert curve["count"].tolist() == [2, 2]
