"""Signs that a stage is at its work: some of it is done, and more is left."""

import ctypes
import os
import sqlite3
import struct
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from functools import partial
from pathlib import Path

import psutil

Shows = Callable[[psutil.Process], bool]
Sign = Callable[[Path], AbstractContextManager[Shows]]  # of a project, from now on

LOOKED_AT = 10  # pictures of over 64: several processes have some behind them and some before them
IN_OPEN = 0x20
EVENT = struct.Struct("iIII")  # of inotify; a name of the last number's length follows it


def new_file(pattern: str) -> Sign:
    """A file that was not there before."""
    return partial(_new_file, pattern)


@contextmanager
def _new_file(pattern: str, root: Path) -> Iterator[Shows]:
    before = set(root.glob(pattern))
    yield lambda _: bool(set(root.glob(pattern)) - before)


@contextmanager
def readings_kept(root: Path) -> Iterator[Shows]:
    """Readings are in the cache, and Tesseract is told of more: not the one that tells its version."""
    yield lambda stage: any(map(_is_told_of_pages, stage.children())) and _kept(root, "ocr") > 0


def _is_told_of_pages(process: psutil.Process) -> bool:
    return process.name() == "tesseract" and "stream_filelist=true" in process.cmdline()


@contextmanager
def answers_kept(root: Path) -> Iterator[Shows]:
    """Answers about memes are in the cache, and one more meme is asked about."""
    yield lambda _: _kept(root, "reason", "key = 'at work'") > 0 and _kept(root, "reason", _AN_ANSWER) > 0


_AN_ANSWER = "key LIKE '% %' AND key != 'at work' AND key NOT LIKE 'ends %'"


def _kept(root: Path, stage: str, which: str = "true") -> int:
    """How many entries of a stage's caches are such."""
    kept = 0
    for file in root.glob(f".cache/{stage}/*/cache.db"):
        with suppress(sqlite3.Error), closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as store:
            kept += store.execute(f"SELECT count(*) FROM Cache WHERE {which}").fetchone()[0]
    return kept


@contextmanager
def pictures_looked_at(root: Path) -> Iterator[Shows]:
    """Pictures were opened since the stage has processes of its own; before, DVC opens them for their digests."""
    opened = 0
    with _opened(root.glob("data/*/*/images")) as since_last:

        def shows(stage: psutil.Process) -> bool:
            nonlocal opened
            new = since_last()
            opened = opened + new if stage.children() else 0
            return opened >= LOOKED_AT

        yield shows


@contextmanager
def _opened(folders: Iterable[Path]) -> Iterator[Callable[[], int]]:
    """How many files of these folders were opened since it was asked last."""
    libc = ctypes.CDLL(None, use_errno=True)
    watch = libc.inotify_init1(os.O_NONBLOCK)
    assert watch >= 0, os.strerror(ctypes.get_errno())
    try:
        for folder in folders:
            assert libc.inotify_add_watch(watch, os.fsencode(folder), IN_OPEN) >= 0, os.strerror(ctypes.get_errno())
        yield lambda: sum(1 for _ in _events(watch))
    finally:
        os.close(watch)


def _events(watch: int) -> Iterator[str]:
    """The names in what inotify has to tell; a folder's own opening has none."""
    with suppress(BlockingIOError):
        while told := os.read(watch, 1 << 16):
            while told:
                length = EVENT.unpack_from(told)[3]
                name, told = told[EVENT.size : EVENT.size + length], told[EVENT.size + length :]
                if length:
                    yield name.rstrip(b"\0").decode()
