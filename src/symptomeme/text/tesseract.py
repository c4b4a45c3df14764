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
from typing import Literal, NamedTuple

import pytesseract
from PIL import Image
from pytesseract import Output, TesseractError, TesseractNotFoundError

from symptomeme.domain.digests import of_file
from symptomeme.domain.errors import ToolError
from symptomeme.text.ocr import Reading
from symptomeme.text.views import Page, page_of

LOG = logging.getLogger(__name__)


class Sheet(NamedTuple):
    """A picture as Tesseract gets it."""

    file: Path
    whole: bool  # all that is in it, in grey: no letters were found, or none were looked for


NOTHING = Reading(text="", confidence=None, words=0)
REFUSED = 1  # Tesseract's exit status for a picture that it cannot take


class TesseractEngine:
    """Reads the words in pictures with Tesseract."""

    def __init__(
        self,
        *,
        lang: str,
        page_segmentation: int,
        view: Literal["letters", "grey"],
        light_threshold: int,
        dark_threshold: int,
        upscale: float,
        min_confidence: float,
    ) -> None:
        """Find Tesseract and its language data.

        Args:
            lang: as for `tesseract -l`: "eng", "eng+deu".
            page_segmentation: as for `tesseract --psm`.
            view: read the letters alone, as `views.page_of` finds them; or the picture in grey.
            light_threshold: red, green and blue of a light pixel are all over this (0 to 255).
            dark_threshold: red, green and blue of a dark pixel are all under this.
            upscale: factor on width and height before reading.
            min_confidence: percent; words below are left out of a picture that was read as it is. Of letters that
                stand alone, doubtful words are mostly near the truth, and all are kept.

        Raises:
            ToolError: Tesseract or a language is missing; the message says what to type.
        """
        version, languages = _version(), _languages(lang)
        self.settings = (
            f"tesseract {version}, {languages}, psm {page_segmentation}, "
            f"{view if view == 'grey' else f'letters {light_threshold}/{dark_threshold}'}, "
            f"upscale {upscale:g}, confidence {min_confidence:g}"
        )
        # memes hold no upright bars: what reads as one is a capital I
        self._lang, self._config = lang, f"--psm {page_segmentation} -c tessedit_char_blacklist=|"
        self._view, self._light, self._dark = view, light_threshold, dark_threshold
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
            sheets = [self._write(picture, Path(folder) / f"{n}.pgm") for n, picture in enumerate(pictures)]
            if not sheets:
                return []
            try:
                return self._read_sheets(sheets)
            except TesseractError as error:
                _check_refused(error)
            # one picture spoils a whole list: each alone
            return [self._read_sheet(sheet) for sheet in sheets]

    def _write(self, picture: Image.Image, file: Path) -> Sheet:
        page = Page(picture.convert("L"), ())
        if self._view == "letters":
            page = page_of(picture, light=self._light, dark=self._dark)
        grey = page.image
        if self._upscale > 1:
            size = (round(grey.width * self._upscale), round(grey.height * self._upscale))
            grey = grey.resize(size, Image.Resampling.LANCZOS)
        grey.save(file)
        return Sheet(file, not page.letters)

    def _read_sheet(self, sheet: Sheet) -> Reading:
        try:
            return self._read_sheets([sheet])[0]
        except TesseractError as error:
            _check_refused(error)
            with Image.open(sheet.file) as picture:
                LOG.warning("Tesseract refused a picture of %d x %d pixels: no words.", *picture.size)
            return NOTHING

    def _read_sheets(self, sheets: list[Sheet]) -> list[Reading]:
        names = sheets[0].file.parent / "list.txt"
        names.write_text("\n".join(str(sheet.file) for sheet in sheets))
        try:
            table = pytesseract.image_to_data(
                str(names), lang=self._lang, config=self._config, output_type=Output.STRING
            )
        except TesseractNotFoundError:
            raise _missing() from None
        rows = csv.DictReader(table.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE)
        pages: list[list[dict[str, str]]] = [[] for _ in sheets]
        for row in rows:
            pages[int(row["page_num"]) - 1].append(row)
        return [
            reading_of(page, min_confidence=self._min_confidence if sheet.whole else 0)
            for sheet, page in zip(sheets, pages, strict=True)
        ]


def reading_of(page: list[dict[str, str]], *, min_confidence: float) -> Reading:
    """A reading out of the rows of one page: blocks, paragraphs and lines (of confidence -1), and words."""
    words = [
        (row["text"].strip(), float(row["conf"]))
        for row in page
        if row["text"] and row["text"].strip() and float(row["conf"]) >= min_confidence
    ]
    if not words:
        return NOTHING
    confidence = fmean(confidence for _, confidence in words)
    return Reading(text=" ".join(word for word, _ in words), confidence=round(confidence, 2), words=len(words))


def _check_refused(error: TesseractError) -> None:
    """Let pass only what a picture can be blamed for."""
    if error.status != REFUSED:
        raise ToolError(f"Tesseract ended with status {error.status}; read pictures are kept, run it again.") from None


def _version() -> str:
    try:
        return str(pytesseract.get_tesseract_version())
    except (TesseractNotFoundError, subprocess.CalledProcessError):
        raise _missing() from None


def _languages(lang: str) -> str:
    """Each language with the first digits of its data's digest: distributions ship different data by one name."""
    command = [pytesseract.pytesseract.tesseract_cmd, "--list-langs"]
    try:
        listed = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    except OSError:  # it was there when its version was asked for, which pytesseract remembers
        raise _missing() from None
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


def _missing() -> ToolError:
    return ToolError(f"Tesseract is not installed, or does not start. Type: {_install()}")


def _install(lang: str | None = None) -> str:
    if sys.platform == "darwin":
        return "brew install tesseract-lang" if lang else "brew install tesseract"
    return (
        f"sudo apt-get install tesseract-ocr-{lang.replace('_', '-')}" if lang else "sudo apt-get install tesseract-ocr"
    )
