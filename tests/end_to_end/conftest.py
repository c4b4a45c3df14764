"""The graph run once to its end, for every test of what comes of it."""

import json
from pathlib import Path
from typing import Any

import pytest
from small_project import new_project, run


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory, text_folder: Path, vision_folder: Path) -> Path:
    """A project whose graph has run to the end for one task, pushed to a remote folder."""
    base = tmp_path_factory.mktemp("whole")
    root = new_project(base, text_folder, vision_folder)
    run("dvc", "repro", "--quiet", cwd=root)
    run("dvc", "remote", "add", "--default", "folder", base / "remote", cwd=root)
    run("dvc", "push", "--quiet", cwd=root)
    run("git", "add", "--all", cwd=root)
    run("git", "-c", "user.name=t", "-c", "user.email=t@example.org", "commit", "--quiet", "-m", "all", cwd=root)
    return root


@pytest.fixture(scope="session")
def picture(project: Path) -> Path:
    return min((project / "data/restore/test/images").iterdir()).relative_to(project)


@pytest.fixture(scope="session")
def answer(project: Path, picture: Path) -> dict[str, Any]:
    told: list[dict[str, Any]] = json.loads(run("symptomeme", "classify", picture, "--json", cwd=project))
    return told[0]
