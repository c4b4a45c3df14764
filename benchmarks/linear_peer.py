"""The linear peer: TF-IDF and logistic regression on the text that the model was given, at its best.

Fitted on train alone, as the model is. Strength and class weights are chosen on validation by macro-F1, after the
decision rule was fitted there. There is a peer for each decision rule: which one generalises better is not known before
test, so a claim against the peer must hold against each of them.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import sklearn

from symptomeme.domain.digests import of_file, of_value
from symptomeme.domain.labels import Task
from symptomeme.domain.writing import replacing
from symptomeme.evaluation.metrics import f1
from symptomeme.learning import linear
from symptomeme.learning.batches import indicators
from symptomeme.learning.linear import Rule, chosen, most_probable, regressions, tfidf, threshold_a_class
from symptomeme.models.decision import decide

Floats = npt.NDArray[np.float64]
Indicators = npt.NDArray[np.bool_]

FACTORS = np.geomspace(0.2, 5.0, 25)  # of a class's probability


class Peer(NamedTuple):
    """What a peer claims, and how it was chosen."""

    claimed: Indicators  # (N, C), of all memes
    strength: float
    class_weight: str | None
    validation: float  # macro-F1


def linear_peers(memes: pd.DataFrame, task: Task, *, cache: Path) -> dict[str, Peer]:
    """The peer of each decision rule, by name; computed once for the same memes.

    Args:
        memes: valid memes of a task, all splits, with `key`, `split`, `labels` and the `text` that was read.
        task: theirs.
        cache: folder for what was computed.
    """
    rows = [memes[name].tolist() for name in ("key", "split", "text")] + [indicators(memes.labels, task).tolist()]
    kept = cache / of_value(
        [task.name, rows, of_file(Path(__file__)), of_file(Path(linear.__file__)), sklearn.__version__]
    )
    if not kept.is_dir():
        with replacing(kept) as beside:
            beside.mkdir(parents=True)
            _write(_fitted(memes, task), beside)
    chosen = json.loads((kept / "chosen.json").read_text(encoding="utf-8"))
    with np.load(kept / "claimed.npz") as claimed:
        return {name: Peer(claimed[name], **how) for name, how in chosen.items()}


def weighted_classes(scores: Floats, truth: Indicators) -> Callable[[Floats], Indicators]:
    """Single label: the largest probability times a factor a class, fitted one class after the other, twice over."""
    factors = np.ones(scores.shape[1])
    for column in [*range(len(factors))] * 2:
        tried = np.where(np.arange(len(factors)) == column, FACTORS[:, None], factors)
        reached = [f1(truth, most_probable(scores, truth)(scores * row)).macro[0] for row in tried]
        factors = tried[_nearest_of_best(np.array(reached), np.abs(np.log(FACTORS)))]
    return lambda others: most_probable(others, truth)(others * factors)


def one_threshold(scores: Floats, truth: Indicators) -> Callable[[Floats], Indicators]:
    """Multi label: over the threshold that all classes share."""
    limits = np.linspace(0.02, 0.98, 97)
    reached = np.array([f1(truth, scores > limit).macro[0] for limit in limits])
    limit = limits[_nearest_of_best(reached, np.abs(limits - 0.5))]
    return lambda others: decide(others, thresholds=np.full(others.shape[1], limit), multi_label=True)


RULES: dict[bool, dict[str, Rule]] = {
    False: {"linear, most probable": most_probable, "linear, weighted classes": weighted_classes},
    True: {"linear, threshold a class": threshold_a_class, "linear, one threshold": one_threshold},
}
"""Decision rules by whether memes carry several labels."""


def _fitted(memes: pd.DataFrame, task: Task) -> dict[str, Peer]:
    truth = indicators(memes.labels, task)
    train, val = ((memes.split == split).to_numpy() for split in ("train", "val"))
    tries = regressions(tfidf(memes), truth, train, multi_label=task.multi_label)
    found = chosen(
        tries,
        RULES[task.multi_label],
        truth,
        val,
        score=lambda truth, claimed: float(f1(truth, claimed).macro[0]),
    )
    return {
        name: Peer(best.claimed, best.regression.strength, best.regression.class_weight, best.validation)
        for name, best in found.items()
    }


def _nearest_of_best(reached: Floats, distance: Floats) -> int:
    """Of the tries that reached most, the one nearest to no change."""
    return int(np.argmin(np.where(reached >= reached.max() - 1e-12, distance, np.inf)))


def _write(peers: dict[str, Peer], folder: Path) -> None:
    claimed: dict[str, Any] = {name: peer.claimed for name, peer in peers.items()}
    np.savez(folder / "claimed.npz", **claimed)
    chosen = {
        name: {key: value for key, value in peer._asdict().items() if key != "claimed"} for name, peer in peers.items()
    }
    (folder / "chosen.json").write_text(json.dumps(chosen), encoding="utf-8")
