"""A caller's file on its way to the models: what it is, and its picture once somebody wants it."""

import asyncio
import hashlib
from concurrent.futures import Executor

from PIL import Image

from symptomeme.data.transforms import read_picture
from symptomeme.serving.limits import check_pixels


class Upload:
    """A file's bytes, decoded when a picture is wanted for the first time."""

    def __init__(self, data: bytes, named: str, *, pixels: int, pool: Executor) -> None:
        """Hash it, which takes a while for a large one.

        Args:
            data: the file.
            named: what answers and errors call it.
            pixels: how many it has at most.
            pool: threads that decode.

        Raises:
            Refusal: it has more pixels.
        """
        self.named, self.sha256 = named, hashlib.sha256(data).hexdigest()
        self.pixels = check_pixels(data, pixels)
        self._data, self._pool = data, pool
        self._decoded: asyncio.Future[Image.Image] | None = None

    async def picture(self) -> Image.Image:
        """The picture (RGB); two that want it at once wait for the same.

        Raises:
            ImageError: it is none that can be shown whole.
        """
        if self._decoded is None:
            loop = asyncio.get_running_loop()
            self._decoded = loop.run_in_executor(self._pool, lambda: read_picture(self._data, where=self.named))
        return await self._decoded
