"""The lowest layers of an encoder: how to stop their training, and how to pass them by once their output is known."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import torch
from torch import nn
from transformers.modeling_utils import PreTrainedModel

from symptomeme.domain.errors import ModelError


class Parts(NamedTuple):
    """What an encoder runs, from the bottom: modules before the layers (their owner and name each), then the layers."""

    before: list[tuple[nn.Module, str]]
    layers: nn.ModuleList


def freeze_layers(encoder: PreTrainedModel, count: int, *, what: str) -> None:
    """Stop training of an encoder's embeddings and its `count` lowest layers; 0 freezes nothing.

    Args:
        encoder: with embeddings and one stack of layers, as BERT's and CLIP's families have.
        count: layers.
        what: the param, for the message.

    Raises:
        ModelError: the encoder has fewer layers, or is not built so.
    """
    if not count:
        return
    parts = _parts(encoder)
    found = 0 if parts is None else len(parts.layers)
    if parts is None or count > found:
        raise ModelError(f"{what} {count}: this encoder has {found or 'no'} layers to freeze.")
    for module in (*(getattr(owner, name) for owner, name in parts.before), *parts.layers[:count]):
        module.requires_grad_(False)


def frozen_layers(encoder: PreTrainedModel) -> int:
    """How many of the lowest layers are frozen, embeddings included; 0 where the embeddings are trained."""
    parts = _parts(encoder)
    if parts is None or any(_learns(getattr(owner, name)) for owner, name in parts.before):
        return 0
    return next((index for index, layer in enumerate(parts.layers) if _learns(layer)), len(parts.layers))


def frozen_states(encoder: PreTrainedModel, *, depths: int, **inputs: Any) -> torch.Tensor:
    """The hidden states of the frozen layers that are needed to go on from them.

    Args:
        encoder: with at least one frozen layer.
        depths: how many of the encoder's last hidden states will be used.
        inputs: of B texts or pictures.

    Returns:
        float (B, M, L, H), the lowest first, the last that of the highest frozen layer.
    """
    count, found = frozen_layers(encoder), encoder(**inputs, output_hidden_states=True).hidden_states
    return torch.stack(found[min(count, len(found) - depths) : count + 1], dim=1)


def run_from(
    encoder: PreTrainedModel, states: torch.Tensor, name: str, **inputs: Any
) -> tuple[Any, list[torch.Tensor]]:
    """Run an encoder from its frozen layers on.

    Args:
        encoder: the one that gave the states.
        states: what `frozen_states` gave, float (B, M, L, H).
        name: of the encoder's argument that its first module takes floats from: `inputs_embeds`, `pixel_values`.
        inputs: its other arguments.

    Returns:
        What the encoder returns, and its hidden states from the lowest that is known on.
    """
    *lower, top = states.unbind(dim=1)
    with _passed_by(encoder):
        found = encoder(**{name: top}, **inputs, output_hidden_states=True)
    return found, [*lower, *found.hidden_states[frozen_layers(encoder) :]]


@contextmanager
def _passed_by(encoder: PreTrainedModel) -> Iterator[None]:
    """Within, the encoder takes the output of its frozen layers as its input (`inputs_embeds`, `pixel_values`).

    Of the hidden states that it returns, only the last of the frozen ones and those above it have a meaning.

    Raises:
        ModelError: the encoder is not built of embeddings and one stack of layers.
    """
    parts = _parts(encoder)
    if parts is None:
        raise ModelError("this encoder is not built of embeddings and one stack of layers: nothing can be passed by.")
    frozen = [*(getattr(owner, name) for owner, name in parts.before), *parts.layers[: frozen_layers(encoder)]]
    for module in frozen:
        module.forward = _given
    try:
        yield
    finally:
        for module in frozen:
            del module.forward  # what its class says is seen again


def _given(*inputs: Any, **named: Any) -> torch.Tensor:
    """Stands in for a forward whose output is given: returns the first tensor of floats among its inputs."""
    tensors = (value for value in (*inputs, *named.values()) if isinstance(value, torch.Tensor))
    return next(tensor for tensor in tensors if tensor.is_floating_point())


def _parts(encoder: PreTrainedModel) -> Parts | None:
    """None where the encoder has no embeddings, or not one stack of as many layers as its config says."""
    depth = getattr(encoder.config, "num_hidden_layers", None)
    stacks = [part for part in encoder.modules() if isinstance(part, nn.ModuleList) and len(part) == depth]
    before = [
        (owner, name)
        for owner in encoder.modules()
        for name in ("embeddings", "pre_layrnorm")  # CLIP's vision tower: a norm between the two, so spelt
        if isinstance(owner, PreTrainedModel) and isinstance(getattr(owner, name, None), nn.Module)
    ]
    return Parts(before, stacks[0]) if len(stacks) == 1 and before else None


def _learns(module: nn.Module) -> bool:
    return any(parameter.requires_grad for parameter in module.parameters())
