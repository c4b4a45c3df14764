import numpy as np
import pytest
from sklearn.metrics import f1_score
from symptomeme.learning.metrics import f1, interval, paired_difference, resampled


@pytest.fixture
def memes() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    return rng.random((200, 5)) < 0.3, rng.random((200, 5)) < 0.3


def test_f1_is_scikit_learns(memes: tuple[np.ndarray, np.ndarray]) -> None:
    truth, predicted = memes
    found = f1(truth, predicted)
    for name in ("macro", "weighted"):
        assert getattr(found, name)[0] == pytest.approx(f1_score(truth, predicted, average=name, zero_division=0))


def test_a_class_that_nobody_has_or_claims_counts_zero() -> None:
    truth = np.array([[True, False], [True, False]])
    assert f1(truth, truth).per_class.tolist() == [[1.0, 0.0]]
    assert f1(truth, truth).macro.tolist() == [0.5]


def test_weights_count_memes_as_often_as_they_say(memes: tuple[np.ndarray, np.ndarray]) -> None:
    truth, predicted = memes
    weights = resampled(200, resamples=3, seed=7)
    for row, macro in zip(weights, f1(truth, predicted, weights).macro, strict=True):
        repeated = np.repeat(np.arange(200), row.astype(int))
        assert macro == pytest.approx(f1(truth[repeated], predicted[repeated]).macro[0])


def test_resamples_draw_every_meme_once_on_average() -> None:
    weights = resampled(50, resamples=400, seed=3)
    assert (weights.sum(axis=1) == 50).all()
    assert weights.mean() == 1


def test_the_interval_cuts_off_both_tails() -> None:
    found = interval(0.5, np.arange(1001) / 1000, confidence=0.9)
    assert found == pytest.approx((0.5, 0.05, 0.95))


def test_a_paired_difference_ignores_what_both_share() -> None:
    hard = np.random.default_rng(0).normal(0, 100, 300)
    found = paired_difference(hard + 1, hard, resamples=200, confidence=0.95, seed=0)
    assert found == pytest.approx((1, 1, 1))
