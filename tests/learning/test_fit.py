from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from symptomeme.domain.params import Optimisation
from symptomeme.learning.batches import Encoded
from symptomeme.learning.fit import OnEpoch, fit
from symptomeme.learning.frozen import remember
from symptomeme.learning.grouping import GroupedBatches
from symptomeme.learning.predict import predict
from symptomeme.models.classifier import SymptomClassifier
from symptomeme.models.processor import build_processor

Build = Callable[..., SymptomClassifier]

OPTIONS: dict[str, Any] = {
    "epochs": 4,
    "batch_size": 4,
    "text_learning_rate": 1e-3,
    "vision_learning_rate": 1e-3,
    "head_learning_rate": 1e-3,
    "frozen_text_layers": 0,
    "weight_decay": 0.01,
    "schedule": "linear",
    "warmup": 0.1,
    "max_grad_norm": 1.0,
    "precision": "fp32",
}


@pytest.fixture
def memes(text_folder: Path, vision_folder: Path) -> Encoded:
    rng = np.random.default_rng(0)
    processor = build_processor(
        tokenizer=text_folder,
        vision_encoder=vision_folder,
        image_size=None,
        image_fit="squash",
        separator=None,
        max_length=12,
    )
    return Encoded(
        input_ids=[[2, *rng.integers(4, 10, rng.integers(1, 8)).tolist(), 3] for _ in range(18)],
        pictures=rng.integers(0, 255, (18, 3, 32, 32), dtype=np.uint8),
        labels=np.eye(3, dtype=bool)[rng.integers(0, 3, 18)],
        multi_label=False,
        processor=processor,
    )


class Interrupted(Exception):
    pass


def train(
    model: SymptomClassifier,
    memes: Encoded,
    checkpoint: Path,
    *,
    scores: Iterator[float],
    patience: int | None = 10,
    on_epoch: OnEpoch | None = None,
    **changes: Any,
) -> list[dict[str, float]]:
    def score() -> dict[str, float]:
        try:
            return {"score": next(scores)}
        except StopIteration:
            raise Interrupted from None

    return fit(
        model,
        memes,
        loss_of=lambda network, batch: network(**batch).loss,
        score=score,
        options=Optimisation(**{**OPTIONS, **changes}),
        patience=patience,
        seed=5,
        checkpoint=checkpoint,
        what="test",
        on_epoch=on_epoch,
    )


def weights(model: SymptomClassifier) -> torch.Tensor:
    return torch.cat([parameter.detach().flatten() for parameter in model.parameters()])


@pytest.mark.parametrize("schedule", ["linear", "plateau"])
@pytest.mark.parametrize("patience", [10, None])
def test_an_interrupted_run_ends_as_an_undisturbed_one(
    build: Build, memes: Encoded, tmp_path: Path, schedule: str, patience: int | None
) -> None:
    scores = [0.1, 0.4, 0.3, 0.2]
    options = {"patience": patience, "schedule": schedule}
    undisturbed, resumed = build(), build()
    whole = train(undisturbed, memes, tmp_path / "whole", scores=iter(scores), **options)
    with pytest.raises(Interrupted):
        train(build(), memes, tmp_path / "cut", scores=iter(scores[:2]), **options)
    curve = train(resumed, memes, tmp_path / "cut", scores=iter(scores[2:]), **options)
    assert curve == whole
    assert torch.equal(weights(undisturbed), weights(resumed))


def test_each_new_epoch_is_told_once(build: Build, memes: Encoded, tmp_path: Path) -> None:
    told: list[dict[str, float]] = []
    with pytest.raises(Interrupted):
        train(build(), memes, tmp_path / "a", scores=iter([0.1]), on_epoch=told.append, epochs=3)
    curve = train(build(), memes, tmp_path / "a", scores=iter([0.2, 0.3]), on_epoch=told.append, epochs=3)
    assert told == curve


