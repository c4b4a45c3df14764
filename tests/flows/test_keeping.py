"""What a run commits, and what it leaves alone."""

from pathlib import Path

import pytest
from small_project import run

from flows.commands import LastingFault, git
from flows.keeping import FILES, commit_to


@pytest.fixture
def home(tmp_path: Path) -> Path:
    root = tmp_path / "home"
    root.mkdir()
    for name in (*FILES, "other"):
        (root / name).write_text("1\n")
    run("git", "init", "--quiet", "--initial-branch", "main", cwd=root)
    run("git", "add", "--all", cwd=root)
    run("git", "-c", "user.name=t", "-c", "user.email=t@example.org", "commit", "--quiet", "-m", "all", cwd=root)
    return root


def changed(home: Path, text: str) -> None:
    for name in ("dvc.lock", "other"):
        (home / name).write_text(text)


def test_a_branch_takes_the_three_files_and_the_work_tree_stays(home: Path) -> None:
    changed(home, "2\n")
    before = git("status", "--porcelain", cwd=home)
    first = commit_to("kept", home=home, root=home, message="Retrain")
    assert git("status", "--porcelain", cwd=home) == before
    assert git("show", "kept:dvc.lock", cwd=home) == "2"
    assert git("show", "kept:other", cwd=home) == "1"
    assert commit_to("kept", home=home, root=home, message="Retrain") is None
    changed(home, "3\n")
    second = commit_to("kept", home=home, root=home, message="Retrain")
    assert git("rev-list", f"{first}..{second}", cwd=home) == second


def test_the_branch_one_is_on_takes_them_without_what_is_staged(home: Path) -> None:
    changed(home, "2\n")
    git("add", "other", cwd=home)
    commit_to("main", home=home, root=home, message="Retrain")
    assert git("status", "--porcelain", cwd=home) == "M  other"
    assert git("show", "main:dvc.lock", cwd=home) == "2"


def test_the_branch_one_is_on_takes_them_from_where_other_params_ran(home: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    for name in FILES:
        (other / name).write_text("2\n")
    (home / "other").write_text("staged\n")
    git("add", "other", cwd=home)
    commit = commit_to("main", home=home, root=other, message="Retrain")
    assert git("rev-parse", "main", cwd=home) == commit
    assert {git("show", f"main:{name}", cwd=home) for name in FILES} == {"2"}
    assert git("show", "main:other", cwd=home) == "1"
    assert {(home / name).read_text() for name in FILES} == {"1\n"}
    assert git("diff", "--cached", "--name-only", cwd=home) == "other"
    assert commit_to("main", home=home, root=other, message="Retrain") is None


def test_a_name_that_git_refuses_is_told(home: Path) -> None:
    with pytest.raises(LastingFault, match=r"^commit_to_branch: 'a..b' is no name that git takes for a branch.$"):
        commit_to("a..b", home=home, root=home, message="Retrain")
