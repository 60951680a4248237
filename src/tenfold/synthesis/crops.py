"""Crops: digits cut out of a text line, well or badly, with neighbors that touch them."""

import math

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int64
from torch import Tensor

from tenfold.synthesis.drawing import draw
from tenfold.synthesis.framing import INK, extent, frame
from tenfold.synthesis.sampling import Images, each

SIDE, WIDTH = 40, 120  # pixels: the side of the canvas for one digit, and the width of that for three
CHANGE = 0.3  # the logarithm of the largest change of width and of height
WHOLE, SLIVER = 0.9, 0.2  # shares of ink: with more than WHOLE of a digit and less than SLIVER of others, it is a digit
HALF, MUCH = 0.65, 0.35  # shares of ink: less than HALF of a digit, or more than MUCH of two digits, is not a digit


def crop_digits(images: Images, share: float) -> Images:
    """Crop digits from text lines, but imperfectly: without a bit of a stroke, or with a sliver of a neighbor.

    Args:
        images: digits in any order, pixels from 0 to 1.
        share: the share of the images to crop, taken from the end; they are one another's neighbors.

    Returns:
        The same digits, pixels from 0 to 1; one that was cut too badly is left whole and without neighbors.
    """
    uncut, digits = images.tensor_split([len(images) - round(share * len(images))])
    if not len(digits):
        return images
    line = _write(digits, each(digits) < 0.25)
    left, right = extent(line[:, 1:2] > INK)[2:]
    closer, farther = (F.max_pool2d(line[:, 1:2], side, stride=1, padding=side // 2) for side in (3, 7))
    near = torch.where(each(digits) < 0.5, closer, farther) > INK
    window = near & _window(_between(left - 4, left + 2.5), _between(right - 2.5, right + 4))
    shares = _shares(line, window)
    good = (shares[:, 1] > WHOLE) & (shares[:, 0] + shares[:, 2] < SLIVER)
    cut = torch.where(good[:, None, None, None], (line * window).amax(dim=1, keepdim=True), line[:, 1:2])
    return torch.cat((uncut, frame(cut)))


def crop_fragments(digits: Images) -> Images:
    """Crop pieces of text lines that are not one digit: two digits, one and a half, or a half.

    Args:
        digits: digits in any order, pixels from 0 to 1.

    Returns:
        As many negatives, pixels from 0 to 1.
    """
    round_ones = each(digits) < 0.25  # these lines are all zeros
    line = _write(torch.where(round_ones, rings(digits), digits), round_ones)
    ends = [extent(line[:, place : place + 1] > INK)[2:] for place in range(3)]
    left = _between(ends[0][0], ends[1][1] - 3)
    right = _between(left + 3, ends[2][1])
    window = _window(left, right)
    shares = _shares(line, window)
    outside = torch.maximum(shares[:, 0], shares[:, 2])
    bad = (shares[:, 1] > MUCH) & (outside > MUCH) | (shares[:, 1] < HALF) & (shares[:, 1] > 0.2) & (outside < SLIVER)
    both = _window(ends[0][0], ends[1][1])
    window = torch.where(bad[:, None, None, None], window, both)
    return frame((line * window).amax(dim=1, keepdim=True))


def rings(like: Images) -> Images:
    """Draw as many rings, open or closed, the way zeros are written in a hurry."""
    t = torch.linspace(0, 1, 20, device=like.device)[:, None] * (0.9 + 0.3 * each(like)[:, 0])  # (batch, points, 1)
    angle = 2 * math.pi * (t + each(like)[:, 0])
    sides = 5 + 6 * torch.rand(len(like), 1, 2, device=like.device)
    return draw((14 + sides * torch.cat((torch.cos(angle), torch.sin(angle)), dim=2))[:, None])


def _write(digits: Images, alike: Bool[Tensor, "batch 1 1 1"]) -> Float[Tensor, "batch 3 40 120"]:
    """Write each digit between two others that touch it, overlap it or nearly do; one layer for each of the three.

    Where they are `alike`, as the zeros of a round number are, both neighbors are the same digit again.
    """
    batch, device = len(digits), digits.device
    slant = 0.5 * torch.rand(batch, device=device) - 0.15  # one for each writer
    neighbors = [torch.where(alike, digits, digits.roll(turn, dims=0)) for turn in (1, 2)]
    layers = [_vary(layer, slant) for layer in (neighbors[0], digits, neighbors[1])]
    middle = (WIDTH - SIDE) // 2
    to_left = middle - _room(layers[0], layers[1]) + _gap(layers[0])
    to_right = middle + _room(layers[1], layers[2]) - _gap(layers[0])
    places = (to_left, torch.full_like(to_left, middle), to_right)
    return torch.cat([_shift(layer, place) for layer, place in zip(layers, places, strict=True)], dim=1)


def _vary(digits: Images, slant: Float[Tensor, " batch"]) -> Float[Tensor, "batch 1 40 40"]:
    """Redraw digits with another slant, wider or narrower, and a little higher or lower."""
    batch, device = len(digits), digits.device
    size = torch.exp(CHANGE * (2 * torch.rand(batch, 2, device=device) - 1)) * SIDE / 28
    matrix = torch.zeros(batch, 2, 3, device=device)
    matrix[:, 0, 0], matrix[:, 1, 1] = size[:, 0], size[:, 1]
    matrix[:, 0, 1] = slant * size[:, 0]
    matrix[:, 1, 2] = 0.2 * (2 * torch.rand(batch, device=device) - 1)
    grid = F.affine_grid(matrix, [batch, 1, SIDE, SIDE], align_corners=False)
    return F.grid_sample(digits, grid, align_corners=False)


def _room(left: Float[Tensor, "batch 1 40 40"], right: Float[Tensor, "batch 1 40 40"]) -> Int64[Tensor, " batch"]:
    """How many columns the right canvas must lie to the right of the left one for their ink to touch."""
    columns = torch.arange(SIDE, device=left.device)
    last = torch.where(left > INK, columns, -SIDE).amax(dim=(1, 3)).float()  # (batch, 40), of each row
    last = F.max_pool1d(last, 3, stride=1, padding=1)  # strokes also touch from row to row
    first = torch.where(right > INK, columns, 2 * SIDE).amin(dim=(1, 3))
    return (last - first).amax(dim=1).long().clamp(-SIDE // 4, SIDE)


def _gap(images: Float[Tensor, "batch 1 h w"]) -> Int64[Tensor, " batch"]:
    """By how many pixels neighbors overlap or, if negative, how far apart they are."""
    return torch.randint(-3, 4, (len(images),), device=images.device)


def _shift(layer: Float[Tensor, "batch 1 40 40"], place: Int64[Tensor, " batch"]) -> Float[Tensor, "batch 1 40 120"]:
    """Lay a canvas on a wider one, starting at the column `place`."""
    columns = torch.arange(WIDTH, device=layer.device) - place[:, None]  # (batch, 120)
    inside = (columns >= 0) & (columns < SIDE)
    index = columns.clamp(0, SIDE - 1)[:, None, None].expand(-1, 1, SIDE, -1)
    return layer.gather(3, index) * inside[:, None, None]


def _window(left: Float[Tensor, " batch"], right: Float[Tensor, " batch"]) -> Bool[Tensor, "batch 1 40 120"]:
    """The area between two straight cuts that cross the middle row at these columns, each with its own slant."""
    rows = torch.arange(SIDE, device=left.device)[:, None] - SIDE / 2
    columns = torch.arange(WIDTH, device=left.device) + 0.5
    lean = [0.4 * (torch.rand(len(left), 1, 1, 1, device=left.device) - 0.5) for _ in range(2)]
    after = columns > left[:, None, None, None] + lean[0] * rows
    return after & (columns < right[:, None, None, None] + lean[1] * rows)


def _shares(line: Float[Tensor, "batch 3 40 120"], window: Bool[Tensor, "batch 1 40 120"]) -> Float[Tensor, "batch 3"]:
    """The share of each of the three digits' ink that lies in the window."""
    return (line * window).sum(dim=(2, 3)) / line.sum(dim=(2, 3)).clamp(min=1e-6)


def _between(low: Float[Tensor, " batch"], high: Float[Tensor, " batch"]) -> Float[Tensor, " batch"]:
    return low + (high - low) * torch.rand(len(low), device=low.device)
