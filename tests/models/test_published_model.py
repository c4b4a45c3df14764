"""The published model written a second time, in plain tensor arithmetic, against the classifier."""

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy
from torch.testing import assert_close
from transformers import CLIPVisionConfig, RobertaConfig

from symptomeme.models.classifier import SymptomClassifier
from symptomeme.models.config import SymptomConfig

HEADS = 8
DEPTHS = 3


class Published:
    """Reads weights by their published names and computes with nothing but tensors."""

    def __init__(self, model: SymptomClassifier, *, attention: str) -> None:
        self.weights, self.model, self.attention = model.state_dict(), model, attention

    def linear(self, states: Tensor, name: str) -> Tensor:
        return states @ self.weights[f"{name}.weight"].T + self.weights[f"{name}.bias"]

    def norm(self, states: Tensor, name: str) -> Tensor:
        centred = states - states.mean(-1, keepdim=True)
        scaled = centred / (centred.pow(2).mean(-1, keepdim=True) + 1e-5).sqrt()
        return scaled * self.weights[f"{name}.weight"] + self.weights[f"{name}.bias"]

    def normed(self, states: Tensor, name: str) -> Tensor:
        return gelu(self.norm(self.linear(states, f"{name}.0"), f"{name}.1"))

    def block(self, name: str, text: Tensor, image: Tensor) -> Tensor:
        query, key, value = (
            self.linear(states, f"{name}.{part}")
            for part, states in (("query", text), ("key", image), ("value", image))
        )
        heads = []
        for q, k, v in zip(*(states.chunk(HEADS, dim=-1) for states in (query, key, value)), strict=True):
            heads.append((q @ k.transpose(1, 2) / math.sqrt(q.shape[-1])).softmax(-1) @ v)
        hidden = self.norm(text + self.linear(torch.cat(heads, dim=-1), f"{name}.output"), f"{name}.layer_norm")
        inner = self.linear(gelu(self.linear(hidden, f"{name}.ffn.0")), f"{name}.ffn.3")
        return self.norm(hidden + inner, f"{name}.ffn_layer_norm")

    def pool(self, states: Tensor, mask: Tensor) -> Tensor:
        if self.attention == "first":
            return states[:, 0]
        return torch.stack([row[: int(count)].mean(0) for row, count in zip(states, mask.sum(1), strict=True)])

    def __call__(self, input_ids: Tensor, attention_mask: Tensor, pixel_values: Tensor) -> tuple[Tensor, ...]:
        text = self.model.text_encoder(input_ids, attention_mask=attention_mask, output_hidden_states=True)
        image = self.model.vision_encoder(pixel_values, output_hidden_states=True)
        tokens = 1 if self.attention == "first" else None
        fused = sum(
            self.pool(
                self.block(
                    f"co_attention_layers.{depth}",
                    self.linear(text.hidden_states[-1 - depth][:, :tokens], f"text_projections.{depth}"),
                    self.linear(image.hidden_states[-1 - depth][:, :tokens], f"vision_projections.{depth}"),
                ),
                attention_mask,
            )
            for depth in range(DEPTHS)
        )
        fused = fused / DEPTHS
        gate = self.linear(fused, "moe_gate").softmax(-1)
        mixed = sum(gate[:, [n]] * self.normed(fused, f"expert_nets.{n}") for n in range(4))
        logits = self.linear(self.normed(mixed, "classifier"), "classifier.4")
        after_norm = self.norm(image.last_hidden_state[:, 0], "vision_encoder.post_layernorm")
        return (
            logits,
            unit(self.linear(self.normed(mixed, "contrastive_projection"), "contrastive_projection.3")),
            unit(self.normed(self.pool(text.last_hidden_state, attention_mask), "text_contrastive_proj")),
            unit(self.normed(after_norm, "image_contrastive_proj")),
        )


def gelu(states: Tensor) -> Tensor:
    return states * 0.5 * (1 + torch.erf(states / math.sqrt(2)))


def unit(vectors: Tensor) -> Tensor:
    return vectors / vectors.pow(2).sum(-1, keepdim=True).sqrt()


def published_nt_xent(one: Tensor, other: Tensor) -> float:
    """One vector after the other; the similarity to itself counts as 0."""
    vectors, count = [*one, *other], len(one)
    total = 0.0
    for i, vector in enumerate(vectors):
        scores = [0.0 if i == j else float(vector @ found) / 0.07 for j, found in enumerate(vectors)]
        total += math.log(sum(map(math.exp, scores))) - scores[(i + count) % (2 * count)]
    return total / len(vectors)


