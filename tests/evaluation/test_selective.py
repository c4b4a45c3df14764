import numpy as np
import pytest
from sklearn.metrics import f1_score

from symptomeme.evaluation.figures import Scored
from symptomeme.evaluation.selective import area, curve, risks
from symptomeme.evaluation.trust import Trusted, trust


def test_risk_is_what_scikit_learns_f1_of_samples_misses(scored: Scored) -> None:
    truth, predicted, *_ = scored
    expected = 1 - f1_score(truth, predicted, average="samples", zero_division=1)
    assert risks(truth, predicted).mean() == pytest.approx(expected)


def test_with_one_label_risk_is_an_error() -> None:
    truth = np.eye(3, dtype=bool)
    assert risks(truth, truth[[0, 2, 2]]).tolist() == [0, 1, 0]
    nothing = np.zeros((2, 3), bool)
    assert risks(nothing, np.array([[False] * 3, [True, False, False]])).tolist() == [0, 1]


def test_the_area_by_hand() -> None:
    risk, confidence = np.array([1.0, 0.0, 0.0, 1.0]), np.array([0.5, 0.9, 0.8, 0.6])
    # by confidence: 0, 0, 1, 1 lost; mean risk of the first 1, 2, 3, 4: 0, 0, 1/3, 1/2
    assert area(risk, confidence, np.ones((1, 4))) == pytest.approx([(1 / 3 + 1 / 2) / 4])
    assert curve(risk, confidence).to_dict("list") == {
        "coverage": [0.25, 0.5, 0.75, 1.0],
        "risk": pytest.approx([0, 0, 1 / 3, 1 / 2]),
        "confidence": [0.9, 0.8, 0.6, 0.5],
    }


def test_weights_count_a_meme_as_often() -> None:
    risk, confidence = np.array([1.0, 0.0, 1.0]), np.array([0.5, 0.9, 0.1])
    doubled = area(np.repeat(risk, 2), np.repeat(confidence, 2), np.ones((1, 6)))
    assert area(risk, confidence, np.full((1, 3), 2.0)) == pytest.approx(doubled)
    assert area(risk, confidence, np.array([[1.0, 1.0, 0.0]])) == pytest.approx([1 / 4])


def test_confidence_that_is_always_the_same_is_worth_nothing() -> None:
    risk = np.array([1.0, 0.0, 0.0, 1.0])
    assert area(risk, np.full(4, 0.7), np.ones((1, 4))) == pytest.approx([risk.mean()])


def test_figures_of_trust(trusted: Trusted) -> None:
    found = trust(trusted, bins=5, resamples=60, confidence=0.9, seed=3)
    value = {name: figure["value"] for name, figure in found.items()}
    risk = trusted.risk
    assert value["aurc_ratio"] == pytest.approx(value["aurc"] / risk.mean(), abs=1e-5)
    assert value["answered_risk"] == pytest.approx(risk[~trusted.abstain].mean(), abs=1e-6)
    assert value["nll_gain"] > 0  # what was too sure costs more
    assert found["classwise_ece_if_calibrated"]["low"] < value["classwise_ece_if_calibrated"]


def test_who_answers_nothing_has_no_risk_and_who_is_never_wrong_no_ratio(trusted: Trusted) -> None:
    silent = trusted._replace(abstain=np.ones(len(trusted.abstain), bool))
    right = trusted._replace(scored=trusted.scored._replace(predicted=trusted.scored.truth))
    settings = {"bins": 5, "resamples": 20, "confidence": 0.9, "seed": 3}
    assert trust(silent, **settings)["answered_risk"] == {"value": None, "low": None, "high": None, "undefined": 20}
    assert trust(right, **settings)["aurc_ratio"]["value"] is None
