"""Names from outside, as messages show them."""

from collections.abc import Iterable

NAMES, CHARACTERS = 3, 40


def quoted(names: Iterable[str]) -> str:
    """The first few in quotes, each cut where it is long; `nothing` where there is none."""
    found = list(names)
    shown = [repr(name if len(name) <= CHARACTERS else f"{name[:CHARACTERS]}…") for name in found[:NAMES]]
    return ", ".join([*shown, *(["…"] if len(found) > NAMES else [])]) or "nothing"
