from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from held_back import Answers, HeldBack
from small_models import write_model

from symptomeme import predictor as module
from symptomeme.predictor import Predictor, Served
from symptomeme.serving.answering import Answering
from symptomeme.serving.following import Models
from symptomeme.serving.settings import ServingSettings


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory, text_folder: Path, vision_folder: Path) -> Models:
    folder = write_model(tmp_path_factory.mktemp("models") / "anxiety", text_folder, vision_folder)
    return {"anxiety": Served(predictor=Predictor(folder), name="served-anxiety", version="1")}


@pytest.fixture
def reading(monkeypatch: pytest.MonkeyPatch) -> HeldBack:
    held = HeldBack(module.words_read, noted=1)
    monkeypatch.setattr(module, "words_read", held)
    return held


@pytest.fixture
def predicting(monkeypatch: pytest.MonkeyPatch) -> HeldBack:
    held = HeldBack(Predictor.predict, noted=2)

    def predict(*given: Any) -> Any:  # a function, so that it is bound
        return held(*given)

    monkeypatch.setattr(Predictor, "predict", predict)
    return held


@pytest.fixture
def answers(reading: HeldBack, predicting: HeldBack) -> Iterator[Answers]:
    """Makes one that reads a picture at a time, with limits that a test names; what is not held back goes on."""
    made = []

    def make(*, hold: HeldBack | None = None, **settings: Any) -> Answering:
        for each in (reading, predicting):
            if each is not hold:
                each.may_go_on.set()
        made.append(Answering(ServingSettings(**{"max_batch": 1, "ocr_workers": 1, **settings})))
        return made[-1]

    yield make
    for each in (reading, predicting):
        each.may_go_on.set()
    for one in made:
        one.close()
