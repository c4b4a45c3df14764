"""The real graph with real DVC, Tesseract and MLflow, on a few drawn memes and tiny encoders."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from mlflow import MlflowClient
from readme import inline
from small_project import environment, run

from symptomeme.domain.digests import of_folder

TORN = {"half a key": "'./dvc.lock' is invalid", "nothing": "'./dvc.lock' validation failed"}
"""What a DVC that was killed while it wrote dvc.lock leaves, and what the next one says."""


def test_all_is_up_to_date_and_tracked(project: Path) -> None:
    assert json.loads(run("dvc", "status", "--json", cwd=project)) == {}
    assert run("git", "status", "--porcelain", cwd=project) == ""


def test_several_processes_train_one_model(project: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(project, tmp_path / "copy", ignore=shutil.ignore_patterns("train", "files"))
    variant = copy / "artifacts/depression/variants/fusion"
    before = {path.name for path in (variant / "model").iterdir()}
    shutil.rmtree(variant / "model")
    (variant / "curves.csv").unlink()
    stage = ("-m", "symptomeme", "train", "--task", "depression", "--variant", "fusion")
    run("accelerate", "launch", "--cpu", "--num_processes", "2", "--num_cpu_threads_per_process", "1", *stage, cwd=copy)
    assert {path.name for path in (variant / "model").iterdir()} == before
    assert len(pd.read_csv(variant / "curves.csv")) == 2
    checkpoint = next((copy / ".cache/train").glob("*/curve.json"))
    assert len(json.loads(checkpoint.read_text())) == 2


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
    told = run("bash", "-c", inline("dvc pull && dvc repro"), cwd=tmp_path / "clone")
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


def test_from_pretrained_in_a_plain_shell_says_the_same(
    project: Path, picture: Path, fusion_answer: dict[str, Any]
) -> None:
    plain = """
import json, sys, torch
from PIL import Image
from symptomeme.models.classifier import SymptomClassifier
from symptomeme.models.processor import SymptomProcessor
folder, picture, text = sys.argv[1:]
model, processor = SymptomClassifier.from_pretrained(folder), SymptomProcessor.from_pretrained(folder)
inputs = processor(text=[text], images=[Image.open(picture).convert("RGB")])
with torch.inference_mode():
    print(json.dumps(model.probabilities(model(**inputs).logits)[0].tolist()))
"""
    folder = project / "artifacts/depression/variants/fusion/model"
    told = run(sys.executable, "-c", plain, folder, picture, fusion_answer["text"]["value"], cwd=project)
    expected = fusion_answer["tasks"]["depression"]["probabilities"].values()
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


@pytest.mark.parametrize(("left", "told"), TORN.items())
def test_a_torn_lock_that_is_not_committed_is_deleted_and_the_run_cache_brings_all_back(
    project: Path, tmp_path: Path, left: str, told: str
) -> None:
    copy = shutil.copytree(project, tmp_path / "copy", symlinks=True)
    run("git", "rm", "--quiet", "--cached", "dvc.lock", cwd=copy)
    lock, results = copy / "dvc.lock", copy / "artifacts"
    whole, digest, versions = lock.read_text(), of_folder(results), versions_in(copy)
    lock.write_text(whole[: whole.rindex("md5:") + 2] if left == "half a key" else "")
    torn = subprocess.run(["dvc", "repro"], cwd=copy, env=environment(), capture_output=True, text=True, check=False)
    assert torn.returncode
    assert told in torn.stderr
    lock.unlink()
    shutil.rmtree(results)  # what is there afterwards was brought back
    assert re.findall("Running stage '(.+)'", run("dvc", "repro", cwd=copy)) == ["register@depression"]
    assert lock.read_text() == whole
    assert of_folder(results) == digest
    assert versions_in(copy) == versions


def versions_in(root: Path) -> list[tuple[str, str]]:
    """All versions of models that are registered."""
    return sorted(
        (found.name, found.version) for found in MlflowClient(f"sqlite:///{root}/mlruns.db").search_model_versions()
    )
