"""Spaces that a reader dropped between words are put back, where the words and the picture both say so.

A list of words alone does harm: it parts "overthinking" and every name it does not hold. Distances alone are coarse.
"""

import re
from collections.abc import Sequence
from itertools import pairwise
from statistics import median

RUN = re.compile(r"[A-Za-z']{7,}")
"""What may be several words; shorter runs are left as they are."""

WIDE = 1.25
"""How far apart two letters stand around a space, at least, as a multiple of the usual distance in the line."""


def spaced(text: str, centres: Sequence[float]) -> str:
    """A line's text with spaces in runs of letters that part into words where letters stand far apart.

    Args:
        text: as read.
        centres: x of the middle of each letter of `text` but the spaces; when there are more or fewer, nothing changes.
    """
    letters = "".join(text.split())
    if len(letters) != len(centres) or len(letters) < 2:  # noqa: PLR2004 - a distance takes two
        return text
    steps = [after - before for before, after in pairwise(centres)]
    widest = WIDE * median(steps)
    cuts = {cut for cut in _proposed(text) if steps[cut - 1] >= widest}
    parts: list[str] = []
    number = 0
    for letter in text:
        if not letter.isspace():
            parts.append(" " if number in cuts else "")
            number += 1
        parts.append(letter)
    return "".join(parts)


def _proposed(text: str) -> set[int]:
    """Before which letters, counted without spaces, a word may begin that no space parts from the one before."""
    import wordninja  # noqa: PLC0415 - in the extra only

    cuts = set()
    for run in RUN.finditer(text):
        place = len("".join(text[: run.start()].split()))
        words = wordninja.split(run[0])
        if "".join(words) != run[0]:
            continue
        for word in words[:-1]:
            place += len(word)
            cuts.add(place)
    return cuts
