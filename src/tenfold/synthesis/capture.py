"""Variation in capture: what other pens, papers and cameras make of a digit before and after it is normalized."""

import math

import torch
import torch.nn.functional as F

from tenfold.synthesis.augmix import intensity_curve, texture
from tenfold.synthesis.framing import INK, extent
from tenfold.synthesis.sampling import Images, brightest, each, extremes, rectangle

BLUR = 5  # pixels on each side of the filter


def vary_capture(images: Images, share: float) -> Images:
    """Redraw images as if captured differently: thicker, thinner, fainter, blurred, with gaps, neighbors or lines.

    Each change happens to each image with probability one third. Random numbers come from PyTorch's global generator.

    Args:
        images: pixels from 0 to 1.
        share: the share of the images that are changed.

    Returns:
        New images, from 0 to 1.
    """
    changed = images
    for change in (stroke_weight, gap, neighbor, blur, line, paper, hatching, faint):
        changed = torch.where(each(images) < 1 / 3, change(changed), changed)
    return torch.where(each(images) < share, changed, images).clamp(0, 1)


def stroke_weight(images: Images) -> Images:
    """Thicken strokes by up to two pixels, or thin them by up to one."""
    thinner, thicker = extremes(images)
    weight = 1.7 * each(images) - 0.7  # of the thicker image or, if negative, of the thinner one
    drawn = torch.where(weight > 0, images.lerp(thicker, weight.clamp(min=0)), images.lerp(thinner, -weight))
    return drawn * brightest(images) / brightest(drawn).clamp(min=1e-6)


def gap(images: Images) -> Images:
    """Fade the ink in a random rectangle, in half of the images: a pen that skips, or a scan that loses ink."""
    return torch.where(rectangle(images) & (each(images) < 0.5), 0.3 * each(images) * images, images)


def neighbor(images: Images) -> Images:
    """Let another digit of the batch reach into the image from the left or the right."""
    others = images.roll(1, dims=0)
    side = torch.where(each(images) < 0.5, -1.0, 1.0)
    reach = 0.5 + 0.25 * each(images)  # how far away the other digit is, in widths of the image
    shift = torch.eye(2, 3, device=images.device).repeat(len(images), 1, 1)
    shift[:, 0, 2] = (2 * side * reach).flatten()
    shift[:, 1, 2] = 0.4 * (each(images).flatten() - 0.5)
    grid = F.affine_grid(shift, list(images.shape), align_corners=False)
    return torch.maximum(images, F.grid_sample(others, grid, align_corners=False))


def blur(images: Images) -> Images:
    """Blur with a Gaussian whose standard deviation is 0.3 to 1.2 pixels, keeping the brightest value."""
    axis = torch.arange(BLUR, device=images.device) - BLUR // 2
    width = (0.3 + 0.9 * each(images)).flatten()[:, None]  # (batch, 1)
    profile = torch.exp(-(axis**2) / (2 * width**2))
    profile = profile / profile.sum(dim=1, keepdim=True)  # (batch, 5)
    kernels = (profile[:, :, None] * profile[:, None, :])[:, None]  # (batch, 1, 5, 5)
    blurred = F.conv2d(images.transpose(0, 1), kernels, padding=BLUR // 2, groups=len(images)).transpose(0, 1)
    return blurred * brightest(images) / brightest(blurred).clamp(min=1e-6)


def line(images: Images) -> Images:
    """Draw a straight line near an edge: the side of a box, or a ruled line."""
    height, width = images.shape[2:]
    place = torch.arange(width, device=images.device)
    distance = 4 * each(images)  # from the line to the edge, in pixels
    ink = (1 - (place - distance).abs()).clamp(0, 1) * each(images)  # (batch, 1, 1, 28)
    ink = torch.where(each(images) < 0.5, ink, ink.flip(3)).expand(-1, -1, height, -1)
    return torch.maximum(images, torch.where(each(images) < 0.5, ink, ink.transpose(2, 3)))


def hatching(images: Images) -> Images:
    """Draw parallel lines across part of the digit's bounding box: printed patterns mistaken for ink."""
    height, width = images.shape[2:]
    top, bottom, left, right = (edge[:, None, None, None] for edge in extent(images > INK))
    y = torch.arange(height, device=images.device)[:, None] + 0.5
    x = torch.arange(width, device=images.device) + 0.5
    angle = math.pi / 2 * (each(images) - 0.5) ** 3 * 8  # most lines are nearly horizontal
    across = y * torch.cos(angle) + x * torch.sin(angle) + torch.sin(x / (3 + 10 * each(images)))
    wave = torch.cos(2 * math.pi * (across / (2 + 4 * each(images)) + each(images)))
    lines = (0.5 + wave * (1 + each(images)) - each(images)).clamp(0, 1) * (0.2 + 0.8 * each(images))
    coarse = torch.rand(len(images), 1, 6, 6, device=images.device)
    where = F.interpolate(coarse, (height, width), mode="bilinear", align_corners=True) < 1.2 * each(images)
    box = (y > top) & (y < bottom) & (x > left) & (x < right)
    return torch.maximum(images, lines * (where & box))


def paper(images: Images) -> Images:
    """Mix in a little random texture."""
    return images.lerp(texture(images), 0.3 * each(images))


def faint(images: Images) -> Images:
    """Change the intensities of the strokes, mostly a little, and leave the paper as it is."""
    return torch.where(images > 0, images.lerp(intensity_curve(images), 0.7 * each(images)), images)
