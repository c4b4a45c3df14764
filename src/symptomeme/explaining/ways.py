"""Integrated gradients on the way from one input to another, closer where it is steep."""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

STEPS = 16
"""Points of the Gauss-Legendre rule on a way from a baseline to the meme, or on each part of it."""

MOST_PARTS = 12
"""Into so many a way is divided at most."""

AT_ONCE = 8
"""Points in one forward and backward pass."""

Inputs = tuple[Tensor, ...]


def integrated(score: Callable[..., Tensor], start: Inputs, end: Inputs, *, close: float) -> tuple[list[Tensor], int]:
    """Integrated gradients of each input from start to end, as doubles, and at how many points they were taken.

    While the parts of the way miss more than `close` all together, the one that misses most is halved: steep places
    get points of their own.
    """
    parts = [_part(score, start, end)]
    while sum(part.missed for part in parts) > close and len(parts) < MOST_PARTS:
        worst = max(parts, key=lambda part: part.missed)
        parts = [part for part in parts if part is not worst]
        middle = tuple((one + other) / 2 for one, other in zip(worst.start, worst.end, strict=True))
        parts += [_part(score, worst.start, middle), _part(score, middle, worst.end)]
    found = [torch.stack(of_input).sum(dim=0) for of_input in zip(*(part.found for part in parts), strict=True)]
    return found, STEPS * len(parts)


class _Part(NamedTuple):
    """A part of a way."""

    missed: float  # log-odds
    start: Inputs
    end: Inputs
    found: list[Tensor]  # of each input


def _part(score: Callable[..., Tensor], start: Inputs, end: Inputs) -> _Part:
    """Integrated gradients of each input on a part of a way."""
    from captum.attr import IntegratedGradients  # noqa: PLC0415 - it brings pyplot, which takes seconds to import

    found, delta = IntegratedGradients(score).attribute(
        end,
        start,
        n_steps=STEPS,
        method="gausslegendre",
        internal_batch_size=AT_ONCE,
        return_convergence_delta=True,
    )
    return _Part(abs(delta.item()), start, end, [one.detach().double() for one in found])
