"""How large a picture may be, told from its header before anything is decoded."""

import io

from PIL import Image

from symptomeme.data.transforms import FORMATS
from symptomeme.serving.door.codes import Code, Refusal


def check_pixels(data: bytes, most: int) -> int:
    """A picture's pixels, at most so many; 0 for what is no picture, of which the reader says what it is.

    Raises:
        Refusal: it has more.
    """
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as picture:
            width, height = picture.size
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise Refusal(Code.TOO_MANY_PIXELS, f"the picture has more than {most} pixels.") from None
    except Exception:  # Pillow's readers raise whatever a damaged header makes them stumble over
        return 0
    if width * height > most:
        raise Refusal(
            Code.TOO_MANY_PIXELS, f"the picture has {width} x {height} pixels, at most {most} in all are read."
        )
    return width * height
