"""`bentoml serve` in a project, and callers that go on asking it."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import Any

import pytest
import requests
from small_models import LABELS
from starlette.testclient import TestClient

from symptomeme.domain.layout import StatePaths
from symptomeme.domain.pointer import Live, PackagedModel, write_live
from symptomeme.domain.ports import free_port
from symptomeme.domain.requests import read_requests
from symptomeme.lifecycle.packaging import example

ROOT = Path(__file__).parents[1]
IMAGE = bytes(example().image[0])
PATIENCE = 240  # seconds until a test gives up


def local_client(app: Any, **options: Any) -> TestClient:
    """A caller on the service's machine."""
    return TestClient(app, base_url="http://127.0.0.1:3000", client=("127.0.0.1", 50000), **options)


@contextmanager
def service(**settings: str) -> Iterator[str]:
    """The address of a service that runs in the current folder, a project with something live."""
    port = str(free_port())
    path = os.pathsep.join([str(ROOT / "src"), os.environ.get("PYTHONPATH", "")])
    environment = {name: value for name, value in os.environ.items() if name != "SYMPTOMEME_STATE"}
    log = Path("log").absolute()
    with log.open("wb") as output:
        server = subprocess.Popen(
            [sys.executable, "-m", "bentoml", "serve", "--host", "127.0.0.1", "--port", port],
            stdout=output,
            stderr=output,
            env={**environment, "PYTHONPATH": path, "SYMPTOMEME_REQUESTS_PER_MINUTE": "1000000", **settings},
        )
    url = f"http://127.0.0.1:{port}"
    try:
        wait_for(lambda: server.poll() is not None or is_ready(url))
        assert server.poll() is None, log.read_text()
        yield url
    finally:
        server.terminate()
        server.wait(PATIENCE)


@contextmanager
def live_service(place: Path, package: Callable[..., PackagedModel], **settings: str) -> Iterator[str]:
    """The address of a service that runs in this folder, which becomes the current one; both tasks are live."""
    with pytest.MonkeyPatch.context() as there:
        there.chdir(place)
        shutil.copy(ROOT / "bentofile.yaml", place)
        models = {task: package(1, task) for task in LABELS}
        write_live(StatePaths().live, Live(bento="b:1", models=models))
        with service(**settings) as url:
            yield url


def versions_while(url: str, task: str, changed: Callable[[], object], *, to: str) -> list[list[str]]:
    """What four callers were answered by, from before something is changed until it has been noticed; none may fail."""
    stop = Event()

    def hammer(caller: int) -> list[str]:
        versions: list[str] = []
        with requests.Session() as session:
            while not stop.is_set():
                fields = {"text": f"i cannot sleep {caller} {len(versions)}"}  # no cache knows the answer
                response = session.post(f"{url}/classify", files={"image": IMAGE}, data=fields, timeout=PATIENCE)
                response.raise_for_status()
                versions.append(response.json()["tasks"][task]["model"]["version"])
        return versions

    with ThreadPoolExecutor(4) as pool:
        callers = [pool.submit(hammer, caller) for caller in range(4)]
        try:
            before = len(kept())
            wait_for(lambda: len(kept()) > before + 8 or any(caller.done() for caller in callers))
            changed()
            wait_for(lambda: kept()[-1] == to or any(caller.done() for caller in callers))
            seen = len(kept())
            wait_for(lambda: len(kept()) > seen + 8 or any(caller.done() for caller in callers))
        finally:
            stop.set()
        return [caller.result() for caller in callers]


def kept() -> list[str | None]:
    """The version of each request that the service in the current folder has kept a line of."""
    return [row.model_version for row in read_requests(StatePaths().requests)]


def is_ready(url: str, page: str = "readyz") -> bool:
    try:
        return requests.get(f"{url}/{page}", timeout=5).status_code == 200
    except requests.RequestException:
        return False


def wait_for(what: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE
    while not what():
        assert time.monotonic() < until
        time.sleep(0.1)
