"""Losses as functions of tensors."""

from itertools import combinations
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

from symptomeme.domain.labels import ProblemType


def nt_xent(first: Tensor, second: Tensor, *, temperature: float, masking: Literal["published", "standard"]) -> Tensor:
    """Contrastive loss of N pairs: each of the 2N vectors must find its partner among the others.

    Args:
        first: float (N, E), unit length.
        second: float (N, E), unit length; row i is the partner of row i of `first`.
        temperature: cosine similarities are divided by it.
        masking: what becomes of a vector's similarity to itself: "standard" takes it out of the softmax; "published"
            sets it to 0, as the published code does, so that it stays in the denominator as exp(0).

    Returns:
        scalar, mean over the 2N vectors.

    Source: NT-Xent, SimCLR, arXiv:2002.05709, eq. 1.
    """
    vectors = torch.cat([first, second]).float()
    with torch.autocast(vectors.device.type, enabled=False):  # a small temperature magnifies rounding
        similarities = vectors @ vectors.T / temperature
    itself = torch.eye(len(vectors), dtype=torch.bool, device=vectors.device)
    similarities = similarities.masked_fill(itself, 0.0 if masking == "published" else -torch.inf)
    partners = torch.arange(len(vectors), device=vectors.device).roll(len(first))
    return functional.cross_entropy(similarities, partners)


def contrastive_loss(*views: Tensor, temperature: float, masking: Literal["published", "standard"]) -> Tensor:
    """Mean of `nt_xent` over all pairs of views, each float (N, E) of the same N memes."""
    pairs = [nt_xent(one, other, temperature=temperature, masking=masking) for one, other in combinations(views, 2)]
    return torch.stack(pairs).mean()


def classification_loss(logits: Tensor, labels: Tensor, *, problem_type: ProblemType) -> Tensor:
    """Cross-entropy, or its binary form over classes.

    Args:
        logits: float (B, C).
        labels: single label: int (B,), index of the class; multi label: 0 or 1 (B, C).
        problem_type: which of the two.

    Returns:
        scalar, mean over memes (and classes).
    """
    if problem_type == "single_label_classification":
        return functional.cross_entropy(logits.float(), labels)
    return functional.binary_cross_entropy_with_logits(logits.float(), labels.float())
