"""The places memes are set in: flat drawings of eight settings in muted colours, each different by its seed."""

from collections.abc import Callable
from random import Random

from PIL import Image

from symptomeme.sample.places import Place
from symptomeme.sample.textures import Size, photographed


def scene(setting: str, size: Size, rng: Random, *, grain: int) -> Image.Image:
    """An RGB picture of one of `SETTINGS`.

    Args:
        grain: strength of the texture, in steps of brightness.
    """
    place = Place(size, rng)
    SETTINGS[setting](place)
    drawing = place.image
    if rng.getrandbits(1):
        drawing = drawing.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    return photographed(drawing, rng, grain=grain)


def _night(place: Place) -> None:
    """A dark bedroom: window, moon, bed, lamp."""
    rng = place.rng
    place.box(0, 0, 1, 1, place.tone(0.22))
    x, y = rng.uniform(0.08, 0.5), rng.uniform(0.08, 0.2)
    place.box(x - 0.02, y - 0.02, x + 0.36, y + 0.42, place.tone(0.4))
    place.box(x, y, x + 0.34, y + 0.4, place.tone(0.13, saturation=0.4))
    for _ in range(14):
        place.disc(x + rng.uniform(0.02, 0.32), y + rng.uniform(0.02, 0.38), 0.004, place.tone(0.85))
    place.disc(x + rng.uniform(0.06, 0.28), y + rng.uniform(0.08, 0.2), 0.045, place.tone(0.85, saturation=0.1))
    place.box(x + 0.165, y, x + 0.175, y + 0.4, place.tone(0.4))
    place.box(0.82, 0.36, 0.84, 0.7, place.tone(0.3))
    place.path((0.76, 0.38), (0.9, 0.38), (0.87, 0.24), (0.79, 0.24), colour=place.tone(0.75, turn=0.1))
    top = rng.uniform(0.62, 0.72)
    place.box(0.03, top - 0.12, 0.97, 1, place.tone(0.3), corner=0.02)
    place.box(0.08, top - 0.05, 0.4, top + 0.1, place.tone(0.72, saturation=0.08), corner=0.05)
    place.disc(0.25, top, 0.055, place.tone(0.5, turn=0.07 - place.hue, saturation=0.4))
    place.path((0.1, top + 0.08), (0.9, top), (1, 1), (0, 1), colour=place.tone(0.42, turn=0.5, saturation=0.35))


def _desk(place: Place) -> None:
    """An office desk: screen, papers, mug."""
    rng = place.rng
    place.box(0, 0, 1, 1, place.tone(0.68))
    for _ in range(rng.randint(3, 6)):
        x, y = rng.uniform(0.02, 0.9), rng.uniform(0.04, 0.35)
        place.box(x, y, x + 0.09, y + 0.09, place.tone(0.85, turn=rng.random(), saturation=0.4))
    level = rng.uniform(0.68, 0.78)
    x = rng.uniform(0.2, 0.4)
    place.box(x + 0.17, 0.5, x + 0.23, level + 0.02, place.tone(0.2))
    place.box(x, 0.22, x + 0.42, 0.6, place.tone(0.15), corner=0.012)
    place.box(x + 0.015, 0.24, x + 0.405, 0.57, place.tone(0.88, saturation=0.08))
    for row in range(8):
        place.box(x + 0.04, 0.27 + row * 0.035, x + rng.uniform(0.12, 0.38), 0.285 + row * 0.035, place.tone(0.5))
    place.box(0, level, 1, 1, place.tone(0.45, turn=0.3, saturation=0.4))
    for _ in range(5):
        x, y = rng.uniform(0, 0.85), rng.uniform(level + 0.02, 0.93)
        place.path((x, y), (x + 0.16, y + 0.01), (x + 0.18, y + 0.09), (x - 0.02, y + 0.08), colour=place.tone(0.9))
    x = rng.uniform(0.72, 0.88)
    place.box(x, level - 0.08, x + 0.07, level + 0.05, place.tone(0.6, turn=0.5, saturation=0.4), corner=0.01)


