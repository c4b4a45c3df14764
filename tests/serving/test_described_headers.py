"""The description of the API beside what the door sends: headers of refusals, and how many images are taken."""

from typing import Any

import pytest
from echoing import BEARER, FILE, KEY, behind
from pydantic import SecretStr
from running_service import local_client
from starlette.responses import Response

from symptomeme.serving.door.access import HEALTH, OPEN
from symptomeme.serving.door.admission import FORMS
from symptomeme.serving.door.door import Door
from symptomeme.serving.door.outgoing import HEADERS
from symptomeme.serving.openapi import described
from symptomeme.serving.reading import reading
from symptomeme.serving.settings import ServingSettings

PATHS = described(16)["paths"]
OF_A_BODY = {"content-type", "content-length"}
OPERATIONS = [(path, method) for path, operations in PATHS.items() for method in operations]


def answers(path: str, method: str) -> list[Any]:
    """Of the door: without the key, by another method, from a service that has too much to do, and once too often."""
    form = FILE if path in FORMS else None
    if path == "/classify_batch":
        form = {"images": FILE["image"]}
    door = Door(Response(status_code=503), ServingSettings(api_key=SecretStr(KEY), requests_per_minute=3))
    client = local_client(door)
    return [
        client.request(method, path),
        client.request("GET" if method == "post" else "POST", path, headers=BEARER),
        *(client.request(method, path, headers=BEARER, files=form) for _ in range(3)),
    ]


@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_refusals_have_the_headers_that_are_described(path: str, method: str) -> None:
    found = answers(path, method)
    health, is_open = path in HEALTH, path in (*HEALTH, *OPEN)
    expected = [503 if is_open else 401, 405, 503, 503, 503 if health else 429]
    assert [answer.status_code for answer in found] == expected
    for answer in found:
        told = PATHS[path][method]["responses"][str(answer.status_code)]["headers"]
        assert {name.lower() for name in told} == set(answer.headers) - set(HEADERS) - OF_A_BODY
        for name, header in told.items():
            assert header["required"]
            if header["schema"]["type"] == "integer":
                assert int(answer.headers[name]) >= header["schema"]["minimum"]


def test_no_answer_but_these_has_more_than_its_id() -> None:
    for path, method in OPERATIONS:
        for status, answer in PATHS[path][method]["responses"].items():
            more = {"401": "WWW-Authenticate", "405": "Allow", "429": "Retry-After", "503": "Retry-After"}.get(status)
            assert set(answer["headers"]) == {"X-Request-ID"} | ({more} if more else set())


def test_as_many_images_as_are_described_are_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYMPTOMEME_MAX_BATCH", "3")
    told = local_client(Door(reading)).get("/openapi.json").json()["paths"]["/classify_batch"]["post"]
    images = told["requestBody"]["content"]["multipart/form-data"]["schema"]["properties"]["images"]
    assert (images["minItems"], images["maxItems"]) == (1, 3)
    client = behind(max_batch=3)
    for many, status in ((1, 200), (3, 200), (4, 400)):
        assert client.post("/classify_batch", files=[("images", FILE["image"])] * many).status_code == status
