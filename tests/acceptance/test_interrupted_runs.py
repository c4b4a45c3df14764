"""Every stage of the real graph is ended by a real signal while it works; what `dvc repro` then makes is the same."""

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import psutil
import pytest
import yaml
from acceptance.signs import Sign, answers_kept, new_file, pictures_looked_at, readings_kept
from mlflow import MlflowClient
from small_project import environment, new_project, run
from small_reasoner import write_reasoner

from symptomeme.lifecycle.candidate import DIGEST, VARIANT
from symptomeme.text.engines import IMAGES_PER_PROCESS

pytestmark = pytest.mark.acceptance

WORKS: dict[str, list[Sign]] = {
    "ingest": [pictures_looked_at],
    "validate": [new_file("reports/data_docs/.depression.*.partial")],
    "ocr": [readings_kept],
    "reason": [answers_kept],
    "prealign": [new_file(".cache/prealign/*/curve.json")],
    "train": [new_file(".cache/train/*/curve.json")],
    "evaluate": [new_file("artifacts/depression/variants/*/predictions.parquet")],
    "register": [new_file(".mlruns-*/mlruns.db"), new_file("mlartifacts/*")],
}
"""What there is once a stage is at its work."""
MEMES = (IMAGES_PER_PROCESS + 1) * (os.cpu_count() or 1)  # so many and more: `ocr` begins another batch as one ends
LONGER = {
    "reason": {
        "source": "generate",
        "model": "data/weights/reason",
        "batch_size": 1,  # an interrupted run has other batches, and they other last digits
        "max_new_tokens": 40,
        "max_failed_share": 1.0,
    },
    "prealign": {"epochs": 4},
    "train": {"epochs": 4},
    "evaluate": {"resamples": 20_000},
}
OUTPUTS = ("artifacts", "data")
PATIENCE = 300  # seconds until a test gives up; nothing is measured

Dvc = subprocess.Popen[str]
End = Callable[[Dvc], None]
Seen = tuple[str, Sign]  # a stage, and a sign that it works


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory, text_folder: Path, vision_folder: Path) -> Path:
    """A project whose graph has not run yet."""
    base = tmp_path_factory.mktemp("prepared")
    reasoner = write_reasoner(base / "reasoner")
    return new_project(base, text_folder, vision_folder, train=MEMES, changes=LONGER, reasoner=reasoner)


@pytest.fixture(scope="module")
def undisturbed(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("undisturbed") / "project"
    shutil.copytree(prepared, root, symlinks=True)
    run("dvc", "repro", cwd=root)
    return root


def to_its_group(number: int) -> End:
    return lambda dvc: os.killpg(dvc.pid, number)


@pytest.mark.skipif(sys.platform != "linux", reason="Linux alone tells which pictures a stage has opened")
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
    stages = set(run("dvc", "stage", "list", "--name-only", cwd=root).split()) - {"data.dvc"}
    assert {name_of(stage) for stage in stages} == set(WORKS)
    left = {(stage, sign) for stage in stages for sign in WORKS[name_of(stage)]}
    while left:
        seen, log = ended_at_work(root, left, end)
        assert "Traceback" not in log, log
        assert told in log, (seen, log)
        left.remove(seen)
    run("dvc", "repro", cwd=root)
    assert (root / "dvc.lock").read_text() == (undisturbed / "dvc.lock").read_text()
    assert digests(root, *OUTPUTS) == digests(undisturbed, *OUTPUTS)
    assert registered(root) == registered(undisturbed)
    assert run_statuses(root) - {"FAILED"} == run_statuses(undisturbed) == {"FINISHED"}


def ended_at_work(root: Path, awaited: set[Seen], end: End) -> tuple[Seen, str]:
    """Run the graph until one of these is seen, end DVC, and wait until nothing works or writes in the project.

    Returns:
        What was seen, and what was printed.
    """
    log = root.parent / "log.txt"
    with started(root, log) as dvc:
        seen = first_seen(root, dvc, awaited)
        processes = psutil.Process(dvc.pid).children(recursive=True)
        end(dvc)
        assert dvc.wait(PATIENCE) != 0
        assert psutil.wait_procs(processes, PATIENCE)[1] == [], seen
        assert psutil.wait_procs(at_work_in(root), PATIENCE)[1] == [], seen  # what was started since
        assert at_work_in(root) == [], seen
        left = digests(root, ".")
        time.sleep(1)
        assert digests(root, ".") == left, seen
    assert seen[0] not in ended_stages(root), seen  # it was at its work, not behind it
    return seen, log.read_text()


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
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - ignored after a shell's `&`
        )
        try:
            yield dvc
        finally:
            with suppress(ProcessLookupError):
                os.killpg(dvc.pid, signal.SIGKILL)
            dvc.wait()


def first_seen(root: Path, dvc: Dvc, awaited: set[Seen]) -> Seen:
    """The first of these signs of work."""
    until = time.monotonic() + PATIENCE
    with ExitStack() as watches:
        signs = [(seen, watches.enter_context(seen[1](root))) for seen in awaited]
        while time.monotonic() < until and dvc.poll() is None:
            with suppress(psutil.NoSuchProcess):
                for process in psutil.Process(dvc.pid).children(recursive=True):
                    stage = stage_of(process)
                    for seen, shows in signs:
                        if stage == seen[0] and shows(process):
                            return seen
            time.sleep(0.005)
    pytest.fail(f"none of {awaited} was seen")


def stage_of(process: psutil.Process) -> str | None:
    """The stage that a process runs; of others than `symptomeme STAGE`, nothing."""
    words = process.cmdline()
    is_stage = len(words) > 1 and Path(words[1]).name == "symptomeme"
    return process.environ()["DVC_STAGE"] if is_stage else None


def at_work_in(root: Path) -> list[psutil.Process]:
    """All processes of this machine whose folder is in the project, or that a stage of it has started."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if Path(process.cwd()).is_relative_to(root) or process.environ().get("DVC_ROOT") == str(root):
                found.append(process)
    return found


def ended_stages(root: Path) -> set[str]:
    """The stages that DVC knows to have ended."""
    lock = root / "dvc.lock"
    return set(yaml.safe_load(lock.read_text())["stages"]) if lock.exists() else set()


def name_of(stage: str) -> str:
    return stage.partition("@")[0]


def digests(root: Path, *folders: str) -> dict[str, str]:
    """Every file below these folders, half-written ones too."""
    return {
        path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for folder in folders
        for path in sorted((root / folder).rglob("*"))
        if path.is_file()
    }


def registered(root: Path) -> tuple[list[tuple[str, ...]], dict[str, dict[str, str]]]:
    """All versions, each with what it is and how its run ended, and all aliases."""
    client = MlflowClient(f"sqlite:///{root}/mlruns.db")
    versions = [
        (
            found.name,
            str(found.version),
            found.tags[VARIANT],
            found.tags[DIGEST],
            client.get_run(found.run_id).info.status,
        )
        for found in client.search_model_versions()
    ]
    return sorted(versions), {model.name: dict(model.aliases) for model in client.search_registered_models()}


def run_statuses(root: Path) -> set[str]:
    client = MlflowClient(f"sqlite:///{root}/mlruns.db")
    experiments = [found.experiment_id for found in client.search_experiments()]
    return {run.info.status for run in client.search_runs(experiments)}
