"""Whether a zip is what honest people pack; told from its directory, before a byte of any member is unpacked.

Refused whole: a path that leaves the archive, a name that is none, a link or device, an encrypted member, a name that
stands in it twice, too many members, too many bytes, members that overlap, and a ratio only a bomb has.
"""

import re
import stat
import zipfile
from pathlib import Path, PurePosixPath

from symptomeme.data.naming import printable
from symptomeme.domain.errors import ArchiveError

MAX_MEMBERS = 200_000
MAX_TOTAL = 20_000_000_000  # bytes, unpacked
MAX_RATIO = 200  # unpacked to packed, of members over RATIO_FROM bytes
RATIO_FROM = 1_000_000
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # Python unpacks the others without a bound on memory


def check_bounds(path: Path, members: int, total: int) -> None:
    """Check how many files an archive holds and how many bytes they are.

    Raises:
        ArchiveError: too many.
    """
    if members > MAX_MEMBERS:
        raise ArchiveError(
            f"{printable(path)}: {members} members, at most {MAX_MEMBERS} are taken; nothing was imported."
        )
    if total > MAX_TOTAL:
        raise ArchiveError(
            f"{printable(path)}: {total} bytes unpacked, at most {MAX_TOTAL} are taken; nothing was imported."
        )


def checked_files(path: Path, infos: list[zipfile.ZipInfo]) -> dict[PurePosixPath, zipfile.ZipInfo]:
    """The files of a zip by their paths, folders aside.

    Raises:
        ArchiveError: any member, file or folder, wanted or not, is not what honest people pack.
    """
    check_bounds(path, len(infos), sum(info.file_size for info in infos))
    if sum(info.compress_size for info in infos) > path.stat().st_size:
        raise ArchiveError(f"{printable(path)}: its members overlap, as in a zip bomb; nothing was imported.")
    files: dict[PurePosixPath, zipfile.ZipInfo] = {}
    for info in infos:
        inside = PurePosixPath(_slashed(info.filename))
        fault = "stands in it twice" if inside in files else _fault(info)
        if fault is not None:
            member = f"{printable(path)}: member '{printable(info.orig_filename[:200])}'"
            raise ArchiveError(f"{member} {fault}; nothing was imported.")
        if not _slashed(info.filename).endswith("/"):  # is_dir() of Python 3.11 fails at an empty name
            files[inside] = info
    return files


def _fault(info: zipfile.ZipInfo) -> str | None:
    """Why a member is refused, if it is."""
    name = _slashed(info.orig_filename)
    if name.startswith("/") or re.match(r"[A-Za-z]:", name) or ".." in name.split("/"):
        return "has a path that leaves the archive"
    if any(ord(char) < ord(" ") for char in name):
        return "has a control character in its name"
    if not name.endswith("/") and not PurePosixPath(name).parts:
        return "has a name that names no file"
    if stat.S_IFMT(info.external_attr >> 16) not in (0, stat.S_IFREG, stat.S_IFDIR):
        return "is a link or device, only files and folders are taken"
    return _fault_of_packing(info)


def _fault_of_packing(info: zipfile.ZipInfo) -> str | None:
    if info.flag_bits & 0x1:
        return "is encrypted; unpack it and give the folder"
    if info.compress_type not in _METHODS:
        return "is neither stored nor deflated; unpack it and give the folder"
    if info.file_size > max(RATIO_FROM, MAX_RATIO * info.compress_size):
        return f"unpacks to over {MAX_RATIO} times its size, as in a zip bomb"
    return None


def _slashed(name: str) -> str:
    """The name with the slashes of Windows made plain ones."""
    return name.replace("\\", "/")
