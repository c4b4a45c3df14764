"""A picture that is drawn, read and judged before a service calls itself ready."""

import asyncio
import io
import logging
from collections.abc import Callable
from uuid import uuid4

from PIL import Image, ImageDraw, ImageFont
from PIL.PngImagePlugin import PngInfo

from symptomeme.domain.errors import SymptomemeError
from symptomeme.serving.answering import Answering, Busy
from symptomeme.serving.door.passage import fault_of
from symptomeme.serving.following import POLL, Models
from symptomeme.serving.work import shielded

READY = "ready to answer"
"""What the log says once models have passed their test."""

_log = logging.getLogger("bentoml.symptomeme")


def drawn() -> bytes:
    """A small PNG with words on it, each time another file, so that no cache answers for it."""
    picture = Image.new("RGB", (320, 96), "white")
    ImageDraw.Draw(picture).text((16, 32), "cannot sleep again", "black", font=ImageFont.load_default(28))
    data, unlike = io.BytesIO(), PngInfo()
    unlike.add_text("id", uuid4().hex)
    picture.save(data, "PNG", pnginfo=unlike)
    return data.getvalue()


class SelfTest:
    """Tells whether pictures are answered, by the models that are live now."""

    def __init__(self, answering: Answering) -> None:
        self._answering = answering
        self._passed: Models | None = None
        self._tried: Models | None = None  # last, whatever came of it
        self._running: asyncio.Task[None] | None = None
        self._following: asyncio.Task[None] | None = None

    def follow(self, now: Callable[[], Models]) -> None:
        """Test what is live, and again whenever it has been exchanged, until `end`; for the event loop's thread."""
        self._following = asyncio.create_task(self._follow(now))

    def end(self) -> None:
        """Call off what is under way."""
        for task in (self._following, self._running):
            if task is not None:
                task.cancel()

    async def passes(self, models: Models) -> bool:
        """Whether these models answer a picture, its words read; they are asked until they do.

        One test runs at a time, and to its end, however many ask and however soon they go.
        """
        if not models:
            return False
        if self._passed is not models:
            if self._running is None or self._running.done():
                self._running = asyncio.create_task(self._run(models))
            await shielded(self._running)
        return self._passed is models

    async def _follow(self, now: Callable[[], Models]) -> None:
        while True:
            try:
                if (models := now()) is not self._tried:
                    await self.passes(models)
            except Exception as error:  # models that come later are tested all the same
                _log.error("the self-test failed: %s", fault_of(error))
            await asyncio.sleep(POLL)

    async def _run(self, models: Models) -> None:
        self._tried = models
        try:
            await self._answering.warm(models)
            await self._answering.answer(await self._answering.upload(drawn(), "self-test"), models, None)
            self._passed = models
            _log.info(READY)
        except Busy:
            if self._passed is not None:  # what keeps it busy is answered
                self._passed = models
        except SymptomemeError as error:
            _log.error("the self-test failed: %s", error)
