"""A study on a small real project: killed half way it loses no finished cell; one that fails keeps no other back."""

import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest
import yaml
from small_project import ROOT, environment, new_project, run

pytestmark = pytest.mark.acceptance

ROWS = ("commonest", "tfidf", "text_only", "full")
STUDY = ("symptomeme", "study", "--rows", *ROWS)
TRAINED = ("ablation@depression-text_only-42", "ablation@depression-full-42")
STUDIED = "artifacts/depression/study"
PATIENCE = 300  # seconds until a test gives up; nothing is measured


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory, text_folder: Path, vision_folder: Path) -> Path:
    """A project whose graph has run as far as the study needs it."""
    found = new_project(tmp_path_factory.mktemp("study"), text_folder, vision_folder, changes={"train": {"epochs": 6}})
    shutil.copytree(ROOT / "studies", found / "studies")
    run("dvc", "repro", "prealign@depression", cwd=found)
    return found


def done(root: Path) -> set[str]:
    """The cells that DVC knows the results of."""
    lock = root / "studies/dvc.lock"
    return set(yaml.safe_load(lock.read_text())["stages"]) if lock.is_file() else set()


def ran(printed: str) -> set[str]:
    """The cells that were run."""
    return set(re.findall(r"Running stage 'studies/dvc\.yaml:([^']+)'", printed))


def kill_at_the_last_row(root: Path) -> None:
    """Start the study and kill all of it while it trains `full`, the second row that is trained."""
    study = subprocess.Popen(
        [*STUDY],
        cwd=root,
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        until = time.monotonic() + PATIENCE
        while len(list(root.glob(".cache/train/*/curve.json"))) < len(TRAINED):
            assert study.poll() is None, "it has ended"
            assert time.monotonic() < until, "it was not seen at work"
            time.sleep(0.005)
    finally:
        os.killpg(study.pid, signal.SIGKILL)
        study.wait()


def test_a_study_that_was_killed_runs_what_is_missing_alone(root: Path) -> None:
    main_lock = (root / "dvc.lock").read_bytes()
    kill_at_the_last_row(root)
    before = done(root)
    assert before >= {"baseline@depression-commonest", "baseline@depression-tfidf", TRAINED[0]}
    assert TRAINED[1] not in before
    printed = run(*STUDY, cwd=root)
    assert ran(printed) == {TRAINED[1]}
    assert "| full | text + picture |" in printed
    assert re.search(r"^\| full .*\| > \d+ \(\d+\) \|$", printed, re.MULTILINE)  # it went on from a checkpoint
    for name in ("study.md", "study.csv", "study.png"):
        assert (root / "reports/depression/study" / name).stat().st_size
    resumed = (root / STUDIED / "full/42/predictions.parquet").read_bytes()
    shutil.rmtree(root / ".cache/train")
    run("dvc", "repro", "--single-item", "--force", "--no-run-cache", f"studies/dvc.yaml:{TRAINED[1]}", cwd=root)
    assert (root / STUDIED / "full/42/predictions.parquet").read_bytes() == resumed
    assert ran(run(*STUDY, cwd=root)) == set()
    printed = run("symptomeme", "study", "--rows", "tfidf", cwd=root)
    assert "| text_only | text |" in printed  # cells that are there stay in the report
    assert "- no_experts: it was not asked for, and its cells are missing or stale." in printed
    assert (root / "dvc.lock").read_bytes() == main_lock


def test_a_cell_that_fails_keeps_no_other_back(root: Path) -> None:
    file = root / "studies/params.yaml"
    before = file.read_text()
    file.write_text(before.replace("model: {attention: first}", "model: {num_heads: 5}"))  # does not divide the width
    try:
        done = subprocess.run(
            ["symptomeme", "study", "--rows", "first_token", "full", "no_experts"],
            cwd=root, env=environment(), capture_output=True, text=True, check=False,
        )  # fmt: skip
    finally:
        file.write_text(before)
    assert done.returncode == 1
    assert "- first_token: its stage failed." in done.stdout
    assert "| full | text + picture |" in done.stdout
    assert "| no_experts | text + picture |" in done.stdout
    assert "1 cells failed; what they said stands above." in done.stderr
