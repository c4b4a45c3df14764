"""The neural ideas, by name; each is a change of profile `real`, text only."""

from types import MethodType

import pandas as pd
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
ALIKE_WEIGHT, ALIKE_TEMPERATURE = 0.2, 0.1


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


def with_likes_drawn_together(network: nn.Module, batch: Batch) -> Tensor:
    """The loss and a supervised contrastive one (Khosla et al., arXiv:2004.11362), alike by how far labels overlap."""
    output, labels = network(**batch), batch["labels"]
    sets = functional.one_hot(labels, output.logits.shape[1]).float() if labels.ndim == 1 else labels
    shared = sets @ sets.T
    alike = shared / (sets.sum(1, keepdim=True) + sets.sum(1) - shared).clamp(min=1)
    alike = alike.fill_diagonal_(0)
    itself = torch.eye(len(sets), dtype=torch.bool)
    likeness = output.fused_embedding @ output.fused_embedding.T / ALIKE_TEMPERATURE
    log_shares = functional.log_softmax(likeness.masked_fill(itself, -torch.inf), dim=1).masked_fill(itself, 0)
    drawn = -(alike * log_shares).sum(1) / alike.sum(1).clamp(min=1e-6)
    has_likes = alike.sum(1) > 0
    loss: Tensor = output.loss
    return loss + ALIKE_WEIGHT * drawn[has_likes].mean() if has_likes.any() else loss


def without_repeats(memes: pd.DataFrame) -> pd.DataFrame:
    """Of each cluster of duplicates one meme: the first that has the labels most of them have."""
    votes = memes.assign(named=memes.labels.map(lambda labels: " ".join(sorted(labels))))
    count = votes.groupby(["cluster", "named"]).named.transform("size")
    first = count.groupby(votes.cluster).idxmax()
    return memes.loc[sorted(first)]


WHOLE = {"frozen_text_layers": 0, "epochs": 5}

IDEAS = {
    "baseline": Idea(),
    "reasoning behind the words": Idea(reasoning=True, model={"max_length": 256}),
    "the other task learned first": Idea(other_first=True),
    "likes drawn together": Idea(loss_of=with_likes_drawn_together),
    "duplicates merged": Idea(rows=without_repeats),
    "all layers": Idea(train=WHOLE),
    "all layers, words left out": Idea(train=WHOLE, loss_of=with_words_left_out),
    "mean pooling, all layers": Idea(train=WHOLE, prepare=pool),
    "mean pooling, all layers, words left out": Idea(train=WHOLE, prepare=pool, loss_of=with_words_left_out),
    "mean pooling, all layers, smoothed labels": Idea(train=WHOLE, prepare=pool, loss_of=smoothed),
}
