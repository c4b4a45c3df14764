"""The service in process, on tiny models in a store made by hand."""

import asyncio
import errno
import io
import os
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from faults.fault import saved
from hostile import hostile
from hostile_pictures import BOMBS, ODD_MODES, SEEDS
from PIL import Image
from running_service import local_client
from small_models import LABELS
from starlette.testclient import TestClient

from symptomeme.domain.layout import StatePaths
from symptomeme.domain.pointer import Live, PackagedModel, write_live
from symptomeme.domain.requests import read_requests
from symptomeme.lifecycle.packaging import example
from symptomeme.models.loading import quiet_transformers
from symptomeme.predictor import Predictor, Served, answer
from symptomeme.serving import keeping as module
from symptomeme.serving.contract import Answer, BatchAnswer, ErrorAnswer, ModelsAnswer
from symptomeme.serving.door.admission import FORMS, READ
from symptomeme.serving.door.codes import TABLE, Code, Refusal
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
        claims = "Self-Harm" in expected["tasks"]["depression"]["labels"]
        assert ("support" in found) == claims
        for task, told in expected["tasks"].items():
            told["probabilities"] = pytest.approx(told["probabilities"], abs=1e-6)  # sums are split among other threads
            assert found["tasks"][task] == told
        assert {name: value for name, value in found.items() if name not in ("request_id", "support")} == expected
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
    assert "Give" not in error["message"]
    assert error["remedy"] == "Give a whole picture: JPEG, PNG, GIF, WebP, BMP or TIFF."


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
    assert error["message"] == "tasks: found 'joy', expected some of anxiety, depression."


def test_one_bad_picture_of_several_has_its_error_in_its_place(client: TestClient) -> None:
    pictures = [IMAGE, b"no picture", IMAGE, header_of(30_000)]
    sent = client.post(
        "/classify_batch", files=[("images", picture) for picture in pictures], data={"tasks": "anxiety"}
    )
    told = sent.json()
    first, second, third, fourth = told["answers"]
    assert (sent.status_code, told["request_id"]) == (200, sent.headers["x-request-id"])
    assert [first["request_id"], second["error"]["request_id"]] == [f"{told['request_id']}-{n}" for n in (1, 2)]
    assert second["error"]["code"] == "bad_image"
    assert second["error"]["message"].startswith("images 2: ")
    assert fourth["error"]["code"] == "too_many_pixels"
    alone = post(client, tasks="anxiety").json()
    assert first["tasks"] == third["tasks"] == alone["tasks"]
    kept = [row.request_id for row in read_requests(StatePaths().requests)]
    assert [f"{told['request_id']}-{n}" in kept for n in (1, 2, 3, 4)] == [True, False, True, False]
    many = client.post("/classify_batch", files=[("images", IMAGE)] * 17)
    assert (many.status_code, many.json()["error"]["code"]) == (400, "bad_form")
    unknown = client.post("/classify_batch", files=[("images", IMAGE)], data={"tasks": "joy"})
    assert (unknown.status_code, unknown.json()["error"]["code"]) == (400, "bad_field")


def test_a_picture_of_too_many_pixels_is_refused_by_its_header(client: TestClient) -> None:
    for side in (8_000, 13_000, 30_000):
        refused = post(client, header_of(side))
        assert (refused.status_code, refused.json()["error"]["code"]) == (413, "too_many_pixels")


@pytest.mark.parametrize("bomb", BOMBS, ids=["PNG", "GIF", "BMP", "TIFF", "WEBP"])
def test_a_header_of_any_format_is_enough_to_refuse(client: TestClient, bomb: bytes) -> None:
    refused = post(client, bomb)
    assert (refused.status_code, refused.json()["error"]["code"]) == (413, "too_many_pixels")


def test_turned_by_exif_and_animated_pictures_are_seen_as_people_see_them(client: TestClient) -> None:
    upright = Image.open(io.BytesIO(IMAGE)).convert("RGB")
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned right
    turned = saved(upright.rotate(90, expand=True), "PNG", exif=exif)
    moving = saved(upright, "TIFF", save_all=True, append_images=[Image.new("RGB", upright.size, "red")])
    expected = post(client, saved(upright, "PNG"), text="").json()["tasks"]
    for picture in (turned, moving):
        assert post(client, picture, text="").json()["tasks"] == expected


