import sys
from importlib.util import find_spec

import pytest
from PIL import Image

from symptomeme.data.transforms import read_picture
from symptomeme.domain.errors import ToolError
from symptomeme.sample.draw import Order, draw_meme
from symptomeme.text.quality import character_error
from symptomeme.text.rapid import RapidOcrEngine
from symptomeme.text.spaces import spaced

extra = pytest.mark.skipif(find_spec("rapidocr") is None, reason="the extra 'rapidocr' is not installed")
TEXT = "When nobody answers me for 3 days, I worry."


@extra
def test_drawn_memes_are_read(drawn, capfd):
    engine = RapidOcrEngine(min_confidence=30.0)
    meme = read_picture(draw_meme(Order(key="1", text=TEXT, style="outlined", widths=(640, 640))).data)
    first, second, none = engine.read([meme, drawn("black on white"), Image.new("RGB", (90, 60), "white")])
    assert character_error(first.text, TEXT) < 0.1
    assert (second.text, second.words) == ("black on white", 3)
    assert second.confidence > 80
    assert (none.text, none.confidence, none.words) == ("", None, 0)
    assert engine.settings.startswith("rapidocr 3.")
    assert capfd.readouterr() == ("", "")


def centres(text, gap):
    """Letters 10 apart, and so much more where a bar stands, which is not in the text."""
    found, x = [], 0
    for letter in text:
        x += gap if letter in "| " else 10
        if letter not in "| ":
            found.append(x)
    return found


@extra
@pytest.mark.parametrize(
    ("letters", "gap", "repaired"),
    [
        ("BECAUSE|I TOLD|THEM SO", 5, "BECAUSE I TOLD THEM SO"),
        ("they WHEN|YOU|CANT sleep", 5, "they WHEN YOU CANT sleep"),
        ("WHEN|YOU|CANT", 1, "WHENYOUCANT"),  # words, but not apart
        ("over|thinking", 0, "overthinking"),
        ("unbe|lievable", 9, "unbelievable"),  # apart, but one word
    ],
)
def test_dropped_spaces_are_put_back_where_words_and_distances_say_so(letters, gap, repaired):
    text = letters.replace("|", "")
    assert spaced(text, centres(letters, gap)) == repaired
    assert spaced(text, [1.0]) == text


def test_without_the_extra_the_message_says_what_to_type(monkeypatch):
    monkeypatch.setitem(sys.modules, "rapidocr", None)
    with pytest.raises(ToolError) as error:
        RapidOcrEngine(min_confidence=0.0)
    assert str(error.value) == (
        "RapidOCR is not installed (ocr.source: rapidocr). Type: pip install 'symptomeme[rapidocr]'"
    )
