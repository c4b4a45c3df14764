"""A picture that is drawn, read and judged before a service calls itself ready."""

import io
import logging

from PIL import Image, ImageDraw, ImageFont

from symptomeme.domain.errors import SymptomemeError
from symptomeme.serving.answering import Answering, Busy
from symptomeme.serving.following import Models

_log = logging.getLogger("bentoml.symptomeme")


def drawn() -> bytes:
    """A small PNG with words on it."""
    picture = Image.new("RGB", (320, 96), "white")
    ImageDraw.Draw(picture).text((16, 32), "cannot sleep again", "black", font=ImageFont.load_default(28))
    data = io.BytesIO()
    picture.save(data, "PNG")
    return data.getvalue()


class SelfTest:
    """Tells whether pictures are answered, by the models that are live now."""

    def __init__(self, answering: Answering) -> None:
        self._answering = answering
        self._passed: Models | None = None

    async def passes(self, models: Models) -> bool:
        """Whether these models answer a picture, its words read; they are asked until they do."""
        if not models:
            return False
        if self._passed is not models:
            try:
                await self._answering.answer(drawn(), "self-test", models, None)
            except Busy:
                return self._passed is not None
            except SymptomemeError as error:
                _log.error("the self-test failed: %s", error)
                return False
            self._passed = models
        return True
