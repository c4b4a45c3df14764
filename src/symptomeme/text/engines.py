"""Which engine reads, by params."""

from symptomeme.domain.params import OcrParams
from symptomeme.text.ocr import OcrEngine
from symptomeme.text.rapid import RapidOcrEngine
from symptomeme.text.tesseract import TesseractEngine


def engine_of(params: OcrParams) -> OcrEngine:
    """The engine that these params name; Tesseract where `source` is the given text: a new meme comes without.

    Raises:
        ToolError: it is not installed.
    """
    if params.source == "rapidocr":
        return RapidOcrEngine(min_confidence=params.min_confidence)
    return TesseractEngine(
        lang=params.lang,
        page_segmentation=params.page_segmentation,
        view=params.view,
        light_threshold=params.light_threshold,
        dark_threshold=params.dark_threshold,
        upscale=params.upscale,
        min_confidence=params.min_confidence,
    )
