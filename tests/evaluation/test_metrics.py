import numpy as np
import pytest
from sklearn.metrics import (
    average_precision_score,
    f1_score,
    precision_score,
    recall_score,
    roc_auc_score,
)

from symptomeme.evaluation.figures import Scored
from symptomeme.evaluation.metrics import f1, mean_of_defined, ranking


@pytest.mark.parametrize("name", ["macro", "weighted"])
def test_means_of_f1_are_scikit_learns(scored: Scored, name: str) -> None:
    expected = f1_score(scored.truth, scored.predicted, average=name, zero_division=np.nan)
    assert getattr(f1(scored.truth, scored.predicted), name)[0] == pytest.approx(expected)


def test_figures_of_a_class_are_scikit_learns(scored: Scored) -> None:
    found = f1(scored.truth, scored.predicted)
    for name, function in (("per_class", f1_score), ("precision", precision_score), ("recall", recall_score)):
        expected = function(scored.truth, scored.predicted, average=None, zero_division=np.nan)
        assert getattr(found, name)[0] == pytest.approx(expected, nan_ok=True), name


def test_ranking_is_scikit_learns(scored: Scored) -> None:
    found = ranking(scored.truth, scored.probabilities)
    assert found.auroc[0] == pytest.approx(roc_auc_score(scored.truth, scored.probabilities, average=None))
    expected = average_precision_score(scored.truth, scored.probabilities, average=None)
    assert found.average_precision[0] == pytest.approx(expected)


def test_equal_scores_rank_like_chance() -> None:
    truth = np.array([[True], [False], [False], [True]])
    found = ranking(truth, np.full((4, 1), 0.5))
    assert (found.auroc[0, 0], found.average_precision[0, 0]) == (0.5, 0.5)


def test_a_class_that_nobody_has_or_claims_is_undefined_and_left_out_of_means() -> None:
    truth = np.array([[True, False], [False, False]])
    found = f1(truth, truth)
    assert np.isnan([found.per_class[0, 1], found.precision[0, 1], found.recall[0, 1]]).all()
    assert (found.macro[0], found.weighted[0]) == (1.0, 1.0)
    ranks = ranking(truth, np.array([[0.9, 0.1], [0.2, 0.3]]))
    assert np.isnan([ranks.auroc[0, 1], ranks.average_precision[0, 1]]).all()


def test_a_class_that_is_missed_altogether_counts_zero() -> None:
    truth = np.array([[True, False], [False, True]])
    predicted = np.array([[True, False], [True, False]])
    found = f1(truth, predicted)
    assert found.per_class[0].tolist() == pytest.approx([2 / 3, 0])
    assert found.macro[0] == pytest.approx(1 / 3)
    assert np.isnan(found.precision[0, 1])


def test_auroc_needs_other_memes_and_average_precision_does_not() -> None:
    found = ranking(np.ones((3, 1), bool), np.array([[0.1], [0.2], [0.3]]))
    assert np.isnan(found.auroc[0, 0])
    assert found.average_precision[0, 0] == 1


def test_a_mean_of_nothing_is_undefined() -> None:
    assert np.isnan(mean_of_defined(np.full((1, 3), np.nan))).all()
    assert mean_of_defined(np.array([[np.nan, 0.2, 0.4]])) == pytest.approx([0.3])
