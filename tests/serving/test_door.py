"""The door before a service that echoes what it was given: no model is needed to refuse."""

import asyncio
import json
import logging
from tempfile import SpooledTemporaryFile
from typing import Any

import pytest
from echoing import FILE, SERVICE, behind, refusal
from running_service import local_client

from symptomeme.serving.door.door import Door
from symptomeme.serving.settings import ServingSettings


def test_a_form_comes_in_as_it_was_sent_and_the_body_goes_no_further() -> None:
    told = behind().post("/classify", files=FILE, data={"text": "42", "tasks": '["anxiety"]'}).json()
    assert told == {"images": ["picture"], "text": "42", "tasks": ["anxiety"]}
    several = [("images", ("a", b"one")), ("images", ("b", b"two"))]
    assert behind().post("/classify_batch", files=several).json() == {
        "images": ["one", "two"],
        "text": None,
        "tasks": None,
    }
    assert behind().post("/classify", files=FILE, data={"text": "", "tasks": "a, b"}).json()["tasks"] == ["a", "b"]


def test_fields_of_bentomls_client_are_json() -> None:
    client = {"user-agent": "BentoML HTTP Client/1.4.39"}
    for data, told in (
        ({"text": '"42"', "tasks": "null"}, ("42", None)),
        ({"text": "null", "tasks": '["a"]'}, (None, ["a"])),
    ):
        found = behind().post("/classify", files=FILE, data=data, headers=client).json()
        assert (found["text"], found["tasks"]) == told
    assert behind().post("/classify", files=FILE, data={"text": '"42"'}).json()["text"] == '"42"'


@pytest.mark.parametrize(
    "kind",
    ["application/vnd.bentoml+pickle", "application/json", "application/x-www-form-urlencoded", "image/png", ""],
)
def test_only_forms_are_read(kind: str) -> None:
    sent = behind().post("/classify", content=b"cos\nsystem\n", headers={"content-type": kind})
    assert refusal(sent, 415, "unsupported_type") == "the body is not multipart/form-data."


@pytest.mark.parametrize(
    ("files", "fields", "found"),
    [
        ({}, {"image": "http://169.254.169.254/latest"}, "image: expected one file, not text or a URL."),
        ({"other": ("a", b"")}, {}, "the form has a field that is none of image, tasks, text."),
        ({"text": ("a", b"")}, {}, "image: expected one file, not text or a URL."),
        (FILE, {"text": ["a", "b"]}, "text: it is there more than once."),
        (FILE, {"text": "a" * 200_000}, "Part exceeded maximum size of 97KB."),
        ([("image", FILE["image"])] * 2, {}, "Too many files. Maximum number of files is 1."),
    ],
)
def test_what_a_form_may_not_hold_is_told(files: Any, fields: dict[str, Any], found: str) -> None:
    sent = behind().post("/classify", files=files or {"tasks": (None, "anxiety")}, data=fields)
    assert refusal(sent, 400, "bad_form") == found


@pytest.mark.parametrize("charset", ["utf-8", "undefined", "idna", "zlib", "unicode_escape", "\x00"])
@pytest.mark.parametrize(
    "body", [b"", b"--b", b"--b\r\n\r\n", b"--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--", b"\xff" * 99]
)
def test_a_form_that_is_none_is_told(body: bytes, charset: str) -> None:
    kind = f"multipart/form-data; boundary=b; charset={charset}"
    refusal(behind().post("/classify", content=body, headers={"content-type": kind}), 400, "bad_form")


def test_words_that_are_no_text_are_refused() -> None:
    part = b'--b\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\n%s\r\n'
    body = part % (b"image", b'; filename="a"', b"x") + part % (b"text", b"", b"\\ud800") + b"--b--\r\n"
    kind = "multipart/form-data; boundary=b; charset=unicode_escape"
    refusal(behind().post("/classify", content=body, headers={"content-type": kind}), 400, "bad_field")


def test_a_body_is_limited_announced_or_not() -> None:
    client, large = behind(max_body_bytes=1000), {"image": ("a", bytes(1001))}
    assert refusal(client.post("/classify", files=large), 413, "too_large") == "the request has more than 1000 bytes."

    def chunks() -> Any:
        yield b'--b\r\nContent-Disposition: form-data; name="image"; filename="a"\r\n\r\n'
        for _ in range(5):
            yield bytes(400)

    kind = {"content-type": "multipart/form-data; boundary=b"}
    refusal(client.post("/classify", content=chunks(), headers=kind), 413, "too_large")


def call(door: Door, receive: Any, path: str = "/classify") -> tuple[int, Any]:
    """Status and error of a request whose body comes from `receive`."""
    headers = [(b"host", b"localhost"), (b"content-type", b"multipart/form-data; boundary=b")]
    scope = {
        "type": "http",
        "method": "POST",
        "path": path,
        "headers": headers,
        "client": ("127.0.0.1", 1),
        "query_string": b"",
    }
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(door(scope, receive, send))
    return sent[0]["status"], json.loads(sent[1]["body"])["error"]


