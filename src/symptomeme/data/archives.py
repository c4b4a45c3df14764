"""Zips and folders packed by strangers, opened for reading only: nothing is unpacked under the name it has in there."""

import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import IO

from symptomeme.data.hostility import check_bounds, checked_files
from symptomeme.data.naming import printable
from symptomeme.domain.errors import ArchiveError

_CHUNK = 1 << 20  # bytes
_JUNK = ("__MACOSX", "Thumbs.db", "desktop.ini")
_CORRUPT = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, OverflowError, RuntimeError, ValueError, OSError)


@dataclass(frozen=True, eq=False)
class Member:
    """A file in an archive."""

    archive: "Archive"
    path: PurePosixPath  # inside the archive
    size: int  # bytes, as declared

    @property
    def where(self) -> str:
        """What to call it in messages."""
        return printable(f"{self.archive.path}/{self.path}")

    @property
    def folders(self) -> tuple[str, ...]:
        """Names of the folders it stands in, the archive's own name first."""
        return (self.archive.path.resolve().stem, *self.path.parts[:-1])

    def read(self) -> bytes:
        """All its bytes; they are counted, whatever its header says.

        Raises:
            ArchiveError: it is corrupt, or gives more bytes than it declared.
        """
        found = bytearray()
        try:
            with self.archive.open_file(self.path) as stream:
                while chunk := stream.read(_CHUNK):
                    found += chunk
                    if len(found) > self.size:
                        raise ArchiveError(f"{self.where}: gives more bytes than it declares; nothing was imported.")
        except _CORRUPT as error:
            raise _corrupt(self.where, error) from None
        return bytes(found)


@dataclass(eq=False)
class Archive:
    """An open zip or folder whose files passed all checks."""

    path: Path
    files: dict[PurePosixPath, int]  # declared size in bytes
    open_file: Callable[[PurePosixPath], IO[bytes]]
    links: list[str] = field(default_factory=list)  # links and devices in a folder, not followed

    @cached_property
    def members(self) -> list[Member]:
        """Its files, but for what systems leave behind: hidden files, __MACOSX, thumbnails."""
        return [
            Member(self, path, size)
            for path, size in sorted(self.files.items())
            if not any(part.startswith(".") or part in _JUNK for part in path.parts)
        ]


@contextmanager
def open_archive(path: Path) -> Iterator[Archive]:
    """Open a zip or a folder after checking every file in it.

    Raises:
        ArchiveError: it is missing, corrupt, hostile, or neither a zip nor a folder.
    """
    if path.is_dir():
        yield _folder(path)
        return
    if not path.is_file():
        raise ArchiveError(f"{printable(path)}: there is no such file or folder.")
    try:
        opened = zipfile.ZipFile(path)
    except _CORRUPT as error:
        raise _corrupt(printable(path), error) from None
    with opened:
        infos = checked_files(path, opened.infolist())
        yield Archive(
            path,
            files={inside: info.file_size for inside, info in infos.items()},
            open_file=lambda inside: opened.open(infos[inside]),
        )


def _folder(root: Path) -> Archive:
    files: dict[PurePosixPath, int] = {}
    links: list[str] = []
    total = 0
    for inside, found in _walk(root):
        if not stat.S_ISREG(found.st_mode):
            links.append(printable(f"{root}/{inside}"))
            continue
        files[inside] = found.st_size
        total += found.st_size
        check_bounds(root, len(files), total)
    return Archive(root, files, open_file=lambda inside: root.joinpath(inside).open("rb"), links=links)


def _walk(root: Path) -> Iterator[tuple[PurePosixPath, os.stat_result]]:
    """Files and links below a folder; hidden folders and links are not entered."""
    for folder, below, files in os.walk(root, onerror=_unreadable):
        below[:] = [name for name in below if not name.startswith(".")]
        links = [name for name in below if Path(folder, name).is_symlink()]
        for name in sorted(files) + sorted(links):
            path = Path(folder, name)
            yield PurePosixPath(path.relative_to(root).as_posix()), path.lstat()


def _unreadable(error: OSError) -> None:
    """Refuse a folder that cannot be listed; `os.walk` would pass over it."""
    raise _corrupt(printable(str(error.filename)), error)


def _corrupt(where: str, error: Exception) -> ArchiveError:
    if isinstance(error, OSError) and error.strerror:
        return ArchiveError(f"{where}: cannot be read ({error.strerror}); nothing was imported.")
    kind = type(error).__name__
    return ArchiveError(f"{where}: no zip, or a corrupt one ({kind}); nothing was imported. Fetch it again.")
