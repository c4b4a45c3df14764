"""The published model written a second time, in plain tensor arithmetic and double precision: weights, then answers.

Names and shapes are those of the published checkpoints as transformers 4 saved them.
"""

import math
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

PADDING = 1  # of RoBERTa's vocabulary


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """The published ones, where no other is told."""

    classes: int
    vocabulary: int = 50265
    positions: int = 514
    text: int = 768
    vision: int = 768
    layers: int = 12
    inner: int = 3072
    image: int = 224
    patch: int = 32
    fusion: int = 1024
    contrastive: int = 256
    contrastive_inner: int = 512


SMALL = Sizes(classes=6, vocabulary=30, positions=14, text=24, vision=36, layers=3, inner=20, image=16, patch=4,
              fusion=16, contrastive=6, contrastive_inner=10)  # fmt: skip


class Answer(NamedTuple):
    """Logits, and the unit-length embeddings of both together, of text and of image: none without contrastive heads."""

    logits: Tensor
    fused: Tensor | None = None
    text: Tensor | None = None
    image: Tensor | None = None


class Shapes(dict[str, tuple[int, ...]]):
    def linear(self, name: str, outputs: int, inputs: int) -> None:
        self.update({f"{name}.weight": (outputs, inputs), f"{name}.bias": (outputs,)})

    def norm(self, name: str, size: int) -> None:
        self.update({f"{name}.weight": (size,), f"{name}.bias": (size,)})


