"""Shapes in a picture as runs of neighbours in its rows: of few numbers, where an image of labels has one a pixel."""

import math
from typing import NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

Whole = npt.NDArray[np.int_]
Value = TypeVar("Value", bound=np.generic)


class Runs(NamedTuple):
    """The pixels of N shapes, row after row, as R runs of neighbours that belong to one of them or to none."""

    shapes: npt.NDArray[np.signedinteger]  # (R,): 0 for none, else a shape's number, from 1
    starts: Whole  # (R,): where in the picture's pixels, of which each row starts a run
    size: tuple[int, ...]  # H, W

    @property
    def lengths(self) -> Whole:
        """How many pixels each run has, (R,)."""
        return np.diff(self.starts, append=math.prod(self.size))

    def painted(self, values: npt.NDArray[Value]) -> npt.NDArray[Value]:
        """An image (H, W) of one value (N + 1,) a shape, the first one where there is none."""
        return np.repeat(values.take(self.shapes), self.lengths).reshape(self.size)

    def boxes(self, number: int) -> Whole:
        """Top, bottom, left and right of each shape, int (number, 4)."""
        height, width = self.size
        rows, columns = np.divmod(self.starts, width)
        boxes = np.tile([height, 0, width, 0], (number + 1, 1))
        np.minimum.at(boxes[:, 0], self.shapes, rows)
        np.maximum.at(boxes[:, 1], self.shapes, rows + 1)
        np.minimum.at(boxes[:, 2], self.shapes, columns)
        np.maximum.at(boxes[:, 3], self.shapes, columns + self.lengths)
        return boxes[1:]


def runs_of(labels: npt.NDArray[np.signedinteger]) -> Runs:
    """The runs of each number in an image (H, W)."""
    is_start = np.ones(labels.shape, bool)
    np.not_equal(labels[:, 1:], labels[:, :-1], out=is_start[:, 1:])
    starts = np.flatnonzero(is_start)
    return Runs(labels.take(starts), starts, labels.shape)
