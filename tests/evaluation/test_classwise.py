import numpy as np
import pytest
from sklearn.calibration import calibration_curve

from symptomeme.evaluation.classwise import classwise_error, errors_if_calibrated
from symptomeme.evaluation.figures import Scored


def test_the_error_by_hand() -> None:
    probabilities = np.array([[0.1, 0.9], [0.2, 0.8]])
    truth = np.array([[False, True], [True, False]])
    # the two lower ones: mean .15, half of them true; the two upper ones: mean .85, half of them true
    found = classwise_error(truth, probabilities, np.array([[1, 1], [2, 0]]), bins=2)
    assert found == pytest.approx([0.35, 0.1])


def test_bins_are_scikit_learns(scored: Scored) -> None:
    found = classwise_error(scored.truth, scored.probabilities, np.ones((1, len(scored.truth))), bins=5)
    frequency, mean = calibration_curve(
        scored.truth.ravel(), scored.probabilities.ravel(), n_bins=5, strategy="quantile"
    )
    edges = np.quantile(scored.probabilities, [0.2, 0.4, 0.6, 0.8])
    counts = np.bincount(np.searchsorted(edges, scored.probabilities.ravel()))
    assert found == pytest.approx([(np.abs(frequency - mean) * counts).sum() / counts.sum()])


@pytest.mark.parametrize("multi_label", [False, True])
def test_labels_as_probable_as_said_leave_the_error_that_chance_does(multi_label: bool) -> None:
    rng = np.random.default_rng(0)
    scores = rng.dirichlet([0.5, 1, 2], 300)
    settings = {"multi_label": multi_label, "bins": 10, "draws": 300}
    chance = errors_if_calibrated(scores, **settings, seed=1)
    which = np.array([rng.choice(3, p=row) for row in scores])
    truth = rng.random(scores.shape) < scores if multi_label else which[:, None] == np.arange(3)
    low, high = np.quantile(chance, [0.005, 0.995])
    assert low < classwise_error(truth, scores, np.ones((1, 300)), bins=10)[0] < high
    too_sure = scores**3 / (scores**3).sum(axis=1, keepdims=True)
    assert classwise_error(truth, too_sure, np.ones((1, 300)), bins=10)[0] > high
    assert chance.tolist() == errors_if_calibrated(scores, **settings, seed=1).tolist()


def test_chance_fades_with_more_memes() -> None:
    means = [
        errors_if_calibrated(np.full((count, 1), 0.5), multi_label=True, bins=1, draws=2000, seed=0).mean()
        for count in (100, 400)
    ]
    expected = [np.sqrt(2 / np.pi) * 0.5 / np.sqrt(count) for count in (100, 400)]  # mean of a half-normal
    assert means == pytest.approx(expected, rel=0.05)


def test_one_label_a_meme_is_drawn() -> None:
    certain = np.array([[1.0, 0.0], [0.0, 1.0]])
    assert errors_if_calibrated(certain, multi_label=False, bins=2, draws=3, seed=0).tolist() == [0, 0, 0]
