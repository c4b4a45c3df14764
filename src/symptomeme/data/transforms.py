"""The one door for pictures, in training and in serving: bytes of any allowed format in, one plain RGB picture out."""

import ctypes
import io
import warnings
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps, UnidentifiedImageError, _imaging

from symptomeme.data.naming import printable
from symptomeme.domain.errors import ImageError

FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF")
MAX_BYTES = 50_000_000
MAX_PIXELS = 40_000_000
MIN_SIDE = 2  # pixels
BAND = 250_000  # pixels of 32 bits that are turned into greys at a time

# Odd metadata and large headers, of which Pillow warns, are dealt with here.
warnings.filterwarnings("ignore", module=r"PIL\.")


def _silence_libtiff() -> None:
    """Keep libtiff from telling of damage on stderr, past every stream of Python; the decoder fails all the same."""
    with suppress(OSError, AttributeError):  # a Pillow without libtiff, or one whose functions cannot be reached
        ctypes.CDLL(_imaging.__file__).TIFFSetErrorHandler(None)


_silence_libtiff()


def read_picture(source: Path | bytes, *, where: str | None = None) -> Image.Image:
    """Read a picture as a person sees it: upright, first frame, transparent parts white, RGB, no metadata.

    Args:
        source: a file, or its bytes.
        where: what to call it in an error; default the path, or "the picture".

    Raises:
        ImageError: it is missing, empty, over MAX_BYTES, of another format, under MIN_SIDE, over MAX_PIXELS (told from
            the header, before decoding), or cannot be decoded whole.
    """
    called = printable(where or (source if isinstance(source, Path) else "the picture"))
    try:
        return decode(source if isinstance(source, bytes) else _read_bytes(source))
    except ImageError as error:
        raise ImageError(f"{called}: {error}. Give a whole picture ({', '.join(FORMATS)}).") from None


def decode(data: bytes) -> Image.Image:
    """`read_picture` for bytes whose place the caller tells.

    Raises:
        ImageError: as for `read_picture`; the message is the bare reason, the same for the same bytes.
    """
    if not data:
        raise ImageError("empty, 0 bytes")
    if len(data) > MAX_BYTES:
        raise ImageError(f"{len(data)} bytes, at most {MAX_BYTES} are read")
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as picture:
            _check_size(*picture.size)
            picture.load()
            return _flattened(_upright(picture))
    except ImageError:
        raise
    except UnidentifiedImageError:
        raise ImageError("of no known format, or its header is damaged") from None
    except Image.DecompressionBombError:
        raise ImageError(f"over {MAX_PIXELS} pixels") from None
    except Exception:  # Pillow's decoders raise whatever a damaged file makes them stumble over
        raise ImageError("cut off or damaged, it cannot be decoded whole") from None


def _read_bytes(path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ImageError(f"{path.stat().st_size} bytes, at most {MAX_BYTES} are read")
        return path.read_bytes()
    except OSError as error:
        raise ImageError(f"cannot be read ({error.strerror})") from None


def _check_size(width: int, height: int) -> None:
    if width * height > MAX_PIXELS:
        raise ImageError(f"{width} x {height} pixels, at most {MAX_PIXELS} in all are read")
    if min(width, height) < MIN_SIDE:
        raise ImageError(f"{width} x {height} pixels, at least {MIN_SIDE} x {MIN_SIDE} are needed")


def _upright(picture: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(picture)  # a copy, turned or not
    except Exception:  # damaged EXIF: the picture itself decodes, so it stands as it is stored
        return picture.copy()


def _flattened(picture: Image.Image) -> Image.Image:
    """RGB over white, without metadata."""
    if picture.mode.startswith("I") or picture.mode == "F":
        flat = _eight_bits(picture)
    elif picture.has_transparency_data:
        seen = picture.convert("RGBA")
        flat = Image.new("RGB", seen.size, "white")
        flat.paste(seen, mask=seen.getchannel("A"))
    else:
        flat = picture if picture.mode == "RGB" else picture.convert("RGB")
    flat.info = {}
    return flat


def _eight_bits(picture: Image.Image) -> Image.Image:
    """Grey of 16 bits by its high byte; of 32 bits, where no white is agreed on, stretched from darkest to lightest."""
    if picture.mode.startswith("I;16"):
        return Image.fromarray((np.asarray(picture).astype(np.uint16) >> 8).astype(np.uint8)).convert("RGB")
    ends = [(values.min(), values.max()) for _, values in _bands(picture)]
    darkest = min(low for low, _ in ends)
    span = max(max(high for _, high in ends) - darkest, np.finfo(np.float64).tiny)
    grey = np.empty((picture.height, picture.width), dtype=np.uint8)
    for top, values in _bands(picture):
        grey[top : top + len(values)] = ((values - darkest) / span * 255).astype(np.uint8)
    return Image.fromarray(grey).convert("RGB")


def _bands(picture: Image.Image) -> Iterator[tuple[int, npt.NDArray[np.float64]]]:
    """Its values in bands, each with the number of its first row; 0 stands for what is no number."""
    rows = max(1, BAND // picture.width)
    for top in range(0, picture.height, rows):
        band = picture.crop((0, top, picture.width, min(top + rows, picture.height)))
        yield top, np.nan_to_num(np.asarray(band, dtype=np.float64), posinf=0.0, neginf=0.0)
