"""Faults of pictures, and oddities that are none."""

import struct
import zlib
from collections.abc import Callable
from random import Random
from typing import Any

import numpy as np
from faults.fault import Fault, saved, seen
from PIL import Image


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


def damaged_after_its_first_frame() -> bytes:
    """A GIF whose second frame, of noise, is cut off half way."""
    noise = Image.effect_noise((96, 64), 90).convert("RGB")
    alone, whole = (saved(seen(), "GIF", save_all=True, append_images=frames) for frames in ([], [noise]))
    return whole[: (len(alone) + len(whole)) // 2]


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


UNKNOWN = "of no known format, or its header is damaged"
OTHER_FORMATS: dict[str, Callable[[], bytes]] = {
    "SVG": lambda: (
        b'<svg xmlns="http://www.w3.org/2000/svg" width="96" height="64"><rect width="40" height="9"/></svg>'
    ),
    "PDF": lambda: saved(seen(), "PDF"),
    "HEIC": lambda: struct.pack(">I", 24) + b"ftypheic" + bytes(4) + b"mif1heic" + bytes(4000),  # what it begins with
    "PPM": lambda: saved(seen(), "PPM"),
}

PICTURES = {
    "empty file": unreadable(bytes, "empty, 0 bytes"),
    "no picture at all": unreadable(lambda: b"<html>not found</html>", UNKNOWN),
    **{f"picture of another format: {kind}": unreadable(make, UNKNOWN) for kind, make in OTHER_FORMATS.items()},
    "cut-off picture": unreadable(cut_off, "cut off or damaged, it cannot be decoded whole"),
    "damaged TIFF, packed by LZW": unreadable(
        lambda: saved(seen(), "TIFF", compression="tiff_lzw").replace(b"\xff", b"\0"),
        "cut off or damaged, it cannot be decoded whole",
        name="TR-1.tif",
    ),
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
    "animated GIF with a damaged later frame": good(damaged_after_its_first_frame, name="TR-1.gif"),
    "animated WebP": good(lambda: animated("WEBP"), name="TR-1.webp"),
    "animated PNG": good(lambda: animated("PNG")),
    "CMYK JPEG": good(lambda: saved(seen("CMYK"), "JPEG", quality=100, subsampling=0), name="TR-1.jpg"),
    "CMYK TIFF": good(lambda: saved(seen("CMYK"), "TIFF"), name="TR-1.tif"),
    "palette": good(lambda: saved(seen().quantize(8))),
    "16 bits a channel": good(sixteen_bits, lambda: seen("L").convert("RGB")),
    "transparent parts": good(see_through),
    "turned by EXIF": good(lambda: rotated("JPEG"), name="TR-1.jpg"),
}
