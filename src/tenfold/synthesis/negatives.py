"""Negatives, for networks that must recognize them: scribbles, signs, shapes, and digits taken apart."""

import itertools
import math
from functools import cache

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from tenfold.synthesis.crops import crop_fragments
from tenfold.synthesis.drawing import draw, pad
from tenfold.synthesis.framing import frame
from tenfold.synthesis.sampling import Images, each

POINTS = 8  # in a stroke
# Signs that look like no digit, as strokes between points of a square from 0 to 1.
SIGNS = (
    ("A", ((0.0, 1.0), (0.5, 0.0), (1.0, 1.0)), ((0.2, 0.6), (0.8, 0.6))),
    ("E", ((1.0, 0.0), (0.0, 0.0), (0.0, 1.0), (1.0, 1.0)), ((0.0, 0.5), (0.8, 0.5))),
    ("F", ((1.0, 0.0), (0.0, 0.0), (0.0, 1.0)), ((0.0, 0.5), (0.8, 0.5))),
    ("H", ((0.0, 0.0), (0.0, 1.0)), ((1.0, 0.0), (1.0, 1.0)), ((0.0, 0.5), (1.0, 0.5))),
    ("K", ((0.0, 0.0), (0.0, 1.0)), ((1.0, 0.0), (0.0, 0.5), (1.0, 1.0))),
    ("M", ((0.0, 1.0), (0.1, 0.0), (0.5, 0.7), (0.9, 0.0), (1.0, 1.0))),
    ("N", ((0.0, 1.0), (0.0, 0.0), (1.0, 1.0), (1.0, 0.0))),
    ("R", ((0.0, 1.0), (0.0, 0.0), (0.9, 0.1), (0.9, 0.4), (0.0, 0.5), (1.0, 1.0))),
    ("U", ((0.0, 0.0), (0.0, 0.8), (0.3, 1.0), (0.7, 1.0), (1.0, 0.8), (1.0, 0.0))),
    ("V", ((0.0, 0.0), (0.5, 1.0), (1.0, 0.0))),
    ("W", ((0.0, 0.0), (0.25, 1.0), (0.5, 0.3), (0.75, 1.0), (1.0, 0.0))),
    ("X", ((0.0, 0.0), (1.0, 1.0)), ((1.0, 0.0), (0.0, 1.0))),
    ("h", ((0.0, 0.0), (0.0, 1.0)), ((0.0, 0.6), (0.5, 0.4), (0.9, 0.6), (0.9, 1.0))),
    ("m", ((0.0, 1.0), (0.0, 0.4), (0.4, 0.4), (0.5, 1.0), (0.5, 0.5), (0.9, 0.4), (1.0, 1.0))),
    ("e", ((0.0, 0.5), (1.0, 0.5), (0.8, 0.1), (0.3, 0.1), (0.0, 0.5), (0.3, 1.0), (1.0, 0.9))),
    ("k", ((0.0, 0.0), (0.0, 1.0)), ((0.8, 0.4), (0.0, 0.7), (0.8, 1.0))),
    ("plus", ((0.5, 0.0), (0.5, 1.0)), ((0.0, 0.5), (1.0, 0.5))),
    ("equals", ((0.0, 0.3), (1.0, 0.3)), ((0.0, 0.7), (1.0, 0.7))),
    ("hash", ((0.3, 0.0), (0.3, 1.0)), ((0.7, 0.0), (0.7, 1.0)), ((0.0, 0.3), (1.0, 0.3)), ((0.0, 0.7), (1.0, 0.7))),
    ("triangle", ((0.5, 0.0), (1.0, 1.0), (0.0, 1.0), (0.5, 0.0))),
    ("square", ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0), (0.0, 0.0))),
    ("check", ((0.0, 0.5), (0.35, 1.0), (1.0, 0.0))),
    ("colon", ((0.5, 0.1), (0.5, 0.15)), ((0.5, 0.85), (0.5, 0.9))),
    ("dash", ((0.0, 0.5), (1.0, 0.5))),
    ("C", ((0.9, 0.15), (0.6, 0.0), (0.2, 0.2), (0.0, 0.5), (0.2, 0.85), (0.6, 1.0), (0.95, 0.85))),
    ("J", ((0.2, 0.0), (1.0, 0.0)), ((0.7, 0.0), (0.7, 0.8), (0.5, 1.0), (0.2, 0.95), (0.0, 0.75))),
    ("P", ((0.0, 1.0), (0.0, 0.0), (0.6, 0.0), (0.85, 0.2), (0.6, 0.45), (0.0, 0.5))),
    ("T", ((0.0, 0.0), (1.0, 0.0)), ((0.5, 0.0), (0.5, 1.0))),
    ("Y", ((0.0, 0.0), (0.5, 0.5), (1.0, 0.0)), ((0.5, 0.5), (0.5, 1.0))),
    ("a", ((0.8, 0.2), (0.4, 0.0), (0.0, 0.5), (0.3, 1.0), (0.8, 0.7), (0.85, 0.1), (0.8, 0.8), (1.0, 1.0))),
    ("d", ((0.7, 0.5), (0.3, 0.4), (0.0, 0.75), (0.3, 1.0), (0.7, 0.8), (0.75, 0.0), (0.75, 1.0))),
    ("f", ((0.9, 0.1), (0.6, 0.0), (0.4, 0.25), (0.4, 1.0)), ((0.1, 0.45), (0.8, 0.45))),
    ("n", ((0.0, 0.0), (0.1, 1.0), (0.15, 0.3), (0.5, 0.0), (0.85, 0.2), (0.9, 1.0))),
    ("r", ((0.1, 0.0), (0.2, 1.0), (0.25, 0.35), (0.6, 0.0), (0.9, 0.1))),
    ("t", ((0.45, 0.0), (0.4, 0.85), (0.6, 1.0), (0.9, 0.85)), ((0.05, 0.3), (0.9, 0.3))),
    ("w", ((0.0, 0.0), (0.1, 0.8), (0.3, 1.0), (0.5, 0.4), (0.65, 1.0), (0.9, 0.8), (1.0, 0.0))),
    (
        "percent",
        ((0.9, 0.0), (0.1, 1.0)),
        ((0.2, 0.0), (0.0, 0.2), (0.2, 0.35), (0.4, 0.2), (0.2, 0.0)),
        ((0.8, 0.65), (0.6, 0.8), (0.8, 1.0), (1.0, 0.8), (0.8, 0.65)),
    ),
    ("and", ((1.0, 1.0), (0.2, 0.3), (0.35, 0.0), (0.6, 0.15), (0.1, 0.6), (0.2, 0.95), (0.6, 0.9), (0.95, 0.5))),
    (
        "question",
        ((0.1, 0.2), (0.4, 0.0), (0.8, 0.15), (0.7, 0.4), (0.4, 0.55), (0.4, 0.75)),
        ((0.4, 0.95), (0.4, 1.0)),
    ),
    ("arrow", ((0.0, 0.5), (1.0, 0.5)), ((0.7, 0.25), (1.0, 0.5), (0.7, 0.75))),
    ("star", ((0.5, 0.0), (0.5, 1.0)), ((0.05, 0.25), (0.95, 0.75)), ((0.95, 0.25), (0.05, 0.75))),
    (
        "euro",
        ((0.9, 0.1), (0.5, 0.0), (0.15, 0.4), (0.2, 0.8), (0.6, 1.0), (0.9, 0.9)),
        ((0.0, 0.4), (0.6, 0.4)),
        ((0.0, 0.6), (0.6, 0.6)),
    ),
    (
        "smile",
        ((0.2, 0.1), (0.2, 0.25)),
        ((0.7, 0.1), (0.7, 0.25)),
        ((0.0, 0.6), (0.2, 0.95), (0.7, 0.95), (0.95, 0.6)),
    ),
)
LETTERS = "ACEFHJKMNPRTUVWXYadefhkmnrtvwx"  # that no digit looks like
FONTS = (
    cv2.FONT_HERSHEY_SIMPLEX,
    cv2.FONT_HERSHEY_DUPLEX,
    cv2.FONT_HERSHEY_COMPLEX,
    cv2.FONT_HERSHEY_TRIPLEX,
    cv2.FONT_HERSHEY_SCRIPT_SIMPLEX,
    cv2.FONT_HERSHEY_SCRIPT_COMPLEX,
    cv2.FONT_HERSHEY_SIMPLEX | cv2.FONT_ITALIC,
)


