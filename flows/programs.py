"""Servers and a worker as programs that are kept running, and that end with whoever keeps them."""

import os
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple
from urllib.parse import urlsplit

import psutil

from flows.environment import HOME
from symptomeme.domain.leash import LEASH
from symptomeme.domain.ports import LOOPBACK

ARTIFACTS = "SYMPTOMEME_MLFLOW_ARTIFACTS"
"""Environment variable: where MLflow's server keeps models, if not in mlartifacts/."""
POOL = "local"
PATIENCE = 600.0  # seconds until a server must answer: the first start makes its database
GRACE = 30.0  # seconds that a program gets to end in order
SOON = 20.0  # seconds; what ends sooner than that three times in a row is not started again
LOGS = HOME / "logs"


class ServerError(Exception):
    """It cannot run; the message is one line for people."""


class Program(NamedTuple):
    """A module that is kept running, and where it answers, if it does."""

    name: str
    module: str
    arguments: tuple[str, ...]
    answers: str | None
    variables: Mapping[str, str] = MappingProxyType({})  # of its environment, besides this one's


def prefect_at(port: int) -> Program:
    """Prefect's server."""
    words = ("server", "start", "--host", LOOPBACK, "--port", str(port))
    return Program("prefect", "prefect", words, f"http://{LOOPBACK}:{port}/api/health")


def programs(ports: Mapping[str, int], store: str) -> list[Program]:
    """The servers, in the order they are started.

    Args:
        ports: of `prefect` and `mlflow`.
        store: MLflow's database, or the address of a server elsewhere: then none is started here.
    """
    prefect = prefect_at(ports["prefect"])
    if urlsplit(store).scheme in ("http", "https"):
        return [prefect]
    place = os.environ.get(ARTIFACTS, str(Path("mlartifacts").absolute()))
    words = ("server", "--artifacts-destination", place, "--host", LOOPBACK, "--port", str(ports["mlflow"]))
    secret = {"MLFLOW_BACKEND_STORE_URI": store}  # a database's password: everybody here can read command lines
    answers = f"http://{LOOPBACK}:{ports['mlflow']}/health"
    return [prefect, Program("mlflow", "mlflow", (*words, "--workers", "1"), answers, secret)]


def worker() -> Program:
    """What takes runs from the pool; a run that waits for another one's end takes one of its places too."""
    return Program("worker", "prefect", ("worker", "start", "--pool", POOL, "--type", "process", "--limit", "4"), None)


class Kept:
    """A program that is kept running."""

    def __init__(self, program: Program) -> None:
        """Start it."""
        self.program, self.ends = program, 0
        self.start()

    def start(self) -> None:
        """Start it, its lines going to a file of its own."""
        self.since = time.monotonic()
        with (LOGS / f"{self.program.name}.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-P", str(LEASH), self.program.module, *self.program.arguments],
                env={**os.environ, **self.program.variables},
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def keep(self) -> None:
        """Start it again if it has ended.

        Raises:
            ServerError: it ends again and again.
        """
        code = self.process.poll()
        if code is None:
            return
        self.ends = self.ends + 1 if time.monotonic() - self.since < SOON else 1
        if self.ends == 3:  # noqa: PLR2004 - in a row
            raise ServerError(f"{self.program.name} ended with {code} three times. See {LOGS / self.program.name}.log")
        say(f"{self.program.name} ended with {code}; it is started again")
        self.start()

    def wait_until_it_answers(self, stopping: threading.Event) -> None:
        """Wait until its server answers.

        Raises:
            ServerError: it ended, or did not answer in time.
        """
        until = time.monotonic() + PATIENCE
        while not stopping.is_set():
            with suppress(OSError), urllib.request.urlopen(str(self.program.answers), timeout=5):
                return
            if self.process.poll() is not None or time.monotonic() > until:
                raise ServerError(f"{self.program.name} does not start. See {LOGS / self.program.name}.log")
            stopping.wait(0.2)


@contextmanager
def keeping() -> Iterator[list[Kept]]:
    """Programs that have all ended, with everything they started, when the block does: the last one first."""
    kept: list[Kept] = []
    try:
        yield kept
    finally:
        started = psutil.Process().children(recursive=True)
        for one in reversed(kept):
            one.process.terminate()
            with suppress(subprocess.TimeoutExpired):
                one.process.wait(GRACE)
        for process in started:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(started, GRACE)


@contextmanager
def running(program: Program) -> Iterator[str]:
    """A Prefect server for as long as the block lasts; its API's address.

    Raises:
        ServerError: it does not start.
    """
    LOGS.mkdir(parents=True, exist_ok=True)
    with keeping() as kept:
        kept.append(Kept(program))
        kept[0].wait_until_it_answers(threading.Event())
        yield str(program.answers).removesuffix("/health")


def say(line: str) -> None:
    """Tell the person at the terminal."""
    print(f"server: {line}", flush=True)
