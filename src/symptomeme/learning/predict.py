"""Forward passes over many memes."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch

from symptomeme.domain.errors import ModelError
from symptomeme.domain.progress import progress
from symptomeme.learning.batches import Batch, Encoded
from symptomeme.models.classifier import SymptomClassifier
from symptomeme.models.decision import Calibration, probabilities
from symptomeme.models.runtime import Runtime

Floats = npt.NDArray[np.float64]
Tensors = tuple[torch.Tensor, torch.Tensor]

BATCH_SIZE = 32


class Outputs(NamedTuple):
    """Logits float (N, C) and fused contrastive embeddings float (N, E), in the order of the memes."""

    logits: Floats
    embeddings: Floats

    def of(self, rows: npt.NDArray[np.intp]) -> "Outputs":
        """Those of some of the memes."""
        return Outputs(self.logits[rows], self.embeddings[rows])

    def probabilities(self, calibration: Calibration, *, multi_label: bool) -> Floats:
        """Probabilities float (N, C)."""
        found: Floats = probabilities(torch.from_numpy(self.logits), calibration, multi_label=multi_label).numpy()
        return found


class Embeddings(NamedTuple):
    """Unit-length embeddings of texts and pictures, float (N, E) each; row i of both belongs to meme i."""

    text: Floats
    image: Floats


def predict(model: Runtime, examples: Encoded) -> Outputs:
    """Logits and embeddings of memes.

    Raises:
        ModelError: not all of them are finite.
    """

    def forward(batch: Batch) -> Tensors:
        output = model(**batch)
        return output.logits, output.fused_embedding

    return Outputs(*_passes(model, examples, forward))


def embed(model: SymptomClassifier, examples: Encoded) -> Embeddings:
    """Text and image embeddings of memes, as pre-alignment trains them.

    Raises:
        ModelError: not all of them are finite.
    """
    return Embeddings(*_passes(model, examples, lambda batch: model.alignment(**batch)))


def _passes(model: Runtime, examples: Encoded, forward: Callable[[Batch], Tensors]) -> tuple[Floats, Floats]:
    """What `forward` gives for all memes, in their order; memes of like length share a batch."""
    order = np.argsort(examples.lengths, kind="stable").tolist()
    first, second = [], []
    with torch.inference_mode():
        for start in progress(range(0, len(order), BATCH_SIZE), what="predict", unit="batch"):
            batch = examples.collate(order[start : start + BATCH_SIZE])
            batch.pop("labels")
            one, other = forward({name: tensor.to(model.device) for name, tensor in batch.items()})
            first.append(one.float().cpu())
            second.append(other.float().cpu())
    back = np.argsort(order, kind="stable")
    found = _joined(first)[back], _joined(second)[back]
    _check_finite(np.concatenate(found, axis=1))
    return found


def _check_finite(answers: Floats) -> None:
    odd = sum(not np.isfinite(answer).all() for answer in answers)
    if odd:
        raise ModelError(
            f"the model's answers to {odd} of {len(answers)} memes hold NaN or infinity, and must be "
            "finite: its training has diverged, or its weights are damaged. Lower the learning rates or "
            "max_grad_norm in params.yaml and train it again."
        )


def _joined(batches: list[torch.Tensor]) -> Floats:
    return torch.cat(batches).numpy().astype(np.float64)
