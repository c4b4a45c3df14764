"""From a picture's bytes to an answer: what makes it fast, and what it can refuse."""

from typing import TYPE_CHECKING

from anyio import CapacityLimiter, to_thread

from symptomeme.domain.errors import SymptomemeError
from symptomeme.serving.following import Models
from symptomeme.serving.settings import ServingSettings

if TYPE_CHECKING:
    from symptomeme.predictor import Examined


class Busy(SymptomemeError):
    """More images wait than the queue holds."""


class Answering:
    """Answers for all requests of one process."""

    def __init__(self, settings: ServingSettings) -> None:
        self._settings = settings
        self._one = CapacityLimiter(1)

    async def answer(self, image: bytes, named: str, models: Models, text: str | None) -> "Examined":
        """What the models say of one image, and the features it rests on.

        Args:
            image: a file's bytes.
            named: what the answer, and an error, call it.
            models: by task, at least one.
            text: the words in it; None: they are read.

        Raises:
            ImageError: it is no picture that can be shown whole.
            ModelError: a model cannot read words.
            ToolError: Tesseract is missing or failed.
            Busy: too many wait.
        """
        waiting = self._one.statistics().tasks_waiting
        if waiting >= self._settings.queue:
            raise Busy(f"{waiting} images wait already.")
        from symptomeme.predictor import examine  # noqa: PLC0415 - torch, which building and supervising do without

        asked = (image, named, list(models.values()), text)
        return await to_thread.run_sync(examine, *asked, limiter=self._one, abandon_on_cancel=True)

    def close(self) -> None:
        """End what runs beside the service."""
