"""RapidOCR as an engine: neural networks for finding and reading lines, whose files come inside its wheel."""

import threading
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from symptomeme.domain.digests import of_file
from symptomeme.domain.errors import ToolError
from symptomeme.text.ocr import Reading
from symptomeme.text.spaces import spaced

MODELS = ("PP-OCRv6_det_small.onnx", "PP-OCRv6_rec_small.onnx")


class RapidOcrEngine:
    """Reads the words in pictures with RapidOCR."""

    def __init__(self, *, min_confidence: float) -> None:
        """Find RapidOCR and its networks.

        Args:
            min_confidence: percent; lines below are left out.

        Raises:
            ToolError: it is not installed, or came without its networks.
        """
        try:
            import rapidocr  # noqa: PLC0415 - an extra, and slow
        except ImportError:
            raise ToolError(
                "RapidOCR is not installed (ocr.source: rapidocr). Type: pip install 'symptomeme[rapidocr]'"
            ) from None
        files = [Path(rapidocr.__file__).parent / "models" / name for name in MODELS]
        if not all(file.is_file() for file in files):
            raise ToolError(
                "RapidOCR came without its networks, which would now be downloaded. "
                "Type: pip install --force-reinstall 'symptomeme[rapidocr]'"
            )
        digests = "+".join(of_file(file)[:8] for file in files)
        self.settings = (
            f"rapidocr {version('rapidocr')}, onnxruntime {version('onnxruntime')}, PP-OCRv6 small {digests}, "
            f"confidence {min_confidence:g}"
        )
        self._make, self._min_confidence, self._of_thread = rapidocr.RapidOCR, min_confidence, threading.local()

    def read(self, pictures: Iterable[Image.Image]) -> list[Reading]:
        """One reading a picture, in order, one picture at a time."""
        return [self._read(picture) for picture in pictures]

    def _read(self, picture: Image.Image) -> Reading:
        found = self._reader()(np.ascontiguousarray(np.asarray(picture)[:, :, ::-1]))  # blue first
        if not found.txts:
            return Reading("", None, 0)
        lines = [
            (spaced(text, [_middle(box) for _, _, box in letters]).split(), 100 * float(score))
            for text, score, letters in zip(found.txts, found.scores, found.word_results, strict=True)
            if 100 * float(score) >= self._min_confidence
        ]
        words = [word for line, _ in lines for word in line]
        if not words:
            return Reading("", None, 0)
        confidence = sum(len(line) * score for line, score in lines) / len(words)
        return Reading(" ".join(words), round(confidence, 2), len(words))

    def _reader(self) -> Any:
        """This thread's own: the object keeps state between its steps."""
        if not hasattr(self._of_thread, "reader"):
            self._of_thread.reader = self._make(
                params={
                    "Global.log_level": "error",
                    "Global.use_cls": False,  # whether a line stands on its head: memes' do not
                    "Global.text_score": 0.0,
                    "Global.return_word_box": True,
                    "Global.return_single_char_box": True,
                    # a thread reads a picture: more only hinder one another
                    "EngineConfig.onnxruntime.intra_op_num_threads": 1,
                    "EngineConfig.onnxruntime.inter_op_num_threads": 1,
                }
            )
        return self._of_thread.reader


def _middle(box: Any) -> float:
    """The x of the middle of a letter's upper edge."""
    return (float(box[0][0]) + float(box[1][0])) / 2
