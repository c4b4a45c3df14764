"""Forward passes over the memes of several callers: whatever waits when one pass begins goes into it."""

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from contextvars import Context
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, Generic, TypeVar

from symptomeme.serving.line import Line
from symptomeme.serving.work import ended

ENOUGH = 4  # items for one pass that wait for no more: each costs about half of one alone (docs/serving.md)
PATIENCE = 0.2  # seconds from an item's coming after which it waits for no company

Item = TypeVar("Item")
Result = TypeVar("Result")


Pass = Callable[[Sequence[Item]], Sequence[Result]]
"""What is run over the items of one batch: one result an item, in order."""


@dataclass(eq=False)
class _Waiting(Generic[Item, Result]):
    run: Pass[Item, Result]
    item: Item
    answered: "asyncio.Future[Result]"
    came: float = field(default_factory=monotonic)
    begun: bool = False  # it is in a pass

    def call_off(self) -> bool:
        """Keep it out of the next pass; False: it is in one."""
        return not self.begun and self.answered.cancel()


Batch = list[_Waiting[Any, Any]]


class Batcher:
    """Gathers items of several callers into passes that run one after another.

    What comes while a pass runs makes up the next one. An item that finds nothing running starts at once, unless others
    stand in the line before this: then it waits until that is empty, ENOUGH have come or its PATIENCE is at an end.
    Items meet only those that are for the same pass, the one that the longest waiting is for.
    """

    def __init__(self, executor: Executor, *, most: int, before: Line | None = None) -> None:
        """Take an executor that runs passes, the most items in one, and the line before, if there is one."""
        self._executor, self._most, self._before = executor, most, before
        self._suffices = min(ENOUGH, most)
        self._waiting: deque[_Waiting[Any, Any]] = deque()
        self._enough = asyncio.Event()  # so many wait that a pass need not
        self._runner: asyncio.Task[None] | None = None

    async def __call__(self, run: Pass[Item, Result], item: Item) -> Result:
        """The result of an item, or what its pass raises for it; `ended` says what becomes of who is cancelled."""
        one = _Waiting(run, item, asyncio.get_running_loop().create_future())
        self._waiting.append(one)
        if self._suffice():
            self._enough.set()
        if self._runner is None or self._runner.done():
            self._runner = asyncio.create_task(self._passes(), context=Context())  # it outlives the caller
        return await ended(one.answered, call_off=one.call_off)

    async def _passes(self) -> None:
        batch: Batch = []
        try:
            while batch := await self._next():
                try:
                    await self._answer(batch)
                except Exception as error:
                    await self._answer_each(batch, error)
        finally:  # cancelled where the executor was shut down: nobody waits for ever
            for one in [*batch, *self._waiting]:
                one.answered.cancel()

    async def _answer(self, batch: Batch) -> None:
        items = [one.item for one in batch]
        results = await asyncio.get_running_loop().run_in_executor(self._executor, batch[0].run, items)
        for one, result in zip(batch, results, strict=True):
            if not one.answered.done():
                one.answered.set_result(result)

    async def _answer_each(self, batch: Batch, error: Exception) -> None:
        """Find the item that a pass has failed for, so that others do not suffer for it."""
        for one in batch:
            try:
                if len(batch) == 1:
                    raise error
                await self._answer([one])
            except Exception as its:
                if not one.answered.done():
                    one.answered.set_exception(its)

    async def _next(self) -> Batch:
        """Those that go into the next pass; who has gone away meanwhile does not."""
        if self._before is not None:
            await self._company(self._before)
        alive = self._alive()
        batch = [one for one in alive if one.run == alive[0].run][: self._most]
        for one in batch:
            one.begun = True
        self._waiting = deque(one for one in alive if not one.begun)
        return batch

    async def _company(self, line: Line) -> None:
        """Wait until the line is empty, enough have come, or who came first has waited long."""
        alive = self._alive()
        if not alive or line.empty.is_set() or self._suffice():
            return
        self._enough.clear()
        either = [asyncio.create_task(event.wait()) for event in (self._enough, line.empty)]
        patience = max(0.0, PATIENCE - (monotonic() - alive[0].came))
        try:
            await asyncio.wait(either, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in either:
                wait.cancel()

    def _suffice(self) -> bool:
        """Whether enough wait for one pass, be it not the next: it is not kept waiting by that."""
        return max(Counter(one.run for one in self._alive()).values(), default=0) >= self._suffices

    def _alive(self) -> Batch:
        return [one for one in self._waiting if not one.answered.done()]
