import psutil
import pytest
from PIL import Image

from symptomeme.domain.errors import ToolError
from symptomeme.text import resident
from symptomeme.text.resident import ResidentTesseract
from symptomeme.text.tesseract import TesseractEngine

SETTINGS = {
    "lang": "eng",
    "page_segmentation": 6,
    "view": "grey",
    "light_threshold": 190,
    "dark_threshold": 110,
    "upscale": 1.0,
    "min_confidence": 0.0,
}


@pytest.fixture
def reader():
    made = ResidentTesseract(**SETTINGS)
    made.start()
    yield made
    made.close()


def program():
    return [process for process in psutil.Process().children() if process.name() == "tesseract"]


def test_it_reads_one_by_one_what_the_engine_reads_of_all(reader, drawn):
    pictures = [drawn("second thoughts"), Image.new("RGB", (90, 60), "white"), Image.new("RGB", (1, 1)), drawn("third")]
    assert [reader.read([picture])[0] for picture in pictures] == TesseractEngine(**SETTINGS).read(pictures)
    assert len(program()) == 1


def test_a_picture_that_tesseract_refuses_has_no_words_and_the_next_one_has(reader, drawn):
    assert reader.read([Image.new("RGB", (40_000, 4))])[0].text == ""
    assert reader.read([drawn("after it")])[0].text == "after it"


def test_a_program_that_ended_is_started_again(reader, drawn):
    (first,) = program()
    first.kill()
    first.wait()
    assert reader.read([drawn("still here")])[0].text == "still here"


def test_after_some_pages_a_fresh_program_takes_over(reader, drawn, monkeypatch):
    (first,) = program()
    monkeypatch.setattr(resident, "PAGES", 2)
    assert [reader.read([drawn("again")])[0].text for _ in range(3)] == ["again"] * 3
    assert program() != [first]
    assert len(program()) == 1


def test_what_ends_at_every_start_is_an_error(reader, drawn, tmp_path, monkeypatch):
    reader.close()
    assert program() == []
    (tmp_path / "tesseract").write_text("#!/bin/sh\nexit 3\n")
    (tmp_path / "tesseract").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    with pytest.raises(ToolError, match="status 3"):
        reader.read([drawn("nothing")])
