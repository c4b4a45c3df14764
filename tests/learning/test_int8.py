"""A tiny classifier, exported, quantized and judged."""

import logging
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml
from torch.testing import assert_close

from symptomeme.domain.errors import ToolError
from symptomeme.domain.sections.training import TrainParams
from symptomeme.learning import int8
from symptomeme.learning.batches import Encoded
from symptomeme.learning.frozen import remember
from symptomeme.learning.int8 import Answering, answering, quantized, require
from symptomeme.learning.predict import Outputs, predict
from symptomeme.models.classifier import SymptomClassifier
from symptomeme.models.freezing import freeze_layers
from symptomeme.models.runtime import Int8Classifier

pytest.importorskip("onnx", reason="the extra 'int8' is not installed")

SAMPLE = yaml.safe_load((Path(__file__).parents[2] / "profiles/sample.yaml").read_text())
Build = Callable[..., SymptomClassifier]
Batch = dict[str, torch.Tensor]


def options(**changes: Any) -> TrainParams:
    return TrainParams(**{**SAMPLE["train"], "runtime": "int8", **changes})


@pytest.mark.parametrize(
    "changes",
    [{}, {"vision_encoder": None, "attention": "first"}, {"text_encoder": None}],
    ids=["fusion", "text_only", "image_only"],
)
def test_it_says_nearly_the_same_and_alone_just_what_it_says_in_a_batch(
    changes: dict[str, Any], build: Build, batch: Batch
) -> None:
    model = build(**{"attention": "all", **changes})
    reads = [*(["input_ids", "attention_mask"] * model.config.text), *(["pixel_values"] * model.config.image)]
    given = {name: batch[name] for name in reads}
    network = quantized(model, {name: tensor[:1] for name, tensor in given.items()})
    assert not model.training
    assert b"symptomeme" not in network  # no place of this code
    found, exact = Int8Classifier(network, model.config)(**given), model(**given)
    assert_close(found.logits, exact.logits, atol=0.1, rtol=0)
    assert_close(found.fused_embedding, exact.fused_embedding, atol=0.1, rtol=0)
    assert not torch.equal(found.logits, exact.logits)
    alone = [Int8Classifier(network, model.config, threads=2)(**_of(given, meme)).logits for meme in range(3)]
    assert torch.equal(torch.cat(alone), found.logits)


def test_ngrams_are_counted_in_int8_too(build: Build, batch: Batch) -> None:
    model = build(vision_encoder=None, ngrams=True)
    part = model.ngram_classifier
    part.idf.fill_(1.0)
    part.weight[:3] = torch.eye(3)
    texts = {name: batch[name] for name in ("input_ids", "attention_mask")}
    given = {**texts, "ngram_ids": torch.tensor([[0, 1], [2, 0], [0, 0]]), "ngram_counts": torch.eye(3)[:, :2]}
    network = quantized(model, {name: tensor[:1] for name, tensor in given.items()})
    plain = {**given, "ngram_counts": torch.zeros(3, 2)}
    found, without = (Int8Classifier(network, model.config)(**inputs).logits for inputs in (given, plain))
    expected = torch.tensor([[1.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 0.0]])  # of the second, n-gram 0 counts once
    assert_close(found - without, expected, atol=0.02, rtol=0)


def _of(batch: Batch, meme: int) -> Batch:
    """One meme of a batch, its text not padded."""
    own = {name: tensor[meme : meme + 1] for name, tensor in batch.items()}
    if "attention_mask" in own:
        own |= {name: own[name][:, : own["attention_mask"].sum()] for name in ("input_ids", "attention_mask")}
    return own


@pytest.fixture
def model(build: Build) -> SymptomClassifier:
    """Calibrated, and half of it frozen."""
    made = build(attention="all")
    made.config.update({"variant": "fusion", "temperature": 0.1, "thresholds": dict.fromkeys(made.config.labels, 0.4)})
    freeze_layers(made.text_encoder, 2, what="")
    return made


@pytest.fixture
def judge(model: SymptomClassifier, memes: Encoded) -> Callable[..., Answering]:
    """Judge int8 of the model; of so many memes fp32 says something else than it does."""

    def run(*, others: int = 0, **changes: Any) -> Answering:
        val = remember(model, memes)
        exact = predict(model, val)
        exact.logits[:others] *= -1
        return answering(model, exact, val, options(**changes))

    return run


def test_where_answers_agree_int8_is_taken(
    judge: Callable[..., Answering], model: SymptomClassifier, memes: Encoded, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        network, outputs = judge(min_agreement=0.5)
    assert network is not None
    assert (model.config.runtime, caplog.records) == ("int8", [])
    assert 0.5 <= model.config.int8_agreement <= 1
    again = predict(Int8Classifier(network, model.config), memes)
    assert np.array_equal(outputs.logits, again.logits)  # what is judged is what is served
    assert np.array_equal(outputs.embeddings, again.embeddings)


def test_where_too_many_answers_differ_fp32_stays_and_a_line_says_so(
    judge: Callable[..., Answering], model: SymptomClassifier, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        network, outputs = judge(others=9, min_agreement=0.98)
    agreement = model.config.int8_agreement
    assert (network, model.config.runtime) == (None, "fp32")
    assert agreement <= 0.5
    assert len(outputs.logits) == 18
    (told,) = caplog.messages
    assert told == (
        f"anxiety fusion: int8 gives {round(18 * agreement)} of 18 validation memes the same labels as fp32 "
        f"({agreement:.4f}), fewer than train.min_agreement 0.98: the model stays fp32."
    )


def test_fp32_is_left_as_it_is(model: SymptomClassifier, memes: Encoded) -> None:
    exact = Outputs(np.zeros((18, 3)), np.zeros((18, 16)))
    assert answering(model, exact, memes, options(runtime="fp32")) == Answering(None, exact)
    assert (model.config.runtime, model.config.int8_agreement) == ("fp32", None)


def test_agreement_counts_labels_and_abstentions(model: SymptomClassifier) -> None:
    model.config.update({"temperature": 1.0, "thresholds": dict.fromkeys(model.config.labels, 0.5)})
    exact = np.log([[0.6, 0.3, 0.1], [0.6, 0.3, 0.1], [0.45, 0.35, 0.2], [0.45, 0.35, 0.2]])
    other = np.log([[0.9, 0.1, 0.0001], [0.48, 0.42, 0.1], [0.49, 0.4, 0.11], [0.35, 0.45, 0.2]])
    same = int8.agreeing(*(Outputs(logits, np.zeros((4, 2))) for logits in (exact, other)), model.config)
    assert same.tolist() == [True, False, True, False]  # as sure; abstains; abstains as before; another label


def test_without_the_extra_training_does_not_begin(monkeypatch: pytest.MonkeyPatch) -> None:
    require("int8")
    monkeypatch.setitem(sys.modules, "onnx", None)
    require("fp32")
    with pytest.raises(ToolError) as told:
        require("int8")
    assert str(told.value) == (
        "train.runtime is int8, and onnx not installed. Type: pip install 'symptomeme[int8]'; or set it to fp32."
    )
