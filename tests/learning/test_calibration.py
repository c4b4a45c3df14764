import numpy as np
import pytest
from scipy.special import expit, softmax

from symptomeme.learning.calibration import (
    fit_temperature,
    fit_thresholds,
    negative_log_likelihood,
)
from symptomeme.models.decision import probabilities


def test_the_temperature_undoes_overconfidence() -> None:
    rng = np.random.default_rng(0)
    honest = rng.normal(0, 1.5, (20_000, 3))
    drawn = np.array([rng.choice(3, p=row) for row in softmax(honest, axis=1)])
    assert fit_temperature(4 * honest, np.eye(3, dtype=bool)[drawn], multi_label=False) == pytest.approx(4, rel=0.05)


def test_the_temperature_of_several_labels() -> None:
    rng = np.random.default_rng(0)
    honest = rng.normal(0, 2, (20_000, 2))
    truth = rng.random((20_000, 2)) < expit(honest)
    assert fit_temperature(0.5 * honest, truth, multi_label=True) == pytest.approx(0.5, rel=0.05)


def test_likelihood_by_hand() -> None:
    logits, truth = np.log([[0.25, 0.75]]), np.array([[False, True]])
    assert negative_log_likelihood(logits, truth, temperature=1, multi_label=False) == pytest.approx(-np.log(0.75))
    odds = np.log([[3.0, 1.0]])
    expected = -(np.log(1 - 0.75) + np.log(0.5)) / 2
    assert negative_log_likelihood(odds, truth, temperature=1, multi_label=True) == pytest.approx(expected)


def test_probabilities_by_hand() -> None:
    assert probabilities(np.log([[1.0, 9.0]]), temperature=2, multi_label=False)[0] == pytest.approx([0.25, 0.75])
    assert probabilities(np.log([[9.0]]), temperature=2, multi_label=True)[0] == pytest.approx([0.75])


def test_thresholds_separate_and_prefer_half() -> None:
    scores = np.array([[0.1, 0.2], [0.3, 0.6], [0.35, 0.8]])
    truth = np.array([[False, False], [True, True], [True, True]])
    assert fit_thresholds(scores, truth) == pytest.approx([0.2, 0.4])


def test_a_class_without_members_keeps_half() -> None:
    assert fit_thresholds(np.array([[0.1], [0.9]]), np.zeros((2, 1), bool)) == [0.5]
