"""Letterforms that MNIST's writers, all from the United States, seldom use."""

from functools import cache

import numpy as np
import torch
from jaxtyping import Float, Int64
from torch import Tensor

from tenfold.base.form import CLASSES
from tenfold.synthesis.drawing import draw, pad
from tenfold.synthesis.framing import frame
from tenfold.synthesis.sampling import Images

STEPS = 3  # straight segments for each segment of a curve
# One letterform per line: its digit, then its strokes as points x,y of a smooth curve, in hundredths of the digit's
# height; a point given twice in a row is a corner.
FORMS = """\
0: 60,5 20,20 10,60 40,97 80,80 90,40 65,8 50,15 60,35
0: 50,10 15,35 20,80 60,95 90,60 75,15 50,5 70,5 110,10
0: 60,10 20,15 10,60 40,95 80,75 85,30 50,5 30,30 40,60
0: -10,10 30,10 70,10 90,50 60,95 20,85 10,45 40,8 80,15
1: 10,45 40,20 70,0 70,0 60,45 45,100
1: 0,60 35,30 60,0 60,0 60,50 60,100
1: 0,85 35,40 60,0 60,0 57,50 55,100
1: 20,30 40,15 55,0 55,0 55,50 55,100 | 30,100 80,100
1: 30,25 45,12 60,0 60,0 60,50 60,100
1: 20,30 40,18 65,0 65,0 60,50 50,100
2: 50,42 30,30 35,8 65,3 80,25 60,60 25,90 15,100 50,93 90,98
2: 45,35 20,25 40,3 75,12 75,40 50,70 20,95 12,85 35,85 85,97
2: 20,30 30,5 70,5 75,35 50,75 15,95 10,75 40,75 90,100
2: 15,30 40,0 80,15 70,50 30,85 10,80 25,65 55,85 95,95
3: 15,10 60,2 70,25 40,45 75,60 65,95 15,95
3: 10,2 80,2 80,2 40,40 40,40 80,60 70,95 10,95
4: 55,0 30,35 12,62 12,62 50,57 88,52 | 70,30 60,65 50,100
4: 20,5 20,35 45,50 80,45 | 80,5 75,50 65,100
4: 35,0 30,30 25,62 25,62 50,62 90,55 | 65,40 62,65 60,100
4: 40,0 25,40 10,75 10,75 50,70 90,70 | 60,50 55,100
4: 30,0 10,60 10,60 90,55 | 55,35 45,100
5: 25,10 20,45 50,40 75,60 60,90 15,95 | 25,10 60,8 100,0
5: 90,5 45,5 30,40 65,50 70,80 30,98 10,90
5: 20,25 20,55 55,50 70,75 40,100 10,90 | 35,10 70,5 100,2
6: 80,2 40,25 15,65 35,97 75,85 70,60 30,70
7: 10,0 13,15 50,10 90,4 90,4 60,50 40,100 | 30,50 55,48 85,46
7: 5,20 25,3 50,12 90,4 90,4 65,45 55,100 | 30,55 85,50
7: 10,8 50,4 90,10 75,50 35,100 | 35,45 95,60
7: 25,10 75,5 75,5 55,50 45,100 | 10,50 95,50
7: 0,25 15,5 50,12 85,5 60,50 55,100
7: 10,30 10,10 40,15 80,5 60,50 50,100 | 30,50 80,45
7: 10,20 40,22 80,0 50,60 35,100 | 25,55 75,50
8: 70,10 30,5 20,25 50,50 75,75 50,98 25,80 50,50 80,20
8: 90,0 60,5 25,10 30,35 70,65 60,97 20,90 35,60 70,35 95,0
9: 80,10 30,5 15,30 45,45 85,15 80,50 70,100
9: 75,20 45,3 20,25 45,45 75,25 60,60 35,100
9: 75,15 40,3 20,20 40,42 75,20 80,60 65,95 30,100 15,85
9: 80,10 40,0 15,25 45,50 80,20 70,60 50,100 20,88 60,70
"""
# written in haste: another digit or a letter might be meant, so these are drawn only in lines, where the neighbors tell
HASTY = """\
0: 55,0 20,15 10,60 40,98 75,85 85,45 62,18
1: 35,50 45,20 60,0 55,30 45,60 40,90 55,100 70,95
2: 45,48 25,25 45,2 75,8 75,35 45,70 10,98 10,98 55,92 95,100
2: 40,50 15,35 25,5 65,0 80,25 55,65 20,95 8,85 25,78 55,95 100,98
2: 50,55 20,45 15,15 50,0 80,15 70,50 30,95 30,95 95,98
4: 55,0 30,30 20,50 20,50 72,44 72,44 58,70 42,100
4: 60,0 35,20 15,45 45,50 75,40 75,40 60,75 50,100
4: 60,0 40,20 30,45 30,45 75,40 75,40 60,70 45,100
4: 50,0 30,25 30,45 60,48 72,55 60,80 40,100
5: 35,15 25,50 15,95 40,90 55,50 60,5 100,0
7: 15,15 60,0 60,0 50,50 42,100 | 5,50 95,45
8: 50,0 25,12 30,38 60,42 75,18 50,0 | 45,52 20,70 35,98 70,95 75,65 45,52
8: 85,15 50,0 25,20 45,48 75,75 50,100 20,80 50,50 90,25
9: 60,30 40,45 20,25 45,2 75,20 70,60 60,100
9: 30,100 33,60 38,20 60,3 85,15 80,40 55,50 38,40
9: 30,100 40,60 30,30 40,5 75,5 80,35 50,50 35,55
9: 10,35 20,55 60,45 80,20 55,2 30,20 40,60 45,100
9: 20,40 50,50 85,30 75,5 40,5 25,35 40,75 75,100
"""
STRAIGHT = """\
1: 50,0 50,100
1: 55,0 45,100
1: 30,30 30,30 55,0 55,0 55,100
2: 15,15 15,15 50,0 50,0 80,20 80,20 10,100 10,100 85,100
2: 10,0 10,0 85,0 85,0 10,100 10,100 90,100
3: 10,0 10,0 80,0 80,0 40,40 40,40 85,70 85,70 55,100 55,100 10,92
4: 35,0 35,0 10,62 10,62 85,62 | 65,30 65,100
4: 65,100 65,100 65,0 65,0 5,65 5,65 90,65
4: 15,0 15,0 15,55 15,55 80,55 | 70,0 70,100
5: 85,0 85,0 20,0 20,0 15,45 15,45 60,42 60,42 85,70 85,70 60,100 60,100 10,95
7: 10,0 10,0 85,0 85,0 40,100
7: 10,0 10,0 85,0 85,0 40,100 | 30,50 85,50
9: 80,25 80,25 50,0 50,0 15,25 15,25 50,50 50,50 80,25 80,25 80,100
"""


