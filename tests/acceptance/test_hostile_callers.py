"""2,000 hostile requests to `bentoml serve`: no fault of it, and right answers after."""

import http.client
import json
import socket
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from hostile import hostile
from hostile_pictures import PICTURES
from running_service import PATIENCE, live_service

from symptomeme.domain.pointer import PackagedModel
from symptomeme.serving.contract import ErrorAnswer

pytestmark = pytest.mark.acceptance

NO_HTTP = b"Invalid HTTP request received."  # the server's own answer: it reaches no application
HOSTILE, CALLERS, SLOW = 2_000, 4, 8


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, package: Callable[..., PackagedModel]) -> Iterator[str]:
    with live_service(tmp_path_factory.mktemp("served"), package, SYMPTOMEME_REQUEST_SECONDS="20") as url:
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
