"""Which engine reads, by params, and where its readings are kept."""

import os
from collections.abc import Sequence
from pathlib import Path

import PIL

from symptomeme.data import transforms
from symptomeme.domain import digests
from symptomeme.domain.layout import cache
from symptomeme.domain.sections.words import OcrParams
from symptomeme.text import program, rapid, runs, shapes, spaces, views
from symptomeme.text import tesseract as tesseract_module
from symptomeme.text.ocr import OcrEngine, Reading, read_all
from symptomeme.text.rapid import RapidOcrEngine
from symptomeme.text.tesseract import TesseractEngine

IMAGES_PER_PROCESS = 50  # more saves starts of Tesseract, fewer loses less when it is stopped


def engine_of(params: OcrParams, *, tesseract: type[TesseractEngine] = TesseractEngine) -> OcrEngine:
    """The engine that these params name; Tesseract where `source` is the given text: a new meme comes without.

    Args:
        params: of a model, or of params.yaml.
        tesseract: how Tesseract runs.

    Raises:
        ToolError: it is not installed.
    """
    if params.source == "rapidocr":
        return RapidOcrEngine(min_confidence=params.min_confidence)
    return tesseract(
        lang=params.lang,
        page_segmentation=params.page_segmentation,
        view=params.view,
        light_threshold=params.light_threshold,
        dark_threshold=params.dark_threshold,
        upscale=params.upscale,
        min_confidence=params.min_confidence,
    )


def read_pictures(engine: OcrEngine, pictures: Sequence[tuple[str, Path]]) -> list[Reading]:
    """Read pictures, but those that this engine has read before.

    Args:
        engine: as `engine_of` gives it.
        pictures: SHA-256 and path of each.

    Raises:
        ToolError: the engine failed.
        ImageError: a picture cannot be opened, or has other bytes.
    """
    return read_all(
        engine,
        pictures,
        cache=kept_at(engine),
        batch_size=IMAGES_PER_PROCESS,
        workers=os.cpu_count() or 1,
    )


def kept_at(engine: OcrEngine) -> Path:
    """The folder for its readings, named by all they depend on beside a picture: the engine and the code around it."""
    code = [
        digests.of_file(Path(str(module.__file__)))
        for module in (tesseract_module, program, views, shapes, runs, rapid, spaces, transforms)
    ]
    return cache("ocr", digests.of_value([engine.settings, PIL.__version__, *code]))
