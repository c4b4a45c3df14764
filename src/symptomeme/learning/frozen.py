"""What never changes in training runs once: the frozen layers of the encoders."""

import logging
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor
from transformers.modeling_utils import PreTrainedModel

from symptomeme.domain.progress import progress
from symptomeme.domain.sections.training import Optimisation
from symptomeme.learning.batches import Batch, Encoded
from symptomeme.models.classifier import SymptomClassifier
from symptomeme.models.freezing import freeze_layers, frozen_layers, frozen_states, run_from

LOG = logging.getLogger(__name__)

BATCH_SIZE = 32
TOLERANCE = 1e-4  # of hidden states, which are of the order of 1

InputsOf = Callable[[list[int]], Batch]


def freeze(model: SymptomClassifier, options: Optimisation) -> None:
    """Freeze the lowest layers of the encoders, as the params say.

    Raises:
        ModelError: an encoder has fewer layers.
    """
    if model.config.text:
        freeze_layers(model.text_encoder, options.frozen_text_layers, what="frozen_text_layers")
    if model.config.image:
        freeze_layers(model.vision_encoder, options.frozen_vision_layers, what="frozen_vision_layers")


def remember(model: SymptomClassifier, examples: Encoded) -> Encoded:
    """The same memes with hidden states in place of a run of the frozen layers; unchanged where none is frozen.

    Takes memory: 4 bytes a token (or patch) and unit of width; `num_depths` times where an encoder is frozen whole.
    """
    if model.config.text and examples.input_ids is not None and frozen_layers(model.text_encoder):

        def texts(indices: list[int]) -> Batch:
            return {name: tensor for name, tensor in _batch(model, examples, indices).items() if name in TEXT}

        found = _states(model, model.text_encoder, examples, texts, "inputs_embeds")
        if found is not None:
            trimmed = [states[:, :length] for states, length in zip(found, examples.lengths, strict=True)]
            examples = replace(examples, text_states=trimmed)
    if model.config.image and examples.pictures is not None and frozen_layers(model.vision_encoder):

        def pictures(indices: list[int]) -> Batch:
            return model.vision_inputs(_batch(model, examples, indices)["pixel_values"])

        found = _states(model, model.vision_encoder, examples, pictures, "pixel_values")
        if found is not None:
            examples = replace(examples, image_states=torch.stack(found))
    return examples


TEXT = ("input_ids", "attention_mask")


def _states(
    model: SymptomClassifier, encoder: PreTrainedModel, examples: Encoded, inputs_of: InputsOf, name: str
) -> list[Tensor] | None:
    """Hidden states of every meme, float (M, L, H), L of its batch; None where this encoder cannot go on from them."""
    model.eval()
    order = np.argsort(examples.lengths, kind="stable").tolist()
    batches = [order[start : start + BATCH_SIZE] for start in range(0, len(order), BATCH_SIZE)]
    depths = model.config.num_depths
    states: dict[int, Tensor] = {}
    with torch.no_grad():
        if not batches or not _goes_on(encoder, inputs_of(batches[0]), name, depths):
            return None
        for indices in progress(batches, what="frozen", unit="batch"):
            found = frozen_states(encoder, depths=depths, **inputs_of(indices)).cpu()
            states.update(zip(indices, found, strict=True))
    return [states[index] for index in range(len(examples))]


def _goes_on(encoder: PreTrainedModel, inputs: Batch, name: str, depths: int) -> bool:
    """Whether the encoder gives the same when it runs from the frozen layers on; not every architecture can."""
    whole = encoder(**inputs, output_hidden_states=True).hidden_states[-1]
    mask = {"attention_mask": inputs["attention_mask"]} if "attention_mask" in inputs else {}
    try:
        _, hidden = run_from(encoder, frozen_states(encoder, depths=depths, **inputs), name, **mask)
        same = hidden[-1].shape == whole.shape and bool((hidden[-1] - whole).abs().max() <= TOLERANCE)
    except (RuntimeError, IndexError, TypeError, ValueError):
        same = False
    if not same:
        LOG.warning("%s cannot go on from its frozen layers: they run in every epoch.", type(encoder).__name__)
    return same


def _batch(model: SymptomClassifier, examples: Encoded, indices: list[int]) -> Batch:
    return {key: tensor.to(model.device) for key, tensor in examples.collate(indices).items()}
