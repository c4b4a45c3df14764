"""`make server` in a project, and what its Prefect knows of its runs."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import psutil
import pytest
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterName
from prefect.client.schemas.objects import FlowRun
from prefect.settings import PREFECT_API_URL, temporary_settings
from running import PATIENCE, words_of
from small_project import environment

from symptomeme.domain.ports import free_port


class Server:
    """`python -m flows.server` in a project, once it has told where it runs."""

    def __init__(self, root: Path, **variables: str) -> None:
        self.root = root
        ports = [free_port(), free_port()]
        self.variables = {
            **environment(),
            "SYMPTOMEME_PREFECT_PORT": str(ports[0]),
            "SYMPTOMEME_MLFLOW_PORT": str(ports[1]),
            "PREFECT_WORKER_QUERY_SECONDS": "1",
            "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30",
            **variables,
        }
        for name in ("PREFECT_HOME", "PREFECT_API_URL"):
            self.variables.pop(name, None)
        self.api = f"http://127.0.0.1:{ports[0]}/api"
        self.process = self.start(stdout=subprocess.PIPE)
        assert self.process.stdout
        lines = iter(self.process.stdout.readline, "")
        self.told = next((line for line in lines if "Ctrl-C" in line), "")
        assert self.told, "the server did not start"

    def start(self, **streams: Any) -> "subprocess.Popen[str]":
        command = [sys.executable, "-m", "flows.server"]
        return subprocess.Popen(command, cwd=self.root, env=self.variables, text=True, **streams)

    def worker(self) -> psutil.Process:
        """The worker, once there is one."""
        return seen(lambda: next((p for p in self.processes() if "worker" in words_of(p)), None))

    def processes(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)


def serving(root: Path, **variables: str) -> Iterator[Server]:
    """One that runs in `root`, and whose Prefect this process asks, until the caller is done with it."""
    found = Server(root, **variables)
    started = found.processes()
    with temporary_settings({PREFECT_API_URL: found.api}):
        yield found
    found.process.send_signal(signal.SIGTERM)
    found.process.communicate(timeout=PATIENCE)
    assert found.process.returncode == 0
    assert psutil.wait_procs(started, PATIENCE)[1] == []


def run_now(client: SyncPrefectClient, name: str, **parameters: Any) -> Any:
    """Ask for a run now, as the button of Prefect's page does; its id."""
    return client.create_flow_run_from_deployment(client.read_deployment_by_name(name).id, parameters=parameters).id


def unscheduled(client: SyncPrefectClient, name: str) -> list[FlowRun]:
    """The runs of a deployment that no schedule has asked for."""
    named = DeploymentFilter(name=DeploymentFilterName(any_=[name]))
    return [each for each in client.read_flow_runs(deployment_filter=named) if not each.auto_scheduled]


def finished(client: SyncPrefectClient, run_id: Any) -> FlowRun:
    def ended() -> FlowRun | None:
        found = client.read_flow_run(run_id)
        return found if found.state is not None and found.state.is_final() else None

    return seen(ended)


Found = TypeVar("Found")


def seen(look: Callable[[], Found | None]) -> Found:
    """What is found at last."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if (found := look()) is not None:
            return found
        time.sleep(0.2)
    pytest.fail("it was not seen")
