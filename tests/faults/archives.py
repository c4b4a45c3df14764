"""Faults of archives."""

import json
import stat
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

from faults.fault import Fault, put, saved, seen


def added(name: str | zipfile.ZipInfo, data: bytes, method: int = zipfile.ZIP_STORED) -> Callable[[Path], None]:
    def add(path: Path) -> None:
        with zipfile.ZipFile(path, "a") as packed:
            packed.writestr(name, data, method)

    return add


def renamed(name: str) -> Callable[[Path], None]:
    """A member whose name `zipfile` would not write of its own accord."""

    def add(path: Path) -> None:
        info = zipfile.ZipInfo("a.png")
        info.filename = name
        with zipfile.ZipFile(path, "a") as packed, packed.open(info, "w") as member:
            member.write(b"x")

    return add


def special(kind: int) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo("anxiety_train_image/TR-99.png")
    info.external_attr = (kind | 0o777) << 16
    return info


def twice(path: Path) -> None:
    with zipfile.ZipFile(path, "a") as packed:
        packed.writestr("anxiety_train_image//TR-1.png", b"other")


def flagged(path: Path) -> None:
    """The encryption bit of the first member set."""
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)


def halved(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def one_byte_changed(path: Path) -> None:
    """A byte of a picture's pixels: the checksum of the member no longer holds."""
    data = bytearray(path.read_bytes())
    data[data.index(b"TR-1.png") + 60] ^= 0xFF
    path.write_bytes(data)


def swollen(path: Path) -> None:
    """The directory says of every member that it unpacks to 4 GB."""
    for_each_entry(path, 24, 4_000_000_000)


def for_each_entry(path: Path, offset: int, *values: int) -> None:
    """Write numbers of 4 bytes into every entry of the directory."""
    data = bytearray(path.read_bytes())
    at = data.find(b"PK\x01\x02")
    while at >= 0:
        struct.pack_into(f"<{len(values)}L", data, at + offset, *values)
        at = data.find(b"PK\x01\x02", at + 4)
    path.write_bytes(data)


def overlapping(path: Path) -> None:
    """Every entry of the directory claims the packed bytes of the whole file."""
    for_each_entry(path, 20, path.stat().st_size)


def of_the_other_task(path: Path) -> None:
    row = {"sample_id": "TR-1", "ocr_text": "words", "meme_depressive_categories": ["Self-Harm"]}
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("train.json", json.dumps([row]))
        packed.writestr("train/TR-1.png", saved(seen()))


def refused(archive: Callable[[Path], None], reason: str) -> Fault:
    return Fault(archive=archive, told={"import-data": reason})


LEAVES = "has a path that leaves the archive"
NO_ZIP = "no zip, or a corrupt one"
METHOD = "is neither stored nor deflated"

ARCHIVES = {
    "missing archive": refused(Path.unlink, "there is no such file or folder"),
    "no zip": refused(lambda path: put(path, b"\x1f\x8b\x08 a tar"), NO_ZIP),
    "cut-off zip": refused(halved, NO_ZIP),
    "member whose checksum is wrong": refused(one_byte_changed, NO_ZIP),
    "path that climbs out (`../`)": refused(added("../evil.png", b"x"), LEAVES),
    "absolute path": refused(added("/etc/evil.png", b"x"), LEAVES),
    "Windows path with a drive (`C:`)": refused(added("C:/evil.png", b"x"), LEAVES),
    "Windows path from the top (`\\`)": refused(added("\\evil.png", b"x"), LEAVES),
    "Windows path that climbs out (`..\\`)": refused(added("a\\..\\..\\evil.png", b"x"), LEAVES),
    "control character in a name": refused(added("a\x1b[2J.png", b"x"), "has a control character in its name"),
    "empty name": refused(renamed(""), "member '' has a name that names no file"),
    "name that is a dot": refused(renamed("."), "member '.' has a name that names no file"),
    "link": refused(added(special(stat.S_IFLNK), b"/etc/passwd"), "is a link or device"),
    "device": refused(added(special(stat.S_IFCHR), b""), "is a link or device"),
    "name that stands in it twice": refused(twice, "stands in it twice"),
    "encrypted member": refused(flagged, "is encrypted"),
    "packed by LZMA": refused(added("a.png", b"x" * 100, zipfile.ZIP_LZMA), METHOD),
    "packed by BZip2": refused(added("a.png", b"x" * 100, zipfile.ZIP_BZIP2), METHOD),
    "bomb by ratio": refused(
        added("anxiety_train_image/TR-99.png", bytes(3_000_000), zipfile.ZIP_DEFLATED),
        "unpacks to over 200 times its size, as in a zip bomb",
    ),
    "bomb by size": refused(swollen, "bytes unpacked, at most 20000000000 are taken"),
    "bomb by member count": Fault(
        limits={"MAX_MEMBERS": 5}, archive=lambda _: None, told={"import-data": "members, at most 5 are taken"}
    ),
    "bomb by overlap": refused(overlapping, "its members overlap, as in a zip bomb"),
    "archive of another task": refused(of_the_other_task, "no annotations of AxiOM"),
}
