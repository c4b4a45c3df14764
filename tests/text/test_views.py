import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from symptomeme.data.transforms import read_picture
from symptomeme.sample.draw import Order, draw_meme
from symptomeme.sample.fonts import font_file
from symptomeme.text.shapes import find_shapes, grown
from symptomeme.text.views import MARGIN, MOST_PIXELS, SLIM, SLIMMEST, TALLEST, page_of

LIMITS = {"light": 190, "dark": 110}


def page(picture):
    return page_of(picture, **LIMITS)


def meme(style, key="1"):
    return read_picture(draw_meme(Order(key=key, text="I never sleep at night anymore.", style=style)).data)


@pytest.mark.parametrize(("style", "kinds"), [("outlined", ("light",)), ("caption", ("dark",))])
@pytest.mark.parametrize("key", ["1", "2", "3"])
def test_the_style_is_told_from_the_pixels(style, kinds, key):
    found = page(meme(style, key))
    assert found.letters == kinds
    assert found.image.mode == "L"
    # ink on paper, and nothing of the scene between
    histogram = np.array(found.image.histogram())
    assert 0.05 < histogram[:64].sum() / histogram.sum() < 0.3
    assert histogram[64:192].sum() < histogram[:64].sum()


def test_cards_are_read_dark_or_light():
    assert {page(meme("blocks", str(key))).letters for key in range(8)} == {("light",), ("dark",)}


def test_a_caption_and_capitals_stand_on_one_page():
    above, below = meme("caption"), meme("outlined")
    both = Image.new("RGB", (max(above.width, below.width), above.height + below.height), "white")
    both.paste(above, (0, 0))
    both.paste(below, (0, above.height))
    assert page(both).letters == ("light", "dark")


@pytest.mark.parametrize("colour", ["white", "black", (120, 130, 140)])
def test_without_letters_it_is_the_picture_in_grey(colour):
    picture = Image.new("RGB", (90, 60), colour)
    found = page(picture)
    assert found.letters == ()
    assert found.image.tobytes() == picture.convert("L").tobytes()


@pytest.mark.parametrize("size", [(1, 1), (2, 40), (300, 3)])
def test_the_smallest_pictures_are_pages_too(size):
    noise = np.random.default_rng(0).integers(0, 255, (size[1], size[0], 3), np.uint8)
    assert min(page(Image.fromarray(noise)).image.size) >= 1


def bars(*, high, wide, number=8):
    """A picture of black bars on white, as letters of these sizes stand in a line."""
    picture = Image.new("RGB", (number * 2 * wide + 40, high + 60), "white")
    draw = ImageDraw.Draw(picture)
    for n in range(number):
        left = 20 + n * 2 * wide
        draw.rectangle((left, 30, left + wide - 1, 30 + high - 1), fill="black")
    return picture


@pytest.mark.parametrize(
    ("high", "wide", "down", "across"),
    [
        pytest.param(16, 8, 1, 1, id="small and slim: as they are"),
        pytest.param(20, 12, 1, SLIM / 0.6, id="wide"),
        pytest.param(44, 22, TALLEST / 44, 1, id="large"),
        pytest.param(40, 30, TALLEST / 40, SLIM / 0.75, id="large and wide"),
        pytest.param(20, 40, 1, SLIMMEST, id="letters that touch"),
    ],
)
def test_letters_are_set_small_and_slim(high, wide, down, across):
    found = page(bars(high=high, wide=wide)).image
    assert found.height == round((high + 2 * MARGIN) * down)
    assert found.width == round((15 * wide + 2 * MARGIN) * down * across)


def test_letters_higher_than_any_page_leave_a_page():
    picture = Image.new("RGB", (20, 90_000), "white")
    for left in (4, 12):
        picture.paste("black", (left, 100, left + 4, 17_000))
    found = page(picture)
    assert found.letters == ("dark",)
    assert min(found.image.size) >= 1


def test_large_pictures_are_made_smaller():
    picture = Image.new("RGB", (4000, 3000), "white")
    font = ImageFont.truetype(str(font_file("DejaVuSans-Bold")), 200)
    ImageDraw.Draw(picture).text((200, 300), "large letters", fill="black", font=font)
    found = page(picture).image
    assert found.width * found.height < MOST_PIXELS
    assert page(picture).letters == ("dark",)


def test_lines_by_hand():
    ink = np.zeros((60, 200), bool)
    for left in (20, 35, 50, 150):  # three letters in a row; the fourth is too far away to stand with them
        ink[20:35, left : left + 8] = True
    ink[33:35, 61:63] = True  # a full stop
    found = find_shapes(ink, ground=~ink)
    assert found.lines == [(3, 20, 35, 20, 58)]
    assert found.surrounded.tolist() == [True] * 5
    mask = found.mask(found.lines)
    assert mask[34, 62]
    assert mask[20, 20]
    assert not mask[20:35, 140:].any()
    assert not find_shapes(ink, ground=np.zeros_like(ink)).lines


def test_grown_by_hand():
    values = np.zeros((5, 6), np.int32)
    values[1, 1] = 3
    values[4, 5] = 7
    assert grown(values, by=1).tolist() == [
        [3, 3, 3, 0, 0, 0],
        [3, 3, 3, 0, 0, 0],
        [3, 3, 3, 0, 0, 0],
        [0, 0, 0, 0, 7, 7],
        [0, 0, 0, 0, 7, 7],
    ]
