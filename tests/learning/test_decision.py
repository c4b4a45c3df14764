from itertools import product

import numpy as np
import pytest

from symptomeme.models.decision import abstains, confidence, decide

SCORES = np.array([[0.2, 0.5, 0.3], [0.4, 0.35, 0.25]])
LIMITS = np.array([0.3, 0.45, 0.3])


def test_single_label_takes_the_top_whatever_the_threshold() -> None:
    assert decide(SCORES, thresholds=LIMITS, multi_label=False).tolist() == [[False, True, False], [True, False, False]]


def test_multi_label_takes_all_over_their_thresholds() -> None:
    claimed = decide(SCORES, thresholds=LIMITS, multi_label=True)
    assert claimed.tolist() == [[False, True, False], [True, False, False]]
    assert decide(SCORES, thresholds=np.full(3, 0.1), multi_label=True).all()


def test_abstains_where_nothing_is_over_its_threshold() -> None:
    high = np.array([0.45, 0.45, 0.45])
    assert abstains(SCORES, thresholds=high, multi_label=False, min_confidence=0.0).tolist() == [False, True]
    assert abstains(SCORES, thresholds=high, multi_label=True, min_confidence=0.0).tolist() == [False, True]


def test_single_label_abstains_though_another_class_is_over() -> None:
    limits = np.array([0.6, 0.3, 0.3])
    assert abstains(SCORES, thresholds=limits, multi_label=False, min_confidence=0.0).tolist() == [False, True]
    assert abstains(SCORES, thresholds=limits, multi_label=True, min_confidence=0.0).tolist() == [False, False]


def test_with_one_label_confidence_is_the_top_probability() -> None:
    claimed = decide(SCORES, thresholds=LIMITS, multi_label=False)
    assert confidence(SCORES, claimed, multi_label=False).tolist() == [0.5, 0.4]


def test_with_several_confidence_is_the_f1_to_expect() -> None:
    claimed = np.array([[True, True, False], [False, False, False]])
    expected = 0.0
    for truth in map(np.array, product([False, True], repeat=3)):
        chance = np.where(truth, SCORES[0], 1 - SCORES[0]).prod()
        expected += chance * 2 * (truth & claimed[0]).sum() / (truth.sum() + 2)
    assert confidence(SCORES, claimed, multi_label=True) == pytest.approx([expected, 0])


def test_abstains_from_claims_it_is_not_confident_of() -> None:
    low = np.zeros(3)
    for multi_label in (False, True):
        sure = confidence(SCORES, decide(SCORES, thresholds=low, multi_label=multi_label), multi_label=multi_label)
        assert sure[0] != sure[1]
        given = {"thresholds": low, "multi_label": multi_label}
        assert abstains(SCORES, min_confidence=sure.min(), **given).tolist() == (sure == sure.min()).tolist()
        assert abstains(SCORES, min_confidence=sure.max(), **given).all()
