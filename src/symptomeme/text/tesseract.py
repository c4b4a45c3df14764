"""Tesseract as an engine: many pictures a process, one thread a process."""

import errno
import logging
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from statistics import fmean
from subprocess import TimeoutExpired
from tempfile import TemporaryDirectory, gettempdir
from typing import Literal, NamedTuple

from PIL import Image
from pytesseract import TesseractError

from symptomeme.domain.errors import ToolError
from symptomeme.text import installed
from symptomeme.text.ocr import Reading, Unread
from symptomeme.text.program import Row, blank_in, give, pages_of, started, write_page
from symptomeme.text.views import SLIM, TALLEST, Page, page_of

LOG = logging.getLogger(__name__)

SECONDS = 120.0  # that Tesseract may take for one picture
SECONDS_MORE = 5.0  # and for each other one in its list


class Sheet(NamedTuple):
    """A picture as Tesseract gets it."""

    file: Path
    whole: bool  # all that is in it, in grey: no letters were found, or none were looked for


NOTHING = Reading(text="", confidence=None, words=0)
UNREAD = Unread(*NOTHING)
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
        version, languages = installed.version(), installed.languages(lang)
        self.settings = (
            f"tesseract {version}, {languages}, psm {page_segmentation}, "
            f"{view if view == 'grey' else f'letters {light_threshold}/{dark_threshold}, {TALLEST} px x {SLIM:g}'}, "
            f"upscale {upscale:g}, confidence {min_confidence:g}"
        )
        # memes hold no upright bars: what reads as one is a capital I; nor columns of a typewriter's letters, which
        # Tesseract otherwise tries for in each line
        self._lang = lang
        self._config = f"--psm {page_segmentation} -c tessedit_char_blacklist=| -c textord_all_prop=1"
        self._view, self._light, self._dark = view, light_threshold, dark_threshold
        self._upscale, self._min_confidence = upscale, min_confidence

    def read(self, pictures: Iterable[Image.Image]) -> list[Reading]:
        """One reading a picture, in order; one that Tesseract refuses has no words, one that takes too long is Unread.

        Raises:
            ToolError: Tesseract failed for another reason than a picture, or its pages find no room.
        """
        try:
            with TemporaryDirectory(prefix="symptomeme-ocr-") as folder:
                return self._read(pictures, Path(folder))
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            raise ToolError(
                f"{gettempdir()}: no room for the pages that Tesseract reads. Make room, or name another folder in "
                "TMPDIR; read pictures are kept, run it again."
            ) from None

    def _read(self, pictures: Iterable[Image.Image], folder: Path) -> list[Reading]:
        written: list[Sheet] = []

        def sheets() -> Iterator[Sheet]:
            for n, picture in enumerate(pictures):
                written.append(self._write(picture, folder / f"{n}.bmp"))
                yield written[-1]

        try:
            return self._read_sheets(sheets())
        except TimeoutExpired:
            if len(written) == 1:
                return [UNREAD]
        except TesseractError as error:
            _check_refused(error)
        # one picture spoils a whole list: each alone
        return [self._read_sheet(sheet) for sheet in written]

    def _write(self, picture: Image.Image, file: Path) -> Sheet:
        page = Page(picture.convert("L"), ())
        if self._view == "letters":
            page = page_of(picture, light=self._light, dark=self._dark)
        grey = page.image
        if self._upscale > 1:
            size = (round(grey.width * self._upscale), round(grey.height * self._upscale))
            grey = grey.resize(size, Image.Resampling.LANCZOS)
        write_page(grey, file)
        return Sheet(file, not page.letters)

    def _read_sheet(self, sheet: Sheet) -> Reading:
        try:
            return self._read_sheets([sheet])[0]
        except TimeoutExpired:
            return UNREAD
        except TesseractError as error:
            _check_refused(error)
            with Image.open(sheet.file) as picture:
                LOG.warning("Tesseract refused a picture of %d x %d pixels: no words.", *picture.size)
            return NOTHING

    def _read_sheets(self, sheets: Iterable[Sheet]) -> list[Reading]:
        """One reading a sheet; Tesseract starts while the first one is made. All are taken, also when it fails.

        Raises:
            TesseractError: it ended with another status than 0.
            TimeoutExpired: it took too long, and was ended.
        """
        taken: list[Sheet] = []
        with started(self._lang, self._config) as program:
            try:
                for sheet in sheets:
                    taken.append(sheet)
                    with suppress(BrokenPipeError):  # how it ended is told below
                        give(program, sheet.file)
                if not taken:
                    return []
                with suppress(BrokenPipeError):
                    give(program, blank_in(taken[0].file.parent))
                told, _ = program.communicate(timeout=SECONDS + SECONDS_MORE * (len(taken) - 1))
            except BaseException:
                program.kill()
                raise
        if program.returncode:
            raise TesseractError(program.returncode, "ended")
        pages = pages_of(told.decode(errors="replace"), len(taken))
        return [
            reading_of(page, min_confidence=self._min_confidence if sheet.whole else 0)
            for sheet, page in zip(taken, pages, strict=True)
        ]


def reading_of(page: list[Row], *, min_confidence: float) -> Reading:
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
