"""How often one caller may ask."""

import time
from collections import OrderedDict
from collections.abc import Callable

MOST = 10_000  # callers that are remembered
_ROUNDING = 1e-9  # seconds


class Rate:
    """A token bucket for each caller, held as the moment when it is full again (GCRA).

    A bucket holds a minute's requests and fills evenly. Callers whose bucket is full are forgotten, and beyond MOST
    those who came first.
    """

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._each, self._clock = 60 / per_minute, clock
        self._full: OrderedDict[str, float] = OrderedDict()

    def wait(self, caller: str) -> float:
        """Take one request from a caller's bucket; seconds until there is one in it, 0 when it was taken."""
        now = self._clock()
        while self._full and (next(iter(self._full.values())) <= now or len(self._full) > MOST):
            self._full.popitem(last=False)
        full = max(self._full.get(caller, now), now) + self._each
        missing = full - now - 60
        if missing > _ROUNDING:
            return missing
        self._full[caller] = full
        self._full.move_to_end(caller)
        return 0.0
