"""The phases of the serving benchmark: which servers, asked what, and what that shows."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count

import httpx
from serving_figures import FASTER, MB, MEMORY, TOGETHER, Measured, Verdict, agreement, disorderly, pooled, ratio
from serving_load import OK, run_load
from serving_memes import Meme, schedule
from serving_servers import KINDS, Asked, Kind, Running, started
from serving_watch import Watch, memory_bytes

from symptomeme.domain.pointer import Live

REPEATS = (0.0, 0.5)  # share of requests with a meme that was sent before
TOGETHER_CALLERS = 8  # of the comparison, and with given words
QUEUE, CALLERS_ABOVE = 16, 64  # above the limit
ORDER: tuple[Kind, ...] = (*KINDS, *reversed(KINDS))  # two rounds: what drifts evenly meets all alike


@dataclass
class Found:
    """What a phase shows."""

    rows: list[Measured] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    verdicts: list[Verdict] = field(default_factory=list)


@dataclass(frozen=True)
class Bench:
    """What all phases share."""

    memes: Sequence[Meme]
    live: Live
    task: str  # that the peers are asked for
    seconds: float
    callers: Sequence[int]

    def load(self) -> Found:
        """The service alone, all tasks, the words read: how fast, and does it stay within its memory."""
        found, asked = Found(), Asked(self.memes, list(self.live.models))
        for callers in self.callers:
            for repeats in REPEATS:
                name = f"{callers} callers, {repeats:.0%} repeats"
                with started("symptomeme", self.live, self.task) as server:
                    numbers = schedule(len(self.memes), repeats)
                    one = self._measured(name, server, asked, numbers, callers=callers)
                found.rows.append(one)
                found.verdicts += [
                    Verdict(f"{name}: MB above the start", (one.peak - one.start) / MB, MEMORY, at_most=True),
                    _errors(one),
                ]
        return found

    def compare(self) -> Found:
        """The service beside its peers: one task, different memes, words read."""
        rounds: dict[Kind, list[Measured]] = {kind: [] for kind in KINDS}
        asked = Asked(self.memes, [self.task])
        for kind in ORDER:
            with started(kind, self.live, self.task) as server:
                numbers = schedule(len(self.memes), 0)
                rounds[kind].append(self._measured(kind, server, asked, numbers, callers=TOGETHER_CALLERS))
        whole = {kind: pooled(f"{kind}, {self.task}", rounds[kind]) for kind in KINDS}
        found = Found(rows=list(whole.values()))
        ours, *peers = (whole[kind] for kind in KINDS)
        for kind, peer in zip(KINDS[1:], peers, strict=True):
            turns = zip(rounds["symptomeme"], rounds[kind], strict=True)
            each = ", ".join(f"{ratio(mine.load.rate, its.load.rate):.2f}" for mine, its in turns)
            words, labels = agreement(ours.load, peer.load)
            found.lines.append(
                f"{ratio(ours.load.rate, peer.load.rate):.2f} times as many memes as {kind} (by round: {each}); of the "
                f"memes that both answered, the words are the same in {words:.1%}, the labels in {labels:.1%}"
            )
        better = max(peer.load.rate for peer in peers)
        times = ratio(ours.load.rate, better)
        found.verdicts = [
            Verdict("times the better peer's memes a second", times, FASTER),
            *map(_errors, whole.values()),
        ]
        return found

    def forward(self) -> Found:
        """With the words given, several callers: how many memes go through a forward pass."""
        asked = Asked(self.memes, list(self.live.models), given=True)
        with started("symptomeme", self.live, self.task) as server:
            before = server.forwards()
            one = self._measured("8 callers, words given", server, asked, count(), callers=TOGETHER_CALLERS)
            memes, passes = (after - was for after, was in zip(server.forwards(), before, strict=True))
        return Found([one], verdicts=[Verdict("memes a forward pass", ratio(memes, passes), TOGETHER), _errors(one)])

    def limit(self) -> Found:
        """More callers than may wait: some are answered, the others told to come again."""
        name = f"{CALLERS_ABOVE} callers, queue {QUEUE}"
        asked = Asked(self.memes, list(self.live.models))
        with started("symptomeme", self.live, self.task, SYMPTOMEME_QUEUE=f"{QUEUE}") as server:
            one = self._measured(name, server, asked, schedule(len(self.memes), 0), callers=CALLERS_ABOVE)
        wrong = disorderly(one.load.answers)
        verdicts = [Verdict("neither 200 nor 503 with Retry-After", wrong, 0, at_most=True)]
        refused = sum(answer.status != OK for answer in one.load.answers)
        return Found([one], [f"{refused} of {len(one.load.answers)} requests were refused"], verdicts)

    def lone(self) -> Found:
        """One request after another with the words given, in turns with a predictor that nothing stands before."""
        from serving_lone import lone_pairs  # noqa: PLC0415 - torch in this process, not beside the other phases

        lines, verdicts = lone_pairs(self.memes, self.live, self.task, self.seconds)
        return Found(lines=lines, verdicts=verdicts)

    def _measured(self, name: str, server: Running, asked: Asked, numbers: Iterator[int], *, callers: int) -> Measured:
        """Ask a server that has just started."""
        start = memory_bytes(server.root)

        async def ask(client: httpx.AsyncClient, number: int) -> httpx.Response:
            return await client.post(**server.request(asked, number))

        print(f"{name} ({server.kind})", flush=True)
        with Watch(server.root) as watch:
            load = run_load(ask, server.said, numbers, callers=callers, seconds=self.seconds)
        return Measured(name, load, watch.cpu, start, watch.peak)


def _errors(one: Measured) -> Verdict:
    wrong = sum(answer.status != OK for answer in one.load.answers)
    return Verdict(f"{one.name}: errors", wrong, 0, at_most=True)
