"""Which memes say or show the same and yet carry other labels."""

from collections.abc import Hashable, Sequence

from symptomeme.data.naming import natural
from symptomeme.data.wording import normalise


def conflicts(
    keys: Sequence[str], sha256s: Sequence[str], texts: Sequence[str], labels: Sequence[Sequence[str]]
) -> list[list[str]]:
    """For each meme the keys of those with its non-empty normalised text or its picture's bytes, but other labels.

    In natural order; empty where there is none. The order of labels does not count.
    """
    sets = [frozenset(found) for found in labels]
    mates: list[set[int]] = [set() for _ in keys]
    for group in (*_groups([normalise(text) or None for text in texts]), *_groups(sha256s)):
        for at in group:
            mates[at].update(other for other in group if sets[other] != sets[at])
    return [sorted((keys[other] for other in found), key=natural) for found in mates]


def _groups(values: Sequence[Hashable]) -> list[list[int]]:
    """The places that hold the same value, where there are several; None aside."""
    found: dict[Hashable, list[int]] = {}
    for place, value in enumerate(values):
        if value is not None:
            found.setdefault(value, []).append(place)
    return [places for places in found.values() if len(places) > 1]
