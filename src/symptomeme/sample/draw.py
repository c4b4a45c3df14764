"""One meme out of one text: a scene with outlined capitals, a caption above a picture, or a card like a short post.

The same order gives the same bytes, for one version of this module, Pillow and the font.
"""

import hashlib
import io
from dataclasses import dataclass
from random import Random
from typing import Any, Literal, NamedTuple

from PIL import Image

from symptomeme.sample.captions import words_of
from symptomeme.sample.damage import DAMAGES, Damage
from symptomeme.sample.fonts import drawable
from symptomeme.sample.scenes import SETTINGS
from symptomeme.sample.styles import CAPITALS, FACES, STYLES, Painted, Style

VERSION = "1"
"""Part of every seed: raised when a change of the drawing shall show in all pictures."""

FLAT_PNG, COLOUR_PNG = 0.5, 0.06
"""Share of PNG files among cards without a picture, and (with a palette) among other captions and cards."""

PALETTE = 128
"""Colours in a PNG of a textured picture."""


@dataclass(frozen=True, kw_only=True)
class Order:
    """What to draw."""

    key: str  # "<split>/<id>": part of the seed
    text: str
    widths: tuple[int, int] = (500, 900)  # pixels, smallest and largest
    setting: str | None = None  # None: any of SETTINGS
    style: Style | None = None  # None: any
    capitals: tuple[int, int] = CAPITALS  # pixels, smallest and largest height of outlined ones
    quality: int | None = None  # of JPEG, which every meme then is; None: as `_encoded` chooses
    symbols: tuple[str, ...] = ()  # classes whose symbols stand in the picture
    damage: Damage | None = None  # done to the finished file; only to JPEG files


class Meme(NamedTuple):
    """A drawn meme."""

    data: bytes
    format: Literal["JPEG", "PNG"]
    row: dict[str, Any]  # where everything stands, a line of boxes.jsonl but for its key


def draw_meme(order: Order) -> Meme:
    """Draw a meme; everything not ordered is chosen by a seed made of text and key.

    No text means a scene without words, whatever the style.
    """
    digest = hashlib.sha256("\n".join((VERSION, order.text, order.key)).encode("utf-8", "surrogatepass")).digest()
    rng = Random(int.from_bytes(digest, "big"))
    style: Style = rng.choice(tuple(STYLES)) if order.style is None else order.style
    letters, replaced = drawable(order.text.upper() if style == "outlined" else order.text, FACES[style])
    words, cut = words_of(letters)
    painted = STYLES[style if words else "outlined"](
        words,
        width=rng.randint(*order.widths),
        setting=order.setting or rng.choice(tuple(SETTINGS)),
        symbols=order.symbols,
        capitals=order.capitals,
        rng=rng,
    )
    data, file_format = _encoded(painted, order.quality, rng)
    row = {
        "width": painted.image.width,
        "height": painted.image.height,
        "words": [word._asdict() for word in painted.words],
        "symbols": [symbol._asdict() for symbol in painted.symbols],
        "style": painted.style,
        "cut": cut,
        "replaced": replaced,
    }
    if order.damage is not None:
        data, row = DAMAGES[order.damage](data, row)
    return Meme(data, file_format, row)


def _encoded(painted: Painted, quality: int | None, rng: Random) -> tuple[bytes, Literal["JPEG", "PNG"]]:
    """A file's bytes: outlined memes as JPEG of quality 80, the others up to 92, some of them as PNG."""
    file = io.BytesIO()
    if quality is not None:
        painted.image.save(file, "JPEG", quality=quality)
        return file.getvalue(), "JPEG"
    share = 0 if painted.style == "outlined" else COLOUR_PNG if painted.pictured else FLAT_PNG
    if rng.random() < share:
        image = painted.image
        if painted.pictured:
            image = image.quantize(PALETTE, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
        image.save(file, "PNG")
        return file.getvalue(), "PNG"
    painted.image.save(file, "JPEG", quality=80 if painted.style == "outlined" else rng.randint(80, 92))
    return file.getvalue(), "JPEG"
