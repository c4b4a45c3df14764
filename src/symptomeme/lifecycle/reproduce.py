"""Run the graph: DVC decides what is stale; the tasks, which share nothing, run side by side."""

import os
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from symptomeme.domain.errors import ToolError
from symptomeme.domain.progress import ROW


def reproduce(tasks: Iterable[str]) -> None:
    """Bring all stages of these tasks up to date, side by side but for register; a plain `dvc repro` ends it.

    DVC holds its lock while it looks and writes, not while a stage runs, so two of them wait for one another only then.

    Raises:
        ToolError: a stage failed; what it said stands on the terminal.
    """
    stages = [
        name
        for name in dvc_output("stage", "list", "--name-only").split()
        if "@" in name and not name.startswith("register")
    ]
    if not side_by_side([name for name in stages if _task(name) == task] for task in tasks):
        raise ToolError("'dvc repro' failed; what it said stands above. Run it again to go on.")
    dvc("repro")


def side_by_side(groups: Iterable[Sequence[str]], *options: str) -> bool:
    """Run groups of stages, which share nothing, each group in its order; whether all went well.

    Args:
        groups: of stages, without what they need.
        options: of `dvc repro`.
    """
    running = [
        subprocess.Popen(
            [*_DVC, "--wait-for-lock", "repro", "--single-item", *options, *stages],
            env={**_environment(), ROW: str(row)},
        )
        for row, stages in enumerate(groups)
    ]
    try:
        codes = [process.wait() for process in running]
    finally:
        for process in running:
            process.terminate()
    return not any(codes)


def dvc(*arguments: str) -> None:
    """Run DVC on this terminal.

    Raises:
        ToolError: it failed; what it said stands on the terminal.
    """
    if subprocess.run([*_DVC, *arguments], env=_environment(), check=False).returncode:
        raise ToolError(f"'dvc {' '.join(arguments)}' failed; what it said stands above. Run it again to go on.")


def dvc_output(*arguments: str) -> str:
    """What DVC prints; empty when it fails."""
    done = subprocess.run([*_DVC, *arguments], env=_environment(), capture_output=True, text=True, check=False)
    return done.stdout if done.returncode == 0 else ""


_DVC = (sys.executable, "-m", "dvc")


def _task(stage: str) -> str:
    """The task in a stage's name: `train@anxiety-fusion`, `ingest@anxiety`."""
    return stage.partition("@")[2].partition("-")[0]


def _environment() -> dict[str, str]:
    """This environment with the interpreter's own programs first, since stages are commands."""
    return {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"}
