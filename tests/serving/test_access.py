"""Who is let in, and how often."""

import pytest
from echoing import BEARER, FILE, KEY, SERVICE, behind, refusal
from pydantic import SecretStr
from running_service import local_client
from starlette.testclient import TestClient

from symptomeme.serving.door.door import Door
from symptomeme.serving.openapi import described
from symptomeme.serving.settings import ServingSettings


def test_a_page_of_another_site_does_not_use_up_the_turns_of_this_machine() -> None:
    client = local_client(Door(SERVICE, ServingSettings(requests_per_minute=1)))
    for _ in range(3):
        refusal(client.get("/models", headers={"origin": "https://evil.example"}), 403, "forbidden")
    assert client.get("/models").status_code == 200
    refusal(client.get("/models"), 429, "too_many_requests")


def test_without_a_key_only_this_machine_is_answered_health_aside() -> None:
    door = Door(SERVICE, ServingSettings())
    far = TestClient(door, base_url="http://127.0.0.1", client=("192.0.2.7", 1))
    for path in ("/", "/models", "/nothing"):
        refusal(far.get(path), 403, "forbidden")
    assert far.get("/readyz").status_code == 200
    for near in ("127.0.0.1", "::1", "::ffff:127.0.0.1"):
        assert TestClient(door, base_url="http://localhost", client=(near, 1)).get("/models").status_code == 200
    assert TestClient(door, base_url="http://localhost", client=("x", 1)).get("/models").status_code == 403


@pytest.mark.parametrize(
    "headers",
    [{"host": "evil.example"}, {"origin": "https://evil.example"}, {"origin": "null"}, {"host": "[", "origin": "["}],
)
def test_without_a_key_no_page_of_another_site_is_answered(headers: dict[str, str]) -> None:
    refusal(behind().post("/classify", files=FILE, headers=headers), 403, "forbidden")
    assert behind().get("/models", headers={"origin": "http://127.0.0.1:3000"}).status_code == 200


def test_with_a_key_the_page_and_health_are_open_and_all_else_shows_it() -> None:
    door = Door(SERVICE, ServingSettings(api_key=SecretStr(KEY)))
    far = TestClient(door, base_url="http://symptomeme.example", client=("192.0.2.7", 1))
    assert [far.get(path).status_code for path in ("/", "/readyz")] == [200, 200]
    for unheard in ("/nothing", "/pages/models", "/page"):
        refusal(far.get(unheard), 401, "unauthorized")
    for wrong in ({}, {"authorization": f"Bearer {KEY}x"}, {"authorization": KEY}, {"authorization": "Bearer ü"}):
        encoded = {name: value.encode() for name, value in wrong.items()}
        refusal(far.get("/models", headers=encoded), 401, "unauthorized")
        sent = far.post("/classify", files=FILE, headers=encoded)
        refusal(sent, 401, "unauthorized")
        assert sent.headers["www-authenticate"].startswith("Bearer")
    assert far.get("/models", headers=BEARER).status_code == 200
    assert far.post("/classify", files=FILE, headers=BEARER).status_code == 200


def test_a_missing_key_is_documented_where_one_is_asked_for_and_nowhere_else() -> None:
    client = behind(api_key=SecretStr(KEY))
    for path, operations in described(16)["paths"].items():
        for method, operation in operations.items():
            refused = client.request(method, path).status_code == 401
            assert (path, "401" in operation["responses"], "security" in operation) == (path, refused, refused)


def test_requests_are_counted_for_each_key_and_for_each_address_without_it() -> None:
    door = Door(SERVICE, ServingSettings(api_key=SecretStr(KEY), requests_per_minute=2))
    one, other = (TestClient(door, client=(f"192.0.2.{number}", 1)) for number in (1, 2))
    assert [one.get("/models", headers=BEARER).status_code for _ in range(3)] == [200, 200, 429]
    late = other.get("/models", headers=BEARER)
    refusal(late, 429, "too_many_requests")
    assert 0 < int(late.headers["retry-after"]) <= 30
    assert [one.get("/models").status_code for _ in range(3)] == [401, 401, 429]
    assert other.get("/models").status_code == 401
    assert [one.get("/readyz").status_code for _ in range(3)] == [200, 200, 200]
