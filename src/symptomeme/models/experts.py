"""A mixture of experts in which every expert is asked and a gate weighs the answers."""

from collections.abc import Iterable
from typing import NamedTuple

import torch
from torch import Tensor, nn


class Mixture(NamedTuple):
    """What `mix` returns."""

    mixed: Tensor  # float (B, D)
    router_logits: Tensor | None  # float (B, X); None without experts


def expert(*, hidden_size: int, dropout: float) -> nn.Sequential:
    """One expert: (B, D) to (B, D)."""
    return nn.Sequential(nn.Linear(hidden_size, hidden_size), nn.LayerNorm(hidden_size), nn.GELU(), nn.Dropout(dropout))


def mix(features: Tensor, *, experts: Iterable[nn.Module], gate: nn.Module | None) -> Mixture:
    """Weigh the experts' answers by the softmax of the gate (no expert is skipped, so no balancing loss is needed).

    Args:
        features: float (B, D).
        experts: X modules from (B, D) to (B, D).
        gate: module from (B, D) to (B, X); None: there are no experts, and the features stay as they are.
    """
    if gate is None:
        return Mixture(features, None)
    router_logits: Tensor = gate(features)
    answers = torch.stack([ask(features) for ask in experts], dim=1)  # (B, X, D)
    weights = router_logits.softmax(dim=-1).to(answers.dtype)
    return Mixture(torch.einsum("bx,bxd->bd", weights, answers), router_logits)
