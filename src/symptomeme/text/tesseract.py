"""Tesseract as an engine: many pictures a process, one thread a process."""

import csv
import logging
import os
import re
import subprocess
import sys
from collections import ChainMap
from collections.abc import Iterable
from pathlib import Path
from statistics import fmean
from tempfile import TemporaryDirectory
from typing import Literal

import pytesseract
from PIL import Image, ImageChops
from pytesseract import Output, TesseractError, TesseractNotFoundError

from symptomeme.domain.digests import of_file
from symptomeme.domain.errors import ToolError
from symptomeme.text.ocr import Reading

LOG = logging.getLogger(__name__)

NOTHING = Reading(text="", confidence=None, words=0)
REFUSED = 1  # Tesseract's exit status for a picture that it cannot take


class TesseractEngine:
    """Reads the words in pictures with Tesseract."""

    def __init__(
        self,
        *,
        lang: str,
        page_segmentation: int,
        view: Literal["grey", "white"],
        white_threshold: int,
        upscale: float,
        min_confidence: float,
    ) -> None:
        """Find Tesseract and its language data.

        Args:
            lang: as for `tesseract -l`: "eng", "eng+deu".
            page_segmentation: as for `tesseract --psm`.
            view: read the grey picture; or black letters made of all that is nearly white, for outlined capitals.
            white_threshold: a pixel is nearly white when red, green and blue are all over this (0 to 255).
            upscale: factor on width and height before reading.
            min_confidence: percent; words below are left out.

        Raises:
            ToolError: Tesseract or a language is missing; the message says what to type.
        """
        version, languages = _version(), _languages(lang)
        self.settings = (
            f"tesseract {version}, {languages}, psm {page_segmentation}, "
            f"{view if view == 'grey' else f'white {white_threshold}'}, "
            f"upscale {upscale:g}, confidence {min_confidence:g}"
        )
        self._lang, self._config = lang, f"--psm {page_segmentation}"
        self._white_threshold = white_threshold if view == "white" else None
        self._upscale, self._min_confidence = upscale, min_confidence
        # Tesseract's threads only hinder one another, and the limit must stand before it starts. It is given to
        # Tesseract alone: in this process's own environment it would bind torch as well.
        pytesseract.pytesseract.environ = ChainMap({"OMP_THREAD_LIMIT": "1"}, os.environ)

    def read(self, pictures: Iterable[Image.Image]) -> list[Reading]:
        """One reading a picture, in order; one that Tesseract refuses has no words.

        Raises:
            ToolError: Tesseract failed for another reason than a picture.
        """
        with TemporaryDirectory(prefix="symptomeme-ocr-") as folder:
            files = [self._write(picture, Path(folder) / f"{n}.pgm") for n, picture in enumerate(pictures)]
            if not files:
                return []
            try:
                return self._read_files(files)
            except TesseractError as error:
                _check_refused(error)
            # one picture spoils a whole list: each alone
            return [self._read_file(file) for file in files]

    def _write(self, picture: Image.Image, file: Path) -> Path:
        grey = picture.convert("L") if self._white_threshold is None else whitened(picture, self._white_threshold)
        if self._upscale > 1:
            size = (round(grey.width * self._upscale), round(grey.height * self._upscale))
            grey = grey.resize(size, Image.Resampling.LANCZOS)
        grey.save(file)
        return file

    def _read_file(self, file: Path) -> Reading:
        try:
            return self._read_files([file])[0]
        except TesseractError as error:
            _check_refused(error)
            with Image.open(file) as picture:
                LOG.warning("Tesseract refused a picture of %d x %d pixels: no words.", *picture.size)
            return NOTHING

    def _read_files(self, files: list[Path]) -> list[Reading]:
        names = files[0].parent / "list.txt"
        names.write_text("\n".join(map(str, files)))
        table = pytesseract.image_to_data(str(names), lang=self._lang, config=self._config, output_type=Output.STRING)
        rows = csv.DictReader(table.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE)
        pages: dict[int, list[dict[str, str]]] = {page: [] for page in range(1, len(files) + 1)}
        for row in rows:
            pages[int(row["page_num"])].append(row)
        return [self._reading(page) for page in pages.values()]

    def _reading(self, page: list[dict[str, str]]) -> Reading:
        """A reading out of the rows of one page: blocks, paragraphs and lines (of confidence -1), and words."""
        words = [
            (row["text"].strip(), float(row["conf"]))
            for row in page
            if row["text"] and row["text"].strip() and float(row["conf"]) >= self._min_confidence
        ]
        if not words:
            return NOTHING
        confidence = fmean(confidence for _, confidence in words)
        return Reading(text=" ".join(word for word, _ in words), confidence=round(confidence, 2), words=len(words))


def whitened(picture: Image.Image, threshold: int) -> Image.Image:
    """Black where red, green and blue are all over `threshold`, white elsewhere: grey, of the same size."""
    red, green, blue = picture.split()
    darkest = ImageChops.darker(ImageChops.darker(red, green), blue)
    return darkest.point([255] * (threshold + 1) + [0] * (255 - threshold))


def _check_refused(error: TesseractError) -> None:
    """Let pass only what a picture can be blamed for."""
    if error.status != REFUSED:
        raise ToolError(f"Tesseract ended with status {error.status}; read pictures are kept, run it again.") from None


def _version() -> str:
    try:
        return str(pytesseract.get_tesseract_version())
    except (TesseractNotFoundError, subprocess.CalledProcessError):
        raise ToolError(f"Tesseract is not installed, or does not start. Type: {_install()}") from None


def _languages(lang: str) -> str:
    """Each language with the first digits of its data's digest: distributions ship different data by one name."""
    command = [pytesseract.pytesseract.tesseract_cmd, "--list-langs"]
    listed = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    header, *there = listed.splitlines() or [""]
    folder = re.search(r'"(.*)"', header)
    for name in lang.split("+"):
        if name not in there:
            raise ToolError(
                f"Tesseract has no data for language {name!r} (ocr.lang); it has {', '.join(there) or 'none'}. "
                f"Type: {_install(name)}"
            )
    if folder is None:
        return lang
    return "+".join(f"{name} {of_file(Path(folder[1]) / f'{name}.traineddata')[:8]}" for name in lang.split("+"))


def _install(lang: str | None = None) -> str:
    if sys.platform == "darwin":
        return "brew install tesseract-lang" if lang else "brew install tesseract"
    return (
        f"sudo apt-get install tesseract-ocr-{lang.replace('_', '-')}" if lang else "sudo apt-get install tesseract-ocr"
    )
