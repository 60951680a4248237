"""Forms of digits that MNIST's writers, all from the United States, seldom use."""

from functools import cache

import torch
from jaxtyping import Float, Int64
from torch import Tensor

from tenfold.augment.draws import Images
from tenfold.augment.framing import frame
from tenfold.augment.nondigits import draw

STEPS = 3  # straight pieces for each piece of a curve
# Each form: its digit, then strokes as points of a smooth curve in a square from 0 to 1; a point that is there twice
# in a row is a corner.
FORMS = (
    (0, ((0.6, 0.05), (0.2, 0.2), (0.1, 0.6), (0.4, 0.97), (0.8, 0.8), (0.9, 0.4), (0.65, 0.08), (0.5, 0.15), (0.6, 0.35))),
    (0, ((0.5, 0.1), (0.15, 0.35), (0.2, 0.8), (0.6, 0.95), (0.9, 0.6), (0.75, 0.15), (0.5, 0.05), (0.7, 0.05), (1.1, 0.1))),
    (0, ((0.6, 0.1), (0.2, 0.15), (0.1, 0.6), (0.4, 0.95), (0.8, 0.75), (0.85, 0.3), (0.5, 0.05), (0.3, 0.3), (0.4, 0.6))),
    (0, ((-0.1, 0.1), (0.3, 0.1), (0.7, 0.1), (0.9, 0.5), (0.6, 0.95), (0.2, 0.85), (0.1, 0.45), (0.4, 0.08), (0.8, 0.15))),
    (1, ((0.1, 0.45), (0.4, 0.2), (0.7, 0.0), (0.7, 0.0), (0.6, 0.45), (0.45, 1.0))),
    (1, ((0.0, 0.6), (0.35, 0.3), (0.6, 0.0), (0.6, 0.0), (0.6, 0.5), (0.6, 1.0))),
    (1, ((0.0, 0.85), (0.35, 0.4), (0.6, 0.0), (0.6, 0.0), (0.57, 0.5), (0.55, 1.0))),
    (1, ((0.2, 0.3), (0.4, 0.15), (0.55, 0.0), (0.55, 0.0), (0.55, 0.5), (0.55, 1.0)), ((0.3, 1.0), (0.8, 1.0))),
    (1, ((0.35, 0.5), (0.45, 0.2), (0.6, 0.0), (0.55, 0.3), (0.45, 0.6), (0.4, 0.9), (0.55, 1.0), (0.7, 0.95))),
    (2, ((0.5, 0.42), (0.3, 0.3), (0.35, 0.08), (0.65, 0.03), (0.8, 0.25), (0.6, 0.6), (0.25, 0.9), (0.15, 1.0), (0.5, 0.93), (0.9, 0.98))),
    (2, ((0.45, 0.35), (0.2, 0.25), (0.4, 0.03), (0.75, 0.12), (0.75, 0.4), (0.5, 0.7), (0.2, 0.95), (0.12, 0.85), (0.35, 0.85), (0.85, 0.97))),
    (2, ((0.2, 0.3), (0.3, 0.05), (0.7, 0.05), (0.75, 0.35), (0.5, 0.75), (0.15, 0.95), (0.1, 0.75), (0.4, 0.75), (0.9, 1.0))),
    (3, ((0.15, 0.1), (0.6, 0.02), (0.7, 0.25), (0.4, 0.45), (0.75, 0.6), (0.65, 0.95), (0.15, 0.95))),
    (3, ((0.1, 0.02), (0.8, 0.02), (0.8, 0.02), (0.4, 0.4), (0.4, 0.4), (0.8, 0.6), (0.7, 0.95), (0.1, 0.95))),
    (4, ((0.55, 0.0), (0.3, 0.35), (0.12, 0.62), (0.12, 0.62), (0.5, 0.57), (0.88, 0.52)), ((0.7, 0.3), (0.6, 0.65), (0.5, 1.0))),
    (4, ((0.2, 0.05), (0.2, 0.35), (0.45, 0.5), (0.8, 0.45)), ((0.8, 0.05), (0.75, 0.5), (0.65, 1.0))),
    (4, ((0.55, 0.0), (0.3, 0.3), (0.2, 0.5), (0.2, 0.5), (0.72, 0.44), (0.72, 0.44), (0.58, 0.7), (0.42, 1.0))),
    (4, ((0.35, 0.0), (0.3, 0.3), (0.25, 0.62), (0.25, 0.62), (0.5, 0.62), (0.9, 0.55)), ((0.65, 0.4), (0.62, 0.65), (0.6, 1.0))),
    (4, ((0.4, 0.0), (0.25, 0.4), (0.1, 0.75), (0.1, 0.75), (0.5, 0.7), (0.9, 0.7)), ((0.6, 0.5), (0.55, 1.0))),
    (4, ((0.6, 0.0), (0.35, 0.2), (0.15, 0.45), (0.45, 0.5), (0.75, 0.4), (0.75, 0.4), (0.6, 0.75), (0.5, 1.0))),
    (5, ((0.25, 0.1), (0.2, 0.45), (0.5, 0.4), (0.75, 0.6), (0.6, 0.9), (0.15, 0.95)), ((0.25, 0.1), (0.6, 0.08), (1.0, 0.0))),
    (5, ((0.9, 0.05), (0.45, 0.05), (0.3, 0.4), (0.65, 0.5), (0.7, 0.8), (0.3, 0.98), (0.1, 0.9))),
    (5, ((0.35, 0.15), (0.25, 0.5), (0.15, 0.95), (0.4, 0.9), (0.55, 0.5), (0.6, 0.05), (1.0, 0.0))),
    (5, ((0.2, 0.25), (0.2, 0.55), (0.55, 0.5), (0.7, 0.75), (0.4, 1.0), (0.1, 0.9)), ((0.35, 0.1), (0.7, 0.05), (1.0, 0.02))),
    (6, ((0.8, 0.02), (0.4, 0.25), (0.15, 0.65), (0.35, 0.97), (0.75, 0.85), (0.7, 0.6), (0.3, 0.7))),
    (7, ((0.1, 0.0), (0.13, 0.15), (0.5, 0.1), (0.9, 0.04), (0.9, 0.04), (0.6, 0.5), (0.4, 1.0)), ((0.3, 0.5), (0.55, 0.48), (0.85, 0.46))),
    (7, ((0.05, 0.2), (0.25, 0.03), (0.5, 0.12), (0.9, 0.04), (0.9, 0.04), (0.65, 0.45), (0.55, 1.0)), ((0.3, 0.55), (0.85, 0.5))),
    (7, ((0.1, 0.08), (0.5, 0.04), (0.9, 0.1), (0.75, 0.5), (0.35, 1.0)), ((0.35, 0.45), (0.95, 0.6))),
    (7, ((0.25, 0.1), (0.75, 0.05), (0.75, 0.05), (0.55, 0.5), (0.45, 1.0)), ((0.1, 0.5), (0.95, 0.5))),
    (7, ((0.0, 0.25), (0.15, 0.05), (0.5, 0.12), (0.85, 0.05), (0.6, 0.5), (0.55, 1.0))),
    (8, ((0.7, 0.1), (0.3, 0.05), (0.2, 0.25), (0.5, 0.5), (0.75, 0.75), (0.5, 0.98), (0.25, 0.8), (0.5, 0.5), (0.8, 0.2))),
    (8, ((0.9, 0.0), (0.6, 0.05), (0.25, 0.1), (0.3, 0.35), (0.7, 0.65), (0.6, 0.97), (0.2, 0.9), (0.35, 0.6), (0.7, 0.35), (0.95, 0.0))),
    (9, ((0.3, 1.0), (0.33, 0.6), (0.38, 0.2), (0.6, 0.03), (0.85, 0.15), (0.8, 0.4), (0.55, 0.5), (0.38, 0.4))),
    (9, ((0.8, 0.1), (0.3, 0.05), (0.15, 0.3), (0.45, 0.45), (0.85, 0.15), (0.8, 0.5), (0.7, 1.0))),
    (9, ((0.3, 1.0), (0.4, 0.6), (0.3, 0.3), (0.4, 0.05), (0.75, 0.05), (0.8, 0.35), (0.5, 0.5), (0.35, 0.55))),
    (9, ((0.75, 0.2), (0.45, 0.03), (0.2, 0.25), (0.45, 0.45), (0.75, 0.25), (0.6, 0.6), (0.35, 1.0))),
    (9, ((0.75, 0.15), (0.4, 0.03), (0.2, 0.2), (0.4, 0.42), (0.75, 0.2), (0.8, 0.6), (0.65, 0.95), (0.3, 1.0), (0.15, 0.85))),
    (9, ((0.1, 0.35), (0.2, 0.55), (0.6, 0.45), (0.8, 0.2), (0.55, 0.02), (0.3, 0.2), (0.4, 0.6), (0.45, 1.0))),
    (9, ((0.2, 0.4), (0.5, 0.5), (0.85, 0.3), (0.75, 0.05), (0.4, 0.05), (0.25, 0.35), (0.4, 0.75), (0.75, 1.0))),
)


