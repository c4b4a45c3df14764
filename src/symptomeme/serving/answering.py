"""Callers wait here for what their images express: so many at a time, each as long as it likes."""

import asyncio
from typing import TYPE_CHECKING

from symptomeme.domain.errors import SymptomemeError
from symptomeme.serving.examining import Examiner
from symptomeme.serving.following import Models
from symptomeme.serving.picture import Upload
from symptomeme.serving.settings import ServingSettings
from symptomeme.serving.work import shielded

if TYPE_CHECKING:
    from symptomeme.predictor import Examined


class Busy(SymptomemeError):
    """More images wait than the queue holds."""


class Ended(SymptomemeError):
    """The service ends before there is an answer."""

    def __init__(self) -> None:
        super().__init__("the service is ending.")


class Answering:
    """Answers for all requests of one process."""

    def __init__(self, settings: ServingSettings) -> None:
        self._examiner, self._most = Examiner(settings), settings.queue
        self._waiting: set[asyncio.Task[Examined]] = set()  # one an image, until no thread works for it any more
        self._has_ended = False

    async def upload(self, data: bytes, named: str) -> Upload:
        """A file that somebody sent, looked at and hashed.

        Raises:
            Refusal: it has too many pixels.
            Ended: the service is ending.
        """
        if self._has_ended:
            raise Ended
        return await self._examiner.upload(data, named)

    async def warm(self, models: Models) -> None:
        """Have every reader read with the settings of each model, so that no caller waits for one to start.

        Raises:
            ToolError: Tesseract is missing or failed.
        """
        await self._examiner.warm(models)

    async def answer(self, image: Upload, models: Models, text: str | None) -> "Examined":
        """What the models say of one image, and the features it rests on.

        Who is cancelled is let go at once. What has not begun, and is for nobody else, is called off; what has begun,
        such as a page in Tesseract, keeps its place in the queue and its room until it ends.

        Args:
            image: what was sent.
            models: by task, at least one.
            text: the words in it; None: they are read.

        Raises:
            ImageError: it is no picture that can be shown whole; the bare reason.
            ModelError: a model cannot read words.
            ToolError: Tesseract is missing or failed.
            Busy: too many wait.
            Ended: the service is ending.
        """
        if self._has_ended:
            raise Ended
        if len(self._waiting) >= self._most:
            raise Busy(f"{len(self._waiting)} images wait already.")
        task = asyncio.create_task(self._examiner.examine(image, list(models.values()), text))
        self._waiting.add(task)
        task.add_done_callback(self._waiting.discard)
        try:
            return await shielded(task)
        except asyncio.CancelledError:
            task.cancel()
            if self._has_ended:
                raise Ended from None
            raise

    def close(self) -> None:
        """End what runs beside the service; who waits is told so. For the thread of the event loop."""
        self._has_ended = True
        for task in self._waiting:
            task.cancel()
        self._examiner.close()
