"""The neural ideas, by name; each is a change of profile `real`, text only."""

from types import MethodType

import torch
from quality_cells import Idea
from torch import Tensor, nn
from torch.nn import functional

from symptomeme.learning.batches import Batch
from symptomeme.models.classifier import Modality, SymptomClassifier
from symptomeme.models.fusion import masked_mean

SMOOTHING = 0.1
WORD_DROPOUT = 0.15
UNKNOWN = 103  # [MASK], which MiniLM's tokenizer shares with BERT's


def pool(model: SymptomClassifier) -> None:
    """Have the mixture of experts read the mean of the last hidden state, without attention over it."""

    def fuse(_: SymptomClassifier, text: Modality, __: None) -> Tensor:
        return masked_mean(text.hidden_states[0], text.mask)

    model._fuse = MethodType(fuse, model)  # type: ignore[method-assign]
    del model.text_projections, model.co_attention_layers


def smoothed(network: nn.Module, batch: Batch) -> Tensor:
    """Loss against labels that are a little uncertain."""
    logits, labels = network(**{**batch, "labels": None}).logits, batch["labels"]
    if labels.ndim == 1:
        return functional.cross_entropy(logits, labels, label_smoothing=SMOOTHING)
    soft = labels * (1 - SMOOTHING) + SMOOTHING / labels.shape[1]
    return functional.binary_cross_entropy_with_logits(logits, soft)


def with_words_left_out(network: nn.Module, batch: Batch) -> Tensor:
    """Loss of texts of which some tokens cannot be read."""
    ids = batch["input_ids"]
    lost = (torch.rand(ids.shape) < WORD_DROPOUT) & (ids > UNKNOWN)
    loss: Tensor = network(**{**batch, "input_ids": ids.masked_fill(lost, UNKNOWN)}).loss
    return loss


WHOLE = {"frozen_text_layers": 0, "epochs": 5}

IDEAS = {
    "baseline": Idea(),
    "mean pooling, all layers": Idea(train=WHOLE, prepare=pool),
    "mean pooling, all layers, words left out": Idea(train=WHOLE, prepare=pool, loss_of=with_words_left_out),
    "mean pooling, all layers, smoothed labels": Idea(train=WHOLE, prepare=pool, loss_of=smoothed),
}
