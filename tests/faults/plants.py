"""Every fault of docs/bad-input.md: how it is planted in an archive, in data/ and in a single file."""

import io
import json
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

VERBS = ("import-data", "ingest", "validate", "classify")
Row = dict[str, Any]


def saved(picture: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def seen(mode: str = "RGB") -> Image.Image:
    """What a person sees: white above with a black bar, red and blue below; no side like another."""
    picture = Image.new("RGB", (96, 64), "white")
    draw = ImageDraw.Draw(picture)
    draw.rectangle((8, 8, 60, 16), fill="black")
    draw.rectangle((0, 32, 40, 63), fill="red")
    draw.rectangle((41, 40, 95, 63), fill="blue")
    return picture.convert(mode)


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One row of the table: `told` holds, for each command that says something of it, what it says."""

    told: dict[str, str] = field(default_factory=dict)
    picture: Callable[[], bytes] | None = None  # in place of that of TR-1
    looks: Callable[[], Image.Image] | None = None  # what a person sees in it
    row: Callable[[Row], Row] | None = None  # in place of the annotation of TR-1, in an archive
    line: Callable[[str], str] | None = None  # likewise, the line of it in data/
    archive: Callable[[Path], None] | None = None  # done to a good zip
    by_hand: Callable[[str], None] | None = None  # done in the project before this command
    limits: dict[str, int] = field(default_factory=dict)  # of `hostility`, in place of the real ones
    name: str = "TR-1.png"  # of the picture


# pictures


def cut_off() -> bytes:
    noise = Image.effect_noise((64, 64), 90).convert("RGB")
    whole = saved(noise)
    return whole[: len(whole) // 2]


def header_of(width: int, height: int) -> bytes:
    """A PNG whose header tells of more pixels than there are bytes for."""
    chunks = (
        b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0),
        b"IDAT" + zlib.compress(b"\x00" * 1000),
        b"IEND",
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk)) for chunk in chunks
    )


def animated(kind: str) -> bytes:
    others = [Image.new("RGB", (96, 64), colour) for colour in ("lime", "black")]
    options: dict[str, Any] = {"lossless": True} if kind == "WEBP" else {}
    return saved(seen(), kind, save_all=True, append_images=others, duration=100, **options)


def rotated(kind: str, orientation: int = 6) -> bytes:
    """Stored lying on its side, with the EXIF tag that says to turn it."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    options: dict[str, Any] = {"quality": 100, "subsampling": 0} if kind == "JPEG" else {}
    return saved(seen().transpose(Image.Transpose.ROTATE_90), kind, exif=exif, **options)


def sixteen_bits() -> bytes:
    return saved(Image.fromarray(np.asarray(seen("L")).astype(np.uint16) * 257))


def see_through() -> bytes:
    picture = seen("RGBA")
    white = np.asarray(seen()).min(axis=2) == 255
    alpha = Image.fromarray(np.where(white, 0, 255).astype(np.uint8))
    picture.paste((0, 200, 0), mask=Image.fromarray(np.where(white, 255, 0).astype(np.uint8)))
    picture.putalpha(alpha)
    return saved(picture)


def unreadable(picture: Callable[[], bytes], reason: str, **more: Any) -> Fault:
    """What import-data copies, ingest marks, validate puts aside and classify refuses."""
    told = {"ingest": reason, "validate": "picture must be readable", "classify": reason}
    return Fault(picture=picture, told=told | more.pop("told", {}), **more)


def good(picture: Callable[[], bytes], looks: Callable[[], Image.Image] = seen, **more: Any) -> Fault:
    return Fault(picture=picture, looks=looks, **more)


PICTURES = {
    "empty file": unreadable(bytes, "empty, 0 bytes"),
    "no picture at all": unreadable(lambda: b"<html>not found</html>", "of no known format, or its header is damaged"),
    "picture of another format (SVG, PDF, HEIC, PPM)": unreadable(
        lambda: saved(seen(), "PPM"), "of no known format, or its header is damaged"
    ),
    "cut-off picture": unreadable(cut_off, "cut off or damaged, it cannot be decoded whole"),
    "1-pixel picture": unreadable(lambda: saved(Image.new("RGB", (1, 1))), "1 x 1 pixels, at least 2 x 2 are needed"),
    "picture smaller than `validate.min_side`": Fault(
        picture=lambda: saved(seen().resize((12, 8))), told={"validate": "smaller side must be at least 32 pixels"}
    ),
    "decompression bomb": unreadable(lambda: header_of(60_000, 60_000), "over 40000000 pixels"),
    "picture over 40,000,000 pixels": unreadable(
        lambda: header_of(7_000, 7_000), "7000 x 7000 pixels, at most 40000000 in all are read"
    ),
    "picture file over 50,000,000 bytes": unreadable(
        lambda: saved(seen()) + Random(0).randbytes(50_000_000),  # cannot be packed
        "bytes, at most 50000000 are read",
        told={"import-data": "picture over 50000000 bytes: train/TR-1"},
    ),
    "name of another format (a PNG called .jpg)": good(lambda: saved(seen()), name="TR-1.jpg"),
    "animated GIF": good(lambda: animated("GIF"), name="TR-1.gif"),
    "animated WebP": good(lambda: animated("WEBP"), name="TR-1.webp"),
    "animated PNG": good(lambda: animated("PNG")),
    "CMYK JPEG": good(lambda: saved(seen("CMYK"), "JPEG", quality=100, subsampling=0), name="TR-1.jpg"),
    "CMYK TIFF": good(lambda: saved(seen("CMYK"), "TIFF"), name="TR-1.tif"),
    "palette": good(lambda: saved(seen().quantize(8))),
    "16 bits a channel": good(sixteen_bits, lambda: seen("L").convert("RGB")),
    "transparent parts": good(see_through),
    "turned by EXIF": good(lambda: rotated("JPEG"), name="TR-1.jpg"),
}


# annotations


def labelled(*labels: str) -> tuple[Callable[[Row], Row], Callable[[str], str]]:
    """The same change to a published annotation and to its line in data/."""

    def row(found: Row) -> Row:
        return found | {"meme_anxiety_category": list(labels)}

    def line(found: str) -> str:
        return json.dumps(json.loads(found) | {"labels": list(labels)})

    return row, line


def of_row(changes: tuple[Callable[[Row], Row], Callable[[str], str]], **told: str) -> Fault:
    return Fault(row=changes[0], line=changes[1], told={key.replace("_", "-"): value for key, value in told.items()})


def put(path: Path, data: bytes) -> None:
    path.write_bytes(data)


TABLES = {"ingest": "data/axiom/splits.parquet", "validate": "artifacts/anxiety/memes.parquet"}

ANNOTATIONS = {
    "unknown label": of_row(
        labelled("Joy"), import_data="'Joy' is not a class of AxiOM", validate="labels must be classes of AxiOM"
    ),
    "dropped label (`Unknown`, `Irritability`)": of_row(
        labelled("Unknown"),
        import_data="label that is no class, meme left out: train/TR-1",
        validate="labels must be classes of AxiOM",
    ),
    "several labels where the task has one": of_row(
        labelled("Restlessness", "Nervousness"),
        import_data="2 labels, a meme of AxiOM has one",
        validate="there must be exactly one label",
    ),
    "no label where the task has one": of_row(
        labelled(), import_data="no label, meme left out: train/TR-1", validate="there must be exactly one label"
    ),
    "text over `validate.max_text_length`": Fault(
        row=lambda row: row | {"ocr_text": "a" * 20_001},
        line=lambda line: json.dumps(json.loads(line) | {"text": "a" * 20_001}),
        told={"validate": "given text must have at most"},
    ),
    "id that could not name a file": Fault(
        row=lambda row: row | {"sample_id": "../TR-1"}, told={"import-data": "may not name a file"}
    ),
    "field of the wrong kind": Fault(
        row=lambda row: row | {"ocr_text": 3},
        line=lambda line: json.dumps(json.loads(line) | {"labels": None}),
        told={"import-data": "ocr_text is no text", "ingest": "train/metadata.jsonl: not what import-data writes"},
    ),
    "damaged annotation file": Fault(
        archive=lambda path: rewritten(path, "anxiety_train.json", b'[{"sample_id": '),
        line=lambda line: line[:-5],
        told={"import-data": "no whole JSON file", "ingest": "train/metadata.jsonl: not what import-data writes"},
    ),
    "annotation without a picture": Fault(
        archive=lambda path: rewritten(path, "anxiety_train_image/TR-1.png", None),
        by_hand=lambda _: Path("data/axiom/train/images/TR-1.png").unlink(),
        told={
            "import-data": "annotation without a picture: train/TR-1",
            "ingest": "data/axiom/train/images/TR-1.png is missing",
            "classify": "no such file: data/axiom/train/images/TR-1.png",
        },
    ),
    "picture without an annotation": Fault(
        archive=lambda path: rewritten(path, "anxiety_train_image/TR-99.png", saved(seen())),
        by_hand=lambda _: put(Path("data/axiom/train/images/TR-99.png"), saved(seen())),
        told={"import-data": "picture without an annotation: train/TR-99"},
    ),
    "damaged table": Fault(
        by_hand=lambda verb: put(Path(TABLES[verb]), b"PAR1 and no more"),
        told={
            "ingest": "data/axiom/splits.parquet is no whole Parquet table",
            "validate": "artifacts/anxiety/memes.parquet is no whole Parquet table",
        },
    ),
}


# archives


def rewritten(path: Path, name: str, data: bytes | None) -> None:
    """The same zip with another file of this name; None: without it."""
    with zipfile.ZipFile(path) as packed:
        files = {inside: packed.read(inside) for inside in packed.namelist()}
    files.pop(name, None)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for inside, content in (files | ({} if data is None else {name: data})).items():
            packed.writestr(inside, content)


def added(name: str | zipfile.ZipInfo, data: bytes, method: int = zipfile.ZIP_STORED) -> Callable[[Path], None]:
    def add(path: Path) -> None:
        with zipfile.ZipFile(path, "a") as packed:
            packed.writestr(name, data, method)

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

ARCHIVES = {
    "missing archive": refused(Path.unlink, "there is no such file or folder"),
    "no zip": refused(lambda path: put(path, b"\x1f\x8b\x08 a tar"), NO_ZIP),
    "cut-off zip": refused(halved, NO_ZIP),
    "member whose checksum is wrong": refused(one_byte_changed, NO_ZIP),
    "path that climbs out (`../`)": refused(added("../evil.png", b"x"), LEAVES),
    "absolute path": refused(added("/etc/evil.png", b"x"), LEAVES),
    "Windows path (`C:`, backslashes)": refused(added("C:\\evil.png", b"x"), LEAVES),
    "control character in a name": refused(added("a\x1b[2J.png", b"x"), "has a control character in its name"),
    "link": refused(added(special(stat.S_IFLNK), b"/etc/passwd"), "is a link or device"),
    "device": refused(added(special(stat.S_IFCHR), b""), "is a link or device"),
    "name that stands in it twice": refused(twice, "stands in it twice"),
    "encrypted member": refused(flagged, "is encrypted"),
    "packed by another method (LZMA, BZip2)": refused(
        added("a.png", b"x" * 100, zipfile.ZIP_LZMA), "is neither stored nor deflated"
    ),
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

FAULTS = {**ARCHIVES, **ANNOTATIONS, **PICTURES}
