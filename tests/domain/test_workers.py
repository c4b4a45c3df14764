"""Ctrl-C while processes are started."""

import os
import signal
import subprocess
import sys
import threading

import pytest

from symptomeme.domain.errors import ToolError
from symptomeme.domain.workers import held_back, in_workers

ASLEEP = "import time; print('here', flush=True); time.sleep(60)"


def test_an_interrupt_waits_for_the_end() -> None:
    done = []
    with pytest.raises(KeyboardInterrupt), held_back():
        signal.pthread_kill(threading.get_ident(), signal.SIGINT)  # another thread could take the whole process's
        done.append("all")
    assert done == ["all"]


def test_a_process_that_ends_before_its_work_is_done_is_told() -> None:
    told = r"^a process that shared the work has ended before it was done: [^\n]+ run it again\.$"
    with pytest.raises(ToolError, match=told):
        list(in_workers(os._exit, [1], workers=1, chunk=1))


@pytest.mark.parametrize("held", [True, False])
def test_a_process_that_is_started_meanwhile_sees_no_interrupt(held: bool) -> None:
    command = [sys.executable, "-c", ASLEEP]
    if held:
        with held_back():
            process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    else:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"here\n"
    process.send_signal(signal.SIGINT)
    if not held:
        assert b"KeyboardInterrupt" in process.communicate()[1]
        return
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(0.5)
    process.kill()
    assert process.communicate()[1] == b""
