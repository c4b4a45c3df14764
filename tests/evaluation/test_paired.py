import numpy as np
import pytest

from symptomeme.evaluation.bootstrap import two_sided_p
from symptomeme.evaluation.paired import paired_lines


def test_differences_are_paired_for_each_seed_and_for_the_mean() -> None:
    rng = np.random.default_rng(0)
    truth = np.eye(3, dtype=bool)[rng.integers(0, 3, 90)]
    worse = truth.copy()
    worse[:30] = np.roll(truth[:30], 1, axis=1)
    other = truth.copy()
    other[:15] = np.roll(truth[:15], 1, axis=1)
    lines = {
        (line.name, line.figure): line
        for line in paired_lines(
            truth,
            {"model": [truth, other], "same": [truth, other], "peer": [worse]},
            [("model", "same"), ("model", "peer")],
            resamples=500,
            confidence=0.95,
            seed=0,
        )
    }
    model, peer = lines["model", "macro"], lines["peer", "macro"]
    assert model.seeds[0] == (1.0, 1.0, 1.0)
    assert model.mean.value == pytest.approx(np.mean([seed.value for seed in model.seeds]))
    assert set(lines["model - same", "weighted"].seeds) == {(0.0, 0.0, 0.0)}  # whatever memes are drawn
    difference = lines["model - peer", "macro"]
    assert difference.mean.value == pytest.approx(model.mean.value - peer.mean.value)
    assert 0 < difference.mean.low < difference.mean.value < difference.mean.high
    assert difference.seeds[0].value > difference.seeds[1].value > 0
    assert lines["model - same", "macro"].p == 1.0
    assert lines["model - peer", "macro"].p == pytest.approx(2 / 501)  # in no resample is the peer as good
    assert model.p is None


@pytest.mark.parametrize(
    ("differences", "p"),
    [
        ([-1.0, 1.0, 2.0, np.nan], 2 * 2 / 4),  # one of three is on the other side
        ([1.0] * 99, 2 / 100),
        ([0.0, 0.0], 1.0),
    ],
)
def test_p_is_twice_the_share_on_the_other_side_of_0_and_never_0(differences: list[float], p: float) -> None:
    assert two_sided_p(np.array(differences)) == pytest.approx(p)
    assert two_sided_p(-np.array(differences)) == pytest.approx(p)
