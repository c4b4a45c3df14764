"""How much is being read or answered at a time."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from symptomeme.serving.door.codes import Code, Refusal
from symptomeme.serving.settings import ServingSettings


class Load:
    """Requests with a form, and the bytes of their bodies: as many of both as may be there."""

    def __init__(self, settings: ServingSettings) -> None:
        self._most_requests = settings.queue + settings.max_forward
        self._most_bytes = settings.max_held_bytes
        self.requests = self.bytes = 0

    @contextmanager
    def one_more(self) -> Iterator[Callable[[int], None]]:
        """Count a request while the block lasts; gives what counts bytes of its body as they come.

        Raises:
            Refusal: there are too many requests, or from what it gives, bytes.
        """
        if self.requests >= self._most_requests:
            raise Refusal(Code.BUSY, f"{self.requests} requests are being answered.")
        own = 0

        def take(size: int) -> None:
            nonlocal own
            if self.bytes + size > self._most_bytes:
                raise Refusal(Code.BUSY, f"{self.bytes} bytes of requests are held.")
            self.bytes += size
            own += size

        self.requests += 1
        try:
            yield take
        finally:
            self.requests -= 1
            self.bytes -= own
