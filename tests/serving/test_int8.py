"""A model in int8 behind the service."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from symptomeme.domain.layout import StatePaths
from symptomeme.domain.pointer import Live, PackagedModel, write_live
from symptomeme.lifecycle.packaging import example
from symptomeme.predictor import Predictor, Served, answer
from symptomeme.serving.service import Memes
from symptomeme.serving.store import stored_folder

pytest.importorskip("onnx", reason="the extra 'int8' is not installed")

IMAGE = bytes(example().image[0])
TEXTS = ["i cannot sleep", "", "again", "because of exams i cannot sleep again"]


def test_it_answers_as_classify_does_alone_and_in_company(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, package: Callable[..., PackagedModel]
) -> None:
    monkeypatch.chdir(tmp_path)
    model = package(1, "anxiety", "int8")
    write_live(StatePaths().live, Live(bento="b:1", models={"anxiety": model}))
    service = Memes()

    async def asked(texts: list[str]) -> list[dict[str, Any]]:
        return await asyncio.gather(*(service.classify(image=IMAGE, text=text) for text in texts))

    try:
        together = asyncio.run(asked(TEXTS))
    finally:
        service.end()
    served = Served(predictor=Predictor(stored_folder(model)), name=model.name, version=model.version)
    assert served.predictor.config.runtime == "int8"
    for text, found in zip(TEXTS, together, strict=True):
        expected = answer(IMAGE, "image", [served], text)["tasks"]["anxiety"]
        told = found["tasks"]["anxiety"]
        assert told["probabilities"] == pytest.approx(expected["probabilities"], abs=1e-5)
        assert {**told, "probabilities": {}} == {**expected, "probabilities": {}}