def shapes(sizes: Sizes) -> Shapes:
    """Every tensor of a published checkpoint."""
    found, s = Shapes(), sizes
    part = "text_encoder.embeddings"
    for name, rows in (("word", s.vocabulary), ("position", s.positions), ("token_type", 1)):
        found[f"{part}.{name}_embeddings.weight"] = (rows, s.text)
    found.norm(f"{part}.LayerNorm", s.text)
    for n in range(s.layers):
        layer = f"text_encoder.encoder.layer.{n}"
        for name in ("self.query", "self.key", "self.value", "output.dense"):
            found.linear(f"{layer}.attention.{name}", s.text, s.text)
        found.norm(f"{layer}.attention.output.LayerNorm", s.text)
        found.linear(f"{layer}.intermediate.dense", s.inner, s.text)
        found.linear(f"{layer}.output.dense", s.text, s.inner)
        found.norm(f"{layer}.output.LayerNorm", s.text)
    found.linear("text_encoder.pooler.dense", s.text, s.text)
    part = "vision_encoder.vision_model"
    found[f"{part}.embeddings.class_embedding"] = (s.vision,)
    found[f"{part}.embeddings.patch_embedding.weight"] = (s.vision, 3, s.patch, s.patch)
    found[f"{part}.embeddings.position_embedding.weight"] = ((s.image // s.patch) ** 2 + 1, s.vision)
    found.norm(f"{part}.pre_layrnorm", s.vision)
    for n in range(s.layers):
        layer = f"{part}.encoder.layers.{n}"
        for name in ("k_proj", "v_proj", "q_proj", "out_proj"):
            found.linear(f"{layer}.self_attn.{name}", s.vision, s.vision)
        found.norm(f"{layer}.layer_norm1", s.vision)
        found.linear(f"{layer}.mlp.fc1", s.inner, s.vision)
        found.linear(f"{layer}.mlp.fc2", s.vision, s.inner)
        found.norm(f"{layer}.layer_norm2", s.vision)
    found.norm(f"{part}.post_layernorm", s.vision)
    found.update(head_shapes(s))
    return found


def head_shapes(sizes: Sizes) -> Shapes:
    """All that stands above the encoders."""
    found, s = Shapes(), sizes
    for n in range(3):
        found.linear(f"text_projections.{n}", s.fusion, s.text)
        found.linear(f"vision_projections.{n}", s.fusion, s.vision)
        block = f"co_attention_layers.{n}"
        for name in ("query", "key", "value", "output"):
            found.linear(f"{block}.{name}", s.fusion, s.fusion)
        found.norm(f"{block}.layer_norm", s.fusion)
        found.linear(f"{block}.ffn.0", 4 * s.fusion, s.fusion)
        found.linear(f"{block}.ffn.3", s.fusion, 4 * s.fusion)
        found.norm(f"{block}.ffn_layer_norm", s.fusion)
    for n in range(4):
        found.linear(f"expert_nets.{n}.0", s.fusion, s.fusion)
        found.norm(f"expert_nets.{n}.1", s.fusion)
    found.linear("moe_gate", 4, s.fusion)
    found.linear("classifier.0", s.fusion, s.fusion)
    found.norm("classifier.1", s.fusion)
    found.linear("classifier.4", s.classes, s.fusion)
    found.linear("contrastive_projection.0", s.contrastive_inner, s.fusion)
    found.norm("contrastive_projection.1", s.contrastive_inner)
    found.linear("contrastive_projection.3", s.contrastive, s.contrastive_inner)
    for name, size in (("text", s.text), ("image", s.vision)):
        found.linear(f"{name}_contrastive_proj.0", s.contrastive, size)
        found.norm(f"{name}_contrastive_proj.1", s.contrastive)
    return found


def weights(sizes: Sizes, *, seed: int) -> dict[str, Tensor]:
    """Random weights that keep what passes through them of the order of 1; no norm is the identity."""
    generator = torch.Generator().manual_seed(seed)
    found = {}
    for name, shape in shapes(sizes).items():
        drawn = torch.randn(shape, generator=generator)
        if len(shape) == 1:
            found[name] = (1.0 if name.endswith("weight") else 0.0) + 0.1 * drawn
        else:
            found[name] = drawn / math.sqrt(math.prod(shape[1:])) if "embedding." not in name else 0.1 * drawn
    return found


class PlainModel:
    """Computes from weights by their published names; encoders' names as transformers 4 or 5 has them.

    `attention` "all" is no published model: the same weights over all tokens in place of the first ones.
    """

    def __init__(
        self, weights: dict[str, Tensor], *, attention: str = "first", heads: tuple[int, int, int] = (12, 12, 8)
    ) -> None:
        self.weights, self.attention = weights, attention
        self.text_heads, self.vision_heads, self.fusion_heads = heads

    def weight(self, name: str) -> Tensor:
        return self.weights[name].double()

    def linear(self, states: Tensor, name: str) -> Tensor:
        return states @ self.weight(f"{name}.weight").T + self.weight(f"{name}.bias")

    def norm(self, states: Tensor, name: str) -> Tensor:
        centred = states - states.mean(-1, keepdim=True)
        scaled = centred / (centred.pow(2).mean(-1, keepdim=True) + 1e-5).sqrt()
        return scaled * self.weight(f"{name}.weight") + self.weight(f"{name}.bias")

    def normed(self, states: Tensor, name: str) -> Tensor:
        return gelu(self.norm(self.linear(states, f"{name}.0"), f"{name}.1"))

    def text(self, input_ids: Tensor, attention_mask: Tensor) -> list[Tensor]:
        """RoBERTa's hidden states."""
        part, real = "text_encoder.embeddings", (input_ids != PADDING).long()
        words, places, kinds = (
            self.weight(f"{part}.{name}_embeddings.weight") for name in ("word", "position", "token_type")
        )
        states = words[input_ids] + places[real.cumsum(1) * real + PADDING] + kinds[0]
        found = [self.norm(states, f"{part}.LayerNorm")]
        for layer in numbered(self.weights, "text_encoder.encoder.layer"):
            q, k, v = (self.linear(found[-1], f"{layer}.attention.self.{name}") for name in ("query", "key", "value"))
            attended = attend(q, k, v, self.text_heads, attention_mask)
            output = f"{layer}.attention.output"
            states = self.norm(found[-1] + self.linear(attended, f"{output}.dense"), f"{output}.LayerNorm")
            inner = self.linear(gelu(self.linear(states, f"{layer}.intermediate.dense")), f"{layer}.output.dense")
            found.append(self.norm(states + inner, f"{layer}.output.LayerNorm"))
        return found

    def image(self, pixel_values: Tensor) -> tuple[list[Tensor], Tensor]:
        """CLIP's hidden states, and its pooled output."""
        part = "vision_encoder.vision_model"
        kernel = self.weight(f"{part}.embeddings.patch_embedding.weight")
        patches = torch.nn.functional.unfold(pixel_values.double(), kernel.shape[-1], stride=kernel.shape[-1])
        first = self.weight(f"{part}.embeddings.class_embedding").expand(len(pixel_values), 1, -1)
        states = torch.cat([first, patches.transpose(1, 2) @ kernel.flatten(1).T], dim=1)
        found = [
            self.norm(states + self.weight(f"{part}.embeddings.position_embedding.weight"), f"{part}.pre_layrnorm")
        ]
        for layer in numbered(self.weights, f"{part}.encoder.layers"):
            before = self.norm(found[-1], f"{layer}.layer_norm1")
            q, k, v = (self.linear(before, f"{layer}.self_attn.{name}_proj") for name in "qkv")
            attended = attend(q, k, v, self.vision_heads)
            states = found[-1] + self.linear(attended, f"{layer}.self_attn.out_proj")
            inner = self.linear(self.norm(states, f"{layer}.layer_norm2"), f"{layer}.mlp.fc1")
            found.append(states + self.linear(inner * torch.sigmoid(1.702 * inner), f"{layer}.mlp.fc2"))
        return found, self.norm(found[-1][:, 0], f"{part}.post_layernorm")

    def block(self, name: str, text: Tensor, image: Tensor) -> Tensor:
        q, k, v = (
            self.linear(states, f"{name}.{part}")
            for part, states in (("query", text), ("key", image), ("value", image))
        )
        attended = self.linear(attend(q, k, v, self.fusion_heads), f"{name}.output")
        hidden = self.norm(text + attended, f"{name}.layer_norm")
        inner = self.linear(gelu(self.linear(hidden, f"{name}.ffn.0")), f"{name}.ffn.3")
        return self.norm(hidden + inner, f"{name}.ffn_layer_norm")

    def pool(self, states: Tensor, mask: Tensor) -> Tensor:
        if self.attention == "first":
            return states[:, 0]
        return torch.stack([row[: int(count)].mean(0) for row, count in zip(states, mask.sum(1), strict=True)])

    def head(self, text: list[Tensor], mask: Tensor, image: list[Tensor], pooled: Tensor) -> Answer:
        """All above the encoders, from their hidden states, lowest first, and the image's pooled output."""
        text, image, pooled = [one.double() for one in text], [one.double() for one in image], pooled.double()
        tokens = 1 if self.attention == "first" else None
        fused = sum(
            self.pool(
                self.block(
                    f"co_attention_layers.{depth}",
                    self.linear(text[-1 - depth][:, :tokens], f"text_projections.{depth}"),
                    self.linear(image[-1 - depth][:, :tokens], f"vision_projections.{depth}"),
                ),
                mask,
            )
            for depth in range(3)
        )
        fused = fused / 3
        gate = self.linear(fused, "moe_gate").softmax(-1)
        mixed = sum(gate[:, [n]] * self.normed(fused, f"expert_nets.{n}") for n in range(4))
        logits = self.linear(self.normed(mixed, "classifier"), "classifier.4")
        if "contrastive_projection.0.weight" not in self.weights:
            return Answer(logits)
        return Answer(
            logits,
            unit(self.linear(self.normed(mixed, "contrastive_projection"), "contrastive_projection.3")),
            unit(self.normed(self.pool(text[-1], mask), "text_contrastive_proj")),
            unit(self.normed(pooled, "image_contrastive_proj")),
        )

    def __call__(self, input_ids: Tensor, attention_mask: Tensor, pixel_values: Tensor) -> Answer:
        image, pooled = self.image(pixel_values)
        return self.head(self.text(input_ids, attention_mask), attention_mask, image, pooled)


def numbered(weights: dict[str, Tensor], name: str) -> list[str]:
    """Layers of a stack, lowest first."""
    numbers = {int(key.removeprefix(f"{name}.").split(".")[0]) for key in weights if key.startswith(f"{name}.")}
    return [f"{name}.{number}" for number in sorted(numbers)]


def attend(query: Tensor, key: Tensor, value: Tensor, heads: int, mask: Tensor | None = None) -> Tensor:
    """Scaled dot-product attention, a head after the other."""
    found = []
    for q, k, v in zip(*(states.chunk(heads, dim=-1) for states in (query, key, value)), strict=True):
        scores = q @ k.transpose(1, 2) / math.sqrt(q.shape[-1])
        if mask is not None:
            scores = scores.masked_fill(mask[:, None, :] == 0, -torch.inf)
        found.append(scores.softmax(-1) @ v)
    return torch.cat(found, dim=-1)


def gelu(states: Tensor) -> Tensor:
    return states * 0.5 * (1 + torch.erf(states / math.sqrt(2)))


def unit(vectors: Tensor) -> Tensor:
    return vectors / vectors.pow(2).sum(-1, keepdim=True).sqrt()
