"""One stage of the graph, run by DVC and timed."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from symptomeme.cli.main import ENVIRONMENT

PR_SET_PDEATHSIG = 1  # linux/prctl.h
BEAT = 5  # seconds between two notes of how long a stage has run


def seconds_of(stage: str, log: Path, *, again: bool) -> Iterator[tuple[float, str]]:
    """Run one stage; now and then the seconds since its start, with `ended` until it is known how it went.

    If it was ended before (`again`), it may be DVC's already: it ran if it did in any go.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    started = time.monotonic()
    yield 0.0, "ended"
    with log.open("a+", encoding="utf-8", errors="replace") as out:
        begin = out.seek(0, os.SEEK_END)
        process = subprocess.Popen(
            ["dvc", "repro", "--single-item", stage],
            env={**ENVIRONMENT, **os.environ, "PATH": path},
            stdout=out,
            stderr=subprocess.STDOUT,
            preexec_fn=_end_with_parent,  # noqa: PLW1509 - no thread runs here
        )
        try:
            while process.poll() is None:
                try:
                    process.wait(timeout=BEAT)
                except subprocess.TimeoutExpired:
                    yield time.monotonic() - started, "ended"
        finally:
            if process.poll() is None:  # this process is being ended
                _end(process)
        seconds = time.monotonic() - started
        out.seek(0 if again else begin)
        told = out.read()
    if process.returncode:
        raise SystemExit(f"{stage} failed, see the end of {log}. Mend it and run this again: it goes on here.")
    ran, restored = (words in told for words in (f"Running stage '{stage}'", f"Stage '{stage}' is cached"))
    how = "ran" if ran else "restored" if restored else "unchanged"
    yield seconds, how


def _end_with_parent() -> None:
    """Have Linux end this process when its parent is killed: the next run would find DVC busy."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Wait for a DVC that Ctrl-C has reached too, else end it; its stage ends with it."""
    try:
        process.wait(timeout=3)
    except subprocess.TimeoutExpired:
        process.terminate()  # it ignores SIGINT while a stage runs
        process.wait()
