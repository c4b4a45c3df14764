"""Tesseract as a program that stays: pictures come one by one, and none waits for it to start."""

import os
import pty
import subprocess
import tty
from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Timer
from typing import TextIO

from pytesseract import TesseractError

from symptomeme.domain.errors import ToolError
from symptomeme.text.ocr import Reading
from symptomeme.text.program import Row, blank_in, give, started
from symptomeme.text.tesseract import REFUSED, SECONDS, Sheet, TesseractEngine, reading_of

PAGES = 1000  # after so many a fresh program takes over: what it leaks stays small


class ResidentTesseract(TesseractEngine):
    """Reads what `TesseractEngine` reads, word for word, for one thread at a time.

    Tesseract takes names of files from its standard input (`stream_filelist`) and writes a table of each page. A page
    ends where the next one begins, so that an empty page follows each one.
    """

    _program: subprocess.Popen[bytes] | None = None
    _pages = 0  # that the program has been given, the empty ones too
    _columns: list[str]  # as its first line names them; none before it

    def end(self) -> None:
        """End the program, from whatever thread: a page that is being read fails."""
        if (program := self._program) is not None:
            program.kill()

    def close(self) -> None:
        """End the program and clear up; the next picture starts another. For the thread that reads."""
        if self._program is not None:
            self.end()
            self._program.communicate()
            self._table.close()
            self._folder.cleanup()
            self._program = None

    def _read_sheets(self, sheets: Iterable[Sheet]) -> list[Reading]:
        sheets = list(sheets)
        try:
            return [
                reading_of(self._page(sheet.file), min_confidence=self._min_confidence if sheet.whole else 0)
                for sheet in sheets
            ]
        except (BrokenPipeError, EOFError):
            code = self._program.wait() if self._program else REFUSED
            self.close()
            raise TesseractError(code, "ended") from None

    def _page(self, file: Path) -> list[Row]:
        """The rows of one page."""
        program = self._running()
        alarm = Timer(SECONDS, program.kill)
        alarm.start()
        try:
            give(program, file)
            give(program, self._blank)
            self._pages += 2
            self._columns = self._columns or self._line()
            return list(self._rows_until_blank())
        finally:
            alarm.cancel()

    def _rows_until_blank(self) -> Iterator[Row]:
        """Rows of the page before the empty one; those of the empty page before it are passed over."""
        while True:
            row = dict(zip(self._columns, self._line(), strict=False))
            if row["page_num"] == str(self._pages):
                return
            if row["page_num"] == str(self._pages - 1):
                yield row

    def _running(self) -> "subprocess.Popen[bytes]":
        """The program, which is started where there is none."""
        if self._program is not None and (self._pages >= 2 * PAGES or self._program.poll() is not None):
            self.close()
        if self._program is None:
            self._folder = TemporaryDirectory(prefix="symptomeme-resident-")
            self._pages, self._columns = 0, []
            try:
                self._blank = blank_in(Path(self._folder.name))
                self._program, self._table = self._started()
            except (OSError, ToolError):
                self._folder.cleanup()
                raise
        return self._program

    def _line(self) -> list[str]:
        """The cells of the next line."""
        try:
            line = self._table.readline()
        except OSError:  # a terminal's way to say that nobody is at its other end
            line = ""
        if not line:
            raise EOFError
        return line.rstrip("\n").split("\t")

    def _started(self) -> tuple["subprocess.Popen[bytes]", TextIO]:
        """The program, and what it writes: to a terminal, since to a pipe it would write thousands of bytes late."""
        ours, its = pty.openpty()
        tty.setraw(its)
        try:
            # Ctrl-C is for the service, which lets it end its page
            program = started(self._lang, self._config, stdout=its, apart=True)
        except ToolError:
            os.close(ours)
            raise
        finally:
            os.close(its)
        return program, os.fdopen(ours, encoding="utf-8", errors="replace", newline="\n")