def draw_negatives(digits: Images) -> Images:
    """Draw as many negatives as there are digits.

    Random numbers come from PyTorch's global generator.

    Args:
        digits: pixels from 0 to 1; some negatives are made by taking these apart or putting them together.

    Returns:
        Images with pixels from 0 to 1: one quarter are bad crops of text lines; the others are scribbles, tangles,
        wanderings, signs, letters, marks, blots, filled shapes, and digits taken apart.
    """
    count = math.ceil(len(digits) / 4)
    kinds = (
        scribbles,
        tangles,
        *[wanderings] * 3,
        *[signs] * 2,
        *[letters] * 3,
        marks,
        *[blots] * 2,
        shapes,
        fragments,
    )
    parts = digits[count:].tensor_split(len(kinds))
    drawn = [kind(part) for kind, part in zip(kinds, parts, strict=True) if len(part)]
    return torch.cat([crop_fragments(digits[:count]), *drawn])


def scribbles(like: Images) -> Images:
    """Draw three to six random curves over one another, in as many images as there are in `like`."""
    strokes = 6
    ends = 4 + 20 * torch.rand(len(like), strokes, 3, 2, device=like.device)  # start, pull, end of quadratic curves
    t = torch.linspace(0, 1, POINTS, device=like.device)[:, None]
    start, pull, end = (ends[:, :, None, point] for point in range(3))
    curves = (1 - t) ** 2 * start + 2 * t * (1 - t) * pull + t**2 * end  # (batch, strokes, points, 2)
    count = torch.randint(3, strokes + 1, (len(like), 1, 1, 1), device=like.device)
    kept = torch.arange(strokes, device=like.device)[:, None, None] < count
    return draw(torch.where(kept, curves, curves[:, :1]))  # dropped strokes repeat the first


