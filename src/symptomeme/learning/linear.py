"""Logistic regression on fixed features: fitted on train, its strength and class weights chosen on validation."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from symptomeme.domain.progress import progress
from symptomeme.learning.calibration import fit_thresholds
from symptomeme.models.decision import decide

Floats = npt.NDArray[np.float64]
Indicators = npt.NDArray[np.bool_]
Rows = npt.NDArray[np.bool_]  # (N,)
Rule = Callable[[Floats, Indicators], Callable[[Floats], Indicators]]
"""From probabilities and truth of validation to what decides: from probabilities (N, C) to labels (N, C)."""

VECTORIZERS: tuple[dict[str, Any], ...] = (
    {"analyzer": "word", "ngram_range": (1, 2), "sublinear_tf": True},
    {"analyzer": "char_wb", "ngram_range": (2, 5), "sublinear_tf": True, "min_df": 2},  # once seen: noise, 3/4 of all
)
STRENGTHS = (0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0)
WEIGHTS = (None, "balanced")


class Regression(NamedTuple):
    """One that was fitted on train, and what it says of all memes."""

    strength: float
    class_weight: str | None
    probabilities: Floats  # (N, C)
    weights: int  # how many numbers were fitted


class Chosen(NamedTuple):
    """The regression that suits a decision rule best on validation."""

    regression: Regression
    claimed: Indicators  # (N, C)
    validation: float  # its score there


def tfidf(memes: pd.DataFrame) -> csr_matrix:
    """TF-IDF of words and of characters, float (N, F); vocabulary and frequencies are those of train."""
    train = memes.text[memes.split == "train"]
    blocks = [TfidfVectorizer(**settings).fit(train).transform(memes.text) for settings in VECTORIZERS]
    return csr_matrix(hstack(blocks))


def most_probable(_: Floats, __: Indicators) -> Callable[[Floats], Indicators]:
    """Single label: the most probable class."""
    return lambda scores: decide(scores, thresholds=np.zeros(scores.shape[1]), multi_label=False)


def threshold_a_class(scores: Floats, truth: Indicators) -> Callable[[Floats], Indicators]:
    """Multi label: over the threshold of its class."""
    limits = np.array(fit_thresholds(scores, truth))
    return lambda others: decide(others, thresholds=limits, multi_label=True)


def chosen(
    regressions: Iterable[Regression],
    rules: Mapping[str, Rule],
    truth: Indicators,
    val: Rows,
    *,
    score: Callable[[Indicators, Indicators], float],
) -> dict[str, Chosen]:
    """For each decision rule, by name, the regression with the highest score; of equals the first.

    Args:
        regressions: of the same N memes.
        rules: fitted on validation for each regression.
        truth: bool (N, C).
        val: which memes are of validation, bool (N,).
        score: of truth and of what is claimed, both (V, C).
    """
    best: dict[str, Chosen] = {}
    for regression in regressions:
        for name, rule in rules.items():
            claimed = rule(regression.probabilities[val], truth[val])(regression.probabilities)
            reached = score(truth[val], claimed[val])
            if name not in best or reached > best[name].validation:
                best[name] = Chosen(regression, claimed, reached)
    return best


def regressions(
    features: Floats | csr_matrix, truth: Indicators, train: Rows, *, multi_label: bool
) -> Iterator[Regression]:
    """A regression for each strength and class weight.

    Args:
        features: float (N, F).
        truth: bool (N, C).
        train: on which memes it is fitted, bool (N,).
        multi_label: a regression a class, or one for all.
    """
    tries = [(strength, class_weight) for class_weight in WEIGHTS for strength in STRENGTHS]
    for strength, class_weight in progress(tries, what="regression", unit="fit"):
        settings = {"C": strength, "class_weight": class_weight, "solver": "newton-cg", "max_iter": 500}
        if multi_label:
            columns = [_one_class(features, truth[:, column], train, settings) for column in range(truth.shape[1])]
            scores = np.stack([column[0] for column in columns], axis=1)
            weights = sum(column[1] for column in columns)
        else:
            model = LogisticRegression(**settings).fit(features[train], truth[train].argmax(axis=1))
            scores = np.zeros(truth.shape)
            scores[:, model.classes_] = model.predict_proba(features)
            weights = model.coef_.size + model.intercept_.size
        yield Regression(strength, class_weight, scores, weights)


def _one_class(
    features: Floats | csr_matrix, members: Rows, train: Rows, settings: dict[str, Any]
) -> tuple[Floats, int]:
    """Probabilities (N,) of one class, constant where train knows no meme with or none without it; and the weights."""
    if members[train].all() or not members[train].any():
        return np.full(len(members), float(members[train][0])), 0
    model = LogisticRegression(**settings).fit(features[train], members[train])
    return np.asarray(model.predict_proba(features)[:, 1]), model.coef_.size + model.intercept_.size