def other_forms(
    images: Images, labels: Int64[Tensor, " batch"], share: float
) -> tuple[Images, Int64[Tensor, " batch"]]:
    """Draw digits in forms that MNIST lacks, such as a barred 7 or a 1 with a long upstroke, in the place of the first.

    Args:
        images: digits in any order, pixels from 0 to 1.
        labels: their digits.
        share: of them to replace.

    Returns:
        Images and labels, as many.
    """
    count = round(share * len(images))
    if not count:
        return images, labels
    digits, curves = _forms(images.device)
    chosen = torch.randint(len(digits), (count,), device=images.device)
    points = curves[chosen]  # (count, strokes, points, 2)
    waves = 6 * torch.randn(2, 2, count, 2, device=images.device)  # where and how strongly each hand strays
    phases = torch.einsum("nspd,wend->wensp", points, waves)  # (2, 2, count, strokes, points)
    points = points + 0.04 * torch.sin(phases + 6.3 * torch.rand(2, 2, count, 1, 1, device=images.device)).sum(0).movedim(0, 3)
    wide = 0.5 + 0.6 * torch.rand(count, 1, 1, device=images.device)
    slant = 0.7 * torch.rand(count, 1, 1, device=images.device) - 0.15
    x, y = points[..., 0] - 0.5, points[..., 1] - 0.5
    drawn = draw(14 + 18 * smooth(torch.stack((wide * x - slant * y, y), dim=3)))
    return torch.cat((frame(drawn), images[count:])), torch.cat((digits[chosen], labels[count:]))


