"""Folders of both runtimes, through the one door."""

import shutil
import sys
from pathlib import Path

import pytest
import torch
from PIL import Image
from small_models import turn_to_int8, write_model

from symptomeme.domain.errors import ModelError, ToolError
from symptomeme.domain.layout import INT8_MODEL
from symptomeme.models.classifier import SymptomClassifier
from symptomeme.models.encoders import load_classifier
from symptomeme.models.runtime import Int8Classifier, load_runtime
from symptomeme.predictor import Predictor

pytest.importorskip("onnx", reason="the extra 'int8' is not installed")

WORDS = ["i cannot sleep again because of exams", "", "sleep", "again and again"]


@pytest.fixture(scope="module")
def quantized(tmp_path_factory: pytest.TempPathFactory, text_folder: Path, vision_folder: Path) -> Path:
    folder = write_model(tmp_path_factory.mktemp("models") / "int8", text_folder, vision_folder, task="depression")
    turn_to_int8(folder)
    return folder


@pytest.fixture
def copy(quantized: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(quantized, tmp_path / "model"))


def test_a_folder_answers_in_its_own_runtime_and_its_weights_stay_fp32(quantized: Path, small_model: Path) -> None:
    assert isinstance(load_runtime(small_model), SymptomClassifier)
    assert isinstance(load_runtime(quantized), Int8Classifier)
    assert isinstance(load_classifier(quantized), SymptomClassifier)


def test_a_prediction_is_the_same_alone_and_among_sixteen(quantized: Path) -> None:
    memes = [(Image.linear_gradient("L").rotate(9 * n).convert("RGB"), WORDS[n % len(WORDS)]) for n in range(16)]
    predictor = Predictor(quantized, threads=1)
    together = predictor.predict([picture for picture, _ in memes], [text for _, text in memes])
    for (picture, text), found in zip(memes, together, strict=True):
        (alone,) = Predictor.predict(predictor, [picture], [text])
        assert alone.labels == found.labels
        assert list(alone.probabilities.values()) == pytest.approx(list(found.probabilities.values()), abs=1e-6)
        assert alone.embedding == pytest.approx(found.embedding, abs=1e-6)


def test_as_many_threads_as_told_else_as_torch_has(quantized: Path) -> None:
    assert [_threads(load_runtime(quantized, threads=threads)) for threads in (None, 2)] == [torch.get_num_threads(), 2]


def _threads(runtime: object) -> int:
    assert isinstance(runtime, Int8Classifier)
    return int(runtime._session.get_session_options().intra_op_num_threads)


def test_what_is_missing_or_broken_is_told_in_one_line(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as without:
        without.setitem(sys.modules, "onnxruntime", None)
        with pytest.raises(ToolError, match=r"ONNX Runtime is not installed\. Type: pip install 'symptomeme\[int8\]'$"):
            load_runtime(copy)
    (copy / INT8_MODEL).write_bytes(b"half")
    with pytest.raises(ModelError, match=r"^model\.int8\.onnx: ONNX Runtime cannot load it \([^\n]+\)\."):
        load_runtime(copy)
    (copy / INT8_MODEL).unlink()
    with pytest.raises(ModelError, match=r"model\.int8\.onnx is missing, with which it answers\. Run 'dvc pull'"):
        load_runtime(copy)
