"""The laws the classifier keeps, whatever its variant."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor
from torch.nn.functional import pad
from torch.testing import assert_close
from transformers import AutoModel

from symptomeme.domain.errors import ModelError
from symptomeme.models.classifier import SymptomClassifier

Build = Callable[..., SymptomClassifier]
Batch = dict[str, Tensor]

ATTENTION = pytest.mark.parametrize("attention", ["first", "all"])
VARIANTS = pytest.mark.parametrize(
    "off", [{}, {"vision_encoder": None}, {"text_encoder": None}], ids=["fusion", "text_only", "image_only"]
)


@ATTENTION
@VARIANTS
@torch.no_grad()
def test_padding_is_invisible(attention: str, off: dict[str, None], build: Build, batch: Batch) -> None:
    model = build(attention=attention, **off)
    padded = {**batch, **{name: pad(batch[name], (0, 7)) for name in ("input_ids", "attention_mask")}}
    one, other = model(**batch), model(**padded)
    assert_close(other.logits, one.logits, atol=1e-6, rtol=0)
    assert_close(other.fused_embedding, one.fused_embedding, atol=1e-6, rtol=0)


@ATTENTION
@VARIANTS
@torch.no_grad()
def test_shuffling_a_batch_only_shuffles(attention: str, off: dict[str, None], build: Build, batch: Batch) -> None:
    model = build(attention=attention, **off)
    order = torch.tensor([2, 0, 1])
    shuffled = model(**{name: values[order] for name, values in batch.items()})
    assert_close(shuffled.logits, model(**batch).logits[order], atol=1e-6, rtol=0)


@torch.no_grad()
def test_embeddings_of_tokens_stand_for_the_tokens(build: Build, batch: Batch) -> None:
    model = build()
    embeds = model.text_encoder.get_input_embeddings()(batch["input_ids"])
    others = {name: values for name, values in batch.items() if name != "input_ids"}
    assert torch.equal(model(**others, inputs_embeds=embeds).logits, model(**batch).logits)


@VARIANTS
@torch.no_grad()
def test_save_and_load_give_equal_logits(off: dict[str, None], build: Build, batch: Batch, tmp_path: Path) -> None:
    model = build(attention="all", **off)
    model.save_pretrained(tmp_path / "one")
    again = AutoModel.from_pretrained(tmp_path / "one")
    assert isinstance(again, SymptomClassifier)
    assert torch.equal(again(**batch).logits, model(**batch).logits)
    again.save_pretrained(tmp_path / "two")
    for name in ("config.json", "model.safetensors"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    assert set(load_file(tmp_path / "one/model.safetensors")) == set(model.state_dict())


def test_a_modality_that_is_off_leaves_nothing(build: Build) -> None:
    text, image = build(vision_encoder=None), build(text_encoder=None)
    heads = ("text_contrastive_proj", "image_contrastive_proj")
    assert not [name for name in text.state_dict() if name.startswith(("vision_", *heads))]
    assert not [name for name in image.state_dict() if name.startswith(("text_", *heads))]


@VARIANTS
def test_outputs_of_each_variant(off: dict[str, None], build: Build, batch: Batch) -> None:
    model = build(attention="all", **off)
    found = model(**batch, labels=torch.tensor([0, 1, 2]))
    assert found.logits.shape == (3, 3)
    assert found.fused.shape == (3, model.config.hidden_size)
    assert found.router_logits.shape == (3, 4)
    assert_close(found.fused_embedding.norm(dim=-1), torch.ones(3))
    if off:
        assert found.text_embedding is found.image_embedding is found.contrastive_loss is None
        assert torch.equal(found.loss, found.classification_loss)
    else:
        assert_close(found.loss, 0.7 * found.classification_loss + 0.3 * found.contrastive_loss)
    assert model(**batch).loss is None


@torch.no_grad()
def test_every_token_and_patch_counts_only_with_attention_all(build: Build, batch: Batch) -> None:
    # changed after the encoders, so that the encoders' own attention cannot carry the change to the first tokens
    for attention, changes in (("first", False), ("all", True)):
        model = build(attention=attention)
        before = model(**batch).logits
        for encoder in (model.text_encoder, model.vision_encoder):
            encoder.register_forward_hook(_spoil_second_token)
        assert torch.equal(model(**batch).logits, before) is not changes


def _spoil_second_token(_module: object, _inputs: object, output: object) -> None:
    for states in output.hidden_states:  # type: ignore[attr-defined]
        states[:, 1] += 1.0


@torch.no_grad()
def test_alignment_gives_the_embeddings_of_a_whole_pass(build: Build, batch: Batch) -> None:
    model = build(attention="all")
    text, image = model.alignment(**batch)
    found = model(**batch)
    assert torch.equal(text, found.text_embedding)
    assert torch.equal(image, found.image_embedding)


@torch.no_grad()
def test_probabilities_are_calibrated_and_of_the_right_kind(build: Build) -> None:
    logits = torch.tensor([[2.0, 0.0, -2.0]])
    single, multi = build(), build(problem_type="multi_label_classification")
    single.config.temperature = multi.config.temperature = 2.0
    assert_close(single.probabilities(logits), torch.tensor([[1.0, 0.0, -1.0]]).softmax(-1))
    assert_close(multi.probabilities(logits), torch.tensor([[1.0, 0.0, -1.0]]).sigmoid())
    multi.config.class_calibration = {label: [2.0, at] for at, label in enumerate(multi.config.labels)}
    assert_close(multi.probabilities(logits), torch.tensor([[2.0, 1.0, 0.0]]).sigmoid())


def test_a_picture_of_another_size_is_taken(build: Build, batch: Batch) -> None:
    model = build(attention="all")
    assert model(**{**batch, "pixel_values": torch.randn(3, 3, 48, 48)}).logits.shape == (3, 3)


@pytest.mark.parametrize(
    ("missing", "message"),
    [
        ("input_ids", "this model reads text: give it input_ids and attention_mask, as its processor makes them."),
        ("pixel_values", "this model looks at pictures: give it pixel_values, as its processor makes them."),
    ],
)
def test_a_missing_input_is_told(missing: str, message: str, build: Build, batch: Batch) -> None:
    with pytest.raises(ModelError) as told:
        build()(**{**batch, missing: None})
    assert str(told.value) == message


def test_alignment_needs_both_modalities(build: Build, batch: Batch) -> None:
    with pytest.raises(
        ModelError,
        match=r"^alignment needs a model with text, image and contrastive heads; this one has not all of them\.$",
    ):
        build(vision_encoder=None).alignment(**batch)


def test_multi_label_loss_trains_every_part_in_use(build: Build, batch: Batch) -> None:
    model = build(attention="all", problem_type="multi_label_classification", contrastive_masking="standard").train()
    model(**batch, labels=torch.eye(3)).loss.backward()
    idle = [name for name, weight in model.named_parameters() if weight.grad is None or not weight.grad.any()]
    # a key's bias shifts all scores alike, which a softmax does not notice; the text pooler is not used
    assert [name for name in idle if not name.endswith(("key.bias", "k_proj.bias")) and "pooler" not in name] == []


def test_mixed_precision_stays_close_and_its_embeddings_exact(build: Build, batch: Batch) -> None:
    model, labels = build(attention="all"), torch.tensor([0, 1, 2])
    full = model(**batch, labels=labels)
    with torch.autocast("cpu", torch.bfloat16):
        mixed = model(**batch, labels=labels)
    assert_close(mixed.loss, full.loss, atol=0.1, rtol=0.1)
    for embedding in (mixed.fused_embedding, mixed.text_embedding, mixed.image_embedding):
        assert embedding.dtype == torch.float32
        assert_close(embedding.norm(dim=-1), torch.ones(3))
