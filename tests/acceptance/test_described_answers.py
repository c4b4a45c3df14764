"""Schemathesis against `bentoml serve`, with a key and without: no answer that its description does not tell."""

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests
from echoing import BEARER, KEY
from running_service import PATIENCE, live_service

from symptomeme.domain.pointer import PackagedModel

pytestmark = pytest.mark.acceptance

CHECKS = ("not_a_server_error", "status_code_conformance", "content_type_conformance", "response_headers_conformance",
          "response_schema_conformance", "unsupported_method", "allow_header_conformance")  # fmt: skip
OPTIONS = {"checks": ",".join(CHECKS), "max-examples": "100", "seed": "1", "request-timeout": str(PATIENCE)}


@pytest.fixture(scope="module", params=[None, KEY], ids=["open", "keyed"])
def key(request: pytest.FixtureRequest) -> str | None:
    return request.param  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def served(
    tmp_path_factory: pytest.TempPathFactory, package: Callable[..., PackagedModel], key: str | None
) -> Iterator[str]:
    settings = {"SYMPTOMEME_API_KEY": key} if key else {}
    with live_service(tmp_path_factory.mktemp("served"), package, **settings) as url:
        yield url


def schemathesis(url: str, place: Path, *more: str) -> str:
    """What it prints; it must find nothing."""
    options = [f"--{name}={value}" for name, value in OPTIONS.items()]
    done = subprocess.run(
        ["schemathesis", "run", f"{url}/openapi.json", *options, *more],
        cwd=place,
        env={**os.environ, "SCHEMATHESIS_HOOKS": str(Path(__file__).with_name("schemathesis_hooks.py"))},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
    return done.stdout


def test_who_is_let_in_is_answered_as_described(served: str, key: str | None, tmp_path: Path) -> None:
    shown = [f"--header=Authorization: {BEARER['authorization']}"] if key else []
    assert "No issues found" in schemathesis(served, tmp_path, *shown)


def test_who_shows_no_key_is_answered_as_described(served: str, key: str | None, tmp_path: Path) -> None:
    if key is None:
        pytest.skip("there is none to show")
    schemathesis(served, tmp_path)  # it warns that it is let in nowhere
    for path, operations in requests.get(f"{served}/openapi.json", timeout=PATIENCE).json()["paths"].items():
        for method, operation in operations.items():
            refused = requests.request(method, f"{served}{path}", timeout=PATIENCE).status_code == 401
            assert (path, "401" in operation["responses"]) == (path, refused)
