"""What a run starts: its lines, its end, what its failing means."""

import os
import subprocess
import sys
import textwrap
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from flows.commands import LEASH, Ended, LastingFault, PassingFault, checked, fault, run, verb

PATIENCE = 60  # seconds until a test gives up; nothing is measured


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a test writes the module `told`, which can then be run."""
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return tmp_path / "told.py"


def test_lines_come_as_they_are_and_of_progress_bars_one_now_and_then(module: Path, tmp_path: Path) -> None:
    module.write_text(
        textwrap.dedent(
            """
            import sys
            print("first")
            for done in range(100):
                print(f"reading {done}%|##   | {done}/100", end="\\r", file=sys.stderr, flush=True)
            print("\\nlast, without an end", end="")
            """
        )
    )
    said: list[str] = []
    ended = run("told", cwd=tmp_path, say=said.append, seconds=PATIENCE)
    assert said == ["first", "reading 0%|##   | 0/100", "last, without an end"]
    assert (ended.code, ended.lines, ended.late) == (0, said, False)


def test_what_takes_too_long_is_ended_with_all_it_started(module: Path, tmp_path: Path) -> None:
    module.write_text(
        "import subprocess, sys, time\n"
        "print(subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']).pid, flush=True)\n"
        "time.sleep(600)\n"
    )
    said: list[str] = []
    with pytest.raises(PassingFault, match=r"^took longer than it may, and was ended$"):
        checked("told", cwd=tmp_path, say=said.append, seconds=3)
    with suppress(psutil.NoSuchProcess):
        psutil.Process(int(said[0])).wait(PATIENCE)


def test_a_program_and_its_children_end_with_a_starter_that_is_killed(module: Path, tmp_path: Path) -> None:
    module.write_text(
        "import os, subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        "print(os.getpid(), child.pid, flush=True)\n"
        "time.sleep(600)\n"
    )
    starter = (
        "import subprocess, sys\nsubprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE, start_new_session=True).wait()\n"
    )
    command = [sys.executable, "-c", starter, sys.executable, "-P", str(LEASH), "told"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=dict(os.environ)) as process:
        assert process.stdout
        started = [psutil.Process(int(word)) for word in process.stdout.readline().split()]
        process.kill()
        assert len(started) == 2
        assert psutil.wait_procs(started, PATIENCE)[1] == []


@pytest.mark.parametrize(
    ("lines", "code", "kind", "told"),
    [
        (
            ["symptomeme validate: 9 of 12 rows are bad.", "ERROR: failed to reproduce 'validate@anxiety'"],
            255,
            LastingFault,
            "symptomeme validate: 9 of 12 rows are bad.",
        ),
        (
            ["symptomeme register: MLflow: its database is locked by another process."],
            255,
            PassingFault,
            "symptomeme register: MLflow: its database is locked by another process.",
        ),
        (["ERROR: 'data' is busy, it is being blocked by: (PID 7)"], 255, PassingFault, "'data' is busy"),
        (["ERROR: failed to reproduce 'x': failed to run: x, exited with -9"], 255, PassingFault, "exited with -9"),
        (["ERROR: missing data 'source': data"], 255, LastingFault, "missing data 'source': data"),
        (
            ["Traceback (most recent call last):", "ValueError: x"],
            1,
            LastingFault,
            "a fault of the program: ValueError",
        ),
        ([], -9, PassingFault, "ended with -9 and said nothing"),
    ],
)
def test_what_a_failing_means(lines: list[str], code: int, kind: type[Exception], told: str) -> None:
    found = fault(Ended(code, lines, "", late=False))
    assert type(found) is kind
    assert told in str(found)


def test_a_verb_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(LastingFault, match=r"^symptomeme: error: .*invalid choice: 'fly'") as error:
        verb("fly", cwd=tmp_path, say=lambda _: None, seconds=PATIENCE)
    assert "\n" not in str(error.value)
