"""A real Prefect server for the session, and copies of the small project whose graph has run."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from tempfile import mkdtemp

import pytest

os.environ["PREFECT_HOME"] = mkdtemp(prefix="symptomeme-prefect-")  # before any module imports Prefect
os.environ.pop("PREFECT_API_URL", None)


@pytest.fixture(scope="session")
def prefect() -> Iterator[None]:
    """Prefect's server, with a database of its own."""
    from prefect.testing.utilities import prefect_test_harness  # noqa: PLC0415 - after its variables are set

    with prefect_test_harness(server_startup_timeout=600):
        yield
    shutil.rmtree(os.environ["PREFECT_HOME"], ignore_errors=True)


@pytest.fixture
def place(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder: a copy of the project."""
    root = shutil.copytree(project, tmp_path / "copy", symlinks=True)
    monkeypatch.chdir(root)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    return root
