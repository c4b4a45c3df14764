"""Pictures that hostile requests begin with: allowed formats, odd modes, every other format, and huge headers."""

import io
import struct
import zlib

from faults.fault import saved, seen
from PIL import Image

HUGE = 30_000  # pixels a side
FRAMES = [Image.new("RGB", (96, 64), colour) for colour in ("lime", "red")]
PICTURES = [
    saved(seen(), "JPEG", quality=80),
    saved(seen("RGBA")),
    saved(seen(), "GIF", save_all=True, append_images=FRAMES[:1]),
    saved(seen(), "WEBP", quality=70),
    saved(seen(), "BMP"),
    saved(seen(), "TIFF"),
]
ODD_MODES = [
    saved(seen("L").convert("I;16")),
    saved(seen("L").convert("I;16"), "TIFF"),
    saved(seen("L").convert("F"), "TIFF"),
    saved(seen("L").convert("I"), "TIFF"),
    saved(seen("CMYK"), "JPEG"),
    saved(seen("CMYK"), "TIFF"),
    saved(seen("P")),
    saved(seen("1"), "TIFF", compression="group4"),
    saved(seen(), "TIFF", save_all=True, append_images=FRAMES),
    saved(seen(), "PNG", save_all=True, append_images=FRAMES),
    saved(seen(), "WEBP", save_all=True, append_images=FRAMES),
    saved(seen(), "MPO", save_all=True, append_images=FRAMES),
]


def in_other_formats() -> list[bytes]:
    """A picture in each format that Pillow writes here by itself, beside those that are allowed."""
    Image.init()
    found = []
    for kind in sorted(set(Image.SAVE) - {"JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF"}):
        for mode in ("RGB", "L", "1"):
            data = io.BytesIO()
            try:
                seen(mode).save(data, kind)
            except Exception:  # not of this mode, or not at all without another program: each in its own words
                continue
            found.append(data.getvalue())
            break
    return found


READ_ONLY = {
    "PSD": b"8BPS" + struct.pack(">H6xHIIHH", 1, 3, 4, 4, 8, 3) + bytes(12) + bytes(2) + bytes(48),
    "XPM": b'/* XPM */\nstatic char * a[] = {\n"2 2 1 1",\n"a c #ff0000",\n"aa",\n"aa"};\n',
    "SUN": struct.pack(">8I", 0x59A66A95, 4, 4, 24, 48, 1, 0, 0) + bytes(48),
    "FITS": b"".join(
        line.ljust(80)
        for line in (b"SIMPLE  = T", b"BITPIX  = 8", b"NAXIS   = 2", b"NAXIS1  = 4", b"NAXIS2  = 4", b"END")
    ).ljust(2880)
    + bytes(2880),
    "FLI": struct.pack("<IHHHHHH", 128 + 16, 0xAF11, 1, 4, 4, 8, 0).ljust(128, b"\0")
    + struct.pack("<IHH8x", 16, 0xF1FA, 0),
}
"""A small file of some formats that Pillow reads and does not write."""


def png_of(width: int, height: int, pixels: bytes = b"") -> bytes:
    """A PNG that says it is so large, whatever is in it."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4) + kind + data + zlib.crc32(kind + data).to_bytes(4)

    head = width.to_bytes(4) + height.to_bytes(4) + bytes([8, 0, 0, 0, 0])
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(pixels)) + chunk(b"IEND", b"")


def _resized(data: bytes, at: int, field: str) -> bytes:
    """A file whose header says that it is HUGE: width and height stand at an offset, in such a form."""
    changed = bytearray(data)
    struct.pack_into(field, changed, at, HUGE, HUGE)
    return bytes(changed)


def _huge_tiff() -> bytes:
    """Tags 256 and 257 of the first directory, of little-endian numbers, told anew."""
    changed = bytearray(PICTURES[5])
    (start,) = struct.unpack_from("<I", changed, 4)
    for entry in range(start + 2, start + 2 + 12 * struct.unpack_from("<H", changed, start)[0], 12):
        if struct.unpack_from("<H", changed, entry)[0] in (256, 257):
            struct.pack_into("<HII", changed, entry + 2, 4, 1, HUGE)
    return bytes(changed)


def _huge_webp() -> bytes:
    """A frame in the extended form, whose canvas is of 24-bit numbers less one."""
    canvas = bytes(4) + 2 * (HUGE - 1).to_bytes(3, "little")
    chunks = b"VP8X" + len(canvas).to_bytes(4, "little") + canvas + PICTURES[3][12:]
    return b"RIFF" + (4 + len(chunks)).to_bytes(4, "little") + b"WEBP" + chunks


BOMBS = [
    png_of(HUGE, HUGE),
    _resized(PICTURES[2], 6, "<HH"),
    _resized(PICTURES[4], 18, "<II"),
    _huge_tiff(),
    _huge_webp(),
]
SEEDS = [*PICTURES, *ODD_MODES, *in_other_formats(), *READ_ONLY.values()]
