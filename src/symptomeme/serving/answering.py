"""From a picture's bytes to an answer: readers and models side by side, and what is known already is not done again."""

import asyncio
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from time import perf_counter
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from cachetools import LRUCache

from symptomeme.domain.digests import of_text
from symptomeme.domain.errors import SymptomemeError
from symptomeme.serving.following import Models
from symptomeme.serving.forward import Forward
from symptomeme.serving.metrics import metrics
from symptomeme.serving.picture import Upload
from symptomeme.serving.readers import Readers
from symptomeme.serving.room import Room
from symptomeme.serving.settings import ServingSettings

if TYPE_CHECKING:
    from symptomeme.predictor import Examined, Prediction, Predictor, Served, Words


DECODED = 2  # times the pixels of the largest picture that is let in, so many may be held decoded at a time


class Busy(SymptomemeError):
    """More images wait than the queue holds."""


class Answering:
    """Answers for all requests of one process."""

    def __init__(self, settings: ServingSettings) -> None:
        self._settings, self._waiting = settings, 0
        self._readers = Readers(settings.ocr_workers)
        self._decoding = ThreadPoolExecutor(2, thread_name_prefix="decoding")
        self._forward = Forward(most=settings.max_forward)
        self._decoded = Room(DECODED * settings.max_pixels)
        self._words: LRUCache[tuple[str, str], Words] = LRUCache(settings.cache_entries)
        # of a model that is no longer served nothing is kept
        self._said: WeakKeyDictionary[Predictor, LRUCache[tuple[str, str], Prediction]] = WeakKeyDictionary()

    async def upload(self, data: bytes, named: str) -> Upload:
        """A file that somebody sent, looked at and hashed where nobody waits for it.

        Raises:
            Refusal: it has too many pixels.
        """
        most, pool = self._settings.max_pixels, self._decoding
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(pool, lambda: Upload(data, named, pixels=most, pool=pool))

    async def warm(self, models: Models) -> None:
        """Have every reader read with the settings of each model, so that no caller waits for one to start.

        Raises:
            ToolError: Tesseract is missing or failed.
        """
        from symptomeme.predictor import settings_key  # noqa: PLC0415

        for ocr in {
            settings_key(ocr): ocr for ocr in (served.predictor.config.ocr for served in models.values())
        }.values():
            await self._readers.warm(ocr)

    async def answer(self, image: Upload, models: Models, text: str | None) -> "Examined":
        """What the models say of one image, and the features it rests on.

        Args:
            image: what was sent.
            models: by task, at least one.
            text: the words in it; None: they are read.

        Raises:
            ImageError: it is no picture that can be shown whole.
            ModelError: a model cannot read words.
            ToolError: Tesseract is missing or failed.
            Busy: too many wait.
        """
        if self._waiting >= self._settings.queue:
            raise Busy(f"{self._waiting} images wait already.")
        self._waiting += 1
        try:
            async with self._decoded.holding(image.pixels):
                return await self._answer(image, list(models.values()), text)
        finally:
            self._waiting -= 1

    def close(self) -> None:
        """End what runs beside the service."""
        self._decoding.shutdown(cancel_futures=True)
        self._forward.close()
        self._readers.close()

    async def _answer(self, image: Upload, models: Sequence["Served"], text: str | None) -> "Examined":
        from symptomeme.predictor import examined, settings_key  # noqa: PLC0415 - torch, which building does without

        took = dict.fromkeys(["picture", "ocr", *(served.task for served in models)], 0.0)
        if text is not None:
            with _timed(took, "picture"):
                await image.picture()  # words do not make up for a picture that cannot be shown
        words: dict[str, Words] = {}
        for ocr in (served.predictor.config.ocr for served in models):
            if (settings := settings_key(ocr)) not in words:
                words[settings] = await self._words_of(image, ocr, settings, text, took)
        told = [words[settings_key(served.predictor.config.ocr)] for served in models]
        said = await asyncio.gather(
            *(self._predict(served, image, of.reading.text, took) for served, of in zip(models, told, strict=True))
        )
        return examined(image.named, image.sha256, list(zip(models, told, said, strict=True)), took)

    async def _words_of(
        self, image: Upload, ocr: dict[str, Any] | None, settings: str, text: str | None, took: dict[str, float]
    ) -> "Words":
        from symptomeme.predictor import words_given  # noqa: PLC0415

        if text is not None:
            return words_given(text, ocr)
        key = (image.sha256, settings)
        if (known := self._words.get(key)) is not None:
            metrics().cache.labels("words", "hit").inc()
            return known
        metrics().cache.labels("words", "miss").inc()
        with _timed(took, "picture"):
            picture = await image.picture()
        with _timed(took, "ocr"):
            words = await self._readers.read(picture, ocr)
        if self._words.maxsize:
            self._words[key] = words
        return words

    async def _predict(self, served: "Served", image: Upload, text: str, took: dict[str, float]) -> "Prediction":
        predictor = served.predictor
        kept = self._said.setdefault(predictor, LRUCache(self._settings.cache_entries))
        key = (image.sha256, of_text(text))  # not the text itself: a caller's may be long
        if (known := kept.get(key)) is not None:
            metrics().cache.labels("answers", "hit").inc()
            return known
        metrics().cache.labels("answers", "miss").inc()
        picture = await image.picture()
        with _timed(took, served.task):
            said = await self._forward(predictor, served.task, picture, text)
        if kept.maxsize:
            kept[key] = said
        return said


@contextmanager
def _timed(took: dict[str, float], step: str) -> Iterator[None]:
    """Note a step's milliseconds, waiting for its turn among them."""
    start = perf_counter()
    yield
    took[step] += 1000 * (perf_counter() - start)
