"""Callers' files on their way to the models: what they are, and their pictures once somebody wants them."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from typing import NamedTuple

from PIL import Image

from symptomeme.data.transforms import decode
from symptomeme.serving.limits import check_pixels
from symptomeme.serving.room import Room
from symptomeme.serving.sharing import Flight, Shared
from symptomeme.serving.work import in_thread

DECODED = 2  # times the pixels of the largest picture that is let in, so many may be held decoded at a time


class Upload(NamedTuple):
    """A file that somebody sent."""

    named: str  # what answers and errors call it
    data: bytes
    sha256: str
    pixels: int


class Pictures:
    """Files, looked at and decoded where nobody waits for it; no more pixels at a time than there is room for."""

    def __init__(self, *, most: int) -> None:
        """Take the most pixels of one."""
        self._most = most
        self._threads = ThreadPoolExecutor(2, thread_name_prefix="decoding")
        self._room = Room(DECODED * most)
        self._shared: Shared[Image.Image] = Shared()

    async def upload(self, data: bytes, named: str) -> Upload:
        """A file, hashed and measured by its header.

        Raises:
            Refusal: it has too many pixels.
        """
        return await in_thread(self._threads, self._looked_at, data, named)

    def using(self, upload: Upload) -> AbstractAsyncContextManager[Flight[Image.Image]]:
        """Its picture (RGB), which all who use the same bytes share.

        The result raises:
            ImageError: it is none that can be shown whole; the bare reason.
        """

        async def decoded(held: AsyncExitStack) -> Image.Image:
            await held.enter_async_context(self._room.holding(upload.pixels))
            return await in_thread(self._threads, decode, upload.data)

        return self._shared.using(upload.sha256, decoded)

    def close(self) -> None:
        """End when what is being decoded has ended; what waits is called off."""
        self._threads.shutdown(cancel_futures=True)

    def _looked_at(self, data: bytes, named: str) -> Upload:
        return Upload(named, data, hashlib.sha256(data).hexdigest(), check_pixels(data, self._most))
