"""The graph run once to its end, for every test of what comes of it."""

import json
from pathlib import Path
from typing import Any

import pytest
from small_project import run


@pytest.fixture(scope="session")
def picture(project: Path) -> Path:
    return min((project / "data/restore/test/images").iterdir()).relative_to(project)


@pytest.fixture(scope="session")
def answer(project: Path, picture: Path) -> dict[str, Any]:
    told: list[dict[str, Any]] = json.loads(run("symptomeme", "classify", picture, "--json", cwd=project))
    return told[0]