def tangles(like: Images) -> Images:
    """Draw one long stroke in each image: a closed loop, a spiral or a zigzag, with equal probability."""
    t = torch.linspace(0, 1, 48, device=like.device)[:, None]  # (points, 1)
    batch = len(like)
    kind = torch.rand(batch, 1, 1, device=like.device)
    turns = torch.randint(1, 5, (batch, 1, 2, 2), device=like.device)  # of two waves in x and in y
    phase = 2 * math.pi * torch.rand(batch, 1, 2, 2, device=like.device)
    loops = torch.sin(2 * math.pi * turns * t[:, None] + phase).sum(dim=3)  # (batch, points, 2)
    angle = 2 * math.pi * (2.2 + 2.5 * torch.rand(batch, 1, 1, device=like.device)) * t + phase[..., 0, :1]
    spirals = t * torch.cat((torch.cos(angle), torch.sin(angle)), dim=2)
    corners = torch.rand(batch, 2, 8, device=like.device)  # of x and y
    zigzags = F.interpolate(corners, len(t), mode="linear", align_corners=True).transpose(1, 2)
    points = torch.where(kind < 1 / 3, loops, torch.where(kind < 2 / 3, spirals, zigzags))
    low, high = points.amin(dim=1, keepdim=True), points.amax(dim=1, keepdim=True)
    sides = 10 + 10 * torch.rand(batch, 1, 2, device=like.device)
    return draw((14 + sides * ((points - low) / (high - low) - 0.5))[:, None])


def wanderings(like: Images) -> Images:
    """Draw the path of an aimless pen: one long stroke of 3 to 12 arcs, each bent at its own rate, with corners."""
    batch, points, most = len(like), 48, 12
    arcs = torch.randint(3, most + 1, (batch, 1), device=like.device)
    arc = torch.arange(points, device=like.device) * arcs // points  # (batch, points): the arc that each point is on
    rates = torch.randn(batch, most, device=like.device).gather(1, arc)
    corners = torch.randn(batch, most, device=like.device).gather(1, arc) * (arc.diff(dim=1, prepend=arc[:, :1]) > 0)
    bend = 0.1 + 0.4 * torch.rand(batch, 2, 1, device=like.device)
    turns = bend[:, 0] * rates + 2 * bend[:, 1] * corners
    angle = 2 * math.pi * torch.rand(batch, 1, device=like.device) + turns.cumsum(dim=1)
    way = torch.stack((torch.cos(angle), torch.sin(angle)), dim=2).cumsum(dim=1)  # (batch, points, 2)
    low, high = way.amin(dim=1, keepdim=True), way.amax(dim=1, keepdim=True)
    side = (high - low).amax(dim=2, keepdim=True)
    return draw((14 + 20 * ((way - (low + high) / 2) / side))[:, None])


def marks(like: Images) -> Images:
    """Draw one to three dots, dashes or commas in each image, enlarged to the size of digits."""
    batch = len(like)
    place = 4 + 20 * torch.rand(batch, 3, 1, 2, device=like.device)
    length = 8 * torch.rand(batch, 3, 1, 1, device=like.device) ** 2
    way = length * torch.randn(batch, 3, 1, 2, device=like.device).mul(torch.tensor([1.0, 0.3], device=like.device))
    strokes = torch.cat((place, place + way / 2 + 0.5 * torch.randn_like(way), place + way), dim=2)
    count = torch.randint(1, 4, (batch, 1, 1, 1), device=like.device)
    kept = torch.arange(3, device=like.device)[:, None, None] < count
    enlarged = frame(draw(torch.where(kept, strokes, strokes[:, :1])))
    return (2 * enlarged - 0.5).clamp(0, 1)  # with edges as sharp as before


