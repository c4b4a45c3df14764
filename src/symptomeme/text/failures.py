"""Memes that a model fails on: how many, why, and when they are too many to go on."""

from collections import Counter

from symptomeme.domain.errors import DataError


class Failures:
    """What was noted so far."""

    def __init__(self, *, of: int, at_most: float) -> None:
        """Begin with none of so many memes, of which at most this share may fail."""
        self.of, self.at_most = of, at_most
        self.faults: Counter[str] = Counter()

    def note(self, fault: str | None, *, memes: int = 1) -> None:
        """Count what was found of a meme, or of several that are alike.

        Raises:
            DataError: more have failed than may.
        """
        if fault is None:
            return
        self.faults[fault] += memes
        if self.faults.total() > self.at_most * self.of:
            raise DataError(
                f"{self.faults.total()} of {self.of} memes got no reasoning: {told(self.faults)}. At most "
                f"{self.at_most:.1%} may fail (reason.max_failed_share): name another model, or allow more."
            )


def told(faults: Counter[str]) -> str:
    """How often there was which fault."""
    return "; ".join(f"{fault}: {count}" for fault, count in faults.most_common())
