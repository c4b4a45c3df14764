"""The stage with a tiny encoder: one variant in fp32 and in int8."""

import json
import logging
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from mlflow import MlflowClient
from small_project import read_project

from symptomeme.cli.main import main
from symptomeme.domain.digests import of_file, of_folder
from symptomeme.domain.labels import ANXIETY
from symptomeme.domain.layout import INT8_MODEL, VariantPaths, task_paths
from symptomeme.lifecycle import live

VARIANT: VariantPaths = task_paths("anxiety").variant("text_only")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, text_folder: Path, vision_folder: Path) -> Path:
    return read_project(tmp_path_factory.mktemp("train"), text_folder, vision_folder, ANXIETY.labels[:2])


@pytest.fixture
def ready(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of `made`, the current folder."""
    shutil.copytree(made, tmp_path / "project")
    monkeypatch.chdir(tmp_path / "project")
    return tmp_path / "project"


def run(stage: str, **changes: Any) -> None:
    """Run a stage, with other values in `train` where told."""
    params = yaml.safe_load(Path("params.yaml").read_text())
    params["train"].update(changes)
    Path("params.yaml").write_text(yaml.safe_dump(params, sort_keys=False))
    assert main([stage, "--task", "anxiety", "--variant", "text_only"]) == 0


def config() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((VARIANT.model / "config.json").read_text())
    return found


@pytest.mark.usefixtures("ready")
def test_int8_answers_the_same_in_every_place_and_costs_no_second_training(capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("onnx", reason="the extra 'int8' is not installed")
    run("train")
    exact = {path.name: of_file(path) for path in VARIANT.model.iterdir()}
    fp32 = pd.read_parquet(VARIANT.reference)
    assert (config()["runtime"], INT8_MODEL in exact) == ("fp32", False)
    run("train", runtime="int8", min_agreement=0.0)
    found = {path.name: of_file(path) for path in VARIANT.model.iterdir()}
    assert {name for name in found if exact.get(name) != found[name]} == {
        INT8_MODEL, "config.json", "training_params.json"
    }  # fmt: skip
    assert len(list(Path(".cache/train").iterdir())) == 1
    assert config()["runtime"] == "int8"
    assert 0 <= config()["int8_agreement"] <= 1
    run("evaluate")
    rows = pd.read_parquet(VARIANT.predictions).set_index("key")
    reference = pd.read_parquet(VARIANT.reference)
    assert np.stack(reference.probabilities) == pytest.approx(np.stack(rows.probabilities[reference.key]), abs=2e-6)
    assert not np.allclose(np.stack(fp32.probabilities), np.stack(reference.probabilities), atol=1e-5, rtol=0)
    assert "ONNX Runtime in int8" in VARIANT.model_card.read_text()
    key, (_, number) = reference.key[0], reference.key[0].split("/TR-")
    picture = f"data/axiom/train/images/TR-{number}.png"
    capsys.readouterr()
    assert main(["classify", picture, "--model", str(VARIANT.model), "--text", f"words of {number}", "--json"]) == 0
    (answer,) = json.loads(capsys.readouterr().out)
    told = list(answer["tasks"]["anxiety"]["probabilities"].values())
    assert told == pytest.approx(list(rows.probabilities[key]), abs=1e-5)


@pytest.mark.usefixtures("ready")
def test_int8_without_its_extra_is_refused_before_training(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "onnxruntime", None)
    params = yaml.safe_load(Path("params.yaml").read_text())
    params["train"]["runtime"] = "int8"
    Path("params.yaml").write_text(yaml.safe_dump(params, sort_keys=False))
    assert main(["train", "--task", "anxiety", "--variant", "text_only"]) == 1
    told = capsys.readouterr().err
    assert "onnxruntime not installed. Type: pip install 'symptomeme[int8]'" in told
    assert told.count("\n") == 1
    assert not VARIANT.root.exists()


@pytest.mark.usefixtures("ready")
def test_a_linear_model_beside_it_trains_nothing_again_and_counts_in_every_place(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("symptomeme.learning.stacking.WEIGHTS", (0.5,))  # whatever validation says of so few memes
    run("train")
    run("train", linear_strength=10.0)
    assert len(list(Path(".cache/train").iterdir())) == 1
    assert config()["ngrams"]
    run("evaluate")
    rows = pd.read_parquet(VARIANT.predictions).set_index("key")
    reference = pd.read_parquet(VARIANT.reference)
    assert np.stack(reference.probabilities) == pytest.approx(np.stack(rows.probabilities[reference.key]), abs=2e-6)
    number = reference.key[0].split("/TR-")[1]
    picture = f"data/axiom/train/images/TR-{number}.png"
    capsys.readouterr()
    assert main(["classify", picture, "--model", str(VARIANT.model), "--text", f"words of {number}", "--json"]) == 0
    (answer,) = json.loads(capsys.readouterr().out)
    told = list(answer["tasks"]["anxiety"]["probabilities"].values())
    assert told == pytest.approx(list(rows.probabilities[reference.key[0]]), abs=1e-5)


@pytest.mark.usefixtures("ready")
def test_a_linear_model_that_adds_nothing_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("symptomeme.learning.stacking.WEIGHTS", (0.0,))
    run("train", linear_strength=10.0)
    assert not config()["ngrams"]
    assert not json.loads((VARIANT.model / "processor_config.json").read_text())["ngrams"]


@pytest.mark.usefixtures("ready")
def test_live_curves_change_no_byte_whether_the_server_answers_or_not(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    run("train")
    before = of_folder(VARIANT.root)
    monkeypatch.setenv(live.SWITCH, "1")
    monkeypatch.setattr(live, "PATIENCE", 300)  # a busy machine takes its time
    # a registry that another test has opened in this process stays MLflow's own choice, over the variable
    monkeypatch.setattr("mlflow.tracking._tracking_service.utils._tracking_uri", None)
    for server, warnings in (("http://127.0.0.1:9", 1), (f"sqlite:///{tmp_path}/live.db", 0)):
        shutil.rmtree(".cache/train")
        monkeypatch.setenv(live.SERVER, server)
        caplog.clear()
        run("train")
        warned = [record.message for record in caplog.records if record.levelno >= logging.WARNING]
        assert len(warned) == warnings
        assert all("no live curves" in message and "\n" not in message for message in warned)
        assert of_folder(VARIANT.root) == before
    client = MlflowClient(f"sqlite:///{tmp_path}/live.db")
    (sent,) = client.search_runs([client.get_experiment_by_name(live.EXPERIMENT).experiment_id])
    assert (sent.info.run_name, sent.info.status) == ("anxiety-text_only", "FINISHED")
    assert [point.step for point in client.get_metric_history(sent.info.run_id, "val_macro_f1")] == [1, 2]