def test_models_are_told_with_what_they_were_trained_on(client: TestClient, package: Package) -> None:
    told = client.get("/models").json()["models"]
    assert told == [
        {"aliases": ["champion"], "task": task, **package(1, task).model_dump(exclude={"tag"})} for task in LABELS
    ]
    assert {(row["data"], row["card"]) for row in told} == {("abc.dir", "# Card")}
    schema = client.get("/openapi.json").json()["components"]["schemas"]["ServedModel"]
    assert schema["properties"]["aliases"]["description"] == "those that it had when it was packaged"


def test_self_harm_is_answered_with_places_to_turn_to(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    for label, there in (("Self-Harm", True), ("Feeling Down", False)):
        monkeypatch.setattr("symptomeme.serving.service.LABEL", label)
        found = post(client, text="").json()
        claims = label in found["tasks"]["depression"]["labels"]
        assert ("support" in found) == claims, there


def test_readiness_is_an_answer_to_a_drawn_picture(client: TestClient) -> None:
    assert client.get("/readyz").status_code == 200


def test_metrics_have_no_series_that_a_caller_can_name(client: TestClient) -> None:
    client.get("/a-path-of-mine")
    post(client, b"no picture")
    post(client)
    told = client.get("/metrics").text
    assert "a-path-of-mine" not in told
    for name in (
        'symptomeme_requests_total{route="/classify",status="200"}',
        'symptomeme_requests_total{route="other",status="404"}',
        'symptomeme_refusals_total{code="bad_image"}',
        'symptomeme_step_seconds_count{step="ocr"}',
        'symptomeme_abstentions_total{task="anxiety"}',
        "symptomeme_batch_images_bucket",
        'symptomeme_request_seconds_count{route="/classify"}',
    ):
        assert name in told, name


def test_the_description_tells_every_answer(client: TestClient) -> None:
    told = client.get("/openapi.json").json()
    assert client.get("/docs.json").json() == told
    assert set(told["paths"]) == {*FORMS, *READ} - {"/docs.json"}
    codes = set()
    for path in told["paths"].values():
        for operation in path.values():
            for status, told_answer in operation["responses"].items():
                for shown in told_answer["content"].get("application/json", {}).get("examples", {}).values():
                    ErrorAnswer.model_validate(shown["value"])
                    code = Code(shown["value"]["error"]["code"])
                    assert int(status) == TABLE[code][0]
                    codes.add(code)
    assert codes == set(Code) - {Code.NOT_FOUND}
    Answer.model_validate(
        told["paths"]["/classify"]["post"]["responses"]["200"]["content"]["application/json"]["example"]
    )
    Answer.model_validate(post(client).json())
    BatchAnswer.model_validate(client.post("/classify_batch", files=[("images", IMAGE)]).json())
    ModelsAnswer.model_validate(client.get("/models").json())


def header_of(side: int) -> bytes:
    """A PNG that says it is so wide and high, with nothing behind it."""
    data = saved(Image.new("L", (2, 2)), "PNG")
    head = data[12:16] + side.to_bytes(4) * 2 + data[24:29]
    return data[:12] + head + zlib.crc32(head).to_bytes(4) + data[33:]


def test_hostile_requests_are_refused_or_answered_and_right_answers_follow(client: TestClient) -> None:
    expected = post(client, text="again").json()["tasks"]
    seen = set()
    assert len(SEEDS) > 6 + len(ODD_MODES) + 10  # other formats among them
    for seed in range(52):
        sent = hostile(seed)
        found = client.request(
            sent.method,
            sent.path,
            headers={name: value.encode("latin-1") for name, value in sent.headers.items()},
            content=sent.body,
        )
        assert found.status_code < 500 or found.status_code == 503, (seed, found.text)
        if found.status_code >= 400 and sent.method != "HEAD":
            ErrorAnswer.model_validate(found.json())
        seen.add(found.status_code)
    assert {200, 400, 413, 415} <= seen
    assert post(client, text="again").json()["tasks"] == expected


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


def test_once_it_has_ended_it_says_so(client: TestClient) -> None:
    service = Memes()
    service.end()
    with pytest.raises(Refusal, match="the service is ending") as told:
        asyncio.run(service.classify(image=IMAGE))
    assert told.value.code == Code.NOT_READY


def test_a_full_disk_keeps_no_line_and_still_answers(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_room(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    before = len(list(read_requests(StatePaths().requests)))
    monkeypatch.setattr(module, "keep_requests", no_room)
    assert post(client, text="").status_code == 200
    assert len(list(read_requests(StatePaths().requests))) == before
