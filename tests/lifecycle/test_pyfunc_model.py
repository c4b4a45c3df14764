"""The packaged model, loaded by MLflow, on a tiny classifier."""

import base64
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import grimp
import mlflow
import pandas as pd
import pytest
from mlflow.models import Model
from mlflow.models.utils import _enforce_schema
from ocr_settings import GREY
from small_models import small_processor

from symptomeme.domain.errors import ImageError, RegistryError
from symptomeme.lifecycle.candidate import Candidate
from symptomeme.lifecycle.manifest import write_manifest
from symptomeme.lifecycle.packaging import MODEL, SIGNATURE, example, package
from symptomeme.lifecycle.registry import Registry
from symptomeme.lifecycle.requirements import NGRAMS, READERS, REGISTERED, RUNTIMES
from symptomeme.predictor import Predictor, Served, answer

Build = Callable[..., Any]
OCR = {"source": "tesseract", **GREY, "min_confidence": 30.0, "mask_personal": True}


@pytest.fixture
def packaged(build: Build, text_folder: Path, vision_folder: Path, tmp_path: Path) -> Path:
    model = build()
    labels = list(model.config.id2label.values())
    model.config.update({"variant": "fusion", "ocr": OCR, "thresholds": dict.fromkeys(labels, 0.3), "temperature": 1.0})
    model.save_pretrained(tmp_path / "model")
    small_processor(text_folder, vision_folder, separator=None).save_pretrained(tmp_path / "model")
    package(tmp_path / "packaged", tmp_path / "model", name="tiny", described=Model())
    return tmp_path / "packaged"


def untimed(answers: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**found, "milliseconds": list(found["milliseconds"])} for found in answers]


def test_it_answers_as_the_command_line_does(packaged: Path) -> None:
    image = example().image[0]
    table = pd.DataFrame({"image": [image, image, image], "text": ["i cannot sleep", None, ""]}, index=["a", "b", "c"])
    found = mlflow.pyfunc.load_model(str(packaged)).predict(table)
    served = Served(predictor=Predictor(packaged / MODEL), name="tiny", version=None)
    texts = {"a": "i cannot sleep", "b": None, "c": ""}
    assert untimed(found) == untimed([answer(image, name, [served], text) for name, text in texts.items()])
    assert [told["text"]["engine"].split()[0] for told in found] == ["given", "tesseract", "given"]
    _enforce_schema(pd.DataFrame(found), SIGNATURE.outputs)


def test_images_may_come_as_base64_and_alone(packaged: Path) -> None:
    model = mlflow.pyfunc.load_model(str(packaged))
    image = example().image[0]
    given, sent = (model.predict(pd.DataFrame({"image": [it]})) for it in (image, base64.b64encode(image).decode()))
    assert untimed(given) == untimed(sent)
    for wrong, message in ((b"", "0: empty, 0 bytes"), ("no base64!", "row 0: image is neither bytes nor base64")):
        with pytest.raises(ImageError, match=message):
            model.predict(pd.DataFrame({"image": [wrong]}))


def test_a_changed_file_is_not_loaded(packaged: Path) -> None:
    (packaged / MODEL / "tokenizer.json").write_text("{}")
    with pytest.raises(RegistryError, match=r"artifacts/model/tokenizer\.json has changed since it was registered"):
        mlflow.pyfunc.load_model(str(packaged))


def test_a_list_that_was_changed_with_its_file_is_not_what_the_registry_knows(
    packaged: Path, registry: Registry, candidate: Callable[..., Candidate]
) -> None:
    version = registry.add("listed", candidate("l", model=packaged / MODEL))
    folder, _ = registry.fetch(f"models:/listed/{version.version}")
    uri, root = f"models:/listed/{version.version}", folder.parents[1]
    assert mlflow.pyfunc.load_model(uri).predict(example())[0]["tasks"]
    (folder / "tokenizer_config.json").write_text("{}")
    write_manifest(root)
    with pytest.raises(RegistryError, match=r"digests\.json has changed since it was registered"):
        mlflow.pyfunc.load_model(uri)
    registry.client.delete_model_version("listed", version.version)
    with pytest.raises(RegistryError, match=r"^listed 1: the registry cannot be asked for its digest \(.+\)\.$"):
        mlflow.pyfunc.load_model(str(root))


def test_it_brings_its_code_and_no_pickle(packaged: Path, tmp_path: Path) -> None:
    assert {path.suffix for path in packaged.rglob("*") if path.is_file() and "code" not in path.parts} <= {
        "", ".json", ".yaml", ".txt", ".py", ".safetensors",
    }  # fmt: skip
    script = """
import json, sys, mlflow
model = mlflow.pyfunc.load_model(sys.argv[1])
import symptomeme
print(json.dumps([symptomeme.__file__, model.predict(model.input_example)]))
"""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, "-c", script, packaged],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    place, found = json.loads(done.stdout)
    assert place == str(packaged / "code/symptomeme/__init__.py")
    assert found[0]["text"]["engine"] == "given"


def test_requirements_name_all_that_it_imports() -> None:
    graph = grimp.build_graph("symptomeme", include_external_packages=True, cache_dir=None)
    script = "symptomeme.lifecycle.pyfunc_model"
    imported = graph.find_upstream_modules(script) - sys.stdlib_module_names
    names = {"PIL": "pillow", "sklearn": "scikit-learn", "yaml": "pyyaml"}
    external = {names.get(found, found) for found in imported if not found.startswith("symptomeme")}
    assert external == {*REGISTERED, *READERS["rapidocr"], *RUNTIMES["int8"], *NGRAMS}


def test_the_example_is_always_the_same() -> None:
    pd.testing.assert_frame_equal(example(), example())
    assert len(example().image[0]) < 10_000
