"""What several callers want at the same time is made once, for all of them, and what was made last is remembered."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Hashable
from contextlib import AsyncExitStack, asynccontextmanager
from contextvars import Context
from typing import Any, Generic, TypeVar

from cachetools import LRUCache

from symptomeme.serving.metrics import metrics
from symptomeme.serving.work import shielded

Result = TypeVar("Result")
Make = Callable[[AsyncExitStack], Coroutine[Any, Any, Result]]
"""Makes a result; what it enters into the stack is held until nobody uses the result any more."""


class Flight(Generic[Result]):
    """One thing that is made, from its first user to its last."""

    def __init__(self, make: Make[Result]) -> None:
        self.users = 0
        self._make, self._held = make, AsyncExitStack()
        self._task: asyncio.Task[Result] | None = None

    async def result(self) -> Result:
        """The thing, which is begun when the first asks; what making it raises is raised for all."""
        if self._task is None:
            self._task = asyncio.create_task(self._make(self._held), context=Context())  # of no single caller
        return await shielded(self._task)

    async def end(self) -> None:
        """Call it off where it is not made yet, and let go what it holds."""
        try:
            if self._task is not None:
                self._task.cancel()
                await asyncio.wait({self._task})
        finally:
            await self._held.aclose()


class Shared(Generic[Result]):
    """Things that are in use, by key: each is made once, however many use it."""

    def __init__(self) -> None:
        self._used: dict[Hashable, Flight[Result]] = {}

    @asynccontextmanager
    async def using(self, key: Hashable, make: Make[Result]) -> AsyncIterator[Flight[Result]]:
        """Use what others use under this key, or else what `make` makes; it is ended with its last user."""
        flight = self._used.setdefault(key, Flight(make))
        flight.users += 1
        try:
            yield flight
        finally:
            flight.users -= 1
            if not flight.users:
                del self._used[key]
                await flight.end()


class Remembered(Generic[Result]):
    """Things by key, of which the last are remembered; look-ups are counted under a name."""

    def __init__(self, named: str, *, most: int) -> None:
        self._named = named
        self._known: LRUCache[Hashable, Result] = LRUCache(most)
        self._shared: Shared[Result] = Shared()

    async def get(self, key: Hashable, make: Callable[[], Coroutine[Any, Any, Result]]) -> Result:
        """What is known under this key, is being made for another, or is made now; what fails is not remembered."""
        if (known := self._known.get(key)) is not None:
            self._count("hit")
            return known

        async def made(_: AsyncExitStack) -> Result:
            result = await make()
            if self._known.maxsize:
                self._known[key] = result
            return result

        async with self._shared.using(key, made) as flight:
            self._count("miss" if flight.users == 1 else "joined")
            return await flight.result()

    def _count(self, result: str) -> None:
        metrics().cache.labels(self._named, result).inc()
