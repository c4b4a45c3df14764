import logging
import os
import re
from statistics import fmean

import pytest
from ocr_settings import GREY, fake_tesseract
from PIL import Image

from symptomeme.data.transforms import read_picture
from symptomeme.domain.errors import ToolError
from symptomeme.sample.draw import Order, draw_meme
from symptomeme.text.quality import character_error
from symptomeme.text.tesseract import TesseractEngine


@pytest.fixture(scope="module")
def tesseract():
    return TesseractEngine(**GREY)


def test_a_batch_is_read_in_order_and_as_each_picture_alone(tesseract, drawn):
    pictures = [
        drawn("second thoughts"),
        Image.new("RGB", (90, 60), "white"),
        drawn("first of all"),
        drawn("third time"),
    ]
    readings = tesseract.read(pictures)
    assert [reading.text for reading in readings] == ["second thoughts", "", "first of all", "third time"]
    assert [reading.words for reading in readings] == [2, 0, 3, 2]
    assert readings[1].confidence is None
    assert all(50 < reading.confidence <= 100 for reading in readings if reading.words)
    assert readings == [tesseract.read([picture])[0] for picture in pictures]


def test_a_picture_that_tesseract_refuses_does_not_spoil_the_batch(tesseract, drawn, caplog):
    with caplog.at_level(logging.DEBUG):
        readings = tesseract.read([drawn("before it"), Image.new("RGB", (40_000, 4)), drawn("after it")])
    assert [reading.text for reading in readings] == ["before it", "", "after it"]
    assert "Tesseract refused a picture of 40000 x 4 pixels: no words." in caplog.messages
    assert "before" not in caplog.text


def test_where_tesseract_has_gone_meanwhile_it_is_told(tesseract, drawn, monkeypatch):
    monkeypatch.setenv("PATH", "")
    for late in (lambda: TesseractEngine(**GREY), lambda: tesseract.read([drawn("nothing")])):
        with pytest.raises(ToolError, match=r"^Tesseract is not installed, or does not start\. Type: "):
            late()


def test_nothing_in_nothing_out(tesseract):
    assert tesseract.read(iter([])) == []


def test_words_below_the_confidence_are_left_out(tesseract, drawn):
    picture = drawn("one two three")
    sure = tesseract.read([picture])[0]
    none = TesseractEngine(**GREY | {"min_confidence": 100.0}).read([picture])[0]
    assert (sure.words, none.words, none.text, none.confidence) == (3, 0, "", None)


def test_upscaling_reads_small_letters(drawn):
    small = drawn("small letters here").resize((105, 20), Image.Resampling.LANCZOS)
    assert TesseractEngine(**GREY | {"upscale": 4.0}).read([small])[0].text == "small letters here"


def test_settings_name_all_that_changes_the_result():
    changes = {"page_segmentation": 11, "upscale": 1.5, "min_confidence": 30.0}
    same = r"tesseract [\d.]+, eng [0-9a-f]{8}, psm 11"
    grey = TesseractEngine(**GREY | changes).settings
    letters = TesseractEngine(**GREY | changes | {"view": "letters"}).settings
    assert re.fullmatch(rf"{same}, grey, upscale 1.5, confidence 30", grey)
    assert re.fullmatch(rf"{same}, letters 190/110, upscale 1.5, confidence 30", letters)


TEXT = "When nobody answers me for 3 days, I worry."


@pytest.mark.parametrize("style", ["outlined", "caption", "blocks"])
def test_drawn_memes_of_all_styles_are_read(style):
    memes = [
        draw_meme(Order(key=f"{style}/{n}", text=TEXT, style=style, widths=(640, 900), capitals=(18, 40)))
        for n in range(4)
    ]
    pictures = [read_picture(meme.data) for meme in memes]
    readings = TesseractEngine(**GREY | {"view": "letters"}).read(pictures)
    errors = [character_error(reading.text, TEXT) for reading in readings]
    assert fmean(errors) <= 0.06, errors
    assert all(reading.words == len(reading.text.split()) and reading.confidence > 50 for reading in readings)


@pytest.mark.parametrize(
    ("platform", "command"), [("linux", "sudo apt-get install tesseract-ocr"), ("darwin", "brew install tesseract")]
)
def test_without_tesseract_the_message_says_what_to_type(monkeypatch, tmp_path, platform, command):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("sys.platform", platform)
    with pytest.raises(ToolError) as error:
        TesseractEngine(**GREY)
    assert str(error.value) == f"Tesseract is not installed, or does not start. Type: {command}"


def test_a_missing_language_is_named():
    with pytest.raises(ToolError) as error:
        TesseractEngine(**GREY | {"lang": "eng+xx_yy"})
    assert str(error.value).startswith("Tesseract has no data for language 'xx_yy' (ocr.lang); it has ")
    assert str(error.value).endswith("Type: sudo apt-get install tesseract-ocr-xx-yy")


def test_tesseract_alone_is_limited_to_one_thread(tesseract, drawn, monkeypatch, tmp_path):
    header = "level\tpage_num\tblock_num\tpar_num\tline_num\tword_num\tleft\ttop\twidth\theight\tconf\ttext"
    row = "5\t1\t1\t1\t1\t1\t0\t0\t9\t9\t95\tlimit=$OMP_THREAD_LIMIT"
    fake_tesseract(tmp_path, f'printf "{header}\\n{row}\\n" > "$2.tsv"'.replace("\t", "\\t"))
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.delenv("OMP_THREAD_LIMIT", raising=False)
    assert tesseract.read([drawn("anything")])[0].text == "limit=1"
    assert "OMP_THREAD_LIMIT" not in os.environ


def test_a_killed_tesseract_is_no_empty_picture(tesseract, drawn, monkeypatch, tmp_path):
    fake_tesseract(tmp_path, "kill -9 $$")
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with pytest.raises(ToolError, match=r"^Tesseract ended with status -9; read pictures are kept, run it again\.$"):
        tesseract.read([drawn("anything")])
