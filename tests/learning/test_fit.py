from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import nn

from symptomeme.domain.errors import ModelError
from symptomeme.domain.params import read_params
from symptomeme.domain.sections.training import AugmentationParams
from symptomeme.learning.batches import Encoded
from symptomeme.learning.fit import computed_with
from symptomeme.learning.grouping import GroupedBatches
from symptomeme.learning.predict import embed, predict
from symptomeme.models.classifier import SymptomClassifier
from symptomeme.models.freezing import freeze_layers

ROOT = Path(__file__).parents[2]
Build = Callable[..., SymptomClassifier]
Train = Callable[..., list[dict[str, float]]]


def weights(model: SymptomClassifier) -> torch.Tensor:
    return torch.cat([parameter.detach().flatten() for parameter in model.parameters()])


AUGMENTED = AugmentationParams(shift=0.1, scale=0.2, mirror=0.5, light=0.2)


@pytest.mark.parametrize("schedule", ["linear", "plateau"])
@pytest.mark.parametrize("patience", [10, None])
def test_an_interrupted_run_ends_as_an_undisturbed_one(
    build: Build, memes: Encoded, train: Train, tmp_path: Path, schedule: str, patience: int | None
) -> None:
    scores = [0.1, 0.4, 0.3, 0.2]
    memes = replace(memes, augmentation=AUGMENTED)
    options = {"patience": patience, "schedule": schedule}
    undisturbed, resumed = build(), build()
    whole = train(undisturbed, memes, tmp_path / "whole", scores=iter(scores), **options)
    with pytest.raises(KeyboardInterrupt):
        train(build(), memes, tmp_path / "cut", scores=iter(scores[:2]), **options)
    curve = train(resumed, memes, tmp_path / "cut", scores=iter(scores[2:]), **options)
    assert curve == whole
    assert torch.equal(weights(undisturbed), weights(resumed))


