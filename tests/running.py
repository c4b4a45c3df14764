"""What a run has started, seen from outside."""

import subprocess
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import psutil
import pytest

PATIENCE = 600  # seconds until a test gives up; nothing is measured


class AtWork(NamedTuple):
    """A stage that runs, the DVC that runs it, and everything that the same starter has started."""

    name: str
    stage: psutil.Process
    dvc: psutil.Process
    processes: list[psutil.Process]


def at_work(starter: int, stages: Collection[str]) -> AtWork:
    """The first of these stages that is seen among all that a process has started, while that lives."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and psutil.Process(starter).status() != psutil.STATUS_ZOMBIE:
        processes = psutil.Process(starter).children(recursive=True)
        for process in processes:
            words = words_of(process)
            if len(words) > 2 and words[1].endswith("symptomeme") and words[2] in stages:
                dvc = [each for each in process.parents() if "dvc" in words_of(each)]
                if dvc:
                    return AtWork(words[2], process, dvc[-1], processes)
        time.sleep(0.1)
    pytest.fail(f"none of {stages} was seen")


def words_of(process: psutil.Process) -> list[str]:
    """A command line; empty when the process is gone."""
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def runs(commands: list[list[str]], *words: str) -> bool:
    """Whether one of these command lines is a module with this first argument."""
    return any(tuple(command[3:5]) == words for command in commands)


def started_until(starter: "subprocess.Popen[bytes]", sign: Callable[[list[list[str]]], bool]) -> list[psutil.Process]:
    """All that a process has started, once their command lines show a sign."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and starter.poll() is None:
        found = psutil.Process(starter.pid).children(recursive=True)
        if sign([words_of(each) for each in found]):
            return found
        time.sleep(0.1)
    pytest.fail("it was not seen")


def at_work_in(root: Path) -> list[psutil.Process]:
    """The processes whose folder this is."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if Path(process.cwd()).is_relative_to(root):
                found.append(process)
    return found
