"""The fonts memes are drawn in: DejaVu Sans, as it ships inside matplotlib, with a fallback for letters it lacks.

Pillow's basic layout is used, so that the picture does not depend on which shaping library a machine has. The price:
right-to-left scripts stand in reading order from left to right, unjoined.
"""

import unicodedata
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from fontTools.ttLib import TTFont
from PIL import ImageFont

from symptomeme.domain.errors import ToolError

Face = Literal["DejaVuSans", "DejaVuSans-Bold"]

REPLACEMENT = "?"
"""Stands for a letter that the font lacks, and whose base letter it lacks too."""

VARIATIONS = frozenset(map(chr, range(0xFE00, 0xFE10)))
"""They choose between shapes of the letter before, such as emoji and text; the font has one shape."""

CAP_HEIGHT = 0.729
"""Height of a capital, as a share of the font size."""

LINE_HEIGHT = 1.22
"""Distance of two baselines, as a share of the font size."""


@lru_cache
def font_file(face: Face) -> Path:
    """Where matplotlib keeps the font; matplotlib itself is not imported, which would take a second.

    Raises:
        ToolError: matplotlib is missing, or came without its fonts.
    """
    spec = find_spec("matplotlib")
    for folder in (spec.submodule_search_locations if spec else None) or ():
        path = Path(folder) / "mpl-data" / "fonts" / "ttf" / f"{face}.ttf"
        if path.is_file():
            return path
    raise ToolError(f"the font {face}.ttf was not found in matplotlib: pip install --force-reinstall matplotlib")


@lru_cache(maxsize=256)
def font(face: Face, size: int) -> ImageFont.FreeTypeFont:
    """The font at `size` pixels an em."""
    return ImageFont.truetype(str(font_file(face)), size, layout_engine=ImageFont.Layout.BASIC)


def size_for_capitals(height: float) -> int:
    """The font size whose capitals are `height` pixels high."""
    return round(height / CAP_HEIGHT)


def drawable(text: str, face: Face) -> tuple[str, int]:
    """The text in letters the font has, and how many had no likeness and became `REPLACEMENT`.

    A missing letter gives way to its compatible form without marks. Joiners and other letters that show nothing, and
    missing marks, are left out.
    """
    covered = _covered(face)
    replaced = 0
    letters: list[str] = []
    for letter in text:
        if letter.isspace() or (ord(letter) in covered and not _invisible(letter)):
            letters.append(letter)
            continue
        parts = unicodedata.normalize("NFKD", letter)
        plain = [part for part in parts if not _invisible(part) and unicodedata.category(part)[0] != "M"]
        if plain and not all(ord(part) in covered for part in plain):
            plain = [REPLACEMENT]
            replaced += 1
        letters.extend(plain)
    return "".join(letters), replaced


def _invisible(letter: str) -> bool:
    return unicodedata.category(letter) in ("Cf", "Cc") or letter in VARIATIONS


@lru_cache
def _covered(face: Face) -> frozenset[int]:
    """Code points that the font has a glyph for."""
    with TTFont(font_file(face), lazy=True) as found:
        return frozenset(found.getBestCmap())
