"""Figures of what callers saw and a server used, and whether they keep the bounds."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from serving_load import BUSY, NO_ANSWER, OK, Answered, Load

MB = 1_000_000
MEMORY, FASTER, TOGETHER, ALONE = 500.0, 2.0, 3.0, 1.25
"""Megabytes above the start; times the better peer's rate; memes a forward pass; times a predictor's own time."""


class Measured(NamedTuple):
    """One phase of one server."""

    name: str
    load: Load
    cpu: float  # seconds
    start: int  # bytes, once it was ready
    peak: int  # bytes


@dataclass(frozen=True)
class Verdict:
    """A figure beside its bound."""

    what: str
    value: float
    bound: float
    at_most: bool = False

    @property
    def short(self) -> float:
        """By how much the bound is missed; 0 when it holds."""
        over = self.value - self.bound
        missed = over if self.at_most else -over
        return math.inf if math.isnan(missed) else max(0.0, missed)

    def __str__(self) -> str:
        bound = f"{'at most' if self.at_most else 'at least'} {self.bound:g}"
        told = f"falls short by {self.short:.2f}" if self.short else "holds"
        return f"{self.what}: {self.value:.2f}, {bound}: {told}"


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that so large a share of all does not exceed (nearest rank); NaN of none."""
    if not values:
        return math.nan
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def ratio(value: float, of: float) -> float:
    """NaN where there is nothing to compare with."""
    return value / of if of else math.nan


def pooled(name: str, rounds: Sequence[Measured]) -> Measured:
    """Several rounds as one."""
    load = Load(
        answers=[answer for one in rounds for answer in one.load.answers],
        seconds=sum(one.load.seconds for one in rounds),
        ran_out=any(one.load.ran_out for one in rounds),
    )
    highest = max(rounds, key=lambda one: one.peak)
    return Measured(name, load, sum(one.cpu for one in rounds), highest.start, highest.peak)


HEAD = ["phase", "answers", "memes/s", "p50 s", "p99 s", "cpu-s/meme", "MB start", "MB peak", "other answers"]


def row(measured: Measured) -> list[str]:
    """A line of the table under HEAD."""
    load, answered = measured.load, len(measured.load.latencies)
    others = Counter(one.status for one in load.answers if one.status != OK)
    notes = [f"{'none' if status == NO_ANSWER else status}: {count}" for status, count in sorted(others.items())]
    notes += ["ran out of memes"] * load.ran_out
    return [
        measured.name,
        f"{answered}",
        f"{load.rate:.2f}",
        f"{percentile(load.latencies, 0.5):.3f}",
        f"{percentile(load.latencies, 0.99):.3f}",
        f"{ratio(measured.cpu, answered):.3f}",
        f"{measured.start / MB:.0f}",
        f"{measured.peak / MB:.0f}",
        ", ".join(notes) or "-",
    ]


def disorderly(answers: Sequence[Answered]) -> int:
    """Answers above the limit that are neither 200 nor a 503 that says when to come again."""
    return sum(one.status != OK and not (one.status == BUSY and (one.retry_after or 0) > 0) for one in answers)


def agreement(one: Load, other: Load) -> tuple[float, float]:
    """Of the memes that both loads had answers to, the shares with the same words and with the same labels."""
    told = {answer.number: answer.said for answer in one.answers if answer.said}
    pairs = [(told[answer.number], answer.said) for answer in other.answers if answer.said and answer.number in told]
    words, labels = (sum(mine[part] == its[part] for mine, its in pairs) for part in (0, 1))
    return ratio(words, len(pairs)), ratio(labels, len(pairs))
