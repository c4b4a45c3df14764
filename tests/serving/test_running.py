"""`bentoml serve` in a project: models are exchanged while requests come in, and none of them fails."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest
import requests

from symptomeme.domain.layout import StatePaths
from symptomeme.domain.pointer import Live, PackagedModel, write_live
from symptomeme.domain.ports import free_port
from symptomeme.domain.requests import read_requests
from symptomeme.lifecycle.packaging import example

ROOT = Path(__file__).parents[2]
IMAGE = bytes(example().image[0])
PATIENCE = 240  # seconds until a test gives up
Package = Callable[..., PackagedModel]


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, package: Package) -> Iterator[str]:
    """The address of a service in a project whose live model is the first."""
    monkeypatch.chdir(tmp_path)
    shutil.copy(ROOT / "bentofile.yaml", tmp_path)
    write_live(StatePaths().live, Live(bento="b:1", models={"anxiety": package(1)}))
    port = str(free_port())
    path = os.pathsep.join([str(ROOT / "src"), os.environ.get("PYTHONPATH", "")])
    environment = {name: value for name, value in os.environ.items() if name != "SYMPTOMEME_STATE"}
    with (tmp_path / "log").open("wb") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "bentoml", "serve", "--host", "127.0.0.1", "--port", port],
            stdout=log,
            stderr=log,
            env={**environment, "PYTHONPATH": path},
        )
    url = f"http://127.0.0.1:{port}"
    try:
        wait_for(lambda: server.poll() is not None or is_ready(url))
        assert server.poll() is None, (tmp_path / "log").read_text()
        yield url
    finally:
        server.terminate()
        server.wait(PATIENCE)


def is_ready(url: str) -> bool:
    try:
        return requests.get(f"{url}/readyz", timeout=5).status_code == 200
    except requests.RequestException:
        return False


def wait_for(what: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE
    while not what():
        assert time.monotonic() < until
        time.sleep(0.1)


def test_a_moved_pointer_changes_versions_once_and_fails_no_request(served: str, package: Package) -> None:
    stop = Event()

    def hammer(_: int) -> list[str]:
        versions = []
        with requests.Session() as session:
            while not stop.is_set():
                fields = {"text": "i cannot sleep"}
                response = session.post(f"{served}/classify", files={"image": IMAGE}, data=fields, timeout=PATIENCE)
                response.raise_for_status()
                versions.append(response.json()["tasks"]["anxiety"]["model"]["version"])
        return versions

    with ThreadPoolExecutor(4) as pool:
        callers = [pool.submit(hammer, caller) for caller in range(4)]
        try:
            wait_for(lambda: len(list(read_requests(StatePaths().requests))) > 8)
            write_live(StatePaths().live, Live(bento="b:2", models={"anxiety": package(2)}))
            wait_for(lambda: kept()[-1] == "2")
            seen = len(kept())
            wait_for(lambda: len(kept()) > seen + 8 or any(caller.done() for caller in callers))
        finally:
            stop.set()
        answered = [caller.result() for caller in callers]
    for versions in answered:
        assert versions == sorted(versions)
    assert {version for versions in answered for version in versions} == {"1", "2"}
    assert len(kept()) == sum(map(len, answered))


def kept() -> list[str | None]:
    return [row.model_version for row in read_requests(StatePaths().requests)]
