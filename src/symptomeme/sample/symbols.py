"""The symbol of each symptom: a plain icon on a disc of a strong colour of its own, inside a white and a black ring.

Symbols exist only in the sample. They have no meaning outside it: they give a model that looks at pictures
something to find that the words do not tell.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from random import Random
from typing import NamedTuple

from PIL import Image, ImageDraw

from symptomeme.sample.captions import Box

Colour = tuple[int, int, int]
Pen = Callable[[ImageDraw.ImageDraw, int, Colour, Colour], None]

SHARE_OF_WIDTH = (0.2, 0.24)
"""How wide a symbol is, as a share of the picture's width."""

_FINE = 4  # symbols are drawn so many times larger, then reduced
_WHITE, _BLACK = (255, 255, 255), (12, 12, 16)


class SymbolBox(NamedTuple):
    """Where a symbol stands."""

    name: str
    box: Box


@dataclass(frozen=True)
class Symbol:
    """An icon and its colours."""

    name: str
    colour: Colour
    icon: Colour
    draw: Pen


def symbol_size(width: int, rng: Random) -> int:
    """Pixels across, for a picture of that width."""
    return round(width * rng.uniform(*SHARE_OF_WIDTH))


def place_symbols(image: Image.Image, labels: tuple[str, ...], *, area: Box, size: int, rng: Random) -> list[SymbolBox]:
    """Draw the symbols of `labels` side by side, each anywhere in its column of `area`, in any order.

    Args:
        area: the part of the picture that holds no words; at least `size` high and `size` wide for each label.
        size: pixels across.
    """
    left, top, right, bottom = area
    found = []
    for column, label in enumerate(rng.sample(labels, len(labels))):
        start = left + (right - left) * column // len(labels)
        end = left + (right - left) * (column + 1) // len(labels)
        x, y = rng.randint(start, max(start, end - size)), rng.randint(top, max(top, bottom - size))
        drawn = _picture(label, size)
        image.paste(drawn, (x, y), drawn)
        found.append(SymbolBox(SYMBOLS[label].name, (x, y, x + size, y + size)))
    return found


@lru_cache(maxsize=128)
def _picture(label: str, size: int) -> Image.Image:
    """The symbol, RGBA, transparent around its ring."""
    symbol = SYMBOLS[label]
    side = size * _FINE
    image = Image.new("RGBA", (side, side))
    canvas = ImageDraw.Draw(image)
    for ring, colour in ((0.0, _BLACK), (0.03, _WHITE), (0.075, symbol.colour)):
        canvas.ellipse((side * ring, side * ring, side * (1 - ring) - 1, side * (1 - ring) - 1), fill=colour)
    symbol.draw(canvas, side, symbol.icon, symbol.colour)
    return image.resize((size, size), Image.Resampling.BOX)


def _polygon(*points: tuple[float, float]) -> Pen:
    """A pen for a filled polygon; points in shares of the symbol's side."""

    def draw(canvas: ImageDraw.ImageDraw, side: int, icon: Colour, _: Colour) -> None:
        canvas.polygon([(x * side, y * side) for x, y in points], fill=icon)

    return draw


def _boxes(*boxes: tuple[float, float, float, float]) -> Pen:
    """A pen for filled rectangles."""

    def draw(canvas: ImageDraw.ImageDraw, side: int, icon: Colour, _: Colour) -> None:
        for box in boxes:
            canvas.rectangle([edge * side for edge in box], fill=icon)

    return draw


def _discs(*discs: tuple[float, float, float]) -> Pen:
    """A pen for discs (x, y, radius), every second one in the symbol's own colour."""

    def draw(canvas: ImageDraw.ImageDraw, side: int, icon: Colour, colour: Colour) -> None:
        for number, (x, y, radius) in enumerate(discs):
            edges = [(x - radius) * side, (y - radius) * side, (x + radius) * side, (y + radius) * side]
            canvas.ellipse(edges, fill=colour if number % 2 else icon)

    return draw


def _dots(canvas: ImageDraw.ImageDraw, side: int, icon: Colour, colour: Colour) -> None:
    for x, y in ((0.3, 0.36), (0.52, 0.24), (0.72, 0.4), (0.36, 0.66), (0.64, 0.7)):
        _discs((x, y, 0.09))(canvas, side, icon, colour)


def _hollow(canvas: ImageDraw.ImageDraw, side: int, icon: Colour, colour: Colour) -> None:
    _boxes((0.27, 0.27, 0.73, 0.73))(canvas, side, icon, colour)
    _boxes((0.38, 0.38, 0.62, 0.62))(canvas, side, colour, icon)


_bolt = _polygon((0.58, 0.15), (0.28, 0.55), (0.47, 0.55), (0.4, 0.86), (0.72, 0.43), (0.53, 0.43))
_bars = _boxes((0.24, 0.27, 0.76, 0.38), (0.24, 0.45, 0.76, 0.56), (0.24, 0.63, 0.76, 0.74))
_hourglass = _polygon((0.25, 0.2), (0.75, 0.2), (0.25, 0.8), (0.75, 0.8))
_sideways = _polygon(
    (0.12, 0.5), (0.34, 0.26), (0.34, 0.41), (0.66, 0.41), (0.66, 0.26),
    (0.88, 0.5), (0.66, 0.74), (0.66, 0.59), (0.34, 0.59), (0.34, 0.74),
)  # fmt: skip
_downward = _polygon((0.4, 0.16), (0.6, 0.16), (0.6, 0.5), (0.78, 0.5), (0.5, 0.86), (0.22, 0.5), (0.4, 0.5))
_triangle = _polygon((0.5, 0.14), (0.82, 0.72), (0.18, 0.72))
_plus = _boxes((0.42, 0.2, 0.58, 0.8), (0.2, 0.42, 0.8, 0.58))
_target = _discs((0.5, 0.5, 0.34), (0.5, 0.5, 0.22), (0.5, 0.5, 0.1))
_wedge = _polygon((0.24, 0.76), (0.76, 0.76), (0.76, 0.24))

SYMBOLS = {
    "Nervousness": Symbol("bolt", (250, 210, 0), _BLACK, _bolt),
    "Lack of Worry Control": Symbol("target", (150, 30, 220), _WHITE, _target),
    "Excessive Worry": Symbol("bars", (255, 120, 0), _BLACK, _bars),
    "Difficulty Relaxing": Symbol("hourglass", (0, 170, 60), _WHITE, _hourglass),
    "Restlessness": Symbol("sideways", (0, 90, 240), _WHITE, _sideways),
    "Impending Doom": Symbol("triangle", (230, 0, 30), _WHITE, _triangle),
    "Lack of Interest": Symbol("hollow", (0, 190, 200), _BLACK, _hollow),
    "Feeling Down": Symbol("downward", (0, 70, 240), _WHITE, _downward),
    "Eating Disorder": Symbol("dish", (0, 170, 60), _WHITE, _discs((0.5, 0.5, 0.34), (0.5, 0.5, 0.24))),
    "Sleeping Disorder": Symbol("crescent", (150, 30, 220), _WHITE, _discs((0.5, 0.5, 0.34), (0.62, 0.44, 0.28))),
    "Low Self-Esteem": Symbol("wedge", (255, 120, 0), _BLACK, _wedge),
    "Concentration Problem": Symbol("dots", (250, 210, 0), _BLACK, _dots),
    "Self-Harm": Symbol("plus", (230, 0, 30), _WHITE, _plus),
}  # fmt: skip
"""The symbol of each class of both tasks."""