def test_the_best_epoch_is_kept_and_patience_ends_the_run(build: Build, memes: Encoded, tmp_path: Path) -> None:
    model, two_epochs = build(), build()
    curve = train(model, memes, tmp_path / "a", scores=iter([0.1, 0.9, 0.2, 0.3, 0.4]), patience=2, epochs=9)
    assert [row["score"] for row in curve] == [0.1, 0.9, 0.2, 0.3]
    with pytest.raises(Interrupted):
        train(two_epochs, memes, tmp_path / "b", scores=iter([0.1]), patience=2, epochs=9)
    assert torch.equal(weights(model), weights(two_epochs))
    again = build()
    assert train(again, memes, tmp_path / "a", scores=iter([]), patience=2, epochs=9) == curve
    assert torch.equal(weights(model), weights(again))


def test_training_learns(build: Build, memes: Encoded, tmp_path: Path) -> None:
    model = build(fusion_dropout=0.0, expert_dropout=0.0, classifier_dropout=0.0)
    curve = train(model, memes, tmp_path / "a", scores=iter([0.0] * 30), patience=None, epochs=30, warmup=0.0)
    assert curve[-1]["train_loss"] < 0.6 * curve[0]["train_loss"]
    assert (predict(model, memes).logits.argmax(axis=1) == memes.labels.argmax(axis=1)).mean() > 0.8


def test_frozen_parts_stay(build: Build, memes: Encoded, tmp_path: Path) -> None:
    model = build()
    model.text_encoder.requires_grad_(False)
    before = {name: tensor.clone() for name, tensor in model.text_encoder.state_dict().items()}
    train(model, memes, tmp_path / "a", scores=iter([0.0]), patience=None, epochs=1)
    assert all(torch.equal(before[name], tensor) for name, tensor in model.text_encoder.state_dict().items())


def test_no_epochs_change_nothing(build: Build, memes: Encoded, tmp_path: Path) -> None:
    model = build()
    before = weights(model).clone()
    assert train(model, memes, tmp_path / "a", scores=iter([]), epochs=0) == []
    assert torch.equal(before, weights(model))


def test_batches_hold_every_meme_once_and_depend_on_seed_and_epoch() -> None:
    batches = GroupedBatches(list(range(1, 51)), batch_size=8, seed=3)
    first = list(batches)
    batches.epoch = 1
    second = list(batches)
    assert sorted(index for batch in first for index in batch) == list(range(50))
    assert len(first) == len(batches) == 7
    assert first != second
    assert first == list(GroupedBatches(list(range(1, 51)), batch_size=8, seed=3))


def test_predictions_keep_the_order_of_memes(build: Build, memes: Encoded) -> None:
    model = build()
    whole = predict(model, memes).logits
    assert memes.input_ids is not None and memes.pictures is not None
    for index in (0, 7, 17):
        alone = Encoded(
            input_ids=[memes.input_ids[index]],
            pictures=memes.pictures[[index]],
            labels=memes.labels[[index]],
            multi_label=False,
            processor=memes.processor,
        )
        assert predict(model, alone).logits[0] == pytest.approx(whole[index], abs=1e-5)


def test_remembered_texts_give_the_same_training(build: Build, memes: Encoded, tmp_path: Path) -> None:
    def frozen() -> SymptomClassifier:
        model = build()
        model.text_encoder.requires_grad_(False)
        return model

    run_again, remembered = frozen(), frozen()
    states = remember(remembered, memes)
    assert states.text_states is not None and "input_ids" not in states.collate([0, 1])
    assert predict(remembered, states).logits == pytest.approx(predict(run_again, memes).logits, abs=1e-6)
    first = train(run_again, memes, tmp_path / "a", scores=iter([0.0] * 2), patience=None, epochs=2)
    second = train(remembered, states, tmp_path / "b", scores=iter([0.0] * 2), patience=None, epochs=2)
    assert [row["train_loss"] for row in first] == pytest.approx([row["train_loss"] for row in second], abs=1e-4)


def test_a_text_encoder_that_learns_is_not_remembered(build: Build, memes: Encoded) -> None:
    assert remember(build(), memes) is memes
