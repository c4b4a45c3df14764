"""A picture whose bytes are told apart from all others by their SHA-256."""

from pathlib import Path

from PIL import Image

from symptomeme.data.transforms import read_picture
from symptomeme.domain.digests import of_file
from symptomeme.domain.errors import ImageError


def known_picture(path: Path, sha256: str) -> Image.Image:
    """The picture, if its bytes are still those it is known by: else a cache would hold what was found in another.

    Raises:
        ImageError: it cannot be opened, or they are not.
    """
    picture = read_picture(path)
    if of_file(path) != sha256:
        raise ImageError(f"{path}: its bytes have changed.")
    return picture
