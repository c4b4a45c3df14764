from typing import Any

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, brier_score_loss, f1_score, log_loss, roc_auc_score

from symptomeme.evaluation import bootstrap as module
from symptomeme.evaluation.bootstrap import bootstrap, interval, paired_difference, resampled
from symptomeme.evaluation.figures import Scored, measured


def naive(scored: Scored, rows: np.ndarray) -> dict[str, Any]:
    """The figures of some memes, each as often as it stands in `rows`, by scikit-learn and plain loops."""
    truth, predicted, scores, multi_label = (*(part[rows] for part in scored[:3]), scored.multi_label)
    classes = range(truth.shape[1])
    both = [column for column in classes if truth[:, column].any() and not truth[:, column].all()]
    auroc = [roc_auc_score(truth[:, column], scores[:, column]) for column in both]
    precision = [average_precision_score(truth[:, column], scores[:, column]) for column in both]
    if multi_label:
        brier = np.mean([brier_score_loss(truth[:, column], scores[:, column], pos_label=True) for column in classes])
        nll = np.mean([log_loss(truth[:, column], scores[:, column], labels=[False, True]) for column in classes])
        pairs = list(zip(scores.ravel(), truth.ravel(), strict=True))
    else:
        names = truth.argmax(axis=1)
        brier = brier_score_loss(names, scores, labels=list(classes))
        nll = log_loss(names, scores, labels=list(classes))
        pairs = [(row.max(), own[row.argmax()]) for row, own in zip(scores, truth, strict=True)]
    ece = 0.0
    for low in np.arange(10) / 10:
        inside = [(stated, right) for stated, right in pairs if low < stated <= low + 0.1 + 1e-12]
        if inside:
            stated, right = np.mean(inside, axis=0)
            ece += len(inside) / len(pairs) * abs(stated - right)
    return {
        "macro_f1": f1_score(truth, predicted, average="macro", zero_division=np.nan),
        "weighted_f1": f1_score(truth, predicted, average="weighted", zero_division=np.nan),
        "macro_auroc": np.mean(auroc),
        "macro_average_precision": np.mean(precision),
        "ece": ece,
        "brier": brier,
        "nll": nll,
    }


def test_the_bootstrap_is_that_of_a_naive_loop(
    scored: Scored, labels: tuple[str, ...], settings: dict[str, Any]
) -> None:
    count = len(scored.truth)
    weights = resampled(count, resamples=settings["resamples"], seed=settings["seed"])
    drawn = [naive(scored, np.repeat(np.arange(count), row.astype(int))) for row in weights]
    assert any(not row[5] for row in weights), "no resample misses the rare class"
    overall, _ = measured(scored, labels, **settings)
    point = naive(scored, np.arange(count))
    for name, found in overall.items():
        low, high = np.quantile([row[name] for row in drawn], [0.05, 0.95])
        assert list(found.values()) == pytest.approx([point[name], low, high], abs=1e-6), name


def test_a_chunk_at_a_time_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.random.default_rng(0).random(30)

    def mean(weights: np.ndarray) -> dict[str, np.ndarray]:
        return {"mean": weights @ values / 30}

    point, whole = bootstrap(mean, 30, resamples=25, seed=7)
    assert point["mean"] == pytest.approx([values.mean()])
    monkeypatch.setattr(module, "_CHUNK", 70)  # two resamples
    assert bootstrap(mean, 30, resamples=25, seed=7)[1]["mean"] == pytest.approx(whole["mean"])
    assert len(whole["mean"]) == 25


def test_resamples_draw_every_meme_once_on_average() -> None:
    weights = resampled(50, resamples=400, seed=3)
    assert (weights.sum(axis=1) == 50).all()
    assert weights.mean() == 1


def test_the_interval_cuts_off_both_tails() -> None:
    found = interval(0.5, np.arange(1001) / 1000, confidence=0.9)
    assert found == pytest.approx((0.5, 0.05, 0.95))


def test_samples_that_are_undefined_are_left_out_of_the_interval() -> None:
    assert interval(0.5, np.array([np.nan, 0.4, np.nan, 0.6]), confidence=1.0) == (0.5, 0.4, 0.6)
    assert np.isnan(interval(np.nan, np.array([np.nan]), confidence=0.9)).all()


def test_a_paired_difference_ignores_what_both_share() -> None:
    hard = np.random.default_rng(0).normal(0, 100, 300)
    found = paired_difference(hard + 1, hard, resamples=200, confidence=0.95, seed=0)
    assert found == pytest.approx((1, 1, 1))
