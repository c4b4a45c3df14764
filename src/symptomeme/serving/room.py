"""Room that several share and each gives back: who finds too little of it waits for its turn."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Room:
    """So much, of whatever it is, may be held at a time. Turns go in order, so that nobody large waits for ever."""

    def __init__(self, size: int) -> None:
        self._size = self._free = size
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    @asynccontextmanager
    async def holding(self, wanted: int) -> AsyncIterator[None]:
        """Hold this much, or all there is where that is less, until the block ends."""
        wanted = min(wanted, self._size)
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((wanted, turn))
        self._give()
        try:
            await turn
            yield
        finally:
            if turn.done() and not turn.cancelled():
                self._free += wanted
            self._give()

    def _give(self) -> None:
        """Let those in whose turn it is; who has gone away meanwhile is passed over."""
        while self._waiting:
            wanted, turn = self._waiting[0]
            if not turn.done():
                if wanted > self._free:
                    return
                self._free -= wanted
                turn.set_result(None)
            self._waiting.popleft()
