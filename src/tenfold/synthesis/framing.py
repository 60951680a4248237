"""Bringing drawings into the form of MNIST, as the reader does with what it cuts out of a picture."""

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor

from tenfold.base.form import CENTER, INK_SIDE, SIDE
from tenfold.synthesis.sampling import Images, brightest

INK = 0.2  # darker pixels are paper


def frame(canvas: Float[Tensor, "batch 1 h w"]) -> Images:
    """Scale each drawing to 20 pixels on its longer side, and move its center of mass to where MNIST's is in 28x28.

    Args:
        canvas: pixels from 0 to 1; an empty canvas gives an empty image.

    Returns:
        The images, pixels from 0 to 1, each as bright as possible.
    """
    height, width = canvas.shape[2:]
    top, bottom, left, right = extent(canvas > INK)
    scale = torch.maximum(bottom - top, right - left).clamp(min=1) / INK_SIDE  # (batch,)
    weight = canvas[:, 0] / canvas.sum(dim=(1, 2, 3)).clamp(min=1e-6)[:, None, None]
    y = (weight.sum(dim=2) * (torch.arange(height, device=canvas.device) + 0.5)).sum(dim=1)
    x = (weight.sum(dim=1) * (torch.arange(width, device=canvas.device) + 0.5)).sum(dim=1)
    # two samples per pixel, against aliasing
    axis = (torch.arange(2 * SIDE, device=canvas.device) + 0.5) / 2 - (CENTER + 0.5)
    rows = 2 * (y[:, None] + scale[:, None] * axis) / height - 1  # (batch, 56)
    columns = 2 * (x[:, None] + scale[:, None] * axis) / width - 1
    grid = torch.stack((columns[:, None, :].expand(-1, 2 * SIDE, -1), rows[:, :, None].expand(-1, -1, 2 * SIDE)), dim=3)
    images = F.avg_pool2d(F.grid_sample(canvas, grid, align_corners=False), 2)  # (batch, 1, 28, 28)
    thin = (0.3 * (scale - 1.2)).clamp(0, 0.5)[:, None, None, None]  # the reader thickens thin strokes
    images = images.lerp(F.max_pool2d(images, 3, stride=1, padding=1), thin)
    return images / brightest(images).clamp(min=INK)


def extent(ink: Bool[Tensor, "batch 1 h w"]) -> tuple[Float[Tensor, " batch"], ...]:
    """The extent of each image's ink.

    Args:
        ink: where there is ink.

    Returns:
        The first row, the row after the last, the first column and the column after the last; those of the whole image
        if it is empty.
    """
    ends: list[Tensor] = []
    for axis in (3, 2):
        some = ink.any(dim=axis)[:, 0].float()  # (batch, h or w)
        ends += [some.argmax(dim=1).float(), some.shape[1] - some.flip(1).argmax(dim=1).float()]
    return tuple(ends)
