"""A line of work before so many who do it, and whether anything stands in it."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager


class Line:
    """Counts what is being done or waits to be; for one event loop."""

    def __init__(self, places: int) -> None:
        """Take how much is done at a time."""
        self._places, self._here = places, 0
        self.empty = asyncio.Event()  # set while nothing waits; what is being done does not stand in the line
        self.empty.set()

    @contextmanager
    def joined(self) -> Iterator[None]:
        """Belong to it, waiting or being done."""
        self._count(1)
        try:
            yield
        finally:
            self._count(-1)

    def _count(self, more: int) -> None:
        self._here += more
        if self._here > self._places:
            self.empty.clear()
        else:
            self.empty.set()