@pytest.mark.parametrize("fault", [MemoryError(), torch.OutOfMemoryError(), PermissionError("no")], ids=repr)
def test_a_checkpoint_that_cannot_be_read_now_is_not_called_damaged(
    build: Build, memes: Encoded, train: Train, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise fault

    with pytest.raises(KeyboardInterrupt):
        train(build(), memes, tmp_path / "kept", scores=iter([0.1, 0.2]))
    monkeypatch.setattr(torch, "load", fails)
    with pytest.raises(type(fault)):
        train(build(), memes, tmp_path / "kept", scores=iter([0.1]))


def test_each_new_epoch_is_told_once(build: Build, memes: Encoded, train: Train, tmp_path: Path) -> None:
    told: list[dict[str, float]] = []
    with pytest.raises(KeyboardInterrupt):
        train(build(), memes, tmp_path / "a", scores=iter([0.1]), on_epoch=told.append, epochs=3)
    curve = train(build(), memes, tmp_path / "a", scores=iter([0.2, 0.3]), on_epoch=told.append, epochs=3)
    assert told == curve


def test_the_best_epoch_is_kept_and_patience_ends_the_run(
    build: Build, memes: Encoded, train: Train, tmp_path: Path
) -> None:
    model, two_epochs = build(), build()
    curve = train(model, memes, tmp_path / "a", scores=iter([0.1, 0.9, 0.2, 0.3, 0.4]), patience=2, epochs=9)
    assert [row["score"] for row in curve] == [0.1, 0.9, 0.2, 0.3]
    with pytest.raises(KeyboardInterrupt):
        train(two_epochs, memes, tmp_path / "b", scores=iter([0.1]), patience=2, epochs=9)
    assert torch.equal(weights(model), weights(two_epochs))
    again = build()
    assert train(again, memes, tmp_path / "a", scores=iter([]), patience=2, epochs=9) == curve
    assert torch.equal(weights(model), weights(again))


def test_training_that_diverges_is_told_and_leaves_no_checkpoint(
    build: Build, memes: Encoded, train: Train, tmp_path: Path
) -> None:
    model = build()
    with torch.no_grad():
        model.classifier[0].weight[0, 0] = torch.nan
    with pytest.raises(ModelError) as told:
        train(model, memes, tmp_path / "a", scores=iter([0.1, 0.2]), epochs=2)
    assert str(told.value) == (
        "test, epoch 1: the mean training loss is nan, and must be finite: training has diverged. "
        "Lower the learning rates or max_grad_norm in params.yaml and run it again."
    )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("value", [torch.nan, torch.inf])
@pytest.mark.parametrize(("ask", "part"), [(predict, "classifier"), (embed, "image_contrastive_proj")])
def test_answers_that_are_no_finite_numbers_are_told(
    build: Build, memes: Encoded, value: float, ask: Callable[[SymptomClassifier, Encoded], Any], part: str
) -> None:
    model = build()
    with torch.no_grad():
        getattr(model, part)[0].weight[0, 0] = value
    with pytest.raises(ModelError, match=r"^the model's answers to 18 of 18 memes hold NaN or infinity, [^\n]+$"):
        ask(model, memes)


def test_training_learns(build: Build, memes: Encoded, train: Train, tmp_path: Path) -> None:
    model = build(fusion_dropout=0.0, expert_dropout=0.0, classifier_dropout=0.0)
    curve = train(model, memes, tmp_path / "a", scores=iter([0.0] * 30), patience=None, epochs=30, warmup=0.0)
    assert curve[-1]["train_loss"] < 0.6 * curve[0]["train_loss"]
    assert (predict(model, memes).logits.argmax(axis=1) == memes.labels.argmax(axis=1)).mean() > 0.8


def test_frozen_parts_stay(build: Build, memes: Encoded, train: Train, tmp_path: Path) -> None:
    model = build()
    model.text_encoder.requires_grad_(False)
    before = {name: tensor.clone() for name, tensor in model.text_encoder.state_dict().items()}
    train(model, memes, tmp_path / "a", scores=iter([0.0]), patience=None, epochs=1)
    assert all(torch.equal(before[name], tensor) for name, tensor in model.text_encoder.state_dict().items())


def test_what_is_trained_has_dropout_and_what_is_frozen_has_none(
    build: Build, memes: Encoded, train: Train, tmp_path: Path
) -> None:
    model = build()
    freeze_layers(model.text_encoder, 1, what="frozen")
    model.vision_encoder.requires_grad_(False)
    active: dict[str, bool] = {}

    def note(name: str) -> Callable[..., None]:
        return lambda part, *_: active.update({name: part.training})

    for name, part in model.named_modules():
        if isinstance(part, nn.Dropout):
            part.register_forward_hook(note(name))
    train(model, memes, tmp_path / "a", scores=iter([0.0]), patience=None, epochs=1)
    frozen = ("text_encoder.embeddings.", "text_encoder.encoder.layer.0.", "vision_encoder.")
    assert {name for name, training in active.items() if not training} == {
        name for name in active if name.startswith(frozen)
    }
    assert any(name.startswith("text_encoder.encoder.layer.1.") for name in active)
    assert any(name.startswith("expert_nets.") for name in active)
    assert any(name.startswith("classifier.") for name in active)


def test_no_epochs_change_nothing(build: Build, memes: Encoded, train: Train, tmp_path: Path) -> None:
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


def test_processes_device_and_precision_are_part_of_what_a_result_depends_on(monkeypatch: pytest.MonkeyPatch) -> None:
    options = read_params(ROOT / "profiles/sample.yaml").train
    alone = computed_with(options)
    assert alone == (1, "cpu", "no")
    two = SimpleNamespace(num_processes=2, device=torch.device("cpu"))
    monkeypatch.setattr("symptomeme.learning.fit.PartialState", lambda: two)
    assert computed_with(options) != alone
