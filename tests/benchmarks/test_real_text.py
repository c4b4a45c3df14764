import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from kept_runs import KEPT
from linear_peer import linear_peers, one_threshold, weighted_classes
from seed_in_params import seed_set

from symptomeme.domain.labels import ANXIETY, DEPRESSION, Task

TEXTS = ("rain again", "dinner at four", "same line twice", "watched the wall", "no bed", "who asked", "bus is late")


def memes_of(task: Task) -> pd.DataFrame:
    """Memes whose words give their labels away; with several labels a meme, each third has two."""
    numbers = range(14 * len(task.labels))
    kinds = [
        sorted({number % len(task.labels), 0} if task.multi_label and number % 3 == 0 else {number % len(task.labels)})
        for number in numbers
    ]
    return pd.DataFrame(
        {
            "key": [f"train/{number}" for number in numbers],
            "split": [("train", "val", "test")[min(2, number * 4 // len(numbers) // 2 + (number % 7 == 0))]
                      for number in numbers],
            "labels": [[task.labels[kind] for kind in found] for found in kinds],
            "text": [" ".join(TEXTS[kind] for kind in found) + f" {number}" for number, found in enumerate(kinds)],
        }
    )  # fmt: skip


@pytest.mark.parametrize("task", [ANXIETY, DEPRESSION], ids=lambda task: task.name)
def test_each_peer_learns_words_and_is_fitted_once(task: Task, tmp_path: Path) -> None:
    memes = memes_of(task)
    test = (memes.split == "test").to_numpy()
    peers = linear_peers(memes, task, cache=tmp_path)
    truth = np.array([[label in found for label in task.labels] for found in memes.labels])
    assert len(peers) == 2
    for peer in peers.values():
        assert peer.validation > 0.95
        assert (peer.claimed[test] == truth[test]).mean() > 0.95
    kept = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.*")}
    again = linear_peers(memes, task, cache=tmp_path)
    assert kept == {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.*")}
    assert all((again[name].claimed == peer.claimed).all() for name, peer in peers.items())


def test_weighted_classes_lift_a_class_that_is_never_most_probable() -> None:
    scores = np.array([[0.6, 0.4], [0.9, 0.1], [0.55, 0.45]])
    truth = np.array([[False, True], [True, False], [False, True]])
    assert (weighted_classes(scores, truth)(scores) == truth).all()


def test_one_threshold_separates_what_can_be_separated() -> None:
    scores = np.array([[0.3, 0.1], [0.05, 0.28], [0.1, 0.12]])
    assert (one_threshold(scores, scores > 0.2)(scores) == (scores > 0.2)).all()


def test_another_seed_changes_that_one_line_and_comes_back_after_a_kill(workplace: Path) -> None:
    path = workplace / "params.yaml"
    before = (workplace / "profiles/sample.yaml").read_text()
    path.write_text(before)
    with pytest.raises(KeyboardInterrupt), seed_set(7):
        assert path.read_text() == re.sub(r"^  seed: 42$", "  seed: 7", before, flags=re.MULTILINE)
        raise KeyboardInterrupt
    assert path.read_text() == before
    (KEPT / "seed_before.json").write_text("42")  # as a killed run leaves it
    path.write_text(before.replace("  seed: 42", "  seed: 7"))
    with seed_set(8):
        assert "  seed: 8\n" in path.read_text()
    assert path.read_text() == before
    assert not (KEPT / "seed_before.json").exists()
