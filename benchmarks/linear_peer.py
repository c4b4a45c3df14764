"""The linear peer: TF-IDF and logistic regression on the text that the model was given, at its best.

Fitted on train alone, as the model is. Strength and class weights are chosen on validation by macro-F1, after the
decision rule was fitted there. There is a peer for each decision rule: which one generalises better is not known before
test, so a claim against the peer must hold against each of them.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import sklearn
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from symptomeme.domain.digests import of_file, of_value
from symptomeme.domain.labels import Task
from symptomeme.domain.progress import progress
from symptomeme.domain.writing import replacing
from symptomeme.evaluation.metrics import f1
from symptomeme.learning.batches import indicators
from symptomeme.learning.calibration import fit_thresholds
from symptomeme.models.decision import decide

Floats = npt.NDArray[np.float64]
Indicators = npt.NDArray[np.bool_]
Rule = Callable[[Floats, Indicators], Callable[[Floats], Indicators]]

VECTORIZERS: tuple[dict[str, Any], ...] = (
    {"analyzer": "word", "ngram_range": (1, 2), "sublinear_tf": True},
    {"analyzer": "char_wb", "ngram_range": (2, 5), "sublinear_tf": True, "min_df": 2},  # once seen: noise, 3/4 of all
)
STRENGTHS = (0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0)
WEIGHTS = (None, "balanced")
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
    kept = cache / of_value([task.name, rows, of_file(Path(__file__)), sklearn.__version__])
    if not kept.is_dir():
        with replacing(kept) as beside:
            beside.mkdir(parents=True)
            _write(_fitted(memes, task), beside)
    chosen = json.loads((kept / "chosen.json").read_text(encoding="utf-8"))
    with np.load(kept / "claimed.npz") as claimed:
        return {name: Peer(claimed[name], **how) for name, how in chosen.items()}


def features_of(memes: pd.DataFrame) -> csr_matrix:
    """TF-IDF of words and of characters, float (N, F); vocabulary and frequencies are those of train."""
    train = memes.text[memes.split == "train"]
    blocks = [TfidfVectorizer(**settings).fit(train).transform(memes.text) for settings in VECTORIZERS]
    return csr_matrix(hstack(blocks))


def most_probable(_: Floats, __: Indicators) -> Callable[[Floats], Indicators]:
    """Single label: the most probable class."""
    return lambda scores: decide(scores, thresholds=np.zeros(scores.shape[1]), multi_label=False)


def weighted_classes(scores: Floats, truth: Indicators) -> Callable[[Floats], Indicators]:
    """Single label: the largest probability times a factor a class."""
    factors = fitted_factors(scores, truth)
    return lambda others: most_probable(others, truth)(others * factors)


def fitted_factors(scores: Floats, truth: Indicators) -> Floats:
    """A factor a class (C,) by which probabilities reach most; fitted one class after the other, twice over."""
    factors = np.ones(scores.shape[1])
    for column in [*range(len(factors))] * 2:
        tried = np.where(np.arange(len(factors)) == column, FACTORS[:, None], factors)
        reached = [f1(truth, most_probable(scores, truth)(scores * row)).macro[0] for row in tried]
        factors = tried[_nearest_of_best(np.array(reached), np.abs(np.log(FACTORS)))]
    return factors


def threshold_a_class(scores: Floats, truth: Indicators) -> Callable[[Floats], Indicators]:
    """Multi label: over the threshold of its class."""
    limits = np.array(fit_thresholds(scores, truth))
    return lambda others: decide(others, thresholds=limits, multi_label=True)


def one_threshold(scores: Floats, truth: Indicators) -> Callable[[Floats], Indicators]:
    """Multi label: over the threshold that all classes share."""
    limit = shared_threshold(scores, truth)
    return lambda others: decide(others, thresholds=np.full(others.shape[1], limit), multi_label=True)


def shared_threshold(scores: Floats, truth: Indicators) -> float:
    """The one threshold with the best macro-F1."""
    limits = np.linspace(0.02, 0.98, 97)
    reached = np.array([f1(truth, scores > limit).macro[0] for limit in limits])
    return float(limits[_nearest_of_best(reached, np.abs(limits - 0.5))])


RULES: dict[bool, dict[str, Rule]] = {
    False: {"linear, most probable": most_probable, "linear, weighted classes": weighted_classes},
    True: {"linear, threshold a class": threshold_a_class, "linear, one threshold": one_threshold},
}
"""Decision rules by whether memes carry several labels."""


def _fitted(memes: pd.DataFrame, task: Task) -> dict[str, Peer]:
    truth = indicators(memes.labels, task)
    val = (memes.split == "val").to_numpy()
    best: dict[str, Peer] = {}
    for strength, class_weight, scores in scored(memes, truth, multi_label=task.multi_label):
        for name, rule in RULES[task.multi_label].items():
            claimed = rule(scores[val], truth[val])(scores)
            reached = float(f1(truth[val], claimed[val]).macro[0])
            if name not in best or reached > best[name].validation:
                best[name] = Peer(claimed, strength, class_weight, reached)
    return best


def scored(memes: pd.DataFrame, truth: Indicators, *, multi_label: bool) -> Iterator[tuple[float, str | None, Floats]]:
    """Strength, class weights and the probabilities (N, C) of a regression fitted with them."""
    features = features_of(memes)
    train = (memes.split == "train").to_numpy()
    tries = [(strength, class_weight) for class_weight in WEIGHTS for strength in STRENGTHS]
    for strength, class_weight in progress(tries, what="linear peer", unit="fit"):
        settings = {"C": strength, "class_weight": class_weight, "solver": "newton-cg", "max_iter": 500}
        if multi_label:
            columns = [_one_class(features, truth[:, column], train, settings) for column in range(truth.shape[1])]
            yield strength, class_weight, np.stack(columns, axis=1)
        else:
            model = LogisticRegression(**settings).fit(features[train], truth[train].argmax(axis=1))
            scores = np.zeros(truth.shape)
            scores[:, model.classes_] = model.predict_proba(features)
            yield strength, class_weight, scores


def _one_class(
    features: csr_matrix, members: npt.NDArray[np.bool_], train: npt.NDArray[np.bool_], settings: dict[str, Any]
) -> Floats:
    """Probabilities (N,) of one class; constant where train knows no meme with or none without it."""
    if members[train].all() or not members[train].any():
        return np.full(len(members), float(members[train][0]))
    model = LogisticRegression(**settings).fit(features[train], members[train])
    return np.asarray(model.predict_proba(features)[:, 1])


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
