"""The real graph with real DVC, Tesseract and MLflow, on a few drawn memes and tiny encoders."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

ROOT = Path(__file__).parents[2]
TEXTS = {
    "Feeling Down": "the rain picked me for its team again",
    "Eating Disorder": "dinner at four in the morning is still dinner",
    "Lack of Interest": "started the show and watched the wall instead",
    "Concentration Problem": "read the same line for the ninth time",
}
SMALL = {
    "model": {"num_heads": 4, "num_depths": 2, "num_experts": 2, "contrastive_size": 16, "max_length": 40},
    "prealign": {"epochs": 1, "frozen_text_layers": 0},
    "train": {"epochs": 2, "frozen_text_layers": 1},
    "evaluate": {"resamples": 50},
    "validate": {"max_bad_share": 0.2},
}


def run(*command: str | Path, cwd: Path) -> str:
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    environment.pop("MLFLOW_TRACKING_URI", None)
    done = subprocess.run([*map(str, command)], cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
    return done.stdout


def annotations(prefix: str, count: int) -> list[dict[str, Any]]:
    labels = list(TEXTS)
    return [
        {
            "sample_id": f"{prefix}-{index}",
            "ocr_text": f"{TEXTS[labels[index % 4]]} number {index}" if index else "",
            "meme_depressive_categories": [labels[index % 4]],
        }
        for index in range(count)
    ]


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory, text_folder: Path, vision_folder: Path) -> Path:
    """A project whose graph has run to the end for one task, pushed to a remote folder."""
    base = tmp_path_factory.mktemp("whole")
    root = base / "project"
    root.mkdir()
    for name in ("src", "profiles", "assets"):
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("dvc.yaml", ".gitignore"):
        shutil.copy(ROOT / name, root)
    params = yaml.safe_load((ROOT / "profiles/sample.yaml").read_text())
    params["tasks"] = {"depression": "restore"}
    for section, changes in SMALL.items():
        params[section].update(changes)
    (root / "params.yaml").write_text(yaml.safe_dump(params, sort_keys=False))
    for split, prefix, count in (("train", "TR", 24), ("test", "TE", 12), ("more", "EX", 6)):
        (base / f"depression_{split}.json").write_text(json.dumps(annotations(prefix, count)))
    run("git", "init", "--quiet", cwd=root)
    run("dvc", "init", "--quiet", cwd=root)
    shutil.copy(ROOT / ".dvc/config", root / ".dvc/config")
    shutil.copytree(ROOT / ".dvc/plots", root / ".dvc/plots")
    run(
        *("symptomeme", "draw", "depression", "--out", base / "drawn"),
        *("--annotations", base / "depression_train.json", base / "depression_test.json"),
        *("--extra", base / "depression_more.json"),
        cwd=root,
    )
    run("symptomeme", "import-data", "depression", base / "drawn", cwd=root)
    shutil.copytree(text_folder, root / "data/weights/text")
    shutil.copytree(vision_folder, root / "data/weights/vision")
    run("dvc", "add", "--quiet", "data", cwd=root)
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


def test_all_is_up_to_date_and_tracked(project: Path) -> None:
    assert json.loads(run("dvc", "status", "--json", cwd=project)) == {}
    assert run("git", "status", "--porcelain", cwd=project) == ""


def test_no_output_tells_a_time_or_a_place(project: Path) -> None:
    for path in (project / "artifacts").rglob("*"):
        if path.is_file():
            parquet = path.suffix == ".parquet"
            told = pd.read_parquet(path).to_csv().encode() if parquet else path.read_bytes()
            assert str(project).encode() not in told, path
    receipt = json.loads((project / "artifacts/depression/registered.json").read_text())
    assert set(receipt) == {"model", "variants", "challenger"}
    assert all(len(digest) == 64 for digest in [receipt["challenger"], *receipt["variants"].values()])


def test_metrics_of_every_split_and_view(project: Path) -> None:
    told = json.loads(run("dvc", "metrics", "show", "--json", cwd=project))[""]["data"]
    found = told["artifacts/depression/variants/fusion/metrics.json"]["data"]
    assert {split: list(views) for split, views in found.items()} == {
        "val": ["published", "leak_free"],
        "test": ["published", "leak_free"],
        "extra": ["published", "leak_free"],
    }
    assert told["artifacts/depression/validation.json"]["data"]["memes"] == 42
    macro = found["test"]["published"]["macro_f1"]
    assert 0 <= macro["low"] <= macro["value"] <= macro["high"] <= 1


def test_plots_show_without_a_network(project: Path) -> None:
    run("dvc", "plots", "show", cwd=project)
    page = (project / "dvc_plots/index.html").read_text()
    for plot in ("f1_by_class", "confusion", "precision_recall", "reliability"):
        assert f"artifacts/depression/variants/fusion/plots/{plot}.csv" in page
    assert "<DVC_METRIC" not in page
    assert 'src="http' not in page
    for script in ("vega", "vega-lite", "vega-embed"):
        assert f'src="../assets/vega/{script}.min.js"' in page
        assert (project / f"assets/vega/{script}.min.js").is_file()


def test_a_second_clone_pulls_and_only_registers(project: Path, tmp_path: Path) -> None:
    run("git", "clone", "--quiet", project, tmp_path / "clone", cwd=tmp_path)
    run("dvc", "remote", "modify", "folder", "url", project.parent / "remote", cwd=tmp_path / "clone")
    run("dvc", "pull", "--quiet", cwd=tmp_path / "clone")
    told = run("dvc", "repro", cwd=tmp_path / "clone")
    ran = [line for line in told.splitlines() if line.startswith("Running stage")]
    assert ran == ["Running stage 'register@depression':"]
    assert (tmp_path / "clone/mlruns.db").is_file()


def test_registering_again_adds_no_version(project: Path) -> None:
    before = run("symptomeme", "results", cwd=project)
    run("dvc", "repro", "--quiet", "--force", "--single-item", "register@depression", cwd=project)
    assert run("symptomeme", "results", cwd=project) == before
    assert before.count("champion, challenger") == 6  # two views each of val, test and extra


def test_classify_answers_in_the_documented_form(answer: dict[str, Any], picture: Path) -> None:
    assert list(answer) == ["image", "sha256", "text", "tasks", "milliseconds", "notice"]
    assert answer["image"] == str(picture)
    assert answer["text"].keys() == {"value", "confidence", "engine"}
    found = answer["tasks"]["depression"]
    assert list(found) == ["labels", "probabilities", "thresholds", "abstain", "model"]
    assert found["abstain"] == (not found["labels"])
    assert found["model"]["name"] == "symptomeme-depression"
    assert "no diagnosis" in answer["notice"]


def test_from_pretrained_in_a_plain_shell_says_the_same(project: Path, picture: Path, answer: dict[str, Any]) -> None:
    variant = answer["tasks"]["depression"]["model"]["variant"]
    plain = """
