"""2,000 hostile requests and Schemathesis against `bentoml serve`: nothing undocumented, and right answers after."""

import http.client
import json
import os
import shutil
import socket
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from hostile import PICTURES, hostile
from running_service import PATIENCE, ROOT, service

from symptomeme.domain.layout import StatePaths
from symptomeme.domain.pointer import Live, PackagedModel, write_live
from symptomeme.serving.contract import ErrorAnswer

pytestmark = pytest.mark.acceptance

NO_HTTP = b"Invalid HTTP request received."  # the server's own answer: it reaches no application
HOSTILE, CALLERS, SLOW = 2_000, 4, 8
CHECKS = ("not_a_server_error", "status_code_conformance", "content_type_conformance", "response_headers_conformance",
          "response_schema_conformance", "unsupported_method", "allow_header_conformance")  # fmt: skip


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, package: Callable[..., PackagedModel]) -> Iterator[str]:
    place = tmp_path_factory.mktemp("served")
    with pytest.MonkeyPatch.context() as there:
        there.chdir(place)
        shutil.copy(ROOT / "bentofile.yaml", place)
        models = {task: package(1, task) for task in ("anxiety", "depression")}
        write_live(StatePaths().live, Live(bento="b:1", models=models))
        with service(SYMPTOMEME_REQUEST_SECONDS="20") as url:
            yield url


def right(url: str) -> Any:
    return requests.post(
        f"{url}/classify", files={"image": PICTURES[0]}, data={"text": "again"}, timeout=PATIENCE
    ).json()["tasks"]


def ask(url: str, seed: int) -> tuple[int, bytes]:
    """Send the request of a seed as it is: no client puts it right."""
    sent = hostile(seed)
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=PATIENCE)
    try:
        connection.putrequest(sent.method, sent.path, skip_host="host" in sent.headers)
        for name, value in {**sent.headers, "content-length": str(len(sent.body))}.items():
            connection.putheader(name, value.encode("latin-1"))
        connection.endheaders(sent.body)
        response = connection.getresponse()
        return response.status, response.read() if sent.method != "HEAD" else b""
    finally:
        connection.close()


def dribble(url: str) -> bytes:
    """A caller that announces a form and never sends all of it; what it is told."""
    address = urlsplit(url)
    lines = ("POST /classify HTTP/1.1", "Host: localhost", "Content-Type: multipart/form-data; boundary=b",
             "Content-Length: 1000", "", "--b", "")  # fmt: skip
    with socket.create_connection((address.hostname, address.port), timeout=PATIENCE) as sender:
        sender.sendall("\r\n".join(lines).encode())
        return sender.recv(100)


def test_2000_hostile_requests_break_nothing(served: str) -> None:
    expected = right(served)
    codes: Counter[int] = Counter()
    with ThreadPoolExecutor(SLOW) as slow, ThreadPoolExecutor(CALLERS) as callers:
        dribbling = [slow.submit(dribble, served) for _ in range(SLOW)]
        for seed, (status, body) in enumerate(callers.map(lambda seed: ask(served, seed), range(HOSTILE))):
            codes[status] += 1
            assert status < 500 or status == 503, (seed, status, body)
            if status >= 400 and body and body != NO_HTTP:
                ErrorAnswer.model_validate(json.loads(body))
            if seed % 500 == 499:
                assert right(served) == expected
        assert all(told.result().startswith(b"HTTP/1.1 408") for told in dribbling)
    print("HOSTILE", dict(codes))
    assert {200, 400, 403, 404, 405, 413, 415} <= set(codes)
    assert right(served) == expected
    log = Path("log").read_text()
    assert "Traceback" not in log
    assert "etc/passwd" not in log


def test_schemathesis_finds_no_undocumented_answer(served: str, tmp_path: Path) -> None:
    hooks = Path(__file__).with_name("schemathesis_hooks.py")
    options = {"checks": ",".join(CHECKS), "max-examples": "100", "seed": "1", "request-timeout": str(PATIENCE)}
    done = subprocess.run(
        ["schemathesis", "run", f"{served}/openapi.json", *(f"--{name}={value}" for name, value in options.items())],
        cwd=tmp_path,
        env={**os.environ, "SCHEMATHESIS_HOOKS": str(hooks)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
    assert "No issues found" in done.stdout
