"""What is fitted after training, on memes of random numbers."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from small_models import write_model

from symptomeme.domain.params import read_params
from symptomeme.domain.sections.training import TrainParams
from symptomeme.learning.batches import Encoded
from symptomeme.learning.predict import Outputs
from symptomeme.learning.predictions import verdicts
from symptomeme.models.classifier import SymptomClassifier
from symptomeme.models.processor import SymptomProcessor
from symptomeme.predictor import Predictor
from symptomeme.stages.deciding import calibrate

ROOT = Path(__file__).parents[2]
Fitted = Callable[..., tuple[SymptomClassifier, Outputs, Encoded]]


@pytest.fixture
def fitted(text_folder: Path, vision_folder: Path, tmp_path: Path) -> Fitted:
    """A model calibrated with other params, what it said on validation, and the validation memes."""

    def fit(task: str, **changes: object) -> tuple[SymptomClassifier, Outputs, Encoded]:
        folder = write_model(tmp_path / task, text_folder, vision_folder, task=task)
        model = SymptomClassifier.from_pretrained(folder).eval()
        rng = np.random.default_rng(0)
        multi_label, classes = task == "depression", len(model.config.labels)
        logits = rng.normal(0, 2, (40, classes))
        truth = rng.random(logits.shape) < 0.4 if multi_label else np.eye(classes, dtype=bool)[logits.argmax(axis=1)]
        truth[:10] = truth[10:20]
        val = Encoded(
            input_ids=None, pictures=None, labels=truth, multi_label=multi_label,
            processor=SymptomProcessor.from_pretrained(folder),
        )  # fmt: skip
        options = TrainParams(**{**read_params(ROOT / "profiles/sample.yaml").train.model_dump(), **changes})
        outputs = Outputs(logits, np.zeros((40, 2)))
        calibrate(model, outputs, val, options)
        return model, outputs, val

    return fit


def test_as_the_sample_does_it(fitted: Fitted) -> None:
    anxiety, depression = fitted("anxiety")[0].config, fitted("depression")[0].config
    assert set(anxiety.thresholds.values()) == {0.3}
    assert 0.3 not in depression.thresholds.values()
    for config in (anxiety, depression):
        assert (config.class_calibration, config.min_confidence) == (None, 0)
        assert config.temperature != 1


@pytest.mark.parametrize("task", ["anxiety", "depression"])
def test_a_share_is_answered_and_no_more_than_need_be(fitted: Fitted, task: str) -> None:
    model, outputs, _ = fitted(task, abstain={"coverage": 0.5}, thresholds="half")
    assert (~verdicts(model.config, outputs).abstain).mean() == 0.5
    assert not verdicts(fitted(task, abstain={"risk": 0.0})[0].config, outputs).abstain.all()


@pytest.mark.parametrize("task", ["anxiety", "depression"])
def test_what_was_fitted_is_what_is_served(fitted: Fitted, task: str, tmp_path: Path) -> None:
    model, _, _ = fitted(task, calibration="per_class", abstain={"coverage": 0.5})
    assert set(model.config.class_calibration) == set(model.config.labels)
    model.save_pretrained(tmp_path / task)
    predictor = Predictor(tmp_path / task)
    pictures, texts = [Image.new("RGB", (40, 40), colour) for colour in ("red", "blue")], ["i cannot sleep", ""]
    with torch.inference_mode():
        found = model(**predictor.processor(text=texts, images=pictures))
    outputs = Outputs(found.logits.double().numpy(), found.fused_embedding.numpy())
    said = verdicts(model.config, outputs)
    for at, prediction in enumerate(predictor.predict(pictures, texts)):
        assert list(prediction.probabilities.values()) == pytest.approx(said.probabilities[at], abs=1e-6)
        assert prediction.abstain == said.abstain[at]
    assert not np.allclose(said.probabilities, said.uncalibrated, atol=1e-3)
