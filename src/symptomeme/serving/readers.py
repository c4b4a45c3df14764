"""Threads that read words, each with an engine of its own that stays: beside the model, and never in its way."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from PIL import Image

from symptomeme.serving.line import Line
from symptomeme.serving.work import in_thread

if TYPE_CHECKING:
    from symptomeme.predictor import Words
    from symptomeme.text.ocr import OcrEngine
    from symptomeme.text.resident import ResidentTesseract


TOGETHER = 5.0  # seconds that readers wait for each other when they start
KEPT = 4  # engines of a thread, one for each OCR setting that models had


class Readers:
    """So many pictures are read at a time; the others wait."""

    def __init__(self, count: int) -> None:
        self._count = count
        self.line = Line(count)
        self._threads = ThreadPoolExecutor(count, thread_name_prefix="reader")
        self._own = threading.local()
        self._programs: list[ResidentTesseract] = []  # of all threads

    async def read(self, picture: Image.Image, ocr: dict[str, Any] | None) -> "Words":
        """The words in a picture (RGB), read with a model's params.

        Raises:
            ModelError: the params are of another version.
            ToolError: the engine is missing, or failed.
        """
        with self.line.joined():
            return await in_thread(self._threads, self._read, picture, ocr)

    async def warm(self, ocr: dict[str, Any] | None) -> None:
        """Have each thread read an empty picture, so that its engine is there.

        Raises:
            ModelError, ToolError: as in `read`.
        """
        blank = Image.new("RGB", (64, 64), "white")
        all_there = threading.Barrier(self._count)

        def warm() -> None:  # none takes a second one while another thread has none
            try:
                self._read(blank, ocr)
                all_there.wait(TOGETHER)
            except threading.BrokenBarrierError:  # another has failed, or pictures of callers are before it
                pass
            except BaseException:
                all_there.abort()
                raise

        loop = asyncio.get_running_loop()
        await asyncio.gather(*(loop.run_in_executor(self._threads, warm) for _ in range(self._count)))

    def close(self) -> None:
        """End all engines; what waits is called off, and what is being read fails."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        for program in self._programs:
            program.end()
        self._threads.shutdown()
        for program in self._programs:
            program.close()

    def _read(self, picture: Image.Image, ocr: dict[str, Any] | None) -> "Words":
        from symptomeme.predictor import ocr_params, settings_key, words_read  # noqa: PLC0415 - torch, see answering
        from symptomeme.text.engines import engine_of  # noqa: PLC0415
        from symptomeme.text.resident import ResidentTesseract  # noqa: PLC0415

        engines: dict[str, OcrEngine] = self._own.__dict__.setdefault("engines", {})
        key = settings_key(ocr)
        if key not in engines:
            if len(engines) == KEPT:
                self._let_go(engines.pop(next(iter(engines))))
            engines[key] = engine = engine_of(ocr_params(ocr), tesseract=ResidentTesseract)
            if isinstance(engine, ResidentTesseract):
                self._programs.append(engine)
        return words_read(engines[key], picture, ocr)

    def _let_go(self, engine: "OcrEngine") -> None:
        """End one that belongs to this thread."""
        if engine in self._programs:
            program = self._programs.pop(self._programs.index(engine))
            program.close()
