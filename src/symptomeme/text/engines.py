"""Which engine reads, by params, and where what it has read is kept."""

from pathlib import Path

import PIL

from symptomeme.data import transforms
from symptomeme.domain import digests
from symptomeme.domain.layout import cache
from symptomeme.domain.params import OcrParams
from symptomeme.text import tesseract
from symptomeme.text.ocr import OcrEngine
from symptomeme.text.tesseract import TesseractEngine


def engine_of(params: OcrParams) -> OcrEngine:
    """The engine that these params name, also where their `source` is the given text: a new meme comes without.

    Raises:
        ToolError: it is not installed.
    """
    return TesseractEngine(
        lang=params.lang,
        page_segmentation=params.page_segmentation,
        view=params.view,
        white_threshold=params.white_threshold,
        upscale=params.upscale,
        min_confidence=params.min_confidence,
    )


def readings_of(engine: OcrEngine) -> Path:
    """The cache of readings by what they depend on beside a picture's bytes: the engine, the code before and after."""
    code = [digests.of_file(Path(str(module.__file__))) for module in (tesseract, transforms)]
    return cache("ocr", digests.of_value([engine.settings, PIL.__version__, *code]))
