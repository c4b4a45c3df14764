"""The service in process, on tiny models in a store made by hand."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from small_models import LABELS, write_model
from starlette.testclient import TestClient

from symptomeme.domain.digests import of_folder
from symptomeme.domain.layout import StatePaths
from symptomeme.domain.pointer import OWN_MODELS, Live, PackagedModel, write_live
from symptomeme.domain.requests import RequestRow, read_requests
from symptomeme.domain.writing import append_text
from symptomeme.lifecycle.bentos import put_model
from symptomeme.lifecycle.packaging import example
from symptomeme.predictor import Predictor, Served, answer
from symptomeme.serving.following import Followed
from symptomeme.serving.service import Memes
from symptomeme.serving.store import stored_folder

IMAGE = bytes(example().image[0])
Package = Callable[..., PackagedModel]


@pytest.fixture
def package(bentoml_home: Path, tmp_path: Path, text_folder: Path, vision_folder: Path) -> Package:
    """Put a tiny model of this seed into the store."""

    def put(seed: int, task: str = "anxiety") -> PackagedModel:
        folder = tmp_path / f"{task}-{seed}"
        if not folder.exists():
            write_model(folder, text_folder, vision_folder, seed=seed, task=task)
        digest, name = of_folder(folder), f"served-{task}"
        model = PackagedModel(
            name=name, version=str(seed), variant="fusion", digest=digest, tag=f"{name}:{digest[:12]}"
        )
        put_model(folder, model)
        return model

    return put


@pytest.fixture
def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, package: Package) -> Iterator[TestClient]:
    """A service in a repository in which models of both tasks are live."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SYMPTOMEME_STATE", raising=False)
    write_live(StatePaths().live, Live(bento="b:1", models={task: package(1, task) for task in LABELS}))
    with TestClient(app=Memes.to_asgi()) as client:
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
        assert {name: value for name, value in found.items() if name != "request_id"} == pytest.approx(expected)
    (file,) = StatePaths().requests.iterdir()
    lines = file.read_text().splitlines()
    assert "sleep" not in file.read_text()
    rows = [RequestRow.model_validate_json(line) for line in lines]
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
    assert response.status_code == 400
    assert response.text.startswith('[{"error":"image: ')
    assert "Give a whole picture" in response.text


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


def test_bad_fields_and_bodies_are_refused(client: TestClient) -> None:
    unknown = post(client, tasks="joy")
    assert (unknown.status_code, unknown.json()) == (
        400,
        [{"error": "tasks: 'joy' is not served; expected some of anxiety, depression."}],
    )
    assert client.post("/classify", data={"text": "alone"}, files={"other": b""}).status_code == 400
    pickled = client.post(
        "/classify", content=b"cos\nsystem\n", headers={"content-type": "application/vnd.bentoml+pickle"}
    )
    assert (pickled.status_code, pickled.json()) == (415, {"error": "send the picture as multipart/form-data"})
    assert client.get("/readyz").status_code == 200


def test_until_something_is_live_it_is_not_ready(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with TestClient(app=Memes.to_asgi()) as client:
        assert client.get("/readyz").status_code == 503
        assert client.get("/livez").status_code == 200
        assert post(client).status_code == 503


def test_a_full_disk_keeps_no_line_and_still_answers(client: TestClient) -> None:
    folder = StatePaths().requests
    folder.parent.mkdir(exist_ok=True)
    folder.write_text("no folder")
    assert post(client).status_code == 200


def test_models_are_exchanged_together_and_what_is_not_changed_stays_loaded(tmp_path: Path, package: Package) -> None:
    pointer = tmp_path / "live.json"
    one, two, other = package(1), package(2), package(1, "depression")
    write_live(pointer, Live(bento="b:1", models={"anxiety": one, "depression": other}))
    followed = Followed(pointer=pointer, own=None, find=stored_folder)
    before = followed.now()
    write_live(pointer, Live(bento="b:2", models={"anxiety": two, "depression": other}))
    assert followed.look()
    after = followed.now()
    assert [before["anxiety"].version, after["anxiety"].version] == ["1", "2"]
    assert after["depression"].predictor is before["depression"].predictor
    assert before["anxiety"].predictor is not after["anxiety"].predictor


def test_what_cannot_be_loaded_leaves_the_old_models(tmp_path: Path, package: Package, bentoml_home: Path) -> None:
    pointer = tmp_path / "live.json"
    one, two = package(1), package(3)
    write_live(pointer, Live(bento="b:1", models={"anxiety": one}))
    followed = Followed(pointer=pointer, own=None, find=stored_folder)
    weights = bentoml_home / "models" / two.tag.replace(":", "/") / "model/model.safetensors"
    whole = weights.read_bytes()
    weights.write_bytes(b"half")
    write_live(pointer, Live(bento="b:2", models={"anxiety": two}))
    assert not followed.look()
    assert followed.now()["anxiety"].version == "1"
    weights.write_bytes(whole)
    assert followed.look()
    assert followed.now()["anxiety"].version == "3"
    pointer.write_text("{}")
    assert not followed.look()
    pointer.unlink()
    assert followed.look()
    assert followed.now()["anxiety"].version == "3"


def test_a_bento_answers_with_its_own_models_where_nothing_is_live(tmp_path: Path, package: Package) -> None:
    own = tmp_path / OWN_MODELS
    write_live(own, Live(bento=None, models={"anxiety": package(1)}))
    followed = Followed(pointer=None, own=own, find=stored_folder)
    assert list(followed.now()) == ["anxiety"]


def test_rows_come_back_but_those_that_were_cut_off(tmp_path: Path) -> None:
    now = datetime(2026, 5, 4, 12, tzinfo=UTC)
    row = RequestRow(
        at=now, request_id="r", sha256="0", task="anxiety", model_version=None, text_length=0, ocr_confidence=None,
        probabilities={"a": 0.5}, labels=[], abstain=True, embedding=[1.0],
    )  # fmt: skip
    append_text(
        tmp_path / "2026-05-03.jsonl", row.model_copy(update={"at": now - timedelta(days=1)}).model_dump_json() + "\n"
    )
    append_text(tmp_path / "2026-05-04.jsonl", row.model_dump_json()[:40] + "\n" + row.model_dump_json() + "\n")
    assert [found.at for found in read_requests(tmp_path)] == [now - timedelta(days=1), now]
    assert [found.at for found in read_requests(tmp_path, since=now)] == [now]
    assert list(read_requests(tmp_path, since=now + timedelta(seconds=1))) == []