import json, sys, torch
from PIL import Image
from symptomeme.models.classifier import SymptomClassifier
from symptomeme.models.processor import SymptomProcessor
folder, picture, text = sys.argv[1:]
model, processor = SymptomClassifier.from_pretrained(folder), SymptomProcessor.from_pretrained(folder)
inputs = processor(text=[text], images=[Image.open(picture).convert("RGB")] if model.config.image else None)
with torch.inference_mode():
    print(json.dumps(model.probabilities(model(**inputs).logits)[0].tolist()))
"""
    folder = project / f"artifacts/depression/variants/{variant}/model"
    told = run(sys.executable, "-c", plain, folder, picture, answer["text"]["value"], cwd=project)
    expected = answer["tasks"]["depression"]["probabilities"].values()
    assert json.loads(told) == pytest.approx(list(expected), abs=1e-6)


def test_a_given_text_takes_the_place_of_reading(project: Path, picture: Path) -> None:
    folder = project / "artifacts/depression/variants/text_only/model"
    told = run(
        *("symptomeme", "classify", picture, "--model", folder, "--text", "read the same line", "--json"), cwd=project
    )
    assert json.loads(told)[0]["text"] == {"value": "read the same line", "confidence": None, "engine": "given"}


def test_predictions_are_what_classify_says(project: Path, picture: Path, answer: dict[str, Any]) -> None:
    variant = answer["tasks"]["depression"]["model"]["variant"]
    rows = pd.read_parquet(project / f"artifacts/depression/variants/{variant}/predictions.parquet").set_index("key")
    expected = rows.probabilities[f"test/{picture.stem}"]
    assert list(answer["tasks"]["depression"]["probabilities"].values()) == pytest.approx(list(expected), abs=1e-5)
