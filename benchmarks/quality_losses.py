"""Losses to train with in place of the model's own."""

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from symptomeme.learning.batches import Batch, Encoded
from symptomeme.learning.fit import LossOf
from symptomeme.models.classifier import SymptomClassifier

WORD_DROPOUT = 0.15
UNKNOWN = 103  # [MASK], which MiniLM's tokenizer shares with BERT's
ALIKE_WEIGHT, ALIKE_TEMPERATURE = 0.2, 0.1
FOCUS, SHIFT = 4, 0.05  # of the asymmetric loss, as its authors have them


def plain(network: nn.Module, batch: Batch) -> Tensor:
    """The model's own loss."""
    loss: Tensor = network(**batch).loss
    return loss


def weighed(network: nn.Module, batch: Batch) -> Tensor:
    """The mean over memes of their losses, each times its weight in the batch's `weights`, float (B,)."""
    given = {name: tensor for name, tensor in batch.items() if name not in ("weights", "labels")}
    logits, labels = network(**given).logits, batch["labels"]
    if labels.ndim == 1:
        losses = functional.cross_entropy(logits, labels, reduction="none")
    else:
        losses = functional.binary_cross_entropy_with_logits(logits, labels, reduction="none").mean(dim=1)
    return (losses * batch["weights"]).mean()


def with_words_left_out(network: nn.Module, batch: Batch) -> Tensor:
    """Loss of texts of which some tokens cannot be read."""
    ids = batch["input_ids"]
    lost = (torch.rand(ids.shape, device=ids.device) < WORD_DROPOUT) & (ids > UNKNOWN)
    loss: Tensor = network(**{**batch, "input_ids": ids.masked_fill(lost, UNKNOWN)}).loss
    return loss


def with_likes_drawn_together(network: nn.Module, batch: Batch) -> Tensor:
    """The loss and a supervised contrastive one (Khosla et al., arXiv:2004.11362), alike by how far labels overlap."""
    output, labels = network(**batch), batch["labels"]
    sets = functional.one_hot(labels, output.logits.shape[1]).float() if labels.ndim == 1 else labels
    shared = sets @ sets.T
    alike = shared / (sets.sum(1, keepdim=True) + sets.sum(1) - shared).clamp(min=1)
    alike = alike.fill_diagonal_(0)
    itself = torch.eye(len(sets), dtype=torch.bool, device=sets.device)
    likeness = output.fused_embedding @ output.fused_embedding.T / ALIKE_TEMPERATURE
    log_shares = functional.log_softmax(likeness.masked_fill(itself, -torch.inf), dim=1).masked_fill(itself, 0)
    drawn = -(alike * log_shares).sum(1) / alike.sum(1).clamp(min=1e-6)
    has_likes = alike.sum(1) > 0
    loss: Tensor = output.loss
    return loss + ALIKE_WEIGHT * drawn[has_likes].mean() if has_likes.any() else loss


def with_rare_classes_raised(examples: Encoded) -> LossOf:
    """Single label: classes weigh inversely to how many of these memes have them. Multi label: the asymmetric loss.

    The latter (Ridnik et al., arXiv:2009.14119) hardly counts what is surely not there.
    """
    counts = torch.from_numpy(examples.labels.sum(axis=0)).float()
    weights = len(examples) / (len(counts) * counts.clamp(min=1))

    def balanced(network: nn.Module, batch: Batch) -> Tensor:
        logits: Tensor = network(**{**batch, "labels": None}).logits
        return functional.cross_entropy(logits, batch["labels"], weight=weights.to(logits.device))

    return asymmetric if examples.multi_label else balanced


def asymmetric(network: nn.Module, batch: Batch) -> Tensor:
    """Of several labels: the more surely one is absent, the less it counts."""
    logits, labels = network(**{**batch, "labels": None}).logits, batch["labels"]
    absent = (logits.sigmoid() - SHIFT).clamp(min=0)
    there = labels * functional.logsigmoid(logits)
    loss: Tensor = -(there + (1 - labels) * absent**FOCUS * (1 - absent).clamp(min=1e-8).log()).mean()
    return loss


def beside(
    model: SymptomClassifier, loss_of: LossOf, other: SymptomClassifier, examples: Encoded, *, batch_size: int
) -> LossOf:
    """The loss of a batch and that of a batch of the other task, read by the text encoder of the first model.

    Args:
        model: gets the second one as its part `other`, whose parameters are trained too.
        loss_of: of the first model.
        other: of the other task; its text encoder is replaced.
        examples: memes of the other task.
        batch_size: of these; batches of like length, drawn at random.
    """
    other.text_encoder = model.text_encoder
    model.other = other
    order = np.argsort(examples.lengths, kind="stable").tolist()
    batches = [order[start : start + batch_size] for start in range(0, len(order), batch_size)]

    def both(network: nn.Module, batch: Batch) -> Tensor:
        drawn = batches[int(torch.randint(len(batches), (1,)))]
        found = {name: tensor.to(other.device) for name, tensor in examples.collate(drawn).items()}
        return loss_of(network, batch) + plain(other, found)

    return both
