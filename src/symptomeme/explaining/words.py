"""From tokens to the words of a text as people see it."""

import re
from bisect import bisect_left
from collections.abc import Sequence
from typing import NamedTuple


class Word(NamedTuple):
    """A word of a text, and how far it moved a label."""

    text: str
    start: int  # characters before it
    end: int  # characters before what follows it
    score: float | None  # log-odds; None: the model did not get to see it


def scored_words(text: str, spans: Sequence[tuple[int, int]], scores: Sequence[float]) -> list[Word]:
    """The words of a text, each with the sum of its tokens' scores.

    Args:
        text: words are what stands between its white space.
        spans: start and end of each token in the text; empty ones (special tokens) belong to no word.
        scores: of each token.
    """
    places = [found.span() for found in re.finditer(r"\S+", text)]
    ends = [end for _, end in places]
    sums: dict[int, float] = {}
    for (start, end), score in zip(spans, scores, strict=True):
        word = bisect_left(ends, end)
        if start < end and word < len(places):
            sums[word] = sums.get(word, 0.0) + score
    return [Word(text[start:end], start, end, sums.get(at)) for at, (start, end) in enumerate(places)]
