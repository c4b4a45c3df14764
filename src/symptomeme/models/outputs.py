"""What the classifier returns."""

from dataclasses import dataclass

from torch import Tensor
from transformers.utils import ModelOutput

from symptomeme.models.config import SymptomConfig
from symptomeme.models.decision import probabilities


@dataclass
class SymptomOutput(ModelOutput):  # type: ignore[misc]
    """Results of one forward pass over B memes; a field is None where the model or the call has no such thing.

    Attributes:
        loss: scalar, weighted sum of the next two; None without labels.
        classification_loss: scalar.
        contrastive_loss: scalar; None with one modality or without contrastive heads.
        logits: float (B, C).
        fused: float (B, D), the mixture of experts' output, which the classifier reads.
        fused_embedding: float (B, E), unit length, of `fused`; without contrastive heads its direction, (B, D).
        text_embedding: float (B, E), unit length; None with one modality or without contrastive heads.
        image_embedding: float (B, E), unit length; None with one modality or without contrastive heads.
        router_logits: float (B, X), how the mixture weighs its experts, before the softmax; None: there are none.
    """

    loss: Tensor | None = None
    classification_loss: Tensor | None = None
    contrastive_loss: Tensor | None = None
    logits: Tensor | None = None
    fused: Tensor | None = None
    fused_embedding: Tensor | None = None
    text_embedding: Tensor | None = None
    image_embedding: Tensor | None = None
    router_logits: Tensor | None = None


def calibrated(logits: Tensor, config: SymptomConfig) -> Tensor:
    """Calibrated probabilities, float32 (B, C), of logits (B, C); over classes they sum to 1 if single label."""
    multi_label = config.problem_type == "multi_label_classification"
    return probabilities(logits.float(), config.calibration, multi_label=multi_label)
