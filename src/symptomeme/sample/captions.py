"""Text layout: words wrapped into lines, shrunk to a height, and drawn with a box for each word."""

from dataclasses import dataclass
from typing import NamedTuple

from PIL import Image, ImageDraw

from symptomeme.sample.fonts import LINE_HEIGHT, Face, font

MAX_WORDS = 120
"""Longer texts are cut after so many words, and counted as cut."""

MAX_CHARACTERS = 1200
"""No text is drawn beyond so many characters, however few words they make."""

OPENING = 6
"""An opening, which ends with a colon, has fewer words than this."""

SHRINK = 0.92
"""Font size of the next try, when a text is too high."""

Box = tuple[int, int, int, int]
"""Left, top, right, bottom, in pixels; right and bottom lie outside."""


class WordBox(NamedTuple):
    """Where a word stands."""

    text: str
    box: Box


@dataclass(frozen=True)
class Block:
    """Words wrapped at one font size."""

    face: Face
    size: int  # pixels an em
    lines: tuple[tuple[str, ...], ...]
    stroke: int = 0  # pixels of outline around each letter

    @property
    def leading(self) -> int:
        """Pixels from one baseline to the next."""
        return round(self.size * LINE_HEIGHT) + self.stroke

    @property
    def height(self) -> int:
        """Pixels from the top of the first line to the bottom of the last."""
        return self.leading * len(self.lines) + 2 * self.stroke


def words_of(text: str) -> tuple[list[str], bool]:
    """The words that will be drawn, and whether the text was cut."""
    words = text.split()
    kept: list[str] = []
    characters = 0
    for word in words[:MAX_WORDS]:
        room = MAX_CHARACTERS - characters
        if len(word) > room:
            break
        kept.append(word)
        characters += len(word) + 1
    if words and not kept:
        kept = [words[0][:MAX_CHARACTERS]]
    return kept, kept != words


def fit(
    words: list[str], *, face: Face, width: int, height: int, size: int, smallest: int, outline: float = 0
) -> Block:
    """Wrap into `width` at the largest font size from `size` down to `smallest` that stays within `height`.

    At `smallest` the block may be higher than `height`: the caller then makes room.

    Args:
        outline: width of the letters' outline, as a share of the font size.
    """
    while True:
        stroke = max(2, round(size * outline)) if outline else 0
        block = Block(face, size, wrap(words, face=face, size=size, width=width - 2 * stroke), stroke)
        if block.height <= height or size <= smallest:
            return block
        size = max(smallest, min(size - 1, int(size * SHRINK)))


def wrap(words: list[str], *, face: Face, size: int, width: int) -> tuple[tuple[str, ...], ...]:
    """Fill lines of at most `width` pixels; a word wider than a line is broken."""
    letters = font(face, size)
    space = letters.getlength(" ")
    lines: list[list[str]] = []
    used = 0.0
    for word in words:
        for part in _parts(word, face=face, size=size, width=width):
            length = letters.getlength(part)
            if lines and used + space + length <= width:
                lines[-1].append(part)
                used += space + length
            else:
                lines.append([part])
                used = length
    return tuple(tuple(line) for line in lines)


def draw_block(
    image: Image.Image,
    block: Block,
    *,
    left: int,
    top: int,
    width: int,
    fill: tuple[int, int, int],
    outline: tuple[int, int, int] = (0, 0, 0),
    centred: bool = True,
) -> list[WordBox]:
    """Draw a block within `width` pixels from `left`; the boxes are in order of reading."""
    canvas = ImageDraw.Draw(image)
    letters = font(block.face, block.size)
    space = letters.getlength(" ")
    found: list[WordBox] = []
    y = top + block.stroke
    for line in block.lines:
        lengths = [letters.getlength(word) for word in line]
        free = width - sum(lengths) - space * (len(line) - 1)
        x = left + (free / 2 if centred else block.stroke)
        for word, length in zip(line, lengths, strict=True):
            place = (round(x), y)
            canvas.text(place, word, font=letters, fill=fill, stroke_width=block.stroke, stroke_fill=outline)
            edges = canvas.textbbox(place, word, font=letters, stroke_width=block.stroke)
            found.append(WordBox(word, within(edges, image.size)))
            x += length + space
        y += block.leading
    return found


def within(edges: tuple[float, float, float, float], size: tuple[int, int]) -> Box:
    """Whole pixels, none outside a picture of that size."""
    left, top, right, bottom = (round(edge) for edge in edges)
    return max(0, left), max(0, top), min(size[0], right), min(size[1], bottom)


def halves(words: list[str]) -> tuple[list[str], list[str]]:
    """Where a caption breaks into top and bottom: at an opening such as "me:", else at a pause near the middle."""
    places = range(1, min(OPENING, len(words)))
    answers = [n for n in places if words[n].lower() == "me:" and words[n - 1].endswith((":", "?"))]
    openings = [n for n in places if words[n - 1].endswith(":")]
    middle = len(words) / 2
    pauses = [n for n in range(1, len(words)) if words[n - 1].endswith((".", ",", ";", ":", "!", "?"))]
    pauses = sorted((n for n in pauses if abs(n - middle) <= len(words) / 4), key=lambda n: abs(n - middle))
    place = next(iter(answers + openings + pauses), (len(words) + 1) // 2)
    return words[:place], words[place:]


def _parts(word: str, *, face: Face, size: int, width: int) -> list[str]:
    """The word, broken into pieces that fit a line."""
    letters = font(face, size)
    if letters.getlength(word) <= width:
        return [word]
    parts = [""]
    for letter in word:
        if parts[-1] and letters.getlength(parts[-1] + letter) > width:
            parts.append("")
        parts[-1] += letter
    return parts
