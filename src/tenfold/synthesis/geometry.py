"""Geometric distortions."""

import math
from functools import cache

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

KNOTS = 5  # on each side of the grid whose random shifts make an elastic distortion


def distort(
    images: Float[Tensor, "batch 1 28 28"],
    rotation: float = 0.0,
    scale: float = 0.0,
    shear: float = 0.0,
    shift: float = 0.0,
    elastic: float = 0.0,
) -> Float[Tensor, "batch 1 28 28"]:
    """Rotate, scale, slant, shift and warp every image by its own random amounts, uniform within the limits.

    Random numbers come from PyTorch's global generator. Pixels that come in from outside the image are 0.

    Args:
        images: pixels whose background is 0, so not standardized ones.
        rotation: the largest angle, in degrees.
        scale: the largest change of width and of height, as a fraction.
        shear: the largest sideways shift of a row, as a fraction of its distance from the center.
        shift: the largest shift along each axis, in pixels.
        elastic: the largest shift of each of 5x5 points, in pixels; the image between them follows smoothly.

    Returns:
        New images, interpolated bilinearly.

    Sources: affine distortions of MNIST as in LeCun et al. 1998, section III.A; elastic ones from Simard et al., "Best
    practices for convolutional neural networks applied to visual document analysis", ICDAR 2003, here by cubic
    B-splines instead of blurred noise.
    """
    batch, _, height, width = images.shape
    angle, wider, taller, slant, right, down = (2 * torch.rand(6, batch, device=images.device) - 1).unbind()
    cos, sin = torch.cos(angle * math.radians(rotation)), torch.sin(angle * math.radians(rotation))
    wider, taller = 1 + scale * wider, 1 + scale * taller
    # where each pixel of the output is looked up in the input: x and y are sums of A (x, y, 1), from -1 to 1
    x = torch.stack((cos * wider, shear * slant - sin * taller, 2 / width * shift * right), dim=1)
    y = torch.stack((sin * wider, cos * taller, 2 / height * shift * down), dim=1)
    coefficients = torch.stack((x, y), dim=1)  # (batch, 2, 3)
    if elastic > 0:  # ... and of the shifts of the knots
        moves = 2 * torch.rand(batch, 2, KNOTS**2, device=images.device) - 1
        coefficients = torch.cat((coefficients, 2 / width * elastic * moves), dim=2)  # (batch, 2, 28)
    # one large matrix product is several times faster on a CPU than F.affine_grid
    basis = _basis(height, width, images.device)[: coefficients.shape[2]]
    grid = coefficients.flatten(0, 1) @ basis  # (2 batch, 784)
    grid = grid.view(batch, 2, height, width).permute(0, 2, 3, 1)  # (batch, 28, 28, 2)
    return F.grid_sample(images, grid, mode="bilinear", padding_mode="zeros", align_corners=False)


@cache
def _basis(height: int, width: int, device: torch.device) -> Float[Tensor, "functions pixels"]:
    """Functions of the pixels: x and y, from -1 to 1 across the image, the constant 1, and a bump around each knot."""
    x = (2 * torch.arange(width) + 1) / width - 1
    y = (2 * torch.arange(height) + 1) / height - 1
    rows, columns = torch.meshgrid(y, x, indexing="ij")
    bumps = torch.einsum("ir,jc->ijrc", _splines(y), _splines(x)).reshape(KNOTS**2, height, width)
    return torch.cat((torch.stack((columns, rows, torch.ones(height, width))), bumps)).flatten(1).to(device)


def _splines(positions: Float[Tensor, " n"]) -> Float[Tensor, "knots n"]:
    """Each knot's cubic B-spline at the given positions; the knots are evenly spaced from -1.1 to 1.1."""
    knots = torch.linspace(-1.1, 1.1, KNOTS)
    distance = (positions - knots[:, None]).abs() / (knots[1] - knots[0])
    near, far = 2 / 3 - distance**2 + distance**3 / 2, (2 - distance).clamp(min=0) ** 3 / 6
    return torch.where(distance < 1, near, far)
