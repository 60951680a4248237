"""Drawing strokes."""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from tenfold.synthesis.sampling import Images


def draw(points: Float[Tensor, "batch strokes points 2"]) -> Images:
    """Draw strokes through points, with a pen of random width for each image.

    Args:
        points: x and y of each point, in pixels from the upper left corner.

    Returns:
        The images, pixels from 0 to 1.
    """
    batch = len(points)
    start, end = points[:, :, :-1].flatten(1, 2), points[:, :, 1:].flatten(1, 2)  # (batch, segments, 2)
    along = end - start
    axis = torch.arange(28, device=points.device) + 0.5
    place = torch.cartesian_prod(axis, axis).flip(1)[:, None]  # (784, 1, 2) as x, y
    away = place - start[:, None]  # (batch, 784, segments, 2)
    share = (away * along[:, None]).sum(dim=3) / (along**2).sum(dim=2).clamp(min=1e-6)[:, None]
    beside = away - share.clamp(0, 1)[..., None] * along[:, None]
    distance = beside.square().sum(dim=3).amin(dim=2).sqrt()  # (batch, 784), to the nearest segment
    pen = 0.6 + 1.2 * torch.rand(batch, 1, device=points.device)
    return (pen + 0.5 - distance).clamp(0, 1).view(batch, 1, 28, 28)


def pad(drawings: Sequence[Sequence[Sequence[tuple[float, ...]]]]) -> Float[Tensor, "drawings strokes points 2"]:
    """Pack drawings into one tensor, repeating the last stroke or point where one is missing."""
    strokes = max(len(drawing) for drawing in drawings)
    points = max(len(stroke) for drawing in drawings for stroke in drawing)
    filled = []
    for drawing in drawings:
        padded = [[*stroke, *[stroke[-1]] * (points - len(stroke))] for stroke in drawing]
        filled.append(padded + [padded[-1]] * (strokes - len(padded)))
    return torch.tensor(filled)
