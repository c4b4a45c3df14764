"""The service in process, on tiny models in a store made by hand."""

import asyncio
import errno
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from running_service import local_client
from small_models import LABELS
from starlette.testclient import TestClient

from symptomeme.domain.layout import StatePaths
from symptomeme.domain.pointer import Live, PackagedModel, write_live
from symptomeme.domain.requests import read_requests
from symptomeme.lifecycle.packaging import example
from symptomeme.models.encoders import quiet_transformers
from symptomeme.predictor import Predictor, Served, answer
from symptomeme.serving import keeping as module
from symptomeme.serving.door.codes import Refusal
from symptomeme.serving.service import Memes
from symptomeme.serving.store import stored_folder

IMAGE = bytes(example().image[0])
Package = Callable[..., PackagedModel]


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory, package: Package) -> Iterator[TestClient]:
    """A service in a repository in which models of both tasks are live; BentoML makes an app once in a process."""
    place = tmp_path_factory.mktemp("repository")
    with pytest.MonkeyPatch.context() as there:
        there.chdir(place)
        there.delenv("SYMPTOMEME_STATE", raising=False)
        write_live(StatePaths().live, Live(bento="b:1", models={task: package(1, task) for task in LABELS}))
        with quiet_transformers(), local_client(Memes.to_asgi()) as client:
            yield client


def post(client: TestClient, image: bytes = IMAGE, **fields: Any) -> Any:
    return client.post("/classify", files={"image": ("image.png", image)}, data=fields)


def test_it_answers_as_classify_does_and_keeps_features_alone(client: TestClient, package: Package) -> None:
    given = post(client, text="i cannot sleep").json()
    read = post(client).json()
    models = [
        Served(predictor=Predictor(stored_folder(package(1, task))), name=f"served-{task}", version="1")
        for task in LABELS
    ]
    for found, text in ((given, "i cannot sleep"), (read, None)):
        expected = answer(IMAGE, "image", models, text)
        timed = found.pop("milliseconds"), expected.pop("milliseconds")
        assert list(timed[0]) == list(timed[1])
        assert {name: value for name, value in found.items() if name != "request_id"} == expected
    ids = [found["request_id"] for found in (given, read)]
    rows = [row for row in read_requests(StatePaths().requests) if row.request_id in ids]
    assert not [file for file in StatePaths().requests.iterdir() if "sleep" in file.read_text()]
    assert [(row.request_id, row.task) for row in rows] == [
        (found["request_id"], task) for found in (given, read) for task in LABELS
    ]
    assert rows[0].model_dump(
        include={"sha256", "text_length", "ocr_confidence", "model_version", "probabilities"}
    ) == {
        "sha256": given["sha256"],
        "text_length": len("i cannot sleep"),
        "ocr_confidence": None,
        "model_version": "1",
        "probabilities": given["tasks"]["anxiety"]["probabilities"],
    }
    assert sum(value**2 for value in rows[0].embedding) == pytest.approx(1, abs=1e-2)


@pytest.mark.parametrize("damage", [b"", b"no picture", IMAGE[:200], b"\x89PNG\r\n\x1a\n" + bytes(50)], ids=len)
def test_what_is_no_picture_is_told_in_one_line(client: TestClient, damage: bytes) -> None:
    response = post(client, damage)
    error = response.json()["error"]
    assert (response.status_code, error["code"]) == (400, "bad_image")
    assert error["message"].startswith("image: ")
    assert "Give a whole picture" in error["message"]


@pytest.mark.parametrize(
    ("fields", "tasks"),
    [
        ({"tasks": "depression"}, ["depression"]),
        ({"tasks": '["depression", "anxiety"]'}, ["depression", "anxiety"]),
        ({"tasks": "anxiety, depression"}, ["anxiety", "depression"]),
        ({"text": "42"}, list(LABELS)),
        ({"text": ""}, list(LABELS)),
    ],
)
def test_fields_mean_what_was_typed(client: TestClient, fields: dict[str, str], tasks: list[str]) -> None:
    found = post(client, **fields).json()
    assert list(found["tasks"]) == tasks
    assert found["text"]["value"] == fields.get("text", found["text"]["value"])


def test_a_task_that_is_not_served_is_refused(client: TestClient) -> None:
    unknown = post(client, tasks="joy")
    error = unknown.json()["error"]
    assert (unknown.status_code, error["code"]) == (400, "bad_field")
    assert error["message"] == "tasks: expected some of anxiety, depression."


def test_until_something_is_live_it_is_not_ready(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    service = Memes()
    try:
        assert not asyncio.run(service.__is_ready__())
        with pytest.raises(Refusal, match="no model is live yet"):
            asyncio.run(service.classify(image=IMAGE))
        assert service.told_models() == {"models": []}
    finally:
        service.end()


def test_a_full_disk_keeps_no_line_and_still_answers(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_room(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    before = len(list(read_requests(StatePaths().requests)))
    monkeypatch.setattr(module, "keep_requests", no_room)
    assert post(client, text="").status_code == 200
    assert len(list(read_requests(StatePaths().requests))) == before