def test_a_sender_that_is_too_slow_and_one_that_goes_are_let_go() -> None:
    async def slow() -> Any:
        await asyncio.sleep(0.01)
        return {"type": "http.request", "body": b"", "more_body": True}

    async def gone() -> Any:
        return {"type": "http.disconnect"}

    status, error = call(Door(SERVICE, ServingSettings(request_seconds=0.2)), slow)
    assert (status, error["code"], error["message"]) == (408, "timeout", "the form had not ended after 0.2 s.")
    assert call(Door(SERVICE, ServingSettings()), gone)[1]["code"] == "bad_form"


def test_an_answer_that_takes_too_long_is_503() -> None:
    async def sleeps(*_: Any) -> None:
        await asyncio.sleep(60)

    async def nothing() -> Any:
        return {}

    status, error = call(Door(sleeps, ServingSettings(request_seconds=0.05)), nothing, path="/elsewhere")
    assert (status, error["code"]) == (503, "too_slow")


def test_what_the_end_of_the_service_cuts_off_is_told_so() -> None:
    async def cut_off(*_: Any) -> None:
        raise asyncio.CancelledError

    async def nothing() -> Any:
        return {}

    status, error = call(Door(cut_off, ServingSettings()), nothing, path="/elsewhere")
    assert (status, error["code"], error["message"]) == (503, "not_ready", "the service is ending.")


def test_more_requests_than_the_queue_holds_are_told_to_wait() -> None:
    door = Door(SERVICE, ServingSettings(queue=1, max_batch=1, max_forward=1))
    door._load.requests = 2
    sent = local_client(door).post("/classify", files=FILE)
    refusal(sent, 503, "busy")
    assert int(sent.headers["retry-after"]) > 0


def test_bytes_of_all_requests_are_held_up_to_a_bound_and_given_back() -> None:
    door = Door(SERVICE, ServingSettings(max_body_bytes=1000, max_held_bytes=1000))
    client = local_client(door)
    assert [client.post("/classify", files=FILE).status_code for _ in range(5)] == [200] * 5
    assert door._load.bytes == 0
    door._load.bytes = 900
    refusal(client.post("/classify", files=FILE), 503, "busy")
    assert door._load.bytes == 900


def test_errors_of_others_are_put_into_the_one_form(caplog: pytest.LogCaptureFixture) -> None:
    client = behind()
    refusal(client.get("/nothing"), 404, "not_found")
    refusal(client.get("/static_content/x"), 404, "not_found")
    refusal(client.get("/moved", follow_redirects=False), 404, "not_found")
    assert refusal(client.get("/old"), 400, "bad_request") == "bad request."
    with caplog.at_level(logging.ERROR):
        assert refusal(client.get("/fails"), 500, "internal") == "internal server error."
        assert "RuntimeError" in caplog.text
        assert "the words in it" not in caplog.text
    wrong = client.get("/classify")
    refusal(wrong, 405, "method_not_allowed")
    assert wrong.headers["allow"] == "POST"
    assert client.delete("/models").headers["allow"] == "GET, HEAD"
    assert client.head("/nothing").content == b""


def test_answers_carry_an_id_of_ours_and_the_headers_of_a_careful_service() -> None:
    client = behind()
    answered = client.post("/classify", files=FILE, headers={"x-request-id": "mine"})
    assert len(answered.headers["x-request-id"]) == 32
    for response in (answered, client.get("/nothing"), client.get("/")):
        assert response.headers["x-content-type-options"] == "nosniff"
        assert response.headers["referrer-policy"] == "no-referrer"
        assert response.headers["cache-control"] == "no-store"
        assert "default-src 'none'" in response.headers["content-security-policy"]
        assert "server" not in response.headers
    assert client.get("/").headers["content-security-policy"] == "default-src 'none'; script-src 'self'"  # its own
    assert "script-src" not in answered.headers["content-security-policy"]


def test_no_name_and_no_word_of_a_caller_is_logged_or_written(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SpooledTemporaryFile, "rollover", lambda _: pytest.fail("a picture is written to a file"))
    with caplog.at_level(logging.INFO, logger="bentoml.symptomeme.access"):
        large = {"image": (FILE["image"][0], bytes(3_000_000))}
        answered = behind().post("/classify?secret=words", files=large, data={"text": "my words"})
        behind().get("/my-words")
    told = "\n".join(record.getMessage() for record in caplog.records if record.name.startswith("bentoml"))
    assert answered.headers["x-request-id"] in told
    assert not [word for word in ("private", "words", "secret", "127.0.0.1") if word in told]
