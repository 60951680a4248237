"""Changes to how strokes are drawn, for networks that must read worse images than those they were trained on.

They are deliberately generic: random filters, curves, patches and textures, none of which imitates any of the
corruptions that robustness is measured on.
"""

import torch
import torch.nn.functional as F

from tenfold.synthesis.sampling import Images, brightest, each, rectangle

KERNEL = 7  # pixels on each side of a filter
KNOTS = 5  # in an intensity curve


def apply_augmix(images: Images, share: float) -> Images:
    """Pass images through a random chain of filters, curves, patches and textures, and mix the results with them.

    Each of the six links of the chain, three of which are patches, is skipped with probability one half. Their order is
    drawn once per batch, everything else for each image. Random numbers come from PyTorch's global generator.

    Args:
        images: pixels from 0 to 1.
        share: the share of the images that are changed.

    Returns:
        New images, from 0 to 1.

    Sources: the mixture follows D. Hendrycks et al., "AugMix", ICLR 2020, with one chain; the random filters follow
    Z. Xu et al., "Robust and Generalizable Visual Representation Learning via Random Convolutions", ICLR 2021.
    """
    changed = images
    changes = (smooth_filter, intensity_curve, patch, patch, patch, texture)
    for index in torch.randperm(len(changes)).tolist():
        chosen = each(images) < 0.5
        changed = torch.where(chosen, changes[index](changed), changed)
    weight = torch.where(each(images) < share, each(images), 0)
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


def intensity_curve(images: Images) -> Images:
    """Map each image's intensities through a random curve, between the identity and one through 5 random values."""
    identity = torch.linspace(0, 1, KNOTS, device=images.device).expand(len(images), -1)
    curves = identity.lerp(torch.rand(identity.shape, device=images.device), each(images)[:, :, 0, 0])
    position = images.flatten(1) * (KNOTS - 1)
    left = position.long().clamp(max=KNOTS - 2)
    values = curves.gather(1, left).lerp(curves.gather(1, left + 1), position - left)
    return values.view_as(images)


def patch(images: Images) -> Images:
    """Change the intensities inside a random rectangle, which may be a thin strip or most of the image."""
    return torch.where(rectangle(images), intensity_curve(images), images)


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
