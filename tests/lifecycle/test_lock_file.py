import subprocess
from pathlib import Path

import pytest
from dvc.repo import Repo
from small_project import run

from symptomeme.lifecycle.lock_file import mend_lock_file

STAGES = "stages:\n  copy: {cmd: cp a b, deps: [a], outs: [b]}\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project whose one stage has run."""
    run("git", "init", "--quiet", cwd=tmp_path)
    run("dvc", "init", "--quiet", cwd=tmp_path)
    (tmp_path / "dvc.yaml").write_text(STAGES)
    (tmp_path / "a").write_text("a")
    run("dvc", "repro", "--quiet", cwd=tmp_path)
    return tmp_path


def commit(root: Path) -> None:
    run("git", "add", "--all", cwd=root)
    run("git", "-c", "user.name=t", "-c", "user.email=t@example.org", "commit", "--quiet", "-m", "all", cwd=root)


@pytest.mark.parametrize("left", ["nothing", "half a key"])
@pytest.mark.parametrize("committed", [True, False])
def test_a_part_of_dvc_lock_gives_way_and_dvc_goes_on_from_its_run_cache(
    root: Path, left: str, committed: bool
) -> None:
    lock = root / "dvc.lock"
    whole = lock.read_text()
    if committed:
        commit(root)
    lock.write_text("" if left == "nothing" else whole[: whole.rindex("md5:") + 2])
    assert subprocess.run(["dvc", "status"], cwd=root, capture_output=True, check=False).returncode
    assert mend_lock_file(root)
    assert (lock.read_text() if lock.exists() else None) == (whole if committed else None)
    assert "Running stage" not in run("dvc", "repro", cwd=root)
    assert lock.read_text() == whole


def test_the_lock_of_the_study_gives_way_too_and_no_other(root: Path) -> None:
    lock = root / "studies/dvc.lock"
    lock.parent.mkdir()
    (root / "studies/dvc.yaml").write_text("stages:\n  copy: {wdir: .., cmd: cp a c, deps: [a], outs: [c]}\n")
    lock.write_text("schema: '2.0'\nstages:\n  cop")
    before = (root / "dvc.lock").read_bytes()
    assert mend_lock_file(root)
    assert not lock.exists()
    assert (root / "dvc.lock").read_bytes() == before
    assert not mend_lock_file(root)


def test_what_dvc_can_read_or_another_dvc_may_be_writing_is_left_alone(root: Path) -> None:
    lock = root / "dvc.lock"
    before = lock.read_bytes()
    assert not mend_lock_file(root)
    assert lock.read_bytes() == before
    lock.write_text("")
    with Repo(str(root)) as other, other.lock:
        assert not mend_lock_file(root)
    assert lock.read_text() == ""


def test_a_merge_that_is_going_on_is_left_to_its_owner(root: Path) -> None:
    commit(root)
    run("git", "checkout", "--quiet", "-b", "other", cwd=root)
    for branch, text in (("other", "b"), ("-", "c")):
        if branch == "-":
            run("git", "checkout", "--quiet", "-", cwd=root)
        (root / "a").write_text(text)
        run("dvc", "repro", "--quiet", cwd=root)
        commit(root)
    assert subprocess.run(["git", "merge", "other"], cwd=root, capture_output=True, check=False).returncode
    before = (root / "dvc.lock").read_text()
    assert "<<<<<<<" in before
    assert not mend_lock_file(root)
    assert (root / "dvc.lock").read_text() == before
