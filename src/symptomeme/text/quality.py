"""How well a text was read."""

from rapidfuzz.distance import Levenshtein


def character_error(read: str, truth: str) -> float:
    """Characters to change, add or leave out to get from `read` to `truth`, over the length of `truth`.

    Upper and lower case count as the same, as does all white space. 0 is perfect; more than 1 is possible.
    With an empty truth it is 0 when nothing was read, else 1.
    """
    read, truth = _plain(read), _plain(truth)
    if not truth:
        return float(bool(read))
    return Levenshtein.distance(read, truth) / len(truth)


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())
