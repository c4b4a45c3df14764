"""A model in int8 from `dvc repro` to the Bento: the same probabilities wherever it answers."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from small_project import ROOT, environment, new_project, run

pytestmark = pytest.mark.acceptance

TASK = "depression"
MODEL = f"artifacts/{TASK}/variants"
PYFUNC = """
import json, sys, mlflow, pandas
meme = pandas.DataFrame({"image": [open(sys.argv[2], "rb").read()]})
print(json.dumps(mlflow.pyfunc.load_model(sys.argv[1]).predict(meme)[0]))
"""


@pytest.fixture
def root(tmp_path: Path, text_folder: Path, vision_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A finished graph whose models answer in int8, whatever their agreement, with a Bento store of its own."""
    monkeypatch.delenv("BENTOML_HOME", raising=False)
    pytest.importorskip("onnx", reason="the extra 'int8' is not installed")
    changes = {"train": {"runtime": "int8", "min_agreement": 0.0}}
    place = new_project(tmp_path, text_folder, vision_folder, changes=changes)
    for name in ("bentofile.yaml", "requirements.lock"):
        shutil.copy(ROOT / name, place)
    run("dvc", "repro", "--quiet", cwd=place)
    return place


def probabilities(answer: dict[str, Any]) -> list[float]:
    return list(answer["tasks"][TASK]["probabilities"].values())


def test_one_answer_in_every_place(root: Path) -> None:
    assert len(list(root.glob(f"{MODEL}/*/model/model.int8.onnx"))) == 2
    assert json.loads(run("dvc", "status", "--json", cwd=root)) == {}
    picture = min((root / "data/restore/test/images").iterdir())
    answer = json.loads(run("symptomeme", "classify", picture, "--json", cwd=root))[0]
    variant = answer["tasks"][TASK]["model"]["variant"]
    evaluated = pd.read_parquet(root / MODEL / variant / "predictions.parquet").set_index("key").probabilities
    assert probabilities(answer) == pytest.approx(list(evaluated[f"test/{picture.stem}"]), abs=1e-5)

    run("symptomeme", "score", picture.parent, "scores.parquet", "--task", TASK, cwd=root)
    scores = pd.read_parquet(root / "scores.parquet")
    assert np.stack(scores.probabilities) == pytest.approx(
        np.stack([evaluated[f"test/{Path(key).stem}"] for key in scores.key]), abs=1e-5
    )

    packaged = json.loads(run("symptomeme", "package", "--json", cwd=root))  # which asks the Bento, and compares
    pins = root / ".bentoml/bentos" / packaged["bento"].replace(":", "/") / "env/python/requirements.txt"
    assert "onnxruntime==" in pins.read_text()

    command = [sys.executable, "-c", PYFUNC, f"models:/symptomeme-{TASK}@champion", str(picture)]
    variables = {**environment(), "MLFLOW_TRACKING_URI": f"sqlite:///{root}/mlruns.db"}
    done = subprocess.run(command, cwd=root.parent, env=variables, capture_output=True, text=True, check=True)
    assert probabilities(json.loads(done.stdout)) == pytest.approx(probabilities(answer), abs=1e-5)
