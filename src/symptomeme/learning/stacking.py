"""The linear model beside the neural one: fitted on training memes, weighed on validation."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from scipy.sparse import csr_matrix, hstack
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import normalize

from symptomeme.learning.batches import Encoded
from symptomeme.learning.calibration import fit_temperature, negative_log_likelihood
from symptomeme.learning.predict import predict
from symptomeme.models.classifier import SymptomClassifier
from symptomeme.models.ngrams import BUCKETS, NgramClassifier

Floats = npt.NDArray[np.float64]
Indicators = npt.NDArray[np.bool_]

LEAST_TEXTS = (1, 2)  # with an n-gram of words, of characters, for it to count
WEIGHTS = (0.0, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 1.4, 2.0, 3.0, 5.0)  # of its logits, beside 1 for the neural ones


class Linear(NamedTuple):
    """What is fitted: inverse document frequencies (F,), and of each class weights (F, C) and a bias (C,)."""

    idf: Floats
    weight: Floats
    bias: Floats


def stack(model: SymptomClassifier, train: Encoded, val: Encoded, *, strength: float) -> float:
    """Fit a linear model on n-grams and put it beside the neural one, with the weight that suits validation best.

    Args:
        model: trained; its logits become the sum of both models'.
        train: the memes it was trained on, with their n-grams.
        val: those of validation, with theirs.
        strength: C of logistic regression, the inverse of its penalty.

    Returns:
        The weight of the linear logits, of WEIGHTS; with 0, as where there are no n-grams, the model stays as it was.
    """
    if train.ngrams is None or val.ngrams is None:
        return 0.0
    fitted = fit_linear(train.ngrams, train.labels, strength=strength, multi_label=train.multi_label)
    linear = tfidf(val.ngrams, fitted.idf) @ fitted.weight + fitted.bias
    weight = best_weight(predict(model, val).logits, linear, val.labels, multi_label=val.multi_label)
    if weight:
        part = NgramClassifier(num_labels=len(fitted.bias))
        part.idf = torch.from_numpy(fitted.idf).float()
        part.weight = torch.from_numpy(weight * fitted.weight).float()
        part.bias = torch.from_numpy(weight * fitted.bias).float()
        model.config.ngrams = True
        model.ngram_classifier = part.to(model.device)
    return weight


def best_weight(neural: Floats, linear: Floats, truth: Indicators, *, multi_label: bool) -> float:
    """The weight of linear logits (N, C), beside 1 for neural ones, with the smallest loss after calibration."""

    def loss(weight: float) -> float:
        summed = neural + weight * linear
        temperature = fit_temperature(summed, truth, multi_label=multi_label)
        return negative_log_likelihood(summed, truth, temperature=temperature, multi_label=multi_label)

    return min(WEIGHTS, key=loss)


def fit_linear(counts: csr_matrix, truth: Indicators, *, strength: float, multi_label: bool) -> Linear:
    """Logistic regression on TF-IDF: multinomial, or one for each class where memes carry several labels.

    Args:
        counts: of n-grams, (N, F).
        truth: bool (N, C).
        strength: C of logistic regression.
        multi_label: which of the two.
    """
    idf = _inverse_frequencies(counts)
    features = tfidf(counts, idf)
    used = np.flatnonzero(idf)
    weight, bias = (
        np.zeros((len(idf), truth.shape[1])),
        np.log((truth.sum(axis=0) + 0.5) / ((~truth).sum(axis=0) + 0.5)),
    )
    if not multi_label:
        model = LogisticRegression(C=strength, max_iter=500).fit(features[:, used], truth.argmax(axis=1))
        halves = np.array([[-0.5], [0.5]]) if len(model.classes_) == 2 else 1.0  # noqa: PLR2004
        weight[np.ix_(used, model.classes_)] = (halves * model.coef_).T
        bias[model.classes_] = np.ravel(np.ravel(halves) * model.intercept_)
        return Linear(idf, weight, bias)
    for column, members in enumerate(truth.T):
        if members.any() and not members.all():
            model = LogisticRegression(C=strength, max_iter=500).fit(features[:, used], members)
            weight[used, column], bias[column] = model.coef_[0], model.intercept_[0]
    return Linear(idf, weight, bias)


def tfidf(counts: csr_matrix, idf: Floats) -> csr_matrix:
    """Sublinear TF-IDF (N, F) of counts, of unit length for words and for characters, as `NgramClassifier` has it."""
    found = counts.astype(np.float64)
    found.data = (1 + np.log(found.data)) * idf[found.indices]
    return csr_matrix(hstack([normalize(found[:, :BUCKETS]), normalize(found[:, BUCKETS:])]))


def _inverse_frequencies(counts: csr_matrix) -> Floats:
    """As scikit-learn's smooth ones, (F,); 0 for what stands in too few texts."""
    texts = counts.getnnz(axis=0)
    least = np.repeat(LEAST_TEXTS, BUCKETS)
    return np.where(texts >= least, np.log((1 + counts.shape[0]) / (1 + texts)) + 1, 0.0)
