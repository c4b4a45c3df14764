"""What Tesseract is given of a picture: its letters alone, black on white, whichever way they were drawn.

Letters are told by their pixels, before anything is read: small shapes of light pixels with dark ones all around, as
outlined capitals over a photograph and cards in dark mode have them, or dark ones with light all around, as captions
have them. They must stand in lines. Where lines of both kinds overlap, the one of fewer letters falls: it is made of
the holes in the others' letters, or of their outlines. So a caption and capitals may stand in one picture, and one
reading a picture is enough.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageChops

from symptomeme.text.runs import Whole
from symptomeme.text.shapes import Line, find_shapes, grown

Grey = npt.NDArray[np.uint8]

MOST_PIXELS = 2_000_000
"""Larger pictures are made smaller first: letters that a reader sees in a photograph stay large enough."""

OVERLAP = 0.3
"""Two lines of other kinds are taken for one when they share more of the smaller's box."""

PAPER = 200
"""Grey that becomes white: what lies beyond a letter's edge, outline or paper, need not be even."""

EDGE = 2  # pixels around a letter that are shown with it
MARGIN = 20  # pixels of white around the page
GAP = 40  # pixels: blank rows beyond so many in a run are left out

TALLEST = 22
"""Pixels: letters higher than this are made smaller; Tesseract sets each line to a height of its own anyway."""

SLIM = 0.53
"""Width over height: wider letters are made this slim, as Tesseract's network takes its steps along a line's width."""

SLIMMEST = 0.6  # the least that a width is multiplied by: letters that touch look wide


class Page(NamedTuple):
    """A grey picture to be read."""

    image: Image.Image
    letters: tuple[str, ...]  # what it shows: "light", "dark", both, or none: the picture itself, as no line was found


def page_of(picture: Image.Image, *, light: int, dark: int) -> Page:
    """The letters of an RGB picture, black on white, set small and slim; the picture in grey where no line is found.

    Args:
        light: red, green and blue of a light pixel are all over this.
        dark: red, green and blue of a dark pixel are all under this.
    """
    picture = _reduced(picture)
    red, green, blue = picture.split()
    lowest = np.asarray(ImageChops.darker(ImageChops.darker(red, green), blue))
    highest = np.asarray(ImageChops.lighter(ImageChops.lighter(red, green), blue))
    is_light, is_dark = lowest > light, highest < dark
    found = {"light": find_shapes(is_light, ground=is_dark), "dark": find_shapes(is_dark, ground=is_light)}
    lines = {
        "light": _standing(found["light"].lines, beside=found["dark"].lines),
        "dark": _standing(found["dark"].lines, beside=found["light"].lines),
    }
    kinds = tuple(kind for kind, held in lines.items() if held)
    if not kinds:
        return Page(picture.convert("L"), ())
    sheet = np.full(lowest.shape, 255, np.uint8)
    for kind in kinds:
        _copy(sheet, 255 - lowest if kind == "light" else highest, found[kind].mask(lines[kind]))
    sizes = np.concatenate([found[kind].sizes(lines[kind]) for kind in kinds])
    return Page(_set(_trimmed(sheet), sizes), kinds)


def _set(sheet: Grey, sizes: Whole) -> Image.Image:
    """A page whose letters, of these heights and widths, are at most as high and as slim as Tesseract reads well."""
    page, (high, wide) = Image.fromarray(sheet), sizes.T
    smaller = min(1.0, TALLEST / np.median(high))
    slimmer = max(SLIMMEST, min(1.0, SLIM / np.median(wide / high)))
    size = (max(1, round(page.width * smaller * slimmer)), max(1, round(page.height * smaller)))
    return page.resize(size, Image.Resampling.HAMMING)


def _reduced(picture: Image.Image) -> Image.Image:
    """At most MOST_PIXELS, in proportion."""
    factor = (MOST_PIXELS / (picture.width * picture.height)) ** 0.5
    if factor >= 1:
        return picture
    size = (max(1, round(picture.width * factor)), max(1, round(picture.height * factor)))
    return picture.resize(size, Image.Resampling.BICUBIC, reducing_gap=2.0)


def _standing(lines: list[Line], *, beside: list[Line]) -> list[Line]:
    """Lines without those that lie in a line of the other kind with more letters; of equals, both stand."""
    return [
        line
        for line in lines
        if not any(other.letters > line.letters and _shared(line, other) > OVERLAP for other in beside)
    ]


def _shared(line: Line, other: Line) -> float:
    """The share of `line` that `other` covers."""
    down = min(line.bottom, other.bottom) - max(line.top, other.top)
    across = min(line.right, other.right) - max(line.left, other.left)
    return max(0, down) * max(0, across) / ((line.bottom - line.top) * (line.right - line.left))


def _copy(sheet: Grey, ink: Grey, mask: npt.NDArray[np.bool_]) -> None:
    """Lay letters (0 = ink) with their soft edges on a sheet, their commonest grey stretched to black."""
    near = grown(mask, by=EDGE)
    black = int(np.median(ink[mask]))
    spread = max(1, PAPER - black)
    stretched = (ink[near].astype(np.int32) - black) * 255 // spread
    sheet[near] = np.minimum(sheet[near], np.clip(stretched, 0, 255).astype(np.uint8))


def _trimmed(sheet: Grey) -> Grey:
    """Without blank borders and long runs of blank rows, with an even margin."""
    inked = sheet < 128  # noqa: PLR2004 - half way to white
    rows, columns = np.flatnonzero(inked.any(axis=1)), np.flatnonzero(inked.any(axis=0))
    before = np.diff(rows, prepend=rows[0])  # rows from one with ink to the next
    kept = np.zeros(len(sheet), bool)
    for row, step in zip(rows, before, strict=True):
        kept[max(0, row - min(step, GAP)) : row + 1] = True
    return np.pad(sheet[kept, columns[0] : columns[-1] + 1], MARGIN, constant_values=255)