def draw_letterforms(
    images: Images, labels: Int64[Tensor, " batch"], share: float
) -> tuple[Images, Int64[Tensor, " batch"]]:
    """Replace digits with drawings in letterforms that MNIST lacks, such as a barred 7 or a 1 with a long upstroke.

    Random numbers come from PyTorch's global generator.

    Args:
        images: digits in any order, pixels from 0 to 1.
        labels: the digits they show, 0 to 9.
        share: the share of the images to replace, evenly spread over the batch.

    Returns:
        The images and the labels, as many as before.
    """
    count = round(share * len(images))
    if not count:
        return images, labels
    digits, curves = _forms(images.device)
    chosen = torch.randint(len(digits), (count,), device=images.device)
    points = curves[chosen]  # (count, strokes, points, 2)
    waves = 6 * torch.randn(2, 2, count, 2, device=images.device)  # a smooth field, along which the hand strays
    phases = torch.einsum("nspd,wend->wensp", points, waves)  # (2, 2, count, strokes, points)
    phases = phases + 6.3 * torch.rand(2, 2, count, 1, 1, device=images.device)
    points = points + 0.04 * torch.sin(phases).sum(dim=0).movedim(0, 3)
    wide = 0.5 * 3 ** torch.rand(count, 1, 1, device=images.device)
    slant = 0.7 * torch.rand(count, 1, 1, device=images.device) - 0.15
    x, y = points[..., 0] - 0.5, points[..., 1] - 0.5
    drawn = draw(14 + 18 * smooth(torch.stack((wide * x - slant * y, y), dim=3)))
    places = torch.arange(count, device=images.device) * len(images) // count
    return images.index_copy(0, places, frame(drawn)), labels.index_copy(0, places, digits[chosen])


def smooth(points: Float[Tensor, "batch strokes points 2"]) -> Float[Tensor, "batch strokes more 2"]:
    """Add points on the smooth curve through those given.

    Source: E. Catmull and R. Rom, "A class of local interpolating splines", 1974.
    """
    padded = torch.cat((points[:, :, :1], points, points[:, :, -1:]), dim=2)
    before, start, end, after = (padded[:, :, None, i : i + points.shape[2] - 1] for i in range(4))
    t = torch.arange(STEPS, device=points.device)[:, None, None] / STEPS  # (steps, 1, 1)
    curve = (2 * start + (end - before) * t + (2 * before - 5 * start + 4 * end - after) * t**2) / 2
    curve = curve + (3 * (start - end) + after - before) * t**3 / 2  # (batch, strokes, steps, pieces, 2)
    return torch.cat((curve.transpose(2, 3).flatten(2, 3), points[:, :, -1:]), dim=2)


@cache
def letterforms(hasty: bool = False) -> list[list[list[Float[np.ndarray, "_ 2"]]]]:
    """The letterforms of each digit, as strokes.

    Args:
        hasty: whether to give those that may be taken for another digit or a letter, instead of the others.

    Returns:
        For each digit 0 to 9, its letterforms: the points x, y on the curve of each stroke; the digit is about 1 high.
    """
    forms: list[list[list[Float[np.ndarray, "_ 2"]]]] = [[] for _ in range(CLASSES)]
    for digit, strokes in _parse(HASTY if hasty else FORMS + STRAIGHT):
        forms[digit].append([smooth(torch.tensor(stroke)[None, None])[0, 0].numpy() for stroke in strokes])
    return forms


@cache
def _forms(device: torch.device) -> tuple[Int64[Tensor, " forms"], Float[Tensor, "forms strokes points 2"]]:
    """The digit and the points of each letterform of single digits, on a device."""
    digits, drawings = zip(*_parse(FORMS + STRAIGHT), strict=True)
    return torch.tensor(digits, device=device), pad(drawings).to(device)


def _parse(forms: str) -> list[tuple[int, list[list[tuple[float, ...]]]]]:
    """The digit and the strokes of each letterform."""
    parsed = []
    for line in forms.splitlines():
        digit, drawing = line.split(":")
        strokes = [stroke.split() for stroke in drawing.split("|")]
        parsed.append(
            (int(digit), [[tuple(int(x) / 100 for x in point.split(",")) for point in one] for one in strokes])
        )
    return parsed
