"""Pictures as training sees them: moved, resized, mirrored and re-lit a little, another way each time."""

import torch
from torch import Tensor
from torch.nn import functional

from symptomeme.domain.sections.training import AugmentationParams


def augment(pixel_values: Tensor, options: AugmentationParams) -> Tensor:
    """Change each picture by random amounts, drawn from torch's generator.

    Args:
        pixel_values: float (B, 3, S, S), normalised.
        options: the largest amounts.

    Returns:
        float (B, 3, S, S); what comes in from outside repeats the border.
    """
    count = len(pixel_values)
    scale = 1 + options.scale * _around_zero(count)
    mirror = 1 - 2 * (torch.rand(count) < options.mirror).float()
    moves = torch.zeros(count, 2, 3)
    moves[:, 0, 0], moves[:, 1, 1] = scale * mirror, scale
    moves[:, :, 2] = 2 * options.shift * _around_zero(count, 2)  # the grid runs from -1 to 1
    grid = functional.affine_grid(moves, list(pixel_values.shape), align_corners=False)
    moved = functional.grid_sample(pixel_values, grid, padding_mode="border", align_corners=False)
    contrast = 1 + options.light * _around_zero(count, 1, 1, 1)
    return moved * contrast + options.light * _around_zero(count, 1, 1, 1)


def _around_zero(*shape: int) -> Tensor:
    """Uniform between -1 and 1."""
    return 2 * torch.rand(*shape) - 1
