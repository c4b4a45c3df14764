"""What a run has started, seen from outside."""

import time

import psutil
import pytest

PATIENCE = 600  # seconds until a test gives up; nothing is measured


def stage_of(process: psutil.Process) -> str | None:
    """The stage that a process runs: `symptomeme STAGE …`; None of others."""
    try:
        words = process.cmdline()
    except psutil.Error:
        return None
    return words[2] if len(words) > 2 and words[1].endswith("symptomeme") else None


def at_work(starter: int, stage: str) -> list[psutil.Process]:
    """Everything that a process has started, once a stage of this name is among it."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        processes = psutil.Process(starter).children(recursive=True)
        if stage in map(stage_of, processes):
            return processes
        time.sleep(0.01)
    pytest.fail(f"{stage} was not seen")