def _phone(place: Place) -> None:
    """A phone with a chat, held before a blurred room."""
    rng = place.rng
    place.box(0, 0, 1, 1, place.tone(0.4))
    for _ in range(16):
        place.disc(rng.random(), rng.random(), rng.uniform(0.04, 0.16), place.tone(rng.uniform(0.3, 0.6), turn=0.1))
    x, top = rng.uniform(0.28, 0.42), rng.uniform(0.06, 0.14)
    hand = place.tone(0.65, turn=0.07 - place.hue, saturation=0.4)
    place.path((x - 0.1, 1), (x + 0.04, 0.6), (x + 0.3, 0.6), (x + 0.46, 1), colour=hand)
    place.box(x, top, x + 0.32, 0.92, place.tone(0.1), corner=0.03)
    place.box(x + 0.015, top + 0.04, x + 0.305, 0.87, place.tone(0.86, saturation=0.06), corner=0.01)
    y = top + 0.07
    for _ in range(8):
        high, wide = rng.uniform(0.04, 0.08), rng.uniform(0.1, 0.2)
        left = x + 0.03 if rng.getrandbits(1) else x + 0.29 - wide
        place.box(left, y, left + wide, y + high, place.tone(rng.uniform(0.5, 0.75), saturation=0.4), corner=0.012)
        y += high + 0.02
    for finger in range(4):
        y = 0.5 + finger * 0.08
        place.box(x + 0.29, y, x + 0.38, y + 0.065, hand, corner=0.03)


def _street(place: Place) -> None:
    """Houses with windows, a road, a lamp."""
    rng = place.rng
    place.box(0, 0, 1, 1, place.tone(0.72, saturation=0.2))
    x = -0.05
    while x < 1:
        wide, top = rng.uniform(0.12, 0.24), rng.uniform(0.1, 0.42)
        place.box(x, top, x + wide, 0.76, place.tone(rng.uniform(0.3, 0.55), turn=rng.uniform(-0.1, 0.1)))
        for row in range(int((0.7 - top) / 0.09)):
            for column in range(int(wide / 0.055)):
                left, y = x + 0.015 + column * 0.055, top + 0.03 + row * 0.09
                place.box(left, y, left + 0.03, y + 0.05, place.tone(rng.choice((0.2, 0.35, 0.85))))
        x += wide + 0.01
    place.box(0, 0.76, 1, 0.8, place.tone(0.6))
    place.box(0, 0.8, 1, 1, place.tone(0.27))
    for mark in range(6):
        left = mark * 0.2 + rng.uniform(-0.02, 0.02)
        place.path(
            (left, 0.92), (left + 0.1, 0.92), (left + 0.09, 0.895), (left + 0.01, 0.895), colour=place.tone(0.85)
        )
    x = rng.uniform(0.1, 0.3)
    place.box(x, 0.2, x + 0.014, 0.8, place.tone(0.15))
    place.disc(x + 0.007, 0.2, 0.03, place.tone(0.92, saturation=0.15))
    place.person(rng.uniform(0.5, 0.85), rng.uniform(0.55, 0.62), rng.uniform(0.04, 0.07), 0.45)


def _kitchen(place: Place) -> None:
    """Tiles, counter, fridge, pans."""
    rng = place.rng
    place.tiles(0, 0.72, 0.72)
    place.box(0.7, 0.72, 1, 1, place.tone(0.35))
    place.box(0.7, 0.08, 0.98, 1, place.tone(0.8, saturation=0.1), corner=0.015)
    place.box(0.7, 0.4, 0.98, 0.41, place.tone(0.4))
    place.box(0.725, 0.2, 0.74, 0.35, place.tone(0.35))
    for _ in range(4):
        x, y = rng.uniform(0.76, 0.92), rng.uniform(0.12, 0.34)
        place.box(x, y, x + 0.04, y + 0.04, place.tone(0.7, turn=rng.random(), saturation=0.42))
    for pan in range(rng.randint(2, 4)):
        x = 0.12 + pan * 0.14
        place.box(x - 0.006, 0.12, x + 0.006, 0.24, place.tone(0.2))
        place.disc(x, 0.28, rng.uniform(0.04, 0.06), place.tone(0.25))
    place.box(0, 0.72, 0.7, 0.77, place.tone(0.35))
    place.box(0, 0.77, 0.7, 1, place.tone(0.55, turn=0.5, saturation=0.35))
    for door in range(3):
        place.box(0.02 + door * 0.23, 0.8, 0.22 + door * 0.23, 0.97, place.tone(0.62, turn=0.5, saturation=0.35))
    x = rng.uniform(0.08, 0.5)
    place.box(x, 0.57, x + 0.12, 0.72, place.tone(0.5, turn=0.5), corner=0.03)
    place.path((x + 0.11, 0.62), (x + 0.17, 0.58), (x + 0.17, 0.6), (x + 0.11, 0.68), colour=place.tone(0.4))


