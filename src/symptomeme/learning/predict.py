"""Forward passes over many memes."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch

from symptomeme.learning.batches import Encoded
from symptomeme.models.classifier import SymptomClassifier

Floats = npt.NDArray[np.float64]

BATCH_SIZE = 32


class Outputs(NamedTuple):
    """Logits float (N, C) and fused contrastive embeddings float (N, E), in the order of the memes."""

    logits: Floats
    embeddings: Floats


class Embeddings(NamedTuple):
    """Unit-length embeddings of texts and pictures, float (N, E) each; row i of both belongs to meme i."""

    text: Floats
    image: Floats


def predict(model: SymptomClassifier, examples: Encoded) -> Outputs:
    """Logits and embeddings of memes."""
    logits, embeddings = [], []
    with torch.inference_mode():
        for indices in _by_length(examples):
            batch = _to(examples, indices, model.device)
            batch.pop("labels")
            output = model(**batch)
            logits.append(output.logits.float().cpu())
            embeddings.append(output.fused_embedding.float().cpu())
    return Outputs(_in_order(logits, examples), _in_order(embeddings, examples))


def embed(model: SymptomClassifier, examples: Encoded) -> Embeddings:
    """Text and image embeddings of memes, as pre-alignment trains them."""
    texts, images = [], []
    with torch.inference_mode():
        for indices in _by_length(examples):
            batch = _to(examples, indices, model.device)
            batch.pop("labels")
            text, image = model.alignment(**batch)
            texts.append(text.float().cpu())
            images.append(image.float().cpu())
    return Embeddings(_in_order(texts, examples), _in_order(images, examples))


def _by_length(examples: Encoded) -> list[list[int]]:
    order = np.argsort(examples.lengths, kind="stable").tolist()
    return [order[start : start + BATCH_SIZE] for start in range(0, len(order), BATCH_SIZE)]


def _to(examples: Encoded, indices: list[int], device: torch.device) -> dict[str, torch.Tensor]:
    return {name: tensor.to(device) for name, tensor in examples.collate(indices).items()}


def _in_order(batches: list[torch.Tensor], examples: Encoded) -> Floats:
    found = torch.cat(batches).numpy().astype(np.float64)
    order = np.argsort(examples.lengths, kind="stable")
    return found[np.argsort(order, kind="stable")]
