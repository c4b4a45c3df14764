"""What never changes in training runs once: the hidden states of a text encoder that is frozen whole."""

from dataclasses import replace

import numpy as np
import torch

from symptomeme.domain.progress import progress
from symptomeme.learning.batches import Encoded
from symptomeme.models.classifier import SymptomClassifier

BATCH_SIZE = 32


def is_frozen(model: SymptomClassifier) -> bool:
    """Whether the model has a text encoder and all of its layers are frozen (its pooler is not used)."""
    if not model.config.text:
        return False
    named = model.text_encoder.named_parameters()
    return not any(parameter.requires_grad for name, parameter in named if not name.startswith("pooler."))


def remember(model: SymptomClassifier, examples: Encoded) -> Encoded:
    """The same memes with the text encoder's hidden states in place of a run of it; unchanged if it is not frozen."""
    if not is_frozen(model) or examples.input_ids is None:
        return examples
    model.eval()
    order = np.argsort(examples.lengths, kind="stable").tolist()
    batches = [order[start : start + BATCH_SIZE] for start in range(0, len(order), BATCH_SIZE)]
    states: dict[int, torch.Tensor] = {}
    with torch.inference_mode():
        for indices in progress(batches, what="texts", unit="batch"):
            inputs = examples.processor.pad([examples.input_ids[index] for index in indices])
            found = model.encode_text(**{name: tensor.to(model.device) for name, tensor in inputs.items()})
            for row, index in enumerate(indices):
                states[index] = found[row, :, : len(examples.input_ids[index])].cpu().clone()
    return replace(examples, text_states=[states[index] for index in range(len(examples))])