def _party(place: Place) -> None:
    """Lights, bunting and a crowd."""
    rng = place.rng
    place.box(0, 0, 1, 1, place.tone(0.28, saturation=0.35))
    for _ in range(26):
        place.disc(
            rng.random(),
            rng.uniform(0, 0.6),
            rng.uniform(0.01, 0.05),
            place.tone(rng.uniform(0.4, 0.8), turn=rng.random()),
        )
    for flag in range(12):
        x, y = flag / 12, 0.07 + 0.03 * ((flag * 7) % 3)
        place.path(
            (x, y), (x + 0.07, y), (x + 0.035, y + 0.08), colour=place.tone(0.7, turn=rng.random(), saturation=0.42)
        )
    for _ in range(rng.randint(4, 6)):
        place.person(rng.uniform(0.05, 0.95), rng.uniform(0.48, 0.6), rng.uniform(0.05, 0.075), 0.35)
    place.person(rng.uniform(0.3, 0.7), rng.uniform(0.6, 0.66), rng.uniform(0.09, 0.12), 0.55)


def _mirror(place: Place) -> None:
    """A bathroom mirror with a face in it."""
    rng = place.rng
    place.tiles(0, 1, 0.6)
    x, y = rng.uniform(0.38, 0.62), rng.uniform(0.38, 0.46)
    place.disc(x, y, 0.27, place.tone(0.3), tall=1.25)
    place.disc(x, y, 0.25, place.tone(0.82, saturation=0.1), tall=1.25)
    scale = rng.uniform(0.09, 0.12)
    place.box(x - scale * 1.4, y + scale * 1.4, x + scale * 1.4, y + 0.28, place.tone(0.4, turn=0.4), corner=0.06)
    place.disc(x, y - scale * 0.3, scale * 1.1, place.tone(0.2), tall=1.15)
    place.disc(x, y, scale * 0.9, place.tone(0.75, turn=0.07 - place.hue, saturation=0.4), tall=1.2)
    for side in (-0.35, 0.35):
        place.disc(x + scale * side, y - scale * 0.1, scale * 0.1, place.tone(0.15))
    place.box(x - scale * 0.3, y + scale * 0.5, x + scale * 0.3, y + scale * 0.6, place.tone(0.3))
    place.box(0.15, 0.8, 0.85, 0.87, place.tone(0.9, saturation=0.05), corner=0.02)
    place.box(0.3, 0.87, 0.7, 1, place.tone(0.8, saturation=0.05))
    place.box(0.48, 0.7, 0.52, 0.8, place.tone(0.4), corner=0.01)


def _bus(place: Place) -> None:
    """Inside a bus: windows, poles, seats."""
    rng = place.rng
    place.box(0, 0, 1, 1, place.tone(0.5))
    for window in range(3):
        x = 0.03 + window * 0.33
        place.box(x, 0.12, x + 0.29, 0.55, place.tone(0.8, saturation=0.15), corner=0.03)
        place.box(x, rng.uniform(0.34, 0.42), x + 0.29, 0.53, place.tone(0.45, turn=0.3))
        for _ in range(4):
            left = x + rng.uniform(0.01, 0.24)
            place.box(left, rng.uniform(0.2, 0.35), left + 0.035, 0.52, place.tone(0.35, turn=rng.random()))
    for pole in (rng.uniform(0.3, 0.38), rng.uniform(0.64, 0.72)):
        place.box(pole, 0, pole + 0.018, 1, place.tone(0.75, saturation=0.4))
    for seat in range(4):
        x = seat * 0.26 + rng.uniform(-0.02, 0.02)
        place.box(x, 0.58, x + 0.2, 0.9, place.tone(0.38, turn=0.5, saturation=0.42), corner=0.03)
        place.box(x + 0.02, 0.6, x + 0.18, 0.68, place.tone(0.5, turn=0.5, saturation=0.42), corner=0.02)
    place.person(rng.uniform(0.15, 0.85), rng.uniform(0.5, 0.56), rng.uniform(0.06, 0.08), 0.45)
    place.box(0, 0.92, 1, 1, place.tone(0.25))


SETTINGS: dict[str, Callable[[Place], None]] = {
    "night": _night,
    "desk": _desk,
    "phone": _phone,
    "street": _street,
    "kitchen": _kitchen,
    "party": _party,
    "mirror": _mirror,
    "bus": _bus,
}
"""How each setting is drawn, by name."""
