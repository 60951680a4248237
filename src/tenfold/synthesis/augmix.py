"""Changes to how strokes are drawn, for networks that must read worse images than those they were trained on.

They are deliberately generic: random filters, outlines, curves, patches, strokes and textures, each drawn from a wide
family. No code of the corruptions that robustness is measured on is called.
"""

import math

import torch
import torch.nn.functional as F

from tenfold.synthesis.drawing import draw
from tenfold.synthesis.sampling import Images, brightest, each, extremes, half_plane, rectangle

KERNEL = 7  # pixels on each side of a filter
KNOTS = 5  # in an intensity curve
CORNERS = 9  # of a stroke, at most
FULL = 1.5  # weights above 1 count as 1: a third of the images are changed entirely


def apply_augmix(images: Images, share: float) -> Images:
    """Pass images through a random chain of changes, and mix the results with them.

    The nine links of the chain are a filter, outlines, a curve, three patches, two strokes, and a texture. Each happens
    to a third of the images. Their order is drawn once per batch, everything else for each image. Random numbers come
    from PyTorch's global generator.

    Args:
        images: pixels from 0 to 1.
        share: the share of the images that are changed.

    Returns:
        New images, from 0 to 1.

    Sources: the mixture follows D. Hendrycks et al., "AugMix", ICLR 2020, with one chain; the random filters follow
    Z. Xu et al., "Robust and Generalizable Visual Representation Learning via Random Convolutions", ICLR 2021.
    """
    changed = images
    changes = (smooth_filter, outline, intensity_curve, *[patch] * 3, *[stroke] * 2, texture)
    for index in torch.randperm(len(changes)).tolist():
        chosen = torch.randperm(len(images), device=images.device)[: round(len(images) / 3)]
        if len(chosen):
            changed = changed.index_copy(0, chosen, changes[index](changed[chosen]))
    weight = torch.where(each(images) < share, (FULL * each(images)).clamp(max=1), 0)
    return images.lerp(changed, weight)


def smooth_filter(images: Images) -> Images:
    """Convolve each image with its own random kernel, which blurs or finds edges, keeping its brightest value."""
    axis = torch.arange(KERNEL, device=images.device) - KERNEL // 2
    distance = (axis**2 + axis[:, None] ** 2).expand(len(images), 1, KERNEL, KERNEL)
    width = 0.3 + 2.7 * each(images)
    kernels = torch.randn(distance.shape, device=images.device) * torch.exp(-distance / (2 * width**2))
    kernels = torch.where(each(images) < 0.5, kernels.abs(), kernels)  # all of one sign: a blur
    padded = F.pad(images, [KERNEL // 2] * 4, mode="replicate").transpose(0, 1)  # (1, batch, 34, 34)
    filtered = F.conv2d(padded, kernels, groups=len(images)).transpose(0, 1).abs()  # (batch, 1, 28, 28)
    return filtered * brightest(images) / brightest(filtered).clamp(min=1e-6)


def outline(images: Images) -> Images:
    """Leave only the outlines of strokes, one to two pixels wide, from soft to sharp."""
    thinner, thicker = extremes(images)
    edges = thicker - thinner.lerp(images, each(images))
    return (edges * (1 + 3 * each(images)) - each(images)).clamp(0, 1)


def intensity_curve(images: Images) -> Images:
    """Map each image's intensities through a random curve, between the identity and one through 5 random values."""
    identity = torch.linspace(0, 1, KNOTS, device=images.device).expand(len(images), -1)
    curves = identity.lerp(torch.rand(identity.shape, device=images.device), each(images)[:, :, 0, 0])
    position = images.flatten(1) * (KNOTS - 1)
    left = position.long().clamp(max=KNOTS - 2)
    values = curves.gather(1, left).lerp(curves.gather(1, left + 1), position - left)
    return values.view_as(images)


def patch(images: Images) -> Images:
    """Change the intensities in a part of the image: a random rectangle, or one side of a random straight line.

    In a third of the images, the result is inverted.
    """
    part = torch.where(each(images) < 0.5, rectangle(images), half_plane(images))
    curved = intensity_curve(images)
    return torch.where(part, torch.where(each(images) < 1 / 3, 1 - curved, curved), images)


def stroke(images: Images) -> Images:
    """Draw a stroke of up to eight straight pieces across each image, in ink or, in a quarter of them, in paper."""
    batch, device = len(images), images.device
    x, y = torch.rand(2, batch, CORNERS, device=device) - 0.5
    x = torch.where(torch.rand(batch, 1, device=device) < 0.5, x.sort(dim=1).values, x)  # half of them lead one way
    last = torch.randint(1, CORNERS, (batch, 1), device=device)
    used = torch.arange(CORNERS, device=device).minimum(last)  # (batch, corners): what is beyond repeats the last
    width, height = 4 * 7 ** torch.rand(2, batch, 1, device=device)  # 4 to 28 pixels
    x, y = width * x.gather(1, used), height * y.gather(1, used)
    angle, right, down = torch.rand(3, batch, 1, device=device)
    cos, sin = torch.cos(2 * math.pi * angle), torch.sin(2 * math.pi * angle)
    corners = torch.stack((cos * x - sin * y + 28 * right, sin * x + cos * y + 28 * down), dim=2)
    ink = draw(corners[:, None]) * each(images).sqrt()
    return torch.where(each(images) < 1 / 4, images * (1 - ink), torch.maximum(images, ink))


def texture(images: Images) -> Images:
    """Add noise of random strength and character: even, or rare strong specks; fine as dust, or wide as clouds."""
    noise = torch.randn(images.shape, device=images.device)
    noise = noise * noise.abs() ** (3 * each(images))
    height, width = images.shape[2:]
    down, right = torch.fft.fftfreq(height, device=images.device), torch.fft.rfftfreq(width, device=images.device)
    fineness = torch.hypot(down[:, None], right).clamp(min=1 / width)
    spectrum = torch.fft.rfft2(noise) * fineness ** (-3 * each(images))
    noise = torch.fft.irfft2(spectrum)
    noise = noise / noise.std(dim=(2, 3), keepdim=True)
    return (images + 0.5 * each(images) * noise).clamp(0, 1)
