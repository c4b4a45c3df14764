"""What the tensors of a published checkpoint tell of its model."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from torch import Tensor
from transformers import CLIPVisionConfig, RobertaConfig

from symptomeme.domain.labels import Task
from symptomeme.models.config import SymptomConfig

SEPARATOR = " [SEP] "
"""Between text and reasoning: literally so, though RoBERTa's own separator is another."""


class Heads(NamedTuple):
    """Heads of attention, which no tensor's shape tells; the published model's where none are given."""

    text: int = 12
    vision: int = 12
    fusion: int = 8


@dataclass(frozen=True)
class Shapes:
    """Sizes out of tensors by name; of one that is not there the published size, so that all that lacks can be told."""

    tensors: Mapping[str, Tensor]

    def size(self, name: str, axis: int, published: int) -> int:
        """The length of an axis."""
        tensor = self.tensors.get(name)
        return published if tensor is None or tensor.ndim <= axis else int(tensor.shape[axis])

    def count(self, name: str, published: int) -> int:
        """How many numbered parts of this name there are."""
        numbered = re.compile(rf"{re.escape(name)}\.(\d+)\.")
        return len({found[1] for key in self.tensors if (found := numbered.match(key))}) or published

    def any(self, part: str) -> bool:
        """Whether there is a tensor with this in its name."""
        return any(part in name for name in self.tensors)


def published_config(shapes: Shapes, task: Task, heads: Heads) -> SymptomConfig:
    """The config with which `SymptomClassifier` computes what the published code does.

    Raises:
        ModelError, StrictDataclassError, ValueError, ArithmeticError: the sizes do not fit each other.
    """
    text, contrastive = _text_config(shapes, heads.text), shapes.any("contrastive_proj")
    return SymptomConfig(
        text_config=text,
        vision_config=_vision_config(shapes, heads.vision),
        task=task.name,
        problem_type=task.problem_type,
        id2label=dict(enumerate(task.labels)),
        variant="published",
        reasoning=True,
        hidden_size=shapes.size("text_projections.0.weight", 0, 1024),
        num_heads=heads.fusion,
        num_depths=shapes.count("text_projections", 3),
        num_experts=shapes.count("expert_nets", 4),
        contrastive_size=shapes.size("contrastive_projection.3.weight", 0, 256) if contrastive else None,
        contrastive_hidden_size=shapes.size("contrastive_projection.0.weight", 0, 512) if contrastive else None,
        attention="first",
        contrastive_masking="published",
        separator=SEPARATOR,
        max_length=text.max_position_embeddings - text.pad_token_id - 1,  # positions begin behind that of padding
    )


def _text_config(shapes: Shapes, heads: int) -> Any:
    part = "text_encoder.embeddings"
    return RobertaConfig(
        vocab_size=shapes.size(f"{part}.word_embeddings.weight", 0, 50265),
        hidden_size=shapes.size(f"{part}.word_embeddings.weight", 1, 768),
        max_position_embeddings=shapes.size(f"{part}.position_embeddings.weight", 0, 514),
        type_vocab_size=shapes.size(f"{part}.token_type_embeddings.weight", 0, 1),
        num_hidden_layers=shapes.count("text_encoder.encoder.layer", 12),
        intermediate_size=shapes.size("text_encoder.encoder.layer.0.intermediate.dense.weight", 0, 3072),
        num_attention_heads=heads,
        layer_norm_eps=1e-5,  # of RoBERTa's checkpoints; the class has BERT's
    )


def _vision_config(shapes: Shapes, heads: int) -> Any:
    part = "vision_encoder.embeddings"
    patch = shapes.size(f"{part}.patch_embedding.weight", 2, 32)
    patches = shapes.size(f"{part}.position_embedding.weight", 0, 50) - 1  # beside the class token
    return CLIPVisionConfig(
        hidden_size=shapes.size(f"{part}.class_embedding", 0, 768),
        patch_size=patch,
        image_size=patch * math.isqrt(patches),
        num_hidden_layers=shapes.count("vision_encoder.encoder.layers", 12),
        intermediate_size=shapes.size("vision_encoder.encoder.layers.0.mlp.fc1.weight", 0, 3072),
        num_attention_heads=heads,
    )
