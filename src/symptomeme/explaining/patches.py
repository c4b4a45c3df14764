"""From pixels to the patches that a vision encoder looks at, and to their places in the picture as it came."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.float64]
Box = tuple[float, float, float, float]
"""Left, top, right, bottom, in pixels of the upright picture."""


LEAST = 0.5
"""What is left of a score at least, however much its patch stands out."""


class Patch(NamedTuple):
    """A part of a picture, and how far it moved a label."""

    box: Box
    score: float  # log-odds
    strength: float  # the score, made smaller where the patch stands out of the picture


def patch_sums(pixels: Values, patch_size: int) -> Values:
    """Sums over whole patches, float (R, C), of pixels (S, S)."""
    side = len(pixels) // patch_size
    whole = pixels[: side * patch_size, : side * patch_size]
    sums: Values = whole.reshape(side, patch_size, side, patch_size).sum(axis=(1, 3))
    return sums


def strengths(scores: Values, pixels: Values, patch_size: int) -> Values:
    """The scores of patches, float (R, C), made smaller where a patch stands out, to a half at most.

    What stands out moves a model that has learned nothing, too. By how much: the mean contrast over the patch's own,
    which is how far it lies from the picture's mean colour.

    Args:
        pixels: float (3, S, S), as the model sees the picture.
        patch_size: pixels a side.
    """
    away = (pixels - pixels.mean(axis=(1, 2), keepdims=True)) ** 2
    contrast = np.sqrt(patch_sums(away.sum(axis=0), patch_size))
    if not contrast.any():
        return scores
    less = np.divide(contrast.mean(), contrast, out=np.ones_like(contrast), where=contrast > 0)
    return scores * np.clip(less, LEAST, 1.0)  # type: ignore[no-any-return]


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
