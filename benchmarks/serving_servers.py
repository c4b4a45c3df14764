"""The servers of the serving benchmark: each is started for one phase and ended, so that it keeps nothing."""

import base64
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple

import httpx
import psutil
from serving_memes import PLACE, Meme

from symptomeme.cli.main import ENVIRONMENT
from symptomeme.domain.layout import BENTOML, StatePaths
from symptomeme.domain.pointer import Live, write_live
from symptomeme.domain.ports import LOOPBACK, free_port

PATIENCE = 300  # seconds that a server has to start, and to end
UNLIMITED = {"SYMPTOMEME_REQUESTS_PER_MINUTE": "1000000000"}

Kind = Literal["symptomeme", "FastAPI", "MLflow"]
KINDS: tuple[Kind, ...] = ("symptomeme", "FastAPI", "MLflow")


class Asked(NamedTuple):
    """What is asked of a server."""

    memes: Sequence[Meme]
    tasks: Sequence[str]
    given: bool = False  # words go with the pictures; a picture that comes again comes with other words


@dataclass(frozen=True)
class Running:
    """A server that is ready."""

    kind: Kind
    url: str
    root: psutil.Process

    def request(self, asked: Asked, number: int) -> dict[str, Any]:
        """What is posted for the meme of a number, as httpx takes it."""
        meme = asked.memes[number % len(asked.memes)]
        text = f"{number}: {meme.text}" if asked.given else None
        if self.kind == "MLflow":
            row = {"image": base64.b64encode(meme.data).decode(), "text": text}
            return {"url": f"{self.url}/invocations", "json": {"dataframe_records": [row]}}
        tasks = {"tasks": ",".join(asked.tasks)} if self.kind == "symptomeme" else {}
        fields = tasks if text is None else {**tasks, "text": text}
        return {"url": f"{self.url}/classify", "files": {"image": meme.data}, "data": fields}

    def said(self, told: Any) -> tuple[str, list[str]]:
        """Words and labels of an answer."""
        answer = told["predictions"][0] if self.kind == "MLflow" else told
        return answer["text"]["value"], [label for task in answer["tasks"].values() for label in task["labels"]]

    def forwards(self) -> tuple[float, float]:
        """Memes that went through forward passes so far, and passes."""
        return memes_and_passes(httpx.get(f"{self.url}/metrics", trust_env=False).text)


def memes_and_passes(metrics: str) -> tuple[float, float]:
    """The sums over tasks, of what Prometheus reads."""

    def total(name: str) -> float:
        found = re.findall(rf"^symptomeme_forward_memes_{name}(?:{{[^}}]*}})? (\S+)$", metrics, re.MULTILINE)
        return sum(map(float, found))

    return total("sum"), total("count")


@contextmanager
def started(kind: Kind, live: Live, task: str, **settings: str) -> Iterator[Running]:
    """A server in the current folder, a project's root, once it is ready; with its settings as variables."""
    port = free_port()
    state, log = PLACE / "state", PLACE / "logs" / f"{kind}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(state, ignore_errors=True)  # requests are kept as ever, but not among the project's own
    write_live(StatePaths(state).live, live)
    environment = {**ENVIRONMENT, "BENTOML_HOME": str(BENTOML.absolute()), **os.environ, **UNLIMITED, **settings}
    environment |= {"SYMPTOMEME_STATE": str(state.absolute())} if kind == "symptomeme" else {}
    environment["MLFLOW_TRACKING_URI"] = environment.get("MLFLOW_TRACKING_URI", f"sqlite:///{Path.cwd()}/mlruns.db")
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    with log.open("wb") as output:
        process = subprocess.Popen(
            _command(kind, live, task, port), stdout=output, stderr=output, env=environment, start_new_session=True
        )
    url = f"http://{LOOPBACK}:{port}"
    try:
        _wait(process, f"{url}/{'readyz' if kind == 'symptomeme' else 'ping'}", log)
        yield Running(kind, url, psutil.Process(process.pid))
    finally:
        _end(process)


def _command(kind: Kind, live: Live, task: str, port: int) -> list[str]:
    if kind == "symptomeme":
        return [sys.executable, "-m", "bentoml", "serve", "--host", LOOPBACK, "--port", f"{port}"]
    if kind == "FastAPI":
        return [sys.executable, str(Path(__file__).with_name("serving_peer.py")), task, "--port", f"{port}"]
    model = f"models:/{live.models[task].name}/{live.models[task].version}"
    return ["mlflow", "models", "serve", "-m", model, "--env-manager", "local", "-h", LOOPBACK, "-p", f"{port}"]


def _wait(process: "subprocess.Popen[bytes]", url: str, log: Path) -> None:
    until = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < until:
        try:
            if httpx.get(url, timeout=PATIENCE, trust_env=False).status_code == httpx.codes.OK:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.2)
    raise SystemExit(f"a server has not started, see the end of {log}. Mend the cause and run this again.")


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End a server, and what is left of the group that it leads."""
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(timeout=30)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
