"""The linear model: TF-IDF and logits as scikit-learn has them, and its weight beside a neural model."""

import numpy as np
import numpy.typing as npt
import pytest
import torch
from scipy.sparse import hstack
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from symptomeme.learning.stacking import Linear, best_weight, fit_linear, tfidf
from symptomeme.models.ngrams import NgramClassifier, count_ngrams, padded_ngrams

TEXTS = [
    f"{thing} {deed} number {index}"
    for index, (thing, deed) in enumerate([("doom", "is near"), ("sleep", "won't come"), ("doom", "won't sleep")] * 5)
]
ROWS = np.eye(3, dtype=bool)[[0, 1, 2] * 5]


def logits_of(fitted: Linear, texts: list[str]) -> npt.NDArray[np.float64]:
    return np.asarray(tfidf(count_ngrams(texts), fitted.idf) @ fitted.weight + fitted.bias)


def test_tfidf_is_scikit_learns_but_for_hashing() -> None:
    fitted = fit_linear(count_ngrams(TEXTS), ROWS, strength=1.0, multi_label=False)
    words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True).fit(TEXTS)
    characters = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True, min_df=2).fit(TEXTS)
    texts = [*TEXTS, "doom doom and nothing known"]
    expected = hstack([words.transform(texts), characters.transform(texts)])
    found = tfidf(count_ngrams(texts), fitted.idf)
    assert (found @ found.T).toarray() == pytest.approx((expected @ expected.T).toarray(), abs=1e-9)


@pytest.mark.parametrize("multi_label", [False, True])
def test_the_tensors_say_what_the_regression_says(multi_label: bool) -> None:
    truth = ROWS | ROWS[:, [1, 2, 0]] if multi_label else ROWS
    fitted = fit_linear(count_ngrams(TEXTS), truth, strength=3.0, multi_label=multi_label)
    part = NgramClassifier(num_labels=3)
    part.idf, part.weight, part.bias = (torch.from_numpy(value).float() for value in fitted)
    features = tfidf(count_ngrams(TEXTS), fitted.idf)
    columns = [truth[:, column] for column in range(3)] if multi_label else [truth.argmax(axis=1)]
    expected = [
        LogisticRegression(C=3.0, max_iter=500).fit(features, found).decision_function(features) for found in columns
    ]
    found = part(**padded_ngrams(count_ngrams(TEXTS))).numpy()
    assert found == pytest.approx(np.column_stack(expected), abs=2e-3)


def test_classes_that_training_does_not_know_are_never_the_most_probable() -> None:
    known = ROWS[:, [0, 2, 1]] & [True, False, True]  # type: ignore[list-item]
    rows = known.any(axis=1)
    texts = [text for text, is_in in zip(TEXTS, rows, strict=True) if is_in]
    fitted = fit_linear(count_ngrams(texts), known[rows], strength=30.0, multi_label=False)
    assert logits_of(fitted, texts).argmax(axis=1).tolist() == known[rows].argmax(axis=1).tolist()


def test_the_weight_is_zero_for_noise_and_large_for_the_truth() -> None:
    rng = np.random.default_rng(1)
    truth = np.eye(3, dtype=bool)[rng.integers(0, 3, 300)]
    neural, noise = 2 * truth + rng.normal(size=(300, 3)), rng.normal(size=(300, 3))
    assert best_weight(neural, noise, truth, multi_label=False) <= 0.1
    assert best_weight(noise, neural, truth, multi_label=False) >= 2
