import math

import numpy as np
import pytest
from scipy.special import expit, softmax
from torch import tensor

from symptomeme.learning.calibration import (
    fit_by_class,
    fit_calibration,
    fit_min_confidence,
    fit_temperature,
    fit_thresholds,
    negative_log_likelihood,
)
from symptomeme.models.decision import Calibration, probabilities


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
    halved = Calibration(2.0)
    assert probabilities(tensor([[1.0, 9.0]]).log(), halved, multi_label=False).tolist()[0] == pytest.approx(
        [0.25, 0.75]
    )
    assert probabilities(tensor([[9.0]]).log(), halved, multi_label=True).tolist()[0] == pytest.approx([0.75])
    by_class = Calibration(2.0, ((3.0, 0.0), (1.0, math.log(9))))
    # 27 : 3 * 9 of e to the scaled logits
    assert probabilities(tensor([[9.0, 9.0]]).log(), by_class, multi_label=False).tolist()[0] == pytest.approx(
        [0.5, 0.5]
    )


@pytest.mark.parametrize("multi_label", [False, True])
def test_scale_and_bias_of_each_class_are_found_again(multi_label: bool) -> None:
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 2, (8000, 3))
    honest = logits * [0.5, 1.0, 2.0] + [0.0, 1.0, -1.0]
    drawn = np.array([rng.choice(3, p=row) for row in softmax(honest, axis=1)])
    truth = rng.random(honest.shape) < expit(honest) if multi_label else np.eye(3, dtype=bool)[drawn]
    found = fit_calibration(logits, truth, per_class=True, multi_label=multi_label)
    scales, biases = np.array(found.by_class).T
    assert scales / found.temperature == pytest.approx([0.5, 1, 2], rel=0.1)
    assert biases - biases[0] == pytest.approx([0, 1, -1], abs=0.15)  # of a softmax only differences count
    before, after = (
        negative_log_likelihood(given, truth, temperature=1, multi_label=multi_label)
        for given in (logits / found.temperature, logits / found.temperature * scales + biases)
    )
    assert after < before - 0.01
    assert fit_calibration(logits, truth, per_class=False, multi_label=multi_label).by_class is None


@pytest.mark.parametrize("multi_label", [False, True])
def test_a_class_without_members_stays_near_where_it_was(multi_label: bool) -> None:
    logits = np.random.default_rng(0).normal(0, 1, (200, 3))
    truth = np.zeros(logits.shape, bool)
    truth[np.arange(200), logits[:, :2].argmax(axis=1)] = True
    scale, bias = fit_by_class(logits, truth, multi_label=multi_label)[2]
    assert 0 < scale < 20
    assert -10 < bias < 0


CONFIDENT, RISK = np.array([0.9, 0.8, 0.8, 0.4, 0.0]), np.array([0.0, 0.0, 1.0, 1.0, 0.0])


@pytest.mark.parametrize(
    ("aim", "limit"),
    [
        ({"coverage": 0.2}, 0.85),
        ({"coverage": 0.3}, 0.6),  # of two that are as confident neither is left out
        ({"coverage": 0.6}, 0.6),
        ({"coverage": 1.0}, 0.2),  # where nothing is claimed nothing can be answered
        ({"risk": 0.0}, 0.85),
        ({"risk": 0.4}, 0.6),
        ({"risk": 0.5}, 0.2),
    ],
)
def test_the_least_confidence_for_a_coverage_or_a_risk(aim: dict, limit: float) -> None:
    assert fit_min_confidence(CONFIDENT, RISK, aim) == pytest.approx(limit)


def test_a_risk_that_cannot_be_is_met_by_answering_nothing() -> None:
    limit = fit_min_confidence(CONFIDENT, np.ones(5), {"risk": 0.5})
    assert not (limit < CONFIDENT).any()
    assert fit_min_confidence(np.zeros(3), np.ones(3), {"coverage": 0.5}) == 0


def test_thresholds_separate_and_prefer_half() -> None:
    scores = np.array([[0.1, 0.2], [0.3, 0.6], [0.35, 0.8]])
    truth = np.array([[False, False], [True, True], [True, True]])
    assert fit_thresholds(scores, truth) == pytest.approx([0.2, 0.4])


def test_a_class_without_members_keeps_half() -> None:
    assert fit_thresholds(np.array([[0.1], [0.9]]), np.zeros((2, 1), bool)) == [0.5]
