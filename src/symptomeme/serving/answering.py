"""From a picture's bytes to an answer: readers and models side by side, and what is known already is not done again."""

import asyncio
import hashlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from cachetools import LRUCache
from PIL import Image

from symptomeme.data.transforms import read_picture
from symptomeme.domain.digests import of_text
from symptomeme.domain.errors import SymptomemeError
from symptomeme.serving.batching import Batcher
from symptomeme.serving.following import Models
from symptomeme.serving.metrics import metrics
from symptomeme.serving.readers import Readers
from symptomeme.serving.settings import ServingSettings

if TYPE_CHECKING:
    from symptomeme.predictor import Examined, Prediction, Predictor, Served, Words

    Meme = tuple[Image.Image, str]


class Busy(SymptomemeError):
    """More images wait than the queue holds."""


class Answering:
    """Answers for all requests of one process."""

    def __init__(self, settings: ServingSettings) -> None:
        self._settings, self._waiting = settings, 0
        self._readers = Readers(settings.ocr_workers)
        self._decoding = ThreadPoolExecutor(2, thread_name_prefix="decoding")
        self._forward = ThreadPoolExecutor(1, thread_name_prefix="forward", initializer=_use_one_core)
        self._batcher = Batcher(self._forward, most=settings.max_forward)
        self._words: LRUCache[tuple[str, str], Words] = LRUCache(settings.cache_entries)
        # of a model that is no longer served nothing is kept
        self._said: WeakKeyDictionary[Predictor, LRUCache[tuple[str, str], Prediction]] = WeakKeyDictionary()

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
        if self._waiting >= self._settings.queue:
            raise Busy(f"{self._waiting} images wait already.")
        self._waiting += 1
        try:
            return await self._answer(_Image(image, named, self._decoding), list(models.values()), text)
        finally:
            self._waiting -= 1

    def close(self) -> None:
        """End what runs beside the service."""
        for pool in (self._decoding, self._forward):
            pool.shutdown(cancel_futures=True)
        self._readers.close()

    async def _answer(self, image: "_Image", models: Sequence["Served"], text: str | None) -> "Examined":
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
        self, image: "_Image", ocr: dict[str, Any] | None, settings: str, text: str | None, took: dict[str, float]
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

    async def _predict(self, served: "Served", image: "_Image", text: str, took: dict[str, float]) -> "Prediction":
        predictor = served.predictor
        kept = self._said.setdefault(predictor, LRUCache(self._settings.cache_entries))
        key = (image.sha256, of_text(text))  # not the text itself: a caller's may be long
        if (known := kept.get(key)) is not None:
            metrics().cache.labels("answers", "hit").inc()
            return known
        metrics().cache.labels("answers", "miss").inc()
        picture = await image.picture()
        with _timed(took, served.task):
            said = await self._batcher(_Forward(predictor, served.task), (picture, text))
        if kept.maxsize:
            kept[key] = said
        return said


def _use_one_core() -> None:
    """Keep torch from waiting, at every layer, for a second thread whose core reads words."""
    import torch  # noqa: PLC0415

    torch.set_num_threads(1)


@dataclass(frozen=True)
class _Forward:
    """A forward pass of one model."""

    predictor: "Predictor"
    task: str

    def __call__(self, memes: Sequence["Meme"]) -> "list[Prediction]":
        metrics().forward_memes.labels(self.task).observe(len(memes))
        return self.predictor.predict([picture for picture, _ in memes], [text for _, text in memes])


class _Image:
    """A file's bytes, decoded when a picture is wanted for the first time."""

    def __init__(self, data: bytes, named: str, pool: ThreadPoolExecutor) -> None:
        self.named, self.sha256 = named, hashlib.sha256(data).hexdigest()
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


@contextmanager
def _timed(took: dict[str, float], step: str) -> Iterator[None]:
    """Note a step's milliseconds, waiting for its turn among them."""
    start = perf_counter()
    yield
    took[step] += 1000 * (perf_counter() - start)
