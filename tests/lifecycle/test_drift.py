"""Distances that can be worked out by hand, and bounds that chance does not pass and change does."""

from dataclasses import replace

import numpy as np
import pytest
from made_up_rows import LABELS, memes
from scipy.spatial.distance import cdist
from scipy.stats import ks_2samp

from symptomeme.lifecycle.drift import Bounds, compare, energy_coefficients, features, ks_distances

BOUNDS = Bounds(
    level=0.0005, permutations=1999, min_rows=20, min_distance=0.1, min_embedding_distance=0.02, seed=0
)  # fmt: skip


def alarms(new, bounds=BOUNDS):
    found = compare(features(memes(80, seed=100)), features(new), LABELS, bounds)
    return {criterion.name for criterion in found if criterion.alarm}


@pytest.mark.parametrize("seed", range(10))
def test_the_same_distribution_is_no_alarm(seed):
    assert alarms(memes(60, seed=seed)) == set()


@pytest.mark.parametrize(
    ("change", "seen_by"),
    [
        ({"length": 90}, "text_length"),
        ({"mix": (0.05, 0.05, 0.9)}, "label_scores"),
        ({"mix": (0.05, 0.05, 0.9)}, "embedding"),
        ({"unread": 0.7}, "ocr_confidence"),
    ],
)
def test_a_shift_is_an_alarm(change, seen_by):
    assert seen_by in alarms(memes(60, seed=0, **change))


def test_the_class_that_moved_most_is_named():
    found = compare(features(memes(80, 100)), features(memes(60, 0, mix=(0.05, 0.05, 0.9))), LABELS, BOUNDS)
    assert {criterion.where for criterion in found if criterion.name == "label_scores"} == {"doom"}


def test_less_than_a_set_distance_never_alarms():
    wide = replace(BOUNDS, min_distance=1.0, min_embedding_distance=1.0)
    assert alarms(memes(60, seed=0, length=90, mix=(0.05, 0.05, 0.9)), wide) == set()


def test_given_texts_have_no_confidence_to_compare_and_unread_pictures_have_none():
    read, given = memes(60, 0, unread=0.0), memes(60, 1, unread=0.0)
    given["ocr_confidence"] = np.nan
    assert "ocr_confidence" not in {found.name for found in compare(features(read), features(given), LABELS, BOUNDS)}
    given["text_length"] = np.zeros(60, dtype="int32")
    assert (features(given).numbers.ocr_confidence == 0).all()


def test_scores_that_were_kept_with_fewer_digits_are_the_same_scores():
    kept, fresh = memes(80, 0), memes(80, 0)
    fresh["probabilities"] = [[1 - 2e-8, 1e-8, 1e-8]] * 80
    kept["probabilities"] = [[round(score, 6) for score in row] for row in fresh.probabilities]
    found = {criterion.name: criterion.value for criterion in compare(features(kept), features(fresh), LABELS, BOUNDS)}
    assert found["label_scores"] == 0


def test_distances_of_values_with_ties_agree_with_scipy():
    generator = np.random.default_rng(0)
    pooled = generator.integers(0, 5, (70, 2)).astype(float)
    found = ks_distances(pooled, np.arange(70)[None] >= 30)
    assert found[0] == pytest.approx([ks_2samp(column[:30], column[30:]).statistic for column in pooled.T])


def test_energy_of_points_by_hand():
    between = cdist([[0.0], [0.0], [1.0], [1.0]], [[0.0], [0.0], [1.0], [1.0]])
    apart, mixed = np.array([False, False, True, True]), np.array([False, True, False, True])
    # apart: across 1, within 0: (2 - 0 - 0) / 2. mixed: all means are 1/2: (1 - 1/2 - 1/2) / 1
    assert energy_coefficients(between, np.array([apart, mixed])) == pytest.approx([1.0, 0.0])


def test_scores_of_which_each_moves_a_little_are_seen_together():
    generator = np.random.default_rng(0)
    old, new = memes(80, seed=100), memes(60, seed=0)
    old["probabilities"] = generator.normal(0.5, 0.1, (80, 8)).tolist()
    new["probabilities"] = generator.normal(0.55, 0.1, (60, 8)).tolist()
    found = compare(features(old), features(new), "abcdefgh", BOUNDS)
    assert [criterion.name for criterion in found if criterion.alarm] == ["label_scores"]


def test_more_texts_make_the_bound_of_lengths_narrower_and_touch_nothing_else():
    texts = memes(300, seed=101)[["text_length", "ocr_confidence"]]
    few, many = (
        {found.name: found for found in compare(features(memes(80, 100), more), features(memes(60, 0)), LABELS, BOUNDS)}
        for more in (None, texts)
    )
    assert many["text_length"].bound < few["text_length"].bound
    assert many["ocr_confidence"].bound < few["ocr_confidence"].bound
    assert [many[name] for name in ("abstain", "label_scores", "embedding")] == [
        few[name] for name in ("abstain", "label_scores", "embedding")
    ]
