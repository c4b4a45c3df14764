"""The champion of the real graph through MLflow's own doors."""

import base64
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from mlflow import MlflowClient
from small_project import TEXTS, environment, run

from symptomeme.domain.digests import of_folder
from symptomeme.domain.ports import free_port

CHAMPION = "models:/symptomeme-depression@champion"


def mlflow_environment(project: Path) -> dict[str, str]:
    return {**environment(), "MLFLOW_TRACKING_URI": f"sqlite:///{project}/mlruns.db"}


@pytest.fixture
def server(project: Path, fusion: str, tmp_path: Path) -> Iterator[str]:
    """`mlflow models serve` on a free port, started outside the project; the whole process group ends with the test."""
    port = free_port()
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen(
            [
                *("mlflow", "models", "serve", "-m", fusion, "--env-manager", "local"),
                "-h",
                "127.0.0.1",
                "-p",
                str(port),
            ],
            cwd=tmp_path,
            env=mlflow_environment(project),
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield f"http://127.0.0.1:{port}"
    except BaseException:
        print((tmp_path / "log").read_text()[-4000:])
        raise
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def ask(url: str, body: dict[str, Any] | None = None) -> bytes:
    request = urllib.request.Request(
        url, json.dumps(body).encode() if body else None, {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=60) as told:
        answer: bytes = told.read()
    return answer


def wait_for(server: str) -> None:
    for _ in range(600):
        try:
            ask(f"{server}/ping")
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.5)
        else:
            return
    pytest.fail("the server has not started")


def same(found: dict[str, Any], expected: dict[str, Any]) -> None:
    """All but the name of the image and the time; probabilities to 1e-6."""
    assert list(found) == list(expected)
    for key in ("sha256", "text", "notice"):
        assert found[key] == expected[key], key
    mine, theirs = found["tasks"]["depression"], expected["tasks"]["depression"]
    assert mine["probabilities"] == pytest.approx(theirs["probabilities"], abs=1e-6)
    assert {**mine, "probabilities": 0} == {**theirs, "probabilities": 0}


def test_pyfunc_says_what_classify_says(
    project: Path, picture: Path, answer: dict[str, Any], fusion: str, fusion_answer: dict[str, Any], tmp_path: Path
) -> None:
    script = """
import json, sys, mlflow, pandas
meme = pandas.DataFrame({"image": [open(sys.argv[1], "rb").read()]}, index=["my meme"])
print(json.dumps([mlflow.pyfunc.load_model(uri).predict(meme)[0] for uri in sys.argv[2:]]))
"""
    command = [sys.executable, "-c", script, project / picture, CHAMPION, fusion]
    variables = mlflow_environment(project)
    done = subprocess.run(command, cwd=tmp_path, env=variables, capture_output=True, text=True, check=True)
    for found, expected in zip(json.loads(done.stdout), (answer, fusion_answer), strict=True):
        assert found["image"] == "my meme"
        same(found, expected)


def test_served_by_mlflow_it_says_the_same(
    server: str, project: Path, picture: Path, fusion_answer: dict[str, Any]
) -> None:
    wait_for(server)
    image = base64.b64encode((project / picture).read_bytes()).decode()
    told = ask(f"{server}/invocations", {"dataframe_split": {"columns": ["image"], "data": [[image]]}})
    (found,) = json.loads(told)["predictions"]
    same(found, fusion_answer)
    rows = {"dataframe_records": [{"image": image, "text": "read the same line"}, {"image": image, "text": None}]}
    given, read = json.loads(ask(f"{server}/invocations", rows))["predictions"]
    assert given["text"] == {"value": "read the same line", "confidence": None, "engine": "given"}
    same(read, fusion_answer)
    with pytest.raises(urllib.error.HTTPError) as refused:
        ask(f"{server}/invocations", {"dataframe_records": [{"image": base64.b64encode(b"no picture").decode()}]})
    assert refused.value.code == 400
    assert b"of no known format, or its header is damaged" in refused.value.read()


def test_a_model_is_registered_without_a_word_and_refused_when_damaged(
    project: Path, picture: Path, tmp_path: Path
) -> None:
    clone = tmp_path / "clone"
    shutil.copytree(project, clone, ignore=shutil.ignore_patterns("mlruns.db", "mlartifacts", ".cache", ".git", ".dvc"))

    def symptomeme(*words: str | Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["symptomeme", *words], cwd=clone, env=environment(), capture_output=True, text=True, check=False
        )

    done = symptomeme("register", "--task", "depression")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    for weights in (clone / "mlartifacts").rglob("model.safetensors"):
        weights.write_bytes(weights.read_bytes()[:-1] + b"\x01")
    refused = symptomeme("classify", picture)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith("symptomeme classify: ")
    assert (
        "artifacts/model/model.safetensors has changed since it was registered: the model is not loaded."
        in refused.stderr
    )
    assert refused.stderr.count("\n") == 1


def test_what_the_model_was_trained_with_is_logged_whatever_params_say_now(project: Path) -> None:
    client = MlflowClient(f"sqlite:///{project}/mlruns.db")
    variants = {found.tags["symptomeme.variant"]: found for found in client.search_model_versions()}
    for variant, version in variants.items():
        logged = client.get_run(version.run_id).data.params
        folder = project / f"artifacts/depression/variants/{variant}/model"
        trained = json.loads((folder / "training_params.json").read_text())
        assert set(trained) == {"base", "model", "ocr", "train", "variant"} | (
            {"prealign"} if variant == "fusion" else set()
        )
        assert logged["train.epochs"] == str(trained["train"]["epochs"]) == "2"
        assert logged["variant.start"] == trained["variant"]["start"]
        assert {key.split(".")[0] for key in logged} == set(trained)
        assert version.description.startswith(f"{variant}, which reads memes for symptoms of depression (RESTORE), ")


def test_the_registry_holds_no_page_and_no_words_of_memes(project: Path) -> None:
    kept = [path for path in (project / "mlartifacts").rglob("*") if path.is_file() and "code" not in path.parts]
    assert not [path for path in kept if path.suffix in (".html", ".jpg", ".jpeg")]
    told = [path.read_bytes().lower() for path in kept if path.suffix != ".safetensors"]
    assert len(told) > 20
    assert not [words for words in TEXTS.values() if any(words.encode() in text for text in told)]


def test_an_answer_is_traced_to_its_data_and_params(project: Path, answer: dict[str, Any]) -> None:
    model = answer["tasks"]["depression"]["model"]
    uri = f"{model['name']}/{model['version']}"
    found = json.loads(run("symptomeme", "trace", uri, "--json", cwd=project))
    folder = project / f"artifacts/depression/variants/{model['variant']}/model"
    assert found["model"] == {**found["model"], "digest": of_folder(folder), "confirmed": True}
    assert found["aliases"] == ["challenger", "champion"]
    lock = yaml.safe_load((project / "dvc.lock").read_text())["stages"]
    (data,) = (dep["md5"] for dep in lock["ingest@depression"]["deps"] if dep["path"] == "data/restore")
    assert found["data"]["dataset_md5"] == data
    assert f"train@depression-{model['variant']}" in found["stages"]
    assert [decision["kind"] for decision in found["decisions"]] == ["first"]
