"""From a picture to an answer: readers and models side by side, and what is known or under way is not done again."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from time import perf_counter
from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import WeakKeyDictionary

from PIL import Image

from symptomeme.domain.digests import of_text
from symptomeme.serving.following import Models
from symptomeme.serving.forward import Forward
from symptomeme.serving.picture import Pictures, Upload
from symptomeme.serving.readers import Readers
from symptomeme.serving.settings import ServingSettings
from symptomeme.serving.sharing import Flight, Remembered
from symptomeme.serving.work import together

if TYPE_CHECKING:
    from symptomeme.predictor import Examined, Prediction, Predictor, Served, Words


class _Meme(NamedTuple):
    """An image on its way to an answer."""

    sha256: str
    picture: Flight[Image.Image]
    took: dict[str, float]  # milliseconds by step, of those that were taken for it


class Examiner:
    """Decodes, reads and predicts for all requests of one process."""

    def __init__(self, settings: ServingSettings) -> None:
        self._entries = settings.cache_entries
        self._pictures = Pictures(most=settings.max_pixels)
        self._readers = Readers(settings.ocr_workers)
        self._forward = Forward(most=settings.max_forward, before=self._readers.line)
        self._words: Remembered[Words] = Remembered("words", most=self._entries)
        # of a model that is no longer served nothing is kept
        self._said: WeakKeyDictionary[Predictor, Remembered[Prediction]] = WeakKeyDictionary()

    async def upload(self, data: bytes, named: str) -> Upload:
        """A file, as `Pictures.upload` gives it."""
        return await self._pictures.upload(data, named)

    async def warm(self, models: Models) -> None:
        """Have every reader read with the settings of each model."""
        from symptomeme.predictor import settings_key  # noqa: PLC0415 - torch, which building does without

        for ocr in {
            settings_key(ocr): ocr for ocr in (served.predictor.config.ocr for served in models.values())
        }.values():
            await self._readers.warm(ocr)

    async def examine(self, image: Upload, models: Sequence["Served"], text: str | None) -> "Examined":
        """What models say of one image; `text` is the words in it, None: they are read.

        Raises:
            ImageError: it is no picture that can be shown whole; the bare reason.
            ModelError: a model cannot read words.
            ToolError: Tesseract is missing or failed.
        """
        from symptomeme.predictor import examined, settings_key  # noqa: PLC0415

        took: dict[str, float] = {}
        async with self._pictures.using(image) as picture:
            meme = _Meme(image.sha256, picture, took)
            if text is not None:
                await _shown(meme)  # words do not make up for a picture that cannot be shown
            words: dict[str, Words] = {}
            for ocr in (served.predictor.config.ocr for served in models):
                if (settings := settings_key(ocr)) not in words:
                    words[settings] = await self._words_of(meme, ocr, settings, text)
            told = [words[settings_key(served.predictor.config.ocr)] for served in models]
            said = await together(
                self._predict(served, meme, of.reading.text) for served, of in zip(models, told, strict=True)
            )
        return examined(image.named, image.sha256, list(zip(models, told, said, strict=True)), took)

    def close(self) -> None:
        """End what runs beside the service."""
        self._pictures.close()
        self._forward.close()
        self._readers.close()

    async def _words_of(self, meme: _Meme, ocr: dict[str, Any] | None, settings: str, text: str | None) -> "Words":
        from symptomeme.predictor import words_given  # noqa: PLC0415

        if text is not None:
            return words_given(text, ocr)

        async def read() -> "Words":
            picture = await _shown(meme)
            with _timed(meme.took, "ocr"):
                return await self._readers.read(picture, ocr)

        return await self._words.get((meme.sha256, settings), read)

    async def _predict(self, served: "Served", meme: _Meme, text: str) -> "Prediction":
        async def predict() -> "Prediction":
            picture = await _shown(meme)
            with _timed(meme.took, served.task):
                return await self._forward(served.predictor, served.task, picture, text)

        said = self._said.setdefault(served.predictor, Remembered("answers", most=self._entries))
        # not by the text itself: a caller's may be long
        return await said.get((meme.sha256, of_text(text)), predict)


async def _shown(meme: _Meme) -> Image.Image:
    """Its picture; the wait for it is timed, once however many models wait."""
    waits: dict[str, float] = {}
    with _timed(waits, "picture"):
        picture = await meme.picture.result()
    meme.took["picture"] = max(waits["picture"], meme.took.get("picture", 0.0))
    return picture


@contextmanager
def _timed(took: dict[str, float], step: str) -> Iterator[None]:
    """Note a step's milliseconds, waiting for its turn among them."""
    start = perf_counter()
    yield
    took[step] = took.get(step, 0.0) + 1000 * (perf_counter() - start)
