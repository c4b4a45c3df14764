"""The three ways a meme is laid out. Each takes words and gives a picture that is high enough to hold all of them."""

from random import Random
from typing import Literal, NamedTuple, Protocol

from PIL import Image, ImageDraw

from symptomeme.sample.captions import Block, Box, WordBox, draw_block, fit, halves
from symptomeme.sample.fonts import Face, size_for_capitals
from symptomeme.sample.scenes import scene
from symptomeme.sample.symbols import SymbolBox, place_symbols, symbol_size

Style = Literal["outlined", "caption", "blocks"]

FACES: dict[Style, Face] = {"outlined": "DejaVuSans-Bold", "caption": "DejaVuSans-Bold", "blocks": "DejaVuSans"}

CAPITALS = (14, 40)
"""Height of outlined capitals in pixels, smallest and largest; long texts shrink, but never below the smallest."""

SMALLEST_TEXT = 15
"""Font size in pixels below which captions and cards do not shrink."""

ONE_PLACE = 6
"""Outlined texts of more words always stand at the top and at the bottom."""

OUTLINE = 0.075
"""Width of the black outline, as a share of the font size."""


class Painted(NamedTuple):
    """A picture and what stands in it."""

    image: Image.Image
    words: list[WordBox]
    symbols: list[SymbolBox]
    style: Style
    pictured: bool  # holds a textured scene


class Painter(Protocol):
    """What lays out one meme."""

    def __call__(
        self,
        words: list[str],
        *,
        width: int,
        setting: str,
        symbols: tuple[str, ...],
        capitals: tuple[int, int],
        rng: Random,
    ) -> Painted:
        """Paint words over or beside a scene of `setting`, `width` pixels wide, with the symbols of some classes.

        `capitals` bounds the height of outlined capitals; other styles do not look at it.
        """


def _outlined(
    words: list[str],
    *,
    width: int,
    setting: str,
    symbols: tuple[str, ...],
    capitals: tuple[int, int],
    rng: Random,
) -> Painted:
    """White capitals with black outline over a scene, at its top, its bottom or both."""
    margin = round(width * 0.025)
    height = round(width * rng.uniform(0.72, 1.02))
    both = len(words) > ONE_PLACE or (len(words) > 1 and rng.getrandbits(1))
    parts = halves(words) if both else ((words, []) if rng.getrandbits(1) else ([], words))
    size = size_for_capitals(rng.uniform(*capitals))
    smallest = size_for_capitals(capitals[0])
    across = symbol_size(width, rng)
    room = across + 2 * margin if symbols else round(height * 0.12)
    share = 2 if all(parts) else 1
    limit = min((height - room - 2 * margin) // share, round(height * 0.42))
    blocks: list[Block | None] = [
        fit(
            part,
            face=FACES["outlined"],
            width=width - 2 * margin,
            height=limit,
            size=size,
            smallest=smallest,
            outline=OUTLINE,
        )
        if part
        else None
        for part in parts
    ]
    upper, lower = (block.height if block else 0 for block in blocks)
    height = max(height, upper + lower + room + 2 * margin)
    image = scene(setting, (width, height), rng, grain=rng.randint(14, 30))
    white = rng.randint(225, 255)
    found = []
    for block, top in zip(blocks, (margin, height - margin - lower), strict=True):
        if block:
            found += draw_block(image, block, left=margin, top=top, width=width - 2 * margin, fill=(white,) * 3)
    area = (margin, margin + upper, width - margin, height - margin - lower)
    return Painted(image, found, _symbols(image, symbols, area, across, rng), "outlined", True)


def _caption(
    words: list[str],
    *,
    width: int,
    setting: str,
    symbols: tuple[str, ...],
    capitals: tuple[int, int],
    rng: Random,
) -> Painted:
    """Black on white, in a strip above a scene."""
    margin = round(width * 0.035)
    block = fit(
        words,
        face=FACES["caption"],
        width=width - 2 * margin,
        height=round(width * 0.45),
        size=round(width * rng.uniform(0.035, 0.06)),
        smallest=SMALLEST_TEXT,
    )
    strip = block.height + 2 * margin
    picture = scene(setting, (width, round(width * rng.uniform(0.5, 0.75))), rng, grain=rng.randint(8, 18))
    paper, ink = rng.randint(244, 255), rng.randint(0, 45)
    image = Image.new("RGB", (width, strip + picture.height), (paper,) * 3)
    image.paste(picture, (0, strip))
    found = draw_block(
        image,
        block,
        left=margin,
        top=margin,
        width=width - 2 * margin,
        fill=(ink,) * 3,
        centred=bool(rng.getrandbits(1)),
    )
    area = (margin, strip + margin, width - margin, image.height - margin)
    return Painted(image, found, _symbols(image, symbols, area, symbol_size(width, rng), rng), "caption", True)


def _blocks(
    words: list[str],
    *,
    width: int,
    setting: str,
    symbols: tuple[str, ...],
    capitals: tuple[int, int],
    rng: Random,
) -> Painted:
    """A paragraph on a light or dark card with a face above; below it, always or now and then, a picture."""
    margin = round(width * 0.05)
    light = bool(rng.getrandbits(1))
    card, ink = ((255, 255, 255), (18, 20, 24)) if light else ((22, 32, 42), (238, 240, 242))
    block = fit(
        words,
        face=FACES["blocks"],
        width=width - 2 * margin,
        height=round(width * 0.8),
        size=round(width * rng.uniform(0.036, 0.052)),
        smallest=SMALLEST_TEXT,
    )
    face = round(width * 0.1)
    top = margin + face + margin // 2
    under = top + block.height + margin // 2
    pictured = bool(symbols) or bool(rng.getrandbits(1))
    inner = (width - 2 * margin, round(width * rng.uniform(0.5, 0.65)))
    image = Image.new("RGB", (width, under + margin + (inner[1] if pictured else 0)), card)
    _poster(image, margin, face, light, rng)
    found = draw_block(image, block, left=margin, top=top, width=width - 2 * margin, fill=ink, centred=False)
    if not pictured:
        return Painted(image, found, [], "blocks", False)
    image.paste(scene(setting, inner, rng, grain=rng.randint(8, 18)), (margin, under))
    area = (margin, under, width - margin, under + inner[1])
    return Painted(image, found, _symbols(image, symbols, area, symbol_size(width, rng), rng), "blocks", True)


def _poster(image: Image.Image, margin: int, face: int, light: bool, rng: Random) -> None:
    """A round face and two bars where a name and a handle would stand."""
    canvas = ImageDraw.Draw(image)
    grey = rng.randint(120, 190)
    canvas.ellipse((margin, margin, margin + face, margin + face), fill=(grey, grey, grey - 12))
    left, high = margin * 1.4 + face, face * 0.2
    for start, share in ((0.2, rng.uniform(0.2, 0.35)), (0.6, rng.uniform(0.12, 0.25))):
        y = margin + face * start
        value = 205 if light else 70
        canvas.rounded_rectangle((left, y, left + image.width * share, y + high), high / 2, fill=(value,) * 3)


def _symbols(image: Image.Image, labels: tuple[str, ...], area: Box, size: int, rng: Random) -> list[SymbolBox]:
    return place_symbols(image, labels, area=area, size=size, rng=rng) if labels else []


STYLES: dict[Style, Painter] = {"outlined": _outlined, "caption": _caption, "blocks": _blocks}
"""How each style is painted, by name."""
