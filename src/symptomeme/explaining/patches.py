"""From pixels to the patches that a vision encoder looks at, and to their places in the picture as it came."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Box = tuple[float, float, float, float]
"""Left, top, right, bottom, in pixels of the upright picture."""


class Patch(NamedTuple):
    """A part of a picture, and how far it moved a label."""

    box: Box
    score: float  # log-odds


def patch_sums(pixels: npt.NDArray[np.float64], patch_size: int) -> npt.NDArray[np.float64]:
    """Sums over whole patches, float (R, C), of pixels (S, S)."""
    side = len(pixels) // patch_size
    whole = pixels[: side * patch_size, : side * patch_size]
    sums: npt.NDArray[np.float64] = whole.reshape(side, patch_size, side, patch_size).sum(axis=(1, 3))
    return sums


def scored_patches(sums: npt.NDArray[np.float64], *, patch_size: int, side: int, seen: Box) -> list[Patch]:
    """Patches row by row, with their places.

    Args:
        sums: float (R, C), what `patch_sums` gave.
        patch_size: pixels a side, of a patch as the model sees it.
        side: pixels a side, of the picture as the model sees it.
        seen: the part of the picture that the model sees.
    """
    left, top, right, bottom = seen
    across, down = (right - left) * patch_size / side, (bottom - top) * patch_size / side
    return [
        Patch(
            (left + column * across, top + row * down, left + (column + 1) * across, top + (row + 1) * down),
            float(score),
        )
        for (row, column), score in np.ndenumerate(sums)
    ]


def seen_part(size: tuple[int, int], image_processor: Any) -> Box:
    """The part of a picture of this width and height that a model sees: all of it, or its middle.

    Args:
        size: width and height, pixels.
        image_processor: of CLIP's family.
    """
    width, height = size
    if not image_processor.do_center_crop:
        return 0.0, 0.0, float(width), float(height)
    scale = image_processor.size["shortest_edge"] / min(size)
    across, down = image_processor.crop_size["width"] / scale, image_processor.crop_size["height"] / scale
    return (width - across) / 2, (height - down) / 2, (width + across) / 2, (height + down) / 2
