"""Connected shapes in a picture, told by runs of neighbours in its rows: far fewer than pixels."""

import math
from typing import NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

Mask = npt.NDArray[np.bool_]
Whole = npt.NDArray[np.int_]
Value = TypeVar("Value", bound=np.generic)


class Runs(NamedTuple):
    """The pixels of N shapes, row after row, as R runs of neighbours that belong to one of them or to none."""

    number: int  # N
    shapes: Whole  # (R,): 0 for none, else a shape's number, from 1
    starts: Whole  # (R,): where in the picture's pixels, of which each row starts a run
    size: tuple[int, ...]  # H, W

    @property
    def lengths(self) -> Whole:
        """How many pixels each run has, (R,)."""
        return np.diff(self.starts, append=math.prod(self.size))

    def at(self, rows: Whole, columns: Whole) -> Whole:
        """The shapes that hold these pixels."""
        return self.shapes[np.searchsorted(self.starts, rows * self.size[1] + columns, "right") - 1]

    def painted(self, values: npt.NDArray[Value]) -> npt.NDArray[Value]:
        """An image (H, W) of one value (N + 1,) a shape, the first one where there is none."""
        return np.repeat(values.take(self.shapes), self.lengths).reshape(self.size)

    def boxes(self) -> Whole:
        """Top, bottom, left and right of each shape, (N, 4); bottom and right lie outside."""
        height, width = self.size
        rows, columns = np.divmod(self.starts, width)
        boxes = np.tile([height, 0, width, 0], (self.number + 1, 1))
        np.minimum.at(boxes[:, 0], self.shapes, rows)
        np.maximum.at(boxes[:, 1], self.shapes, rows + 1)
        np.minimum.at(boxes[:, 2], self.shapes, columns)
        np.maximum.at(boxes[:, 3], self.shapes, columns + self.lengths)
        return boxes[1:]


def connected(ink: Mask, *, diagonally: bool) -> Runs:
    """The connected shapes of ink, bool (H, W), numbered as `scipy.ndimage.label` does.

    Of memes, whose runs are long, this takes half as long; of noise, twice.

    Args:
        diagonally: pixels that touch at a corner alone are connected too.
    """
    is_start = np.ones(ink.shape, bool)
    np.not_equal(ink[:, 1:], ink[:, :-1], out=is_start[:, 1:])
    starts = np.flatnonzero(is_start)
    inked = np.flatnonzero(ink.take(starts))
    lengths = np.diff(starts, append=ink.size)
    number, of_inked = _components(starts[inked], lengths[inked], ink.shape[1], reach=int(diagonally))
    shapes = np.zeros(len(starts), int)
    shapes[inked] = of_inked + 1
    return Runs(number, shapes, starts, ink.shape)


def _components(starts: Whole, lengths: Whole, width: int, *, reach: int) -> tuple[int, Whole]:
    """How many shapes runs of ink make, and whose each one is, from 0.

    Args:
        width: of the picture.
        reach: pixels by which runs may miss each other.
    """
    from scipy.sparse import csr_array  # noqa: PLC0415 - slow, and a run with nothing new needs none
    from scipy.sparse.csgraph import connected_components  # noqa: PLC0415

    width += 1  # a column that none touches: the ends of rows are no neighbours of the starts of the next
    firsts = starts + starts // (width - 1)
    ends = firsts + lengths
    # of each run, those above it that it touches: from one to before another
    low = np.searchsorted(ends, firsts - width - reach, "right")
    high = np.searchsorted(firsts, ends - width + reach, "left")
    offsets = np.append(0, np.cumsum(high - low))
    above = np.arange(offsets[-1]) + np.repeat(low - offsets[:-1], high - low)
    touching = csr_array((np.ones(len(above), bool), above, offsets), shape=(len(starts), len(starts)))
    number, shapes = connected_components(touching, directed=False)
    return int(number), shapes.astype(int)
