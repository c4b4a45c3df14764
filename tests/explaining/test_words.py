"""From tokens to words, with values to work out by hand."""

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from symptomeme.explaining.words import ngram_scores, scored_words
from symptomeme.models.ngrams import BUCKETS, count_ngrams

TEXT = " so  unclenched, again"


@pytest.mark.parametrize(
    ("spans", "scores", "expected"),
    [
        # [CLS] so un ##clenched , again [SEP]
        ([(0, 0), (1, 3), (5, 7), (7, 15), (15, 16), (17, 22), (0, 0)], [9, 1, 2, 3, 4, 5, 9], [1, 9, 5]),
        # as SentencePiece marks it: white space belongs to the word after it
        ([(0, 3), (3, 4), (4, 16), (16, 22)], [1, 2, 3, 4], [1, 5, 4]),
        # cut after the first word and a half
        ([(1, 3), (5, 7)], [1, 2], [1, 2, None]),
        ([(0, 0), (0, 0)], [9, 9], [None, None, None]),
    ],
    ids=["sub-words", "white space", "cut", "special tokens alone"],
)
def test_tokens_are_summed_into_the_words_that_are_shown(
    spans: list[tuple[int, int]], scores: list[float], expected: list[float | None]
) -> None:
    words = scored_words(TEXT, spans, scores)
    assert [(word.text, word.start, word.end) for word in words] == [
        ("so", 1, 3),
        ("unclenched,", 5, 16),
        ("again", 17, 22),
    ]
    assert [word.score for word in words] == expected


def test_no_text_has_no_words() -> None:
    assert scored_words(" ", [(0, 0), (0, 1)], [1, 2]) == []


def test_an_ngram_across_two_words_is_shared_by_both() -> None:
    text = "so so - again"
    ids = count_ngrams([text])[:, :BUCKETS].indices.tolist()  # of words: so (twice), again, so so, so again
    scores = np.array([_worth()[number] for number in ids])
    assert ngram_scores(text, count_ngrams, ids, scores).tolist() == [1.0 + 5, 1.0 + 5 + 50, 0, 10.0 + 50]


def _worth() -> dict[int, float]:
    so, again, twice, across = (
        set(count_ngrams([part])[:, :BUCKETS].indices.tolist()) for part in ("so", "again", "so so", "so again")
    )
    own = [so, again, twice - so, across - so - again]
    return {numbers.pop(): score for numbers, score in zip(own, (2.0, 10.0, 10.0, 100.0), strict=True)}


def test_ngrams_within_a_word_are_its_own() -> None:
    counts = count_ngrams([TEXT])
    ids, scores = counts.indices.tolist(), counts.data.astype(float)
    alone = [count_ngrams([word])[:, BUCKETS:].sum() for word in TEXT.split()]
    given = np.where(np.array(ids) < BUCKETS, 0, scores)
    assert ngram_scores(TEXT, count_ngrams, ids, given).tolist() == pytest.approx(alone)
    assert scored_words(TEXT, [(1, 3)], [1], np.array([1.0, 2.0, 3.0]))[2].score == 3


def test_of_a_long_text_little_more_than_itself_is_counted() -> None:
    text, seen = "so much - " * 500, []

    def count(texts: list[str]) -> csr_matrix:
        seen.extend(map(len, texts))
        return count_ngrams(texts)

    ids = count_ngrams([text]).indices.tolist()
    assert ngram_scores(text, count, ids, np.ones(len(ids))).sum() == pytest.approx(len(ids))
    assert sum(seen) < 5 * len(text)
