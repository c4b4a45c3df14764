"""The one writer: everything is written beside its place, then renamed, so that nothing half-written stays behind."""

import errno
import fcntl
import glob
import json
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from symptomeme.domain.errors import InputError, SymptomemeError

_FULL = 1 << 20  # bytes; a write that fails with less than this left failed for want of room


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a path beside `path` to write a file or folder to; put it in place when the block ends well, else remove it.

    An existing folder is moved aside before the new one takes its place, and then deleted. What killed processes left
    beside `path` is put back or deleted first.

    Raises:
        OSError: the disk is full (ENOSPC): each library that writes has its own error for that.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    _clear_up(path)
    beside = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with telling_of_room(path, within=path.parent):
            yield beside
            _put_in_place(beside, path)
    finally:
        _remove(beside)


def _put_in_place(beside: Path, path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        aside = path.with_name(f".{path.name}.{os.getpid()}.old")
        path.rename(aside)
        try:
            beside.rename(path)
        except OSError:
            aside.rename(path)
            raise
        shutil.rmtree(aside)
    else:
        beside.replace(path)


@contextmanager
def telling_of_room(path: Path, *, within: Path) -> Iterator[None]:
    """Let what fails for want of room while `path` is written come as one error that names it.

    Args:
        path: a file or folder.
        within: a folder on the same disk.

    Raises:
        OSError: the disk is full (ENOSPC): each library that writes has its own error for that.
    """
    try:
        yield
    except SymptomemeError:
        raise
    except Exception as error:
        if _is_for_room(error, within):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path)) from error
        raise


def _is_for_room(error: Exception, folder: Path) -> bool:
    """Whether an error comes of a full disk; libraries tell it by a number, in their text, or not at all."""
    told = getattr(error, "errno", None) == errno.ENOSPC or os.strerror(errno.ENOSPC) in str(error)
    return told or shutil.disk_usage(folder).free < _FULL


def _clear_up(path: Path) -> None:
    """Put back a folder whose process was killed between the two renames; delete what else killed processes left."""
    for left in sorted(path.parent.glob(f".{glob.escape(path.name)}.*.*")):
        pid, _, kind = left.name.removeprefix(f".{path.name}.").partition(".")
        if not pid.isdecimal() or kind not in ("partial", "old") or _runs(int(pid)):
            continue
        if kind == "old" and not path.exists():
            left.rename(path)
        else:
            _remove(left)


def _runs(pid: int) -> bool:
    """Whether another process of this number runs."""
    if pid == os.getpid():
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # another user's
        return True
    return True


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text with Unix line ends."""
    with replacing(path) as beside:
        beside.write_text(text, encoding="utf-8", newline="\n")


def write_json(path: Path, value: Any) -> None:
    """Write JSON that two runs with the same value leave with the same bytes."""
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def read_json(path: Path) -> Any:
    """What a stage left by `write_json`.

    Raises:
        OSError: it is not there.
        InputError: it is damaged.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise InputError(
            f"{path}: no whole JSON file ({type(error).__name__}). Delete it, and 'dvc repro' brings it back."
        ) from None


def write_jsonl(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    """Write one JSON object a line."""
    write_text(path, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))


def append_text(path: Path, text: str) -> None:
    """Add whole lines to a file that is never rewritten, in one write: processes that append do not mix their lines.

    Raises:
        OSError: there is no room (ENOSPC); a part of the text may stand there then.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    data = text.encode()
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        if os.write(descriptor, data) < len(data):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
    finally:
        os.close(descriptor)


def read_jsonl(path: Path) -> list[dict[str, Any]]:
    """Read one JSON object a line."""
    with path.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines if line.strip()]


def append_jsonl(path: Path, row: dict[str, Any]) -> None:
    """Add one JSON object as a line of its own and wait until it is on the disk; an append that fails leaves nothing.

    A last line that a crash cut off is ended first, so that only it is lost.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    line = json.dumps(row, ensure_ascii=False).encode() + b"\n"
    with path.open("ab+", buffering=0) as log:
        fcntl.flock(log, fcntl.LOCK_EX)
        size = log.seek(0, os.SEEK_END)
        if size:
            log.seek(-1, os.SEEK_END)
            line = line if log.read(1) == b"\n" else b"\n" + line
        try:
            if log.write(line) != len(line):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
            os.fsync(log.fileno())
        except BaseException:
            log.truncate(size)
            raise


def read_log(path: Path) -> tuple[list[dict[str, Any]], list[int]]:
    """The rows that `append_jsonl` left, and the numbers of lines that a crash cut off; none where there is no file."""
    rows: list[dict[str, Any]] = []
    torn = []
    if path.exists():
        for number, line in enumerate(path.read_bytes().splitlines(), start=1):
            try:
                rows.append(json.loads(line))
            except ValueError:
                torn.append(number)
    return rows, torn


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
