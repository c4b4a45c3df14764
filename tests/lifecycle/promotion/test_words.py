"""Which words a model is judged with."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from symptomeme.domain.digests import of_file
from symptomeme.domain.params import read_params
from symptomeme.domain.sections.words import OcrParams
from symptomeme.lifecycle.trial import Contender, words_for
from symptomeme.sample.draw import Order, draw_meme
from symptomeme.text.engines import engine_of, read_pictures
from symptomeme.text.tesseract import TesseractEngine

WORDS = "when the kettle clicks and I jump"


@pytest.fixture
def today(workplace: Path) -> OcrParams:
    return read_params().ocr


@pytest.fixture
def memes(today: OcrParams, workplace: Path) -> pd.DataFrame:
    """A meme that today's engine is said to have read otherwise than it does."""
    picture = workplace / "meme.jpg"
    picture.write_bytes(draw_meme(Order(key="words", text=WORDS, widths=(600, 600))).data)
    row = {"sha256": of_file(picture), "image": str(picture), "text": "what stands"}
    return pd.DataFrame([{**row, "engine": engine_of(today).settings}])


def contender(ocr: OcrParams, **changes: Any) -> Contender:
    predictor = SimpleNamespace(config=SimpleNamespace(ocr=ocr.model_dump() | changes))
    return Contender(version=None, predictor=predictor, size=0, met=pd.DataFrame())  # type: ignore[arg-type]


def was_read(text: str) -> bool:
    return len(set(text.lower().split()) & set(WORDS.lower().split())) >= 5


def test_words_that_its_own_engine_has_read_are_taken(memes: pd.DataFrame, today: OcrParams) -> None:
    assert words_for(contender(today), memes) == ["what stands"]
    assert words_for(contender(today), memes.assign(text="ask @ada")) == ["ask @user"]


@pytest.mark.parametrize(
    ("engine", "changes"),
    [
        pytest.param(None, {"upscale": 2.0}, id="another setting"),
        pytest.param(None, {"mask_personal": False}, id="perhaps masked"),
        pytest.param("given", {}, id="params changed since"),
        pytest.param("given", {"source": "given"}, id="given, and new memes come without"),
    ],
)
def test_a_model_reads_the_pictures_itself_where_they_were_not_read_as_it_serves(
    memes: pd.DataFrame, today: OcrParams, engine: str | None, changes: dict[str, Any]
) -> None:
    (found,) = words_for(contender(today, **changes), memes.assign(engine=engine or memes.engine))
    assert was_read(found)


def test_a_picture_that_the_engine_has_read_before_is_not_read_again(
    memes: pd.DataFrame, today: OcrParams, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = today.model_copy(update={"upscale": 2.0})
    pictures = [(memes.sha256[0], Path(memes.image[0]))]
    (reading,) = read_pictures(engine_of(other), pictures)
    monkeypatch.setattr(TesseractEngine, "read", lambda *_: pytest.fail("read again"))
    assert words_for(contender(other), memes) == [reading.text]
