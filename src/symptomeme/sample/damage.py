"""What may happen to a finished picture on its way: saved again by someone, or cut off in a download."""

import io
from collections.abc import Callable
from typing import Any, Literal

from PIL import Image

Damage = Literal["resaved", "truncated"]
Damaged = tuple[bytes, dict[str, Any]]

RESAVED_SCALE = 0.96
"""Size of a picture that was saved again, as a share of the first."""

RESAVED_QUALITY = 72
"""Its JPEG quality."""


def _resaved(data: bytes, row: dict[str, Any]) -> Damaged:
    """A little smaller and a little worse: another file, the same meme to the eye."""
    with Image.open(io.BytesIO(data)) as found:
        size = (round(found.width * RESAVED_SCALE), round(found.height * RESAVED_SCALE))
        smaller = found.convert("RGB").resize(size, Image.Resampling.BILINEAR)
    file = io.BytesIO()
    smaller.save(file, "JPEG", quality=RESAVED_QUALITY)
    moved = {
        part: [{**thing, "box": tuple(int(edge * RESAVED_SCALE) for edge in thing["box"])} for thing in row[part]]
        for part in ("words", "symbols")
    }
    return file.getvalue(), {**row, "width": size[0], "height": size[1], **moved}


def _truncated(data: bytes, row: dict[str, Any]) -> Damaged:
    """The first half of the file: its header tells a size, but it cannot be decoded whole."""
    return data[: len(data) // 2], row


DAMAGES: dict[Damage, Callable[[bytes, dict[str, Any]], Damaged]] = {"resaved": _resaved, "truncated": _truncated}
"""How each damage is done, to a JPEG file."""
