from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

import pytest
from matplotlib import font_manager
from PIL import Image, ImageDraw, ImageFont

from symptomeme.text.ocr import Reading


def draw(text: str, size: tuple[int, int] = (420, 80)) -> Image.Image:
    picture = Image.new("RGB", size, "white")
    font = ImageFont.truetype(font_manager.findfont("DejaVu Sans"), 32)
    ImageDraw.Draw(picture).text((15, 20), text, fill="black", font=font)
    return picture


@pytest.fixture
def drawn():
    return draw


@pytest.fixture
def saved(tmp_path):
    """Saves pictures; gives the SHA-256 and path of each, as `read_all` takes them."""

    def save(*pictures: Image.Image) -> list[tuple[str, Path]]:
        found = []
        for number, picture in enumerate(pictures):
            path = tmp_path / f"{number}.png"
            picture.save(path)
            found.append((sha256(path.read_bytes()).hexdigest(), path))
        return found

    return save


class WidthEngine:
    """Reads a picture's width as its text, and counts what it is given."""

    settings = "widths"

    def __init__(self) -> None:
        self.batches: list[int] = []

    def read(self, pictures: Iterable[Image.Image]) -> list[Reading]:
        readings = [Reading(str(picture.width), 90.0, 1) for picture in pictures]
        self.batches.append(len(readings))
        return readings


@pytest.fixture
def engine():
    return WidthEngine()
