"""Every stage of the real graph is ended by a real signal while it works; what `dvc repro` then makes is the same."""

import hashlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest
from small_project import environment, new_project, run

pytestmark = pytest.mark.acceptance

PROCESS = "process "
WORKS = {
    "ingest": f"{PROCESS}python",  # the pool that looks at pictures
    "validate": "reports/data_docs/.depression.*.partial",
    "ocr": f"{PROCESS}tesseract",
    "prealign": ".cache/prealign/*/curve.json",
    "train": ".cache/train/*/curve.json",
    "evaluate": "artifacts/depression/variants/*/predictions.parquet",
    "register": "mlartifacts/*",
}
"""What there is once a stage has begun its work: a new file, or a process that it started."""
LONGER = {"prealign": {"epochs": 4}, "train": {"epochs": 4}, "evaluate": {"resamples": 20_000}}
PATIENCE = 300  # seconds until a test gives up; nothing is measured

Dvc = subprocess.Popen[str]
End = Callable[[Dvc], None]


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory, text_folder: Path, vision_folder: Path) -> Path:
    """A project whose graph has not run yet; enough memes for ingest to use several processes."""
    base = tmp_path_factory.mktemp("prepared")
    return new_project(base, text_folder, vision_folder, train=60, changes=LONGER)


@pytest.fixture(scope="module")
def undisturbed(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("undisturbed") / "project"
    shutil.copytree(prepared, root, symlinks=True)
    run("dvc", "repro", cwd=root)
    return root


def to_its_group(number: int) -> End:
    return lambda dvc: os.killpg(dvc.pid, number)


@pytest.mark.parametrize(
    ("end", "told"),
    [
        (to_its_group(signal.SIGINT), "interrupted; run it again to go on."),
        (to_its_group(signal.SIGKILL), ""),
        (Dvc.kill, ""),
    ],
    ids=["SIGINT", "SIGKILL", "SIGKILL to DVC alone"],
)
def test_a_run_ended_in_every_stage_comes_out_like_an_undisturbed_one(
    prepared: Path, undisturbed: Path, tmp_path: Path, end: End, told: str
) -> None:
    root = tmp_path / "project"
    shutil.copytree(prepared, root, symlinks=True)
    left = set(run("dvc", "stage", "list", "--name-only", cwd=root).split()) - {"data.dvc"}
    assert {stage.partition("@")[0] for stage in left} == set(WORKS)
    while left:
        stage, log = ended_at_work(root, left, end)
        assert "Traceback" not in log, log
        assert told in log, (stage, log)
        left.remove(stage)
    run("dvc", "repro", cwd=root)
    assert (root / "dvc.lock").read_text() == (undisturbed / "dvc.lock").read_text()
    assert digests(root) == digests(undisturbed)


def ended_at_work(root: Path, stages: set[str], end: End) -> tuple[str, str]:
    """Run the graph until one of these stages works, end DVC, and wait until all it started is gone.

    Returns:
        The stage, and what was printed.
    """
    log = root.parent / "log.txt"
    with started(root, log) as dvc:
        stage = first_at_work(root, dvc, stages)
        processes = psutil.Process(dvc.pid).children(recursive=True)
        end(dvc)
        assert dvc.wait(PATIENCE) != 0
        alive = psutil.wait_procs(processes, PATIENCE)[1]
        assert alive == [], stage
    return stage, log.read_text()


@contextmanager
def started(root: Path, log: Path) -> Iterator[Dvc]:
    """`dvc repro` in a process group of its own."""
    with log.open("w") as stream:
        dvc = subprocess.Popen(
            ["dvc", "repro"],
            cwd=root,
            env=environment(),
            stdout=stream,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        try:
            yield dvc
        finally:
            with suppress(ProcessLookupError):
                os.killpg(dvc.pid, signal.SIGKILL)
            dvc.wait()


def first_at_work(root: Path, dvc: Dvc, stages: set[str]) -> str:
    """The first of these stages that begins its work."""
    before = {pattern: set(root.glob(pattern)) for pattern in WORKS.values()}
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and dvc.poll() is None:
        with suppress(psutil.NoSuchProcess):
            for process in psutil.Process(dvc.pid).children(recursive=True):
                stage, pattern = stage_of(process)
                if stage not in stages:
                    continue
                name = pattern.removeprefix(PROCESS)
                if name != pattern and any(child.name().startswith(name) for child in process.children()):
                    return stage
                if name == pattern and set(root.glob(pattern)) - before[pattern]:
                    return stage
        time.sleep(0.005)
    pytest.fail(f"none of {stages} was seen at work")


def stage_of(process: psutil.Process) -> tuple[str, str]:
    """The stage that a process runs and what tells that it works; of others than `symptomeme STAGE`, nothing."""
    words = process.cmdline()
    if len(words) < 3 or Path(words[1]).name != "symptomeme":
        return "", ""
    return process.environ()["DVC_STAGE"], WORKS[words[2]]


def digests(root: Path) -> dict[str, str]:
    """Every file that the stages left, half-written ones too."""
    return {
        path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for folder in ("artifacts", "data")
        for path in sorted((root / folder).rglob("*"))
        if path.is_file()
    }
