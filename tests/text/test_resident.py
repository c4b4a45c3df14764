import psutil
import pytest
from ocr_settings import GREY, fake_tesseract
from PIL import Image

from symptomeme.domain.errors import ToolError
from symptomeme.text import resident
from symptomeme.text.resident import ResidentTesseract
from symptomeme.text.tesseract import TesseractEngine


@pytest.fixture
def reader():
    made = ResidentTesseract(**GREY)
    made.read([Image.new("RGB", (64, 64), "white")])
    yield made
    made.close()


def program():
    return [process for process in psutil.Process().children() if process.name() == "tesseract"]


def test_it_reads_one_by_one_what_the_engine_reads_of_all(reader, drawn):
    pictures = [drawn("second thoughts"), Image.new("RGB", (90, 60), "white"), Image.new("RGB", (1, 1)), drawn("third")]
    assert [reader.read([picture])[0] for picture in pictures] == TesseractEngine(**GREY).read(pictures)
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
    fake_tesseract(tmp_path, "exit 3")
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    with pytest.raises(ToolError, match="status 3"):
        reader.read([drawn("nothing")])


@pytest.mark.parametrize("script", ["sleep 600", "echo level; exec sleep 600"], ids=["at once", "in a page"])
def test_what_hangs_is_ended_and_the_next_picture_is_read(reader, drawn, tmp_path, monkeypatch, script):
    reader.close()
    fake_tesseract(tmp_path, f"exec {script}" if script.startswith("sleep") else script)
    with monkeypatch.context() as hanging:
        hanging.setenv("PATH", str(tmp_path), prepend=":")
        hanging.setattr(resident, "SECONDS", 0.2)
        with pytest.raises(ToolError, match="status -9"):
            reader.read([drawn("nothing")])
    assert reader.read([drawn("after it")])[0].text == "after it"


def test_where_there_is_none_it_is_told_in_one_line(reader, drawn, monkeypatch):
    reader.close()
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ToolError, match=r"^Tesseract is not installed, or does not start\. Type: "):
        reader.read([drawn("nothing")])
