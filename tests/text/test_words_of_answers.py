"""The words that a model is given with a new meme, read or handed over."""

import pytest
from ocr_settings import GREY

from symptomeme.predictor import Prediction, Served, answer
from symptomeme.text.ocr import Unread
from symptomeme.text.tesseract import TesseractEngine

TEXT = "ask @ada again"


class Echoing:
    """A model that keeps the words it is given."""

    def __init__(self, **ocr):
        self.config = type("Config", (), {"task": "anxiety", "variant": "fusion", "ocr": ocr})
        self.texts = []
        self.reasonings = None

    def predict(self, pictures, texts, reasonings):
        self.texts += texts
        self.reasonings = reasonings
        return [Prediction([], {}, {}, True, []) for _ in pictures]


@pytest.fixture
def meme(drawn, tmp_path):
    path = tmp_path / "meme.png"
    drawn(TEXT).save(path)
    return path


@pytest.mark.parametrize(("mask", "expected"), [(True, "ask @user again"), (False, TEXT)])
@pytest.mark.parametrize("given", [None, TEXT], ids=["read", "given"])
def test_persons_are_masked_as_the_memes_of_the_model_were(meme, given, mask, expected):
    model = Echoing(source="tesseract", **GREY, mask_personal=mask)
    found = answer(meme, "meme", [Served(predictor=model, name="m", version=None)], given, f"because: {TEXT}")
    assert model.texts == [expected]
    assert model.reasonings == [f"because: {expected}"]
    assert found["text"]["value"] == expected


def test_a_model_of_before_there_was_masking_is_given_what_it_knows(meme):
    model = Echoing()
    answer(meme, "meme", [Served(predictor=model, name="m", version=None)], TEXT)
    assert model.texts == [TEXT]


@pytest.mark.parametrize("mask", [True, False])
def test_a_picture_that_takes_too_long_is_named_and_has_no_words(meme, monkeypatch, capsys, mask):
    monkeypatch.setattr(TesseractEngine, "read", lambda *_: [Unread("", None, 0)])
    model = Echoing(source="tesseract", **GREY, mask_personal=mask)
    answer(meme, "memes/one.png", [Served(predictor=model, name="m", version=None)], None)
    assert model.texts == [""]
    assert capsys.readouterr().err == "memes/one.png: to read its words took too long, and it counts as without.\n"
