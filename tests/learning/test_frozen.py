from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from transformers import MPNetConfig, MPNetModel

from symptomeme.learning.batches import Encoded
from symptomeme.learning.frozen import remember
from symptomeme.learning.predict import embed, predict
from symptomeme.models.classifier import SymptomClassifier
from symptomeme.models.freezing import freeze_layers

Build = Callable[..., SymptomClassifier]
Train = Callable[..., list[dict[str, float]]]


@pytest.mark.parametrize(("text", "vision"), [(1, 0), (2, 0), (3, 0), (0, 1), (0, 2), (3, 2)])
def test_training_from_remembered_states_is_the_same(
    build: Build, memes: Encoded, train: Train, tmp_path: Path, text: int, vision: int
) -> None:
    def frozen() -> SymptomClassifier:
        model = build()
        freeze_layers(model.text_encoder, text, what="text")
        freeze_layers(model.vision_encoder, vision, what="vision")
        return model

    run_again, remembered = frozen(), frozen()
    states = remember(remembered, memes)
    batch = states.collate([0, 1])
    assert ("text_states" in batch, "input_ids" in batch) == (text > 0, text == 0)
    assert ("image_states" in batch, "pixel_values" in batch) == (vision > 0, vision == 0)
    assert predict(remembered, states).logits == pytest.approx(predict(run_again, memes).logits, abs=1e-5)
    assert embed(remembered, states).image == pytest.approx(embed(run_again, memes).image, abs=1e-5)
    first = train(run_again, memes, tmp_path / "a", scores=iter([0.0] * 2), patience=None, epochs=2)
    second = train(remembered, states, tmp_path / "b", scores=iter([0.0] * 2), patience=None, epochs=2)
    assert [row["train_loss"] for row in first] == pytest.approx([row["train_loss"] for row in second], abs=1e-4)
    # saved and used afterwards like any other
    assert predict(remembered, memes).logits == pytest.approx(predict(run_again, memes).logits, abs=1e-3)


def test_an_encoder_that_learns_is_not_remembered(build: Build, memes: Encoded) -> None:
    assert remember(build(), memes) is memes


def test_the_modality_that_is_off_is_left_out(build: Build, memes: Encoded) -> None:
    model = build(vision_encoder=None)
    freeze_layers(model.text_encoder, 3, what="text")
    batch = remember(model, replace(memes, pictures=None)).collate([0, 5])
    assert set(batch) == {"text_states", "attention_mask", "labels"}


def test_an_architecture_that_cannot_go_on_runs_whole(
    build: Build, memes: Encoded, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    torch.manual_seed(0)
    sizes = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 3, "num_attention_heads": 4}
    MPNetModel(MPNetConfig(**sizes, vocab_size=12, max_position_embeddings=40)).save_pretrained(tmp_path)
    model = build(text_encoder=tmp_path)
    freeze_layers(model.text_encoder, 1, what="text")
    assert remember(model, memes) is memes
    assert caplog.messages == ["MPNetModel cannot go on from its frozen layers: they run in every epoch."]
