"""The service that a Bento is tried out with ends with whoever tries it out."""

import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from running import PATIENCE

KILLED = """
import time, psutil
from symptomeme.lifecycle import probe

def ask(url, image, server):
    while not psutil.Process(server.pid).children():
        time.sleep(0.1)
    print(server.pid, flush=True)
    time.sleep(600)

probe.SERVER, probe._ask, probe.answer = ("stand_in",), ask, lambda *_: {}
probe.probe("a-bento", [])
"""
STAND_IN = """
import subprocess, sys, time
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
time.sleep(600)
"""


@pytest.mark.parametrize("end", [psutil.Process.kill, psutil.Process.terminate], ids=["SIGKILL", "SIGTERM"])
def test_it_ends_with_its_workers_when_packaging_is_killed(tmp_path: Path, end) -> None:
    (tmp_path / "stand_in.py").write_text(STAND_IN)
    command = [sys.executable, "-c", KILLED]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as packaging:
        assert packaging.stdout is not None
        server = psutil.Process(int(packaging.stdout.readline()))
        there = [server, *server.children(recursive=True)]
        assert len(there) > 1
        end(psutil.Process(packaging.pid))
        assert psutil.wait_procs(there, PATIENCE)[1] == []
