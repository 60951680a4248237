"""Random distortions of whole batches: the label stays true, the pixels change at every look."""

import math

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor


def affine(
    images: Float[Tensor, "batch 1 28 28"],
    rotation: float = 0.0,
    scale: float = 0.0,
    shear: float = 0.0,
    shift: float = 0.0,
) -> Float[Tensor, "batch 1 28 28"]:
    """Rotate, scale, slant and shift every image by its own random amounts, uniform within the limits.

    Random numbers come from PyTorch's global generator. What comes into the picture from outside is 0.

    Args:
        images: pixels with background 0, so not standardized.
        rotation: largest angle, in degrees.
        scale: largest change of width and of height, as a fraction.
        shear: largest sideways shift of a row, as a fraction of its distance from the center.
        shift: largest shift along each axis, in pixels.

    Returns:
        New images by bilinear interpolation.

    Source: affine distortions of MNIST as in LeCun et al. 1998, section III.A.
    """
    batch, _, height, width = images.shape
    angle, wider, taller, slant, right, down = (2 * torch.rand(6, batch, device=images.device) - 1).unbind()
    cos, sin = torch.cos(angle * math.radians(rotation)), torch.sin(angle * math.radians(rotation))
    wider, taller = 1 + scale * wider, 1 + scale * taller
    # rows of the output picture are looked up at A (x, y, 1) in the input, on a scale from -1 to 1
    x_row = torch.stack((cos * wider, shear * slant - sin * taller, 2 / width * shift * right), dim=1)
    y_row = torch.stack((sin * wider, cos * taller, 2 / height * shift * down), dim=1)
    transforms = torch.stack((x_row, y_row), dim=1)  # (batch, 2, 3)
    # the same as F.affine_grid as one large matrix product, which is several times faster on a CPU
    grid = transforms.view(2 * batch, 3) @ _coordinates(height, width, images.device)  # (2 batch, 784)
    grid = grid.view(batch, 2, height, width).permute(0, 2, 3, 1)  # (batch, 28, 28, 2)
    return F.grid_sample(images, grid, mode="bilinear", padding_mode="zeros", align_corners=False)


def _coordinates(height: int, width: int, device: torch.device) -> Float[Tensor, "3 pixels"]:
    """The x, the y and a 1 of every pixel's center, from -1 to 1 across the picture."""
    x = (2 * torch.arange(width, device=device) + 1) / width - 1
    y = (2 * torch.arange(height, device=device) + 1) / height - 1
    rows, columns = torch.meshgrid(y, x, indexing="ij")
    return torch.stack((columns.flatten(), rows.flatten(), torch.ones(height * width, device=device)))
