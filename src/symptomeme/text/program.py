"""Tesseract as a program: started once for many pages, whose files it is told as they come, and what it writes of them.

Its table comes through a pipe or a terminal, never through a file: where it finds no room, it writes less and does not
say so.
"""

import csv
import os
import shlex
import subprocess
from io import BytesIO
from pathlib import Path
from subprocess import DEVNULL, PIPE

import pytesseract
from PIL import Image

from symptomeme.domain.errors import ToolError
from symptomeme.text.installed import missing

Row = dict[str, str]

SIDE = 16  # pixels, of the empty page


def started(lang: str, config: str, *, stdout: int = PIPE, apart: bool = False) -> "subprocess.Popen[bytes]":
    """Tesseract on one thread, which takes names of files from its standard input until that ends.

    Args:
        lang: as for `tesseract -l`.
        config: more of its command line.
        stdout: as for `subprocess.Popen`, where the table goes.
        apart: Ctrl-C is not for it.

    Raises:
        ToolError: it does not start.
    """
    command = [pytesseract.pytesseract.tesseract_cmd, "-", "stdout", "-l", lang, *shlex.split(config)]
    # its threads only hinder one another; the limit is for it alone: in this process it would bind torch as well
    env = {**os.environ, "OMP_THREAD_LIMIT": "1"}
    try:
        return subprocess.Popen(
            [*command, "-c", "tessedit_create_tsv=1", "-c", "stream_filelist=true"],
            bufsize=0,
            stdin=PIPE,
            stdout=stdout,
            stderr=DEVNULL,
            env=env,
            start_new_session=apart,
        )
    except FileNotFoundError:
        raise missing() from None
    except OSError as error:
        raise ToolError(f"Tesseract does not start: {error.strerror}.") from None


def give(program: "subprocess.Popen[bytes]", file: Path) -> None:
    """Tell the program of one more page.

    Raises:
        BrokenPipeError: it has ended.
    """
    assert program.stdin is not None
    program.stdin.write(f"{file}\n".encode())


def write_page(grey: Image.Image, file: Path) -> None:
    """Write a page whole, or fail: Pillow does not notice when a disk takes only a part of its last write.

    As BMP, of no resolution: of a PGM file Tesseract's library asks for each pixel by itself.
    """
    grey.save(page := BytesIO(), "BMP", dpi=(0, 0))
    file.write_bytes(page.getbuffer())


def blank_in(folder: Path) -> Path:
    """An empty page: once it is in the table, all that was given before it is there whole."""
    blank = folder / "blank.bmp"
    write_page(Image.new("L", (SIDE, SIDE), 255), blank)
    return blank


def pages_of(table: str, number: int) -> list[list[Row]]:
    """The rows of each page, of so many and an empty one behind them, which is left out.

    Raises:
        ToolError: a page is not there, or not whole.
    """
    pages: list[list[Row]] = [[] for _ in range(number + 1)]
    try:
        for row in csv.DictReader(table.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE, strict=True):
            pages[int(row["page_num"]) - 1].append(row)
        told = all(page[0]["level"] == "1" for page in pages) and table.endswith("\n")
    except (IndexError, KeyError, TypeError, ValueError):
        told = False
    if not told:
        raise ToolError(
            "Tesseract's table of the pages it was given is not whole; read pictures are kept, run it again."
        )
    return pages[:number]
