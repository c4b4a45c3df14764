"""What counts as help of the picture, and how pictures are swapped."""

import numpy as np
import pytest
from modalities import Compared, derangement

from symptomeme.evaluation.bootstrap import Interval


@pytest.mark.parametrize("count", [2, 3, 7, 174])
def test_no_meme_keeps_its_picture_and_none_is_shown_twice(count: int) -> None:
    for seed in range(20):
        swapped = derangement(count, seed=seed)
        assert (swapped != np.arange(count)).all()
        assert sorted(swapped) == list(range(count))


def test_a_seed_says_how_pictures_are_swapped() -> None:
    assert derangement(50, seed=3).tolist() == derangement(50, seed=3).tolist()
    assert derangement(50, seed=3).tolist() != derangement(50, seed=4).tolist()


@pytest.mark.parametrize(
    ("gain", "swapped", "holds"),
    [
        (Interval(0.2, 0.1, 0.3), Interval(-0.1, -0.2, 0.0), True),
        (Interval(0.2, 0.1, 0.3), Interval(0.0, -0.1, 0.1), True),
        (Interval(0.2, 0.0, 0.3), Interval(-0.1, -0.2, 0.0), False),  # no help is shown
        (Interval(0.2, 0.1, 0.3), Interval(0.05, -0.1, 0.2), False),  # some of it is left without the right picture
    ],
)
def test_the_picture_helps_only_where_fusion_falls_back_without_the_right_one(
    gain: Interval, swapped: Interval, *, holds: bool
) -> None:
    assert Compared("published", 9, {}, gain, swapped).holds is holds
