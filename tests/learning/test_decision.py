import numpy as np

from symptomeme.models.decision import abstains, decide

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
    assert abstains(SCORES, thresholds=high, multi_label=False).tolist() == [False, True]
    assert abstains(SCORES, thresholds=high, multi_label=True).tolist() == [False, True]


def test_single_label_abstains_though_another_class_is_over() -> None:
    limits = np.array([0.6, 0.3, 0.3])
    assert abstains(SCORES, thresholds=limits, multi_label=False).tolist() == [False, True]
    assert abstains(SCORES, thresholds=limits, multi_label=True).tolist() == [False, False]
