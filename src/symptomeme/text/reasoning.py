"""Figurative reasoning on a meme: what a model is asked, and what is made of its answer."""

import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

from symptomeme.text.masking import masked

PROMPT = Path(__file__).parents[1] / "assets/reasoning/prompt.txt"
MIN_WORDS = 3  # of a part; fewer say nothing
LOOP_WORDS, MIN_DISTINCT = 20, 0.3  # of a longer part at least this share of the words are different, or it is a loop

_NAMES = {
    "Cause-Effect": r"causes?[\W_]*(?:and[\W_]*|to[\W_]*)?effects?",
    "Figurative Understanding": r"figurative[\W_]+understanding",
    "Mental State": r"mental[\W_]+states?",
}
"""The three parts, in order, and how models spell their names."""


class Reasoned(NamedTuple):
    """What became of one meme: reasoning, or why there is none."""

    reasoning: str
    answer: str | None = None  # where nothing could be made of it
    fault: str | None = None


def question(words: str) -> str:
    """What a model is asked about a meme with these words in it."""
    return _prompt().format(words=words.strip() or "none")


def understood(answer: str) -> Reasoned:
    """The reasoning in an answer, in the published form, or what is wrong with the answer; persons masked in both."""
    found = parts(answer)
    fault = next((told for title in _NAMES if (told := _fault(title, found.get(title)))), None)
    if fault is not None:
        return Reasoned("", masked(answer), fault)
    numbered = (f"{number}. {title}: {found[title]}" for number, title in enumerate(_NAMES, start=1))
    return Reasoned(masked(" ".join(numbered)))


def parts(answer: str) -> dict[str, str]:
    """The text of each part that is there and stands behind the one before it, white space made single."""
    found: dict[str, str] = {}
    start = 0
    for title, name in _NAMES.items():
        heading = _heading(name).search(answer, start)
        if heading is None:
            break
        start = heading.end()
        following = _heading("|".join(_NAMES.values())).search(answer, start)
        found[title] = " ".join(answer[start : following.start() if following else None].split())
    return found


@cache
def _heading(name: str) -> re.Pattern[str]:
    """A part's name with a colon or the line's end behind it, at a line's or a sentence's beginning or numbered."""
    begins = r"(?:^|(?<=[.!?\u2026\"'\u201d\u2019)\]]\s)|(?<=\s)(?=\(?\d))"
    number = r"[ \t*_#>-]*+(?:\(?\d[ \t]*+[.):]++)?+[ \t*_#]*+"
    ends = r"[*_]*(?:[ \t]*:[ \t*_]*|[ \t]+[-\u2013\u2014][ \t]+|[ \t]*$)"
    return re.compile(rf"{begins}{number}(?:{name}){ends}", re.IGNORECASE | re.MULTILINE)


def _fault(title: str, part: str | None) -> str | None:
    """What is wrong with a part; never any of its words."""
    if part is None:
        return f"no part {title}"
    words = part.lower().split()
    if len(words) < MIN_WORDS:
        return f"part {title} is empty"
    if len(words) > LOOP_WORDS and len(set(words)) < MIN_DISTINCT * len(words):
        return f"part {title} repeats itself"
    if part in " ".join(_prompt().split()):
        return f"part {title} is the question's"
    return None


@cache
def _prompt() -> str:
    return PROMPT.read_text(encoding="utf-8").strip()
