"""Light and grain that make a flat drawing look like a photograph.

Whole numbers only: numpy's floating-point functions may differ between processors in the last bit.
"""

from random import Random

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter

Size = tuple[int, int]
"""Width, height, in pixels."""


def photographed(drawing: Image.Image, rng: Random, *, grain: int) -> Image.Image:
    """Blur a flat drawing a little, light it unevenly, and lay texture over it.

    Args:
        drawing: RGB.
        grain: strength of the texture, in steps of brightness.

    Returns:
        RGB, the same size.
    """
    size = drawing.size
    blurred = drawing.filter(ImageFilter.BoxBlur(max(1, min(size) // rng.randint(160, 420))))
    shift = clouds(size, rng, cells=rng.randint(2, 3)) * rng.randint(28, 64)
    shift += clouds(size, rng, cells=rng.randint(7, 18)) * grain
    shift += clouds(size, rng, cells=min(size) // rng.randint(5, 9)) * grain
    shift += clouds(size, rng, cells=min(size)) * (grain // 4)
    pixels = np.asarray(blurred).astype(np.int16)
    pixels += (shift >> 7)[:, :, np.newaxis]
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def clouds(size: Size, rng: Random, *, cells: int) -> npt.NDArray[np.int16]:
    """Smooth noise from -128 to 127, (height, width): random grey cells drawn large, `cells` along the shorter side."""
    scale = max(1, min(size) // cells)
    small = (size[0] // scale + 2, size[1] // scale + 2)
    noise = Image.frombytes("L", small, rng.randbytes(small[0] * small[1]))
    if scale > 1:
        noise = noise.resize((small[0] * scale, small[1] * scale), Image.Resampling.BILINEAR)
    noise = noise.crop((0, 0, *size))
    return np.asarray(noise).astype(np.int16) - 128
