"""A real Prefect server for the session, and copies of a small project whose graph has run."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from tempfile import mkdtemp

import pytest
import yaml
from small_project import new_project, run, run_graph

os.environ["PREFECT_HOME"] = mkdtemp(prefix="symptomeme-prefect-")  # before any module imports Prefect
os.environ.pop("PREFECT_API_URL", None)


@pytest.fixture(scope="session")
def prefect() -> Iterator[None]:
    """Prefect's server, with a database of its own."""
    from prefect.testing.utilities import prefect_test_harness  # noqa: PLC0415 - after its variables are set

    with prefect_test_harness(server_startup_timeout=600):
        yield
    shutil.rmtree(os.environ["PREFECT_HOME"], ignore_errors=True)


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory, text_folder: Path, vision_folder: Path) -> Path:
    """A project of one variant of one task whose graph has run, committed."""
    root = new_project(tmp_path_factory.mktemp("flows"), text_folder, vision_folder)
    params = yaml.safe_load((root / "params.yaml").read_text())
    del params["variants"]["text_only"]
    (root / "params.yaml").write_text(yaml.safe_dump(params, sort_keys=False))
    run_graph(root)
    run("git", "add", "--all", cwd=root)
    run("git", "-c", "user.name=t", "-c", "user.email=t@example.org", "commit", "--quiet", "-m", "all", cwd=root)
    return root


@pytest.fixture
def place(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder: a copy of the project."""
    root = shutil.copytree(project, tmp_path / "copy", symlinks=True)
    monkeypatch.chdir(root)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    return root