@pytest.mark.parametrize("attention", ["first", "all"])
def test_classifier_computes_the_published_model(
    attention: str, build: Callable[..., SymptomClassifier], batch: dict[str, Tensor]
) -> None:
    model = build(attention=attention, contrastive_masking="published")
    labels = torch.tensor([2, 0, 1])
    with torch.no_grad():
        found = model(**batch, labels=labels)
        logits, fused, text, image = Published(model, attention=attention)(**batch)
    assert_close(found.logits, logits, atol=1e-5, rtol=1e-5)
    assert_close(found.fused_embedding, fused, atol=1e-5, rtol=1e-5)
    assert_close(found.text_embedding, text, atol=1e-5, rtol=1e-5)
    assert_close(found.image_embedding, image, atol=1e-5, rtol=1e-5)
    contrastive = sum(published_nt_xent(a, b) for a, b in ((fused, text), (fused, image), (text, image))) / 3
    assert found.contrastive_loss.item() == pytest.approx(contrastive, abs=1e-4)
    expected = 0.7 * cross_entropy(logits, labels).item() + 0.3 * contrastive
    assert found.loss.item() == pytest.approx(expected, abs=1e-4)


def test_names_and_shapes_are_those_of_the_published_checkpoints() -> None:
    config = SymptomConfig(
        text_config=RobertaConfig(vocab_size=20, hidden_size=24, intermediate_size=8, num_attention_heads=2),
        vision_config=CLIPVisionConfig(hidden_size=20, intermediate_size=8, num_attention_heads=2),
        hidden_size=16,
        contrastive_size=6,
        contrastive_hidden_size=10,
        id2label=dict(enumerate("abcde")),
        problem_type="multi_label_classification",
    )
    model = SymptomClassifier(config)
    expected: dict[str, tuple[int, ...]] = {}

    def linear(name: str, outputs: int, inputs: int) -> None:
        expected.update({f"{name}.weight": (outputs, inputs), f"{name}.bias": (outputs,)})

    def norm(name: str, size: int) -> None:
        expected.update({f"{name}.weight": (size,), f"{name}.bias": (size,)})

    for n in range(3):
        linear(f"text_projections.{n}", 16, 24)
        linear(f"vision_projections.{n}", 16, 20)
        for part in ("query", "key", "value", "output"):
            linear(f"co_attention_layers.{n}.{part}", 16, 16)
        linear(f"co_attention_layers.{n}.ffn.0", 64, 16)
        linear(f"co_attention_layers.{n}.ffn.3", 16, 64)
        norm(f"co_attention_layers.{n}.layer_norm", 16)
        norm(f"co_attention_layers.{n}.ffn_layer_norm", 16)
    for n in range(4):
        linear(f"expert_nets.{n}.0", 16, 16)
        norm(f"expert_nets.{n}.1", 16)
    linear("moe_gate", 4, 16)
    linear("classifier.0", 16, 16)
    norm("classifier.1", 16)
    linear("classifier.4", 5, 16)
    linear("contrastive_projection.0", 10, 16)
    norm("contrastive_projection.1", 10)
    linear("contrastive_projection.3", 6, 10)
    linear("text_contrastive_proj.0", 6, 24)
    norm("text_contrastive_proj.1", 6)
    linear("image_contrastive_proj.0", 6, 20)
    norm("image_contrastive_proj.1", 6)

    shapes = {name: tuple(weight.shape) for name, weight in model.state_dict().items()}
    encoders = {name: shape for name, shape in shapes.items() if name.startswith(("text_encoder.", "vision_encoder."))}
    assert {name: shape for name, shape in shapes.items() if name not in encoders} == expected
    assert encoders["text_encoder.pooler.dense.weight"] == (24, 24)
    assert encoders["text_encoder.encoder.layer.11.output.dense.weight"] == (24, 8)
    assert encoders["text_encoder.embeddings.word_embeddings.weight"] == (20, 24)
    assert encoders["vision_encoder.embeddings.class_embedding"] == (20,)
    assert encoders["vision_encoder.encoder.layers.11.mlp.fc2.weight"] == (20, 8)
    assert encoders["vision_encoder.pre_layrnorm.weight"] == encoders["vision_encoder.post_layernorm.bias"] == (20,)
    assert not [name for name in shapes if "vision_model." in name or "position_ids" in name]
