"""Shapes that may be letters: how large they are, what surrounds them, and whether they stand in lines."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from symptomeme.text.runs import Mask, Runs, Value, Whole, connected

HIGHEST, WIDEST = 0.2, 0.3
"""A letter's height at most, as a share of the picture's longer side, and width, of its width; letters may touch."""

LOWEST = 8
"""Pixels: what is lower is a dot or a comma, and counts only beside letters."""

SURROUNDED = 0.6
"""The share of the pixels around a letter, at a distance of two, that must be its ground."""

SPACE = 1.0
"""The widest gap in a line on either side of a letter, in heights of it."""

FEWEST = 2
"""A line has at least so many letters."""

BESIDE = 0.35
"""Dots and accents stand at most so far above or below a line, as a share of its height; twice that at its ends."""


class Line(NamedTuple):
    """Where letters stand in a row, in pixels; bottom and right lie outside."""

    letters: int
    top: int
    bottom: int
    left: int
    right: int


class Shapes(NamedTuple):
    """N shapes in a picture."""

    runs: Runs
    boxes: Whole  # (N, 4): top, bottom, left, right
    surrounded: Mask  # (N,): of a fitting size and on its ground
    lines: list[Line]

    def mask(self, lines: list[Line]) -> Mask:
        """Which pixels, bool (H, W), belong to surrounded shapes in or beside these lines."""
        return self.runs.painted(np.append(False, self._beside(lines)))

    def sizes(self, lines: list[Line]) -> Whole:
        """Heights and widths (N, 2) of the letters in these lines, in pixels; dots and commas left out."""
        top, bottom, left, right = self.boxes.T
        sizes = np.stack([bottom - top, right - left], axis=1)
        return sizes[self._beside(lines) & (sizes[:, 0] >= LOWEST)]

    def _beside(self, lines: list[Line]) -> Mask:
        """Which shapes, (N,), are surrounded and stand in or beside these lines."""
        top, bottom, left, right = self.boxes.T
        y, x = (top + bottom) // 2, (left + right) // 2
        chosen = np.zeros(len(self.boxes), bool)
        for line in lines:
            near = (line.bottom - line.top) * BESIDE
            chosen |= (
                (y >= line.top - near)
                & (y <= line.bottom + near)
                & (x >= line.left - 2 * near)
                & (x <= line.right + 2 * near)
            )
        return chosen & self.surrounded


def find_shapes(ink: Mask, *, ground: Mask) -> Shapes:
    """Connected shapes of ink with ground around them, and the lines they make.

    Args:
        ink: bool (H, W), pixels that may belong to a letter.
        ground: bool (H, W), pixels that letters may stand on.
    """
    runs = connected(ink, diagonally=True)
    boxes = runs.boxes()
    high, wide = boxes[:, 1] - boxes[:, 0], boxes[:, 3] - boxes[:, 2]
    fitting = (high > 1) & (high <= HIGHEST * max(ink.shape)) & (wide <= WIDEST * ink.shape[1])
    surrounded = fitting & (_ground_around(runs, fitting, ink, ground) >= SURROUNDED)
    letters = surrounded & (high >= LOWEST)
    return Shapes(runs, boxes, surrounded, _lines(boxes[letters], ink.shape))


def _ground_around(runs: Runs, fitting: Mask, ink: Mask, ground: Mask) -> npt.NDArray[np.float64]:
    """Of each shape, the share of ground among the pixels two away from it and further from all other ink."""
    size = len(fitting) + 1
    numbers = np.append(0, np.where(fitting, np.arange(1, size), 0)).astype(np.min_scalar_type(size))
    nearest = grown(runs.painted(numbers), by=2).ravel()
    ring = np.flatnonzero((nearest > 0) & ~grown(ink, by=1).ravel())
    owners = nearest.take(ring)
    around = np.bincount(owners, minlength=size)
    on_ground = np.bincount(owners[ground.ravel().take(ring)], minlength=size)
    return np.asarray((on_ground / np.maximum(around, 1))[1:])


def _lines(boxes: Whole, size: tuple[int, ...]) -> list[Line]:
    """Letters whose boxes, made wider by SPACE, touch."""
    if not len(boxes):
        return []
    reach = np.zeros(size, bool)
    for top, bottom, left, right in boxes:
        space = int((bottom - top) * SPACE)
        reach[top:bottom, max(0, left - space) : right + space] = True
    joined = connected(reach, diagonally=False)
    of_line = joined.at((boxes[:, 0] + boxes[:, 1]) // 2, (boxes[:, 2] + boxes[:, 3]) // 2)
    lines = []
    for line in range(1, joined.number + 1):
        held = boxes[of_line == line]
        if len(held) >= FEWEST:
            top, _, left, _ = held.min(axis=0)
            _, bottom, _, right = held.max(axis=0)
            lines.append(Line(len(held), int(top), int(bottom), int(left), int(right)))
    return lines


def grown(values: npt.NDArray[Value], *, by: int) -> npt.NDArray[Value]:
    """The largest value in the square around each pixel, `by` pixels to each side; scipy's takes ten times as long."""
    for axis in (0, 1):
        largest = values.copy()
        ours, theirs = np.moveaxis(largest, axis, 0), np.moveaxis(values, axis, 0)
        for step in range(1, by + 1):
            np.maximum(ours[step:], theirs[:-step], out=ours[step:])
            np.maximum(ours[:-step], theirs[step:], out=ours[:-step])
        values = largest
    return values
