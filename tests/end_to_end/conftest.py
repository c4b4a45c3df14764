"""The graph run once to its end, for every test of what comes of it."""

import json
from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient
from small_project import run


@pytest.fixture(scope="session")
def picture(project: Path) -> Path:
    return min((project / "data/restore/test/images").iterdir()).relative_to(project)


@pytest.fixture(scope="session")
def answer(project: Path, picture: Path) -> dict[str, Any]:
    """What `classify` says of it: the champion."""
    told: list[dict[str, Any]] = json.loads(run("symptomeme", "classify", picture, "--json", cwd=project))
    return told[0]


@pytest.fixture(scope="session")
def fusion(project: Path) -> str:
    """The registered model that looks at words and picture, whether it became champion or not."""
    versions = MlflowClient(f"sqlite:///{project}/mlruns.db").search_model_versions()
    (version,) = [found.version for found in versions if found.tags["symptomeme.variant"] == "fusion"]
    return f"models:/symptomeme-depression/{version}"


@pytest.fixture(scope="session")
def fusion_answer(project: Path, picture: Path, fusion: str) -> dict[str, Any]:
    """What `classify` says of it with that model."""
    told = json.loads(run("symptomeme", "classify", picture, "--model", fusion, "--json", cwd=project))
    assert told[0]["tasks"]["depression"]["model"]["variant"] == "fusion"
    return dict(told[0])
