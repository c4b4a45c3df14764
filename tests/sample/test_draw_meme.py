import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from symptomeme.sample.captions import MAX_WORDS
from symptomeme.sample.draw import Order, draw_meme
from symptomeme.sample.scenes import SETTINGS
from symptomeme.sample.styles import CAPITALS, STYLES
from symptomeme.sample.symbols import SYMBOLS

ORDER = Order(key="train/TR-1", text="me: my tea went cold while i was deciding whether to drink it")


def opened(order):
    return Image.open(io.BytesIO(draw_meme(order).data)).convert("RGB")


@pytest.mark.parametrize("style", STYLES)
def test_the_same_order_gives_the_same_bytes(style):
    order = replace(ORDER, style=style, symbols=("Feeling Down",))
    assert draw_meme(order) == draw_meme(order)


def test_another_key_gives_another_picture_of_the_same_words():
    first, second = draw_meme(replace(ORDER, style="caption")), draw_meme(replace(ORDER, style="caption", key="test/1"))
    assert first.data != second.data
    assert [word["text"] for word in first.row["words"]] == [word["text"] for word in second.row["words"]]


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("length", [1, 12, MAX_WORDS + 40])
def test_words_and_symbols_stand_inside_the_picture_and_apart(style, length):
    symbols = ("Feeling Down", "Low Self-Esteem", "Self-Harm")
    meme = draw_meme(Order(key="train/TR-2", text="thought " * length, style=style, symbols=symbols))
    width, height = Image.open(io.BytesIO(meme.data)).size
    assert (meme.row["width"], meme.row["height"]) == (width, height)
    assert len(meme.row["words"]) == min(length, MAX_WORDS)
    assert meme.row["cut"] == (length > MAX_WORDS)
    boxes = [thing["box"] for thing in meme.row["words"] + meme.row["symbols"]]
    assert all(0 < left < right < width and 0 < top < bottom < height for left, top, right, bottom in boxes)
    shown = [thing["box"] for thing in meme.row["symbols"]]
    assert len(shown) == 3
    for at, symbol in enumerate(shown):
        others = [thing["box"] for thing in meme.row["words"]] + shown[:at]
        assert not any(overlap(symbol, other) for other in others)


def overlap(one, other):
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def test_outlined_words_are_capitals_of_the_documented_height():
    for number in range(8):
        meme = draw_meme(Order(key=f"train/{number}", text="hhh " * 30, style="outlined", widths=(640, 640)))
        heights = {word["box"][3] - word["box"][1] for word in meme.row["words"]}
        stroke = 2 * 5
        assert CAPITALS[0] <= min(heights)
        assert max(heights) <= CAPITALS[1] + stroke
        assert meme.row["words"][0]["text"] == "HHH"


def test_outlined_words_are_off_white_over_black():
    meme = draw_meme(replace(ORDER, style="outlined"))
    pixels = np.asarray(Image.open(io.BytesIO(meme.data)).convert("L"))
    left, top, right, bottom = meme.row["words"][0]["box"]
    inside = pixels[top:bottom, left:right]
    assert inside.max() >= 215
    assert inside.min() <= 40


def test_no_text_is_a_scene_without_words():
    for style in STYLES:
        meme = draw_meme(Order(key="train/TR-3", text=" ", style=style))
        assert meme.row["words"] == []
        assert meme.row["style"] == "outlined"
        assert np.asarray(Image.open(io.BytesIO(meme.data))).std() > 5


def test_replaced_letters_are_counted():
    assert draw_meme(Order(key="train/TR-4", text="汉字 fine")).row["replaced"] == 2


@pytest.mark.parametrize("setting", SETTINGS)
def test_scenes_are_textured_and_paler_than_symbols(setting):
    picture = opened(Order(key="train/TR-5", text="", setting=setting))
    assert np.asarray(picture.convert("L")).std() > 8
    hue_saturation_value = np.asarray(picture.convert("HSV")).astype(int)
    strength = (hue_saturation_value[..., 1] * hue_saturation_value[..., 2]) // 255
    assert np.quantile(strength, 0.99) < 110
    weakest = min(max(symbol.colour) - min(symbol.colour) for symbol in SYMBOLS.values())
    assert weakest >= 170


@pytest.mark.parametrize("label", SYMBOLS)
def test_a_symbol_shows_its_colour_where_its_box_says(label):
    meme = draw_meme(replace(ORDER, style="caption", symbols=(label,)))
    box = meme.row["symbols"][0]["box"]
    symbol = SYMBOLS[label]
    assert meme.row["symbols"][0]["name"] == symbol.name
    assert 0.16 <= (box[2] - box[0]) / meme.row["width"] <= 0.24
    inside = np.asarray(Image.open(io.BytesIO(meme.data)).convert("RGB").crop(box)).astype(int)
    near = (abs(inside - np.array(symbol.colour)).max(axis=-1) < 60).mean()
    assert near > 0.2


def test_symbols_of_a_task_differ_in_name_and_colour():
    from symptomeme.domain.labels import TASKS  # noqa: PLC0415

    for task in TASKS.values():
        shown = [SYMBOLS[label] for label in task.labels]
        assert len({symbol.name for symbol in shown}) == len({symbol.colour for symbol in shown}) == len(shown)
    assert len({symbol.name for symbol in SYMBOLS.values()}) == len(SYMBOLS)


def test_some_memes_are_png_but_never_the_outlined():
    formats = {style: set() for style in STYLES}
    for number in range(40):
        for style in ("outlined", "blocks"):
            order = Order(key=f"train/{number}", text="short", style=style, widths=(200, 220))
            meme = draw_meme(order)
            assert Image.open(io.BytesIO(meme.data)).format == meme.format
            formats[style].add(meme.format)
    assert formats["outlined"] == {"JPEG"}
    assert formats["blocks"] == {"JPEG", "PNG"}


def test_a_resaved_meme_is_smaller_and_its_boxes_follow():
    order = replace(ORDER, style="outlined")
    first, again = draw_meme(order), draw_meme(replace(order, damage="resaved"))
    assert again.row["width"] == round(first.row["width"] * 0.96)
    assert opened(replace(order, damage="resaved")).width == again.row["width"]
    assert again.row["words"][0]["box"] == tuple(int(edge * 0.96) for edge in first.row["words"][0]["box"])


def test_a_truncated_meme_cannot_be_decoded():
    damaged = draw_meme(replace(ORDER, style="outlined", damage="truncated")).data
    with pytest.raises(OSError, match="truncated"):
        Image.open(io.BytesIO(damaged)).load()