def signs(like: Images) -> Images:
    """Draw letters and other signs, slanted, stretched and bent at random."""
    chosen = torch.randint(len(SIGNS), (len(like),), device=like.device)
    points = _signs(like.device)[chosen]  # (batch, strokes, points, 2)
    size = 0.6 + 0.4 * torch.rand(len(like), 1, 1, 2, device=like.device)
    slant = 0.4 * torch.rand(len(like), 1, 1, device=like.device) - 0.1
    moves = 0.06 * torch.randn(points.shape, device=like.device)
    centered = (points - 0.5 + moves) * size
    x = centered[..., 0] - slant * centered[..., 1]
    return draw(14 + 20 * torch.stack((x, centered[..., 1]), dim=-1))


def letters(like: Images) -> Images:
    """Print a letter in each image, slanted and turned at random."""
    count = len(like)
    drawn = _letters(like.device)
    chosen = drawn[torch.randint(len(drawn), (count,), device=like.device)]
    turn, slant = 0.3 * (torch.rand(2, count, device=like.device) - 0.5)
    zero, one = torch.zeros_like(turn), torch.ones_like(turn)
    matrix = torch.stack((one, turn + slant, zero, -turn, one, zero), dim=1).view(count, 2, 3)
    grid = F.affine_grid(matrix, list(chosen.shape), align_corners=False)
    return frame(F.grid_sample(chosen, grid, align_corners=False))


def blots(like: Images) -> Images:
    """Draw one to four filled ellipses in each image, enlarged to the size of digits."""
    batch, most = len(like), 4
    axis = torch.arange(28, device=like.device) + 0.5
    middle = 5 + 18 * torch.rand(batch, most, 2, 1, 1, device=like.device)
    axes = 1 + 5 * torch.rand(batch, most, 2, 1, 1, device=like.device)
    turn = math.pi * torch.rand(batch, most, 1, 1, device=like.device)
    x, y = axis - middle[:, :, 0], axis[:, None] - middle[:, :, 1]  # (batch, 4, 1, 28), (batch, 4, 28, 1)
    along, across = x * turn.cos() + y * turn.sin(), y * turn.cos() - x * turn.sin()
    far = ((along / axes[:, :, 0]) ** 2 + (across / axes[:, :, 1]) ** 2).sqrt()  # 1 on the edge
    count = torch.randint(1, most + 1, (batch, 1, 1, 1), device=like.device)
    far = torch.where(torch.arange(most, device=like.device)[:, None, None] < count, far, torch.inf)
    return frame((0.5 + 2.5 * (1 - far.amin(dim=1, keepdim=True))).clamp(0, 1))


def shapes(like: Images) -> Images:
    """Fill a random shape in each image with a random texture: blots, clouds, objects."""
    coarse = torch.randn(len(like), 1, 5, 5, device=like.device)
    cloud = F.interpolate(coarse, like.shape[2:], mode="bicubic", align_corners=True)
    axis = torch.linspace(-1, 1, like.shape[2], device=like.device)
    sides = 0.4 + 0.5 * torch.rand(2, len(like), 1, 1, 1, device=like.device)
    power = 1 + 5 * each(like)  # from a rhombus through an ellipse to a rectangle
    frame = (axis[:, None].abs() / sides[0]) ** power + (axis.abs() / sides[1]) ** power
    inside = torch.sigmoid(8 * (1 - frame + 0.6 * cloud))
    grain = torch.rand(len(like), 1, 4, 4, device=like.device)
    light = F.interpolate(grain, like.shape[2:], mode="bilinear", align_corners=True)
    return inside * (0.3 + 0.7 * light.lerp(torch.ones_like(light), each(like)))


def fragments(digits: Images) -> Images:
    """Take digits apart: their quarters in another order, or two digits on top of each other."""
    others = digits.roll(1, dims=0)
    rolled = torch.where(each(digits) < 0.5, digits.roll((14, 14), dims=(2, 3)), digits.roll(14, dims=2))
    crossed = torch.maximum(digits.transpose(2, 3).flip(3), others)  # one of the two lies on its side
    return torch.where(each(digits) < 0.5, rolled, crossed)


@cache
def _signs(device: torch.device) -> Float[Tensor, "signs strokes points 2"]:
    """The points of each sign, on a device."""
    return pad([strokes for _, *strokes in SIGNS]).to(device)


@cache
def _letters(device: torch.device) -> Float[Tensor, "letters 1 56 56"]:
    """Letters in several fonts and weights, pixels from 0 to 1."""
    drawn = []
    for letter, font, thick in itertools.product(LETTERS, FONTS, (1, 3, 5)):
        canvas = np.zeros((56, 56), np.uint8)
        (width, height), _ = cv2.getTextSize(letter, font, 1.3, thick)
        cv2.putText(canvas, letter, (28 - width // 2, 28 + height // 2), font, 1.3, 255, thick, cv2.LINE_AA)
        drawn.append(canvas)
    return torch.from_numpy(np.stack(drawn)).to(device).unsqueeze(1).float() / 255
