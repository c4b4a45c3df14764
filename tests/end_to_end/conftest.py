"""The graph run once to its end, for every test of what comes of it."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient
from readme import commands_under, inline
from small_project import new_project, run


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory, text_folder: Path, vision_folder: Path) -> Path:
    """A project in which all was typed that the README tells who has archives; pushed to a remote folder.

    The graph runs for one task; the profile `real` holds small values here.
    """
    base = tmp_path_factory.mktemp("whole")
    root = new_project(base, text_folder, vision_folder)
    shutil.copy(root / "params.yaml", root / "profiles/real.yaml")
    shutil.make_archive(str(root / "depression_dataset_complete"), "zip", base / "drawn")
    shutil.make_archive(str(root / "anxiety_dataset_complete"), "zip", anxiety(base))
    (root / "data/axiom").mkdir()
    run("dvc", "remote", "add", "--default", "folder", base / "remote", cwd=root)
    for command in (inline("rm -r data/axiom data/restore"), *commands_under("Your own memes")):
        run("bash", "-c", command, cwd=root)
    run("git", "add", "--all", cwd=root)
    run("git", "-c", "user.name=t", "-c", "user.email=t@example.org", "commit", "--quiet", "-m", "all", cwd=root)
    return root


def anxiety(base: Path) -> Path:
    """A few drawn memes of the other task."""
    for split, prefix in (("train", "TR"), ("test", "TE")):
        labels = ["Nervousness", "Restlessness"]
        rows = [
            {"sample_id": f"{prefix}-{index}", "ocr_text": f"{split} {index}", "meme_anxiety_category": label}
            for index, label in enumerate(labels)
        ]
        (base / f"anxiety_{split}.json").write_text(json.dumps(rows))
    files = [base / f"anxiety_{split}.json" for split in ("train", "test")]
    draw = inline("symptomeme draw").split()
    run(*draw, "anxiety", "--out", base / "anxiety", "--annotations", *files, cwd=base)
    return base / "anxiety"


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
