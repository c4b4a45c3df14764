"""From tokens to the words of a text as people see it."""

import re
from bisect import bisect_left
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

from symptomeme.models.ngrams import BUCKETS


class Word(NamedTuple):
    """A word of a text, and how far it moved a label."""

    text: str
    start: int  # characters before it
    end: int  # characters before what follows it
    score: float | None  # log-odds; None: the model did not get to see it


def scored_words(
    text: str,
    spans: Sequence[tuple[int, int]],
    scores: Sequence[float],
    besides: npt.NDArray[np.float64] | None = None,
) -> list[Word]:
    """The words of a text, each with the sum of its tokens' scores.

    Args:
        text: words are what stands between its white space.
        spans: start and end of each token in the text; empty ones (special tokens) belong to no word.
        scores: of each token.
        besides: what to add to each word; None: nothing.
    """
    places = _places(text)
    ends = [end for _, end in places]
    sums: dict[int, float] = {} if besides is None else dict(enumerate(besides.tolist()))
    for (start, end), score in zip(spans, scores, strict=True):
        word = bisect_left(ends, end)
        if start < end and word < len(places):
            sums[word] = sums.get(word, 0.0) + score
    return [Word(text[start:end], start, end, sums.get(at)) for at, (start, end) in enumerate(places)]


def ngram_scores(
    text: str, count: Callable[[list[str]], csr_matrix], ngrams: Sequence[int], scores: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """What n-grams add to each of the W words of a text, (W,): half to the word where one begins, half where it ends.

    Args:
        text: words are what stands between its white space.
        count: how often each n-gram stands in each of some texts.
        ngrams: numbers of those with a score.
        scores: of each.
    """
    words = [text[start:end] for start, end in _places(text)]
    own = count(words or [""])
    holding = np.flatnonzero(own[:, :BUCKETS].getnnz(axis=1))  # words of one letter, dashes … are in no n-gram of words
    first, second = holding[:-1], holding[1:]
    joined = count([" ".join(words[start : end + 1]) for start, end in zip(first, second, strict=True)] or [""])
    across = (joined[: len(first)] - own[first] - own[second])[:, :BUCKETS]
    total = own.sum(axis=0).A1
    total[:BUCKETS] += across.sum(axis=0).A1
    worth = np.zeros(len(total))
    worth[ngrams] = scores / np.maximum(total[ngrams], 1)
    found: npt.NDArray[np.float64] = own[: len(words)] @ worth
    halves = across @ worth[:BUCKETS] / 2
    np.add.at(found, first, halves)
    np.add.at(found, second, halves)
    return found


def _places(text: str) -> list[tuple[int, int]]:
    return [found.span() for found in re.finditer(r"\S+", text)]
