"""What scenes are drawn with: shapes in shares of the picture's size, in one palette of muted colours."""

import colorsys
from random import Random

from PIL import Image, ImageDraw

from symptomeme.sample.textures import Size

Colour = tuple[int, int, int]

MOST_SATURATED = 0.3
"""No scene holds stronger colours, so that a symbol's colour stands out."""


class Place:
    """A drawing in shares of its width and height, with one palette."""

    def __init__(self, size: Size, rng: Random) -> None:
        self.size = size
        self.rng = rng
        self.hue = rng.random()
        self.strength = rng.uniform(0.35, 1)
        self.image = Image.new("RGB", size)
        self.canvas = ImageDraw.Draw(self.image)

    def tone(self, value: float, *, turn: float = 0.0, saturation: float = 0.25) -> Colour:
        """A colour of the palette: brightness from 0 to 1, `turn` away from the main hue."""
        red, green, blue = colorsys.hsv_to_rgb(
            (self.hue + turn) % 1.0,
            min(saturation * self.strength, MOST_SATURATED),
            min(1.0, max(0.0, value + self.rng.uniform(-0.06, 0.06))),
        )
        return round(red * 255), round(green * 255), round(blue * 255)

    def box(self, left: float, top: float, right: float, bottom: float, colour: Colour, *, corner: float = 0) -> None:
        """A rectangle, with round corners of `corner` of the width."""
        width, height = self.size
        edges = (left * width, top * height, right * width, bottom * height)
        self.canvas.rounded_rectangle(edges, corner * width, fill=colour)

    def disc(self, x: float, y: float, radius: float, colour: Colour, *, tall: float = 1.0) -> None:
        """A disc around (x, y), its radius in shares of the width."""
        width, height = self.size
        across, down = radius * width, radius * width * tall
        self.canvas.ellipse((x * width - across, y * height - down, x * width + across, y * height + down), fill=colour)

    def path(self, *points: tuple[float, float], colour: Colour) -> None:
        """A filled polygon."""
        width, height = self.size
        self.canvas.polygon([(x * width, y * height) for x, y in points], fill=colour)

    def person(self, x: float, y: float, scale: float, value: float) -> None:
        """Head, hair and shoulders seen from the front; (x, y) is the middle of the head."""
        clothes = self.tone(value * 0.7, turn=self.rng.random(), saturation=0.4)
        skin = self.tone(min(0.9, value + 0.3), turn=0.08 - self.hue, saturation=0.4)
        hair = self.tone(value * 0.4)
        self.box(x - scale * 1.7, y + scale * 1.5, x + scale * 1.7, 1.0, clothes, corner=scale)
        self.disc(x, y - scale * 0.25, scale * 1.1, hair, tall=1.15)
        self.disc(x, y, scale * 0.9, skin, tall=1.2)
        for side in (-0.35, 0.35):
            self.disc(x + scale * side, y - scale * 0.1, scale * 0.1, hair)
        self.box(x - scale * 0.3, y + scale * 0.5, x + scale * 0.3, y + scale * 0.58, hair)

    def tiles(self, top: float, bottom: float, value: float) -> None:
        """A tiled wall."""
        self.box(0, top, 1, bottom, self.tone(value * 0.7))
        across = self.rng.randint(6, 11)
        side = 1 / across
        for row in range(int((bottom - top) / side) + 1):
            for column in range(across):
                y = top + row * side
                edges = (column * side + 0.004, y + 0.004, (column + 1) * side - 0.004, min(bottom, y + side - 0.004))
                if edges[3] > edges[1]:
                    self.box(*edges, self.tone(value))
