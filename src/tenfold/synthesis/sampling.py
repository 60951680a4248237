"""What random changes draw and measure for each image in a batch."""

import math

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor

Images = Float[Tensor, "batch 1 28 28"]


def each(images: Images) -> Float[Tensor, "batch 1 1 1"]:
    """A random number from 0 to 1 for each image."""
    return torch.rand(len(images), 1, 1, 1, device=images.device)


def brightest(images: Images) -> Float[Tensor, "batch 1 1 1"]:
    """The brightest value of each image."""
    return images.amax(dim=(2, 3), keepdim=True)


def extremes(images: Images) -> tuple[Images, Images]:
    """The darkest and the brightest value in the 3x3 pixels around each: strokes thinner and thicker by a pixel."""
    return -F.max_pool2d(-images, 3, stride=1, padding=1), F.max_pool2d(images, 3, stride=1, padding=1)


def rectangle(images: Images) -> Bool[Tensor, "batch 1 28 28"]:
    """A random rectangle for each image: any center and direction, sides of 1 to 28 pixels, logarithmically uniform."""
    height, width = images.shape[2:]
    y = (torch.arange(height, device=images.device)[:, None] + 0.5) - height * each(images)
    x = (torch.arange(width, device=images.device) + 0.5) - width * each(images)
    angle = math.pi * each(images)
    along, across = x * torch.cos(angle) + y * torch.sin(angle), y * torch.cos(angle) - x * torch.sin(angle)
    sides = [height ** each(images) / 2 for _ in range(2)]
    return (along.abs() < sides[0]) & (across.abs() < sides[1])


def half_plane(images: Images) -> Bool[Tensor, "batch 1 28 28"]:
    """One side of a straight line through a random point in each image; half of the lines are upright or level."""
    height, width = images.shape[2:]
    y = (torch.arange(height, device=images.device)[:, None] + 0.5) - height * each(images)
    x = (torch.arange(width, device=images.device) + 0.5) - width * each(images)
    angle = 2 * math.pi * each(images)
    right = math.pi / 2
    angle = torch.where(each(images) < 0.5, (angle / right).round() * right, angle)
    return x * torch.cos(angle) + y * torch.sin(angle) > 0
