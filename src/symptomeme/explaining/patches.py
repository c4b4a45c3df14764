"""From pixels to the patches that a vision encoder looks at, and to their places in the picture as it came."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.float64]
Box = tuple[float, float, float, float]
"""Left, top, right, bottom, in pixels of the upright picture."""


PLAIN = 0.3
"""A contrast, as a share of the picture's mean one, that is added to each: what is plain moves no label either."""


class Patch(NamedTuple):
    """A part of a picture, and how far it moved a label."""

    box: Box
    score: float  # log-odds
    strength: float  # the score that it would have at the picture's mean contrast


def patch_sums(pixels: Values, patch_size: int) -> Values:
    """Sums over whole patches, float (R, C), of pixels (S, S)."""
    side = len(pixels) // patch_size
    whole = pixels[: side * patch_size, : side * patch_size]
    sums: Values = whole.reshape(side, patch_size, side, patch_size).sum(axis=(1, 3))
    return sums


def strengths(scores: Values, pixels: Values, patch_size: int) -> Values:
    """The scores of patches, float (R, C), as they would be if all stood out alike.

    A score grows with the distance from the picture's colour, also of a model that has learned nothing: it is divided
    by how far that of the patch is over that of the picture's patches on the mean.

    Args:
        pixels: float (3, S, S), as the model sees the picture.
        patch_size: pixels a side.
    """
    away = (pixels - pixels.mean(axis=(1, 2), keepdims=True)) ** 2
    contrast = np.sqrt(patch_sums(away.sum(axis=0), patch_size))
    mean = contrast.mean()
    return scores * (1 + PLAIN) * mean / (contrast + PLAIN * mean) if mean else scores


def scored_patches(scores: Values, strong: Values, *, patch_size: int, side: int, seen: Box) -> list[Patch]:
    """Patches row by row, with their places.

    Args:
        scores: float (R, C), what `patch_sums` gave.
        strong: the same, what `strengths` gave.
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
            float(strong[row, column]),
        )
        for (row, column), score in np.ndenumerate(scores)
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