def smooth(points: Float[Tensor, "batch strokes points 2"]) -> Float[Tensor, "batch strokes more 2"]:
    """More points, on the smooth curve through those given.

    Source: E. Catmull and R. Rom, "A class of local interpolating splines", 1974.
    """
    padded = torch.cat((points[:, :, :1], points, points[:, :, -1:]), dim=2)
    before, start, end, after = (padded[:, :, None, i : i + points.shape[2] - 1] for i in range(4))
    t = torch.arange(STEPS, device=points.device)[:, None, None] / STEPS  # (steps, 1, 1)
    curve = (2 * start + (end - before) * t + (2 * before - 5 * start + 4 * end - after) * t**2) / 2
    curve = curve + (3 * (start - end) + after - before) * t**3 / 2  # (batch, strokes, steps, pieces, 2)
    return torch.cat((curve.transpose(2, 3).flatten(2, 3), points[:, :, -1:]), dim=2)


@cache
def _forms(device: torch.device) -> tuple[Int64[Tensor, " forms"], Float[Tensor, "forms strokes points 2"]]:
    """The digit and the points of each form; a missing stroke or point repeats the last one."""
    strokes = max(len(form) - 1 for form in FORMS)
    points = max(len(stroke) for _, *form in FORMS for stroke in form)
    filled = []
    for _, *form in FORMS:
        padded = [[*stroke, *[stroke[-1]] * (points - len(stroke))] for stroke in form]
        filled.append(padded + [padded[-1]] * (strokes - len(padded)))
    return torch.tensor([digit for digit, *_ in FORMS], device=device), torch.tensor(filled, device=device)
