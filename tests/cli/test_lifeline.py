import fcntl
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest

from symptomeme.domain.errors import InputError
from symptomeme.domain.layout import lock
from symptomeme.domain.locking import alone

PATIENCE = 60  # seconds until a test gives up
STAGE = """
import subprocess, sys, time
from symptomeme.cli.lifeline import end_with_dvc
end_with_dvc()
child = subprocess.Popen(["sleep", "600"])
print(child.pid, flush=True)
time.sleep(600)
"""
SHELL_THAT_STAYS = '"$0" -c "$1"; true'
DVC = """
import os, subprocess, sys
subprocess.run(["sh", "-c", *sys.argv[1:]], env={**os.environ, "DVC_STAGE": "train@anxiety"})
"""


@pytest.fixture
def dvc() -> Iterator[subprocess.Popen[str]]:
    """A process that runs a stage by a shell, as DVC does; the stage prints the number of its own child."""
    command = [sys.executable, "-c", DVC, SHELL_THAT_STAYS, sys.executable, STAGE]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)
    yield process
    os.killpg(process.pid, signal.SIGKILL)  # it is not waited for before, so that the group is still its own
    process.communicate()


def test_a_stage_and_its_children_end_with_a_killed_dvc(dvc: subprocess.Popen[str]) -> None:
    assert dvc.stdout
    child = psutil.Process(int(dvc.stdout.readline()))
    processes = psutil.Process(dvc.pid).children(recursive=True)
    assert len(processes) == 3  # shell, stage, child
    assert child in processes
    dvc.kill()
    assert psutil.wait_procs(processes, PATIENCE)[1] == []


def test_one_process_at_a_time_runs_a_stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    before = datetime.now(UTC).replace(microsecond=0)
    with alone("ingest@anxiety"), alone("ingest@depression"):
        with pytest.raises(InputError) as error, alone("ingest@anxiety", patience=0):
            pytest.fail("two at a time")
        own = os.getpid()
        told = re.fullmatch(
            rf"ingest@anxiety is running already \(process {own}, since (.+)\)\. "
            rf"Wait until it has ended, or end it: kill {own}",
            str(error.value),
        )
        assert told
        assert before <= datetime.fromisoformat(told[1]) <= datetime.now(UTC)
    with alone("ingest@anxiety"):
        assert lock("ingest@anxiety").read_text().split()[0] == str(own)


def test_a_lock_is_waited_for_a_while(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = lock("ingest@anxiety")
    path.parent.mkdir(parents=True)
    with path.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        monkeypatch.setattr("time.sleep", lambda _: fcntl.flock(held, fcntl.LOCK_UN))
        with alone("ingest@anxiety"):
            pass


def test_sigterm_ends_a_stage_in_order(tmp_path: Path) -> None:
    code = (
        "import os, signal, sys\n"
        "from symptomeme.cli import stage\n"
        "from symptomeme.cli.main import main\n"
        "stage.read_params = lambda: os.kill(os.getpid(), signal.SIGTERM)\n"
        "sys.exit(main(['ingest', '--task', 'anxiety']))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (130, "symptomeme ingest: interrupted; run it again to go on.\n")
