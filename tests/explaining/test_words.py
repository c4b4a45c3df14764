"""From tokens to words, with values to work out by hand."""

import pytest

from symptomeme.explaining.words import scored_words

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
