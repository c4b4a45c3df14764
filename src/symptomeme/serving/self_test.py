"""A picture that is drawn, read and judged before a service calls itself ready."""

import asyncio
import io
import logging
from uuid import uuid4

from PIL import Image, ImageDraw, ImageFont
from PIL.PngImagePlugin import PngInfo

from symptomeme.domain.errors import SymptomemeError
from symptomeme.serving.answering import Answering, Busy
from symptomeme.serving.following import Models

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
        self._running: asyncio.Task[None] | None = None

    async def passes(self, models: Models) -> bool:
        """Whether these models answer a picture, its words read; they are asked until they do.

        One test runs at a time, and to its end, however many ask and however soon they go.
        """
        if not models:
            return False
        if self._passed is not models:
            if self._running is None or self._running.done():
                self._running = asyncio.create_task(self._run(models))
            await asyncio.shield(self._running)
        return self._passed is models

    async def _run(self, models: Models) -> None:
        try:
            await self._answering.warm(models)
            await self._answering.answer(await self._answering.upload(drawn(), "self-test"), models, None)
            self._passed = models
        except Busy:
            if self._passed is not None:  # what keeps it busy is answered
                self._passed = models
        except SymptomemeError as error:
            _log.error("the self-test failed: %s", error)
