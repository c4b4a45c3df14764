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
from symptomeme.text.ocr import Reading, Unread
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
    assert re.fullmatch(rf"{same}, letters 190/110, 22 px x 0.53, upscale 1.5, confidence 30", letters)


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


HEADER = "level\tpage_num\tblock_num\tpar_num\tline_num\tword_num\tleft\ttop\twidth\theight\tconf\ttext\n"


def page(number, *words):
    """What Tesseract's table says of a page."""
    own = [f"5\t{number}\t1\t1\t1\t1\t0\t0\t9\t9\t95\t{word}\n" for word in words]
    return f"1\t{number}\t0\t0\t0\t0\t0\t0\t9\t9\t-1\t\n" + "".join(own)


@pytest.fixture
def instead(tmp_path, monkeypatch):
    """Puts a shell script in Tesseract's place."""

    def put(script):
        fake_tesseract(tmp_path, script)
        monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")

    return put


def test_tesseract_alone_is_limited_to_one_thread(tesseract, drawn, monkeypatch, instead):
    instead(f"cat > /dev/null; cat <<END\n{HEADER}{page(1, 'limit=$OMP_THREAD_LIMIT')}{page(2)}END")
    monkeypatch.delenv("OMP_THREAD_LIMIT", raising=False)
    assert tesseract.read([drawn("anything")])[0].text == "limit=1"
    assert "OMP_THREAD_LIMIT" not in os.environ


WHOLE = HEADER + page(1, "one", "two") + page(2, "three") + page(3)


@pytest.mark.parametrize(
    "table",
    [
        "",
        HEADER,
        HEADER + page(1, "one", "two"),
        HEADER + page(1, "one", "two") + page(2, "three"),
        HEADER + page(2, "three") + page(3),
        HEADER + page(1, "one", "two") + page(2, "three")[:-20],
        WHOLE[:-1],
        WHOLE + page(4),
    ],
    ids=["empty", "no page", "no second page", "no end", "no first page", "cut in a row", "cut in the end", "too many"],
)
def test_of_a_table_that_is_not_whole_nothing_is_taken(tesseract, drawn, instead, table):
    instead(f"cat > /dev/null; printf '%s' '{table}'")
    with pytest.raises(
        ToolError, match=r"^Tesseract's table of the pages it was given is not whole; read pictures are"
    ):
        tesseract.read([drawn("one two"), drawn("three")])
    instead(f"cat > /dev/null; printf '%s' '{WHOLE}'")
    assert [reading.text for reading in tesseract.read([drawn("one two"), drawn("three")])] == ["one two", "three"]


SLOW = r"""
printf 'level\tpage_num\tblock_num\tpar_num\tline_num\tword_num\tleft\ttop\twidth\theight\tconf\ttext\n'
while read -r file; do
    case $(od -An -tu4 -j18 -N8 "$file" | tr -s ' ') in " 30 30") exec sleep 600 ;; esac
    page=$((page + 1))
    printf '1\t%d\t0\t0\t0\t0\t0\t0\t9\t9\t-1\t\n' $page
    printf '5\t%d\t1\t1\t1\t1\t0\t0\t9\t9\t95\tread\n' $page
done"""


def test_a_picture_that_takes_too_long_is_unread_and_those_beside_it_are_read(tesseract, drawn, instead, monkeypatch):
    monkeypatch.setattr("symptomeme.text.tesseract.SECONDS", 1.0)
    monkeypatch.setattr("symptomeme.text.tesseract.SECONDS_MORE", 0.0)
    instead(SLOW)
    slow = Image.new("RGB", (30, 30))
    readings = tesseract.read([drawn("before"), slow, drawn("after")])
    assert [type(reading) for reading in readings] == [Reading, Unread, Reading]
    assert [reading.text for reading in readings] == ["read", "", "read"]
    assert [type(reading) for reading in tesseract.read([slow])] == [Unread]


def test_a_killed_tesseract_is_no_empty_picture(tesseract, drawn, monkeypatch, tmp_path):
    fake_tesseract(tmp_path, "kill -9 $$")
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with pytest.raises(ToolError, match=r"^Tesseract ended with status -9; read pictures are kept, run it again\.$"):
        tesseract.read([drawn("anything")])
