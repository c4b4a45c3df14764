"""Against a real MLflow server that keeps the artifacts."""

import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from readme import inline

from symptomeme.domain.errors import RegistryError
from symptomeme.domain.ports import free_port
from symptomeme.lifecycle.candidate import Candidate
from symptomeme.lifecycle.registry import Registry


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """The README's server on a free port, with artifacts of its own; the whole process group ends with the test."""
    port = free_port()
    command = inline("mlflow server --backend-store-uri sqlite:///mlruns.db --host 127.0.0.1")
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", *command.split()),
            *("--artifacts-destination", "./kept", "--port", str(port), "--workers", "1"),
        ],
        cwd=tmp_path,
        env={**os.environ, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        for _ in range(600):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5).close()
                break
            except OSError:
                time.sleep(0.2)
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def test_a_model_from_elsewhere_is_kept_in_the_cache_and_checked_there(
    server: str, candidate: Callable[..., Candidate], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tmp_path / "here"  # not where the server keeps its own
    here.mkdir()
    monkeypatch.chdir(here)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", server)
    registry = Registry(experiment="test")
    item = candidate("a")
    assert [int(registry.add("far", item).version) for _ in range(2)] == [1, 1]
    folder, _ = registry.fetch("models:/far/1")
    assert folder.is_relative_to(".cache/registered")
    assert (folder / "config.json").read_text() == '{"made_up": "a"}'
    monkeypatch.setattr("mlflow.artifacts.download_artifacts", None)  # no more is asked for
    assert registry.fetch("models:/far/1")[0] == folder
    (folder / "config.json").write_text("{}")
    with pytest.raises(RegistryError, match=r"config\.json has changed since it was registered"):
        registry.fetch("models:/far/1")
