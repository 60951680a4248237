"""Adversarial images: changes that are small by a norm and make a network misread. `tenfold.evaluation` measures them.

Images have pixels from 0 to 1. Every attack keeps them there, and within `epsilon` of the originals.
"""

from collections.abc import Callable
from typing import Literal

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int64
from torch import Tensor, nn

from tenfold.data import preprocess

Norm = Literal["Linf", "L2"]  # the largest change of any pixel, or the Euclidean length of the change
Images = Float[Tensor, "n 1 28 28"]
Labels = Int64[Tensor, " n"]
ImageLoss = Callable[[Float[Tensor, "n classes"], Labels], Float[Tensor, " n"]]  # for each image its own


def length(change: Float[Tensor, "n 1 h w"], norm: Norm) -> Float[Tensor, "n 1 1 1"]:
    """The length of each image's change."""
    flat = change.flatten(1)
    return (flat.abs().amax(dim=1) if norm == "Linf" else flat.norm(dim=1)).view(-1, 1, 1, 1)


def project(moved: Images, images: Images, epsilon: float, norm: Norm) -> Images:
    """Bring moved images back to pixels from 0 to 1 within `epsilon` of the originals."""
    change = moved - images
    if norm == "Linf":
        change = change.clamp(-epsilon, epsilon)
    else:
        change = change * (epsilon / length(change, norm).clamp(min=epsilon))
    return (images + change).clamp(0, 1)


def steepest(gradient: Float[Tensor, "n 1 h w"], norm: Norm) -> Float[Tensor, "n 1 h w"]:
    """The change of length one along which a loss with this gradient rises fastest."""
    return gradient.sign() if norm == "Linf" else gradient / length(gradient, norm).clamp(min=1e-12)


def random_start(images: Images, epsilon: float, norm: Norm) -> Images:
    """A random point within `epsilon` of each image."""
    noise = 2 * torch.rand_like(images) - 1 if norm == "Linf" else steepest(torch.randn_like(images), norm)
    return project(images + epsilon * noise, images, epsilon, norm)


def gradient(
    network: nn.Module, images: Images, labels: Labels, loss: ImageLoss
) -> tuple[Float[Tensor, " n"], Float[Tensor, "n classes"], Images]:
    """The losses, the logits, and the gradient of each image's loss with respect to its pixels."""
    images = images.detach().requires_grad_()
    logits = network(preprocess.standardize(images)).float()
    losses = loss(logits, labels)
    [found] = torch.autograd.grad(losses.sum(), images)
    return losses.detach(), logits.detach(), found


def cross_entropy(logits: Float[Tensor, "n classes"], labels: Labels) -> Float[Tensor, " n"]:
    """The cross-entropy of each image."""
    return F.cross_entropy(logits, labels, reduction="none")


def fgsm(network: nn.Module, images: Images, labels: Labels, epsilon: float, norm: Norm) -> Images:
    """The fast gradient sign method: a single step of length `epsilon` up the loss.

    Args:
        network: takes standardized images and returns logits; in evaluation mode.
        images: pixels from 0 to 1.
        labels: their true classes.
        epsilon: the largest length of the change, above 0.
        norm: how the change is measured.

    Source: I. Goodfellow, J. Shlens, C. Szegedy, "Explaining and Harnessing Adversarial Examples", ICLR 2015.
    """
    up = gradient(network, images, labels, cross_entropy)[2]
    return project(images + epsilon * steepest(up, norm), images, epsilon, norm)


def pgd(
    network: nn.Module, images: Images, labels: Labels, epsilon: float, norm: Norm = "Linf", steps: int = 100
) -> Images:
    """Projected gradient descent: from a random start, many steps up the loss, each followed by a projection.

    Args:
        network: takes standardized images and returns logits; in evaluation mode.
        images: pixels from 0 to 1.
        labels: their true classes.
        epsilon: the largest length of the change, above 0.
        norm: how the change is measured.
        steps: how many; together they are 2.5 times as long as `epsilon`.

    Source: A. Madry et al., "Towards Deep Learning Models Resistant to Adversarial Attacks", ICLR 2018.
    """
    moved = random_start(images, epsilon, norm)
    for _ in range(steps):
        up = gradient(network, moved, labels, cross_entropy)[2]
        moved = project(moved + 2.5 * epsilon / steps * steepest(up, norm), images, epsilon, norm)
    return moved


def harden(
    network: nn.Module, inputs: Float[Tensor, "more 1 28 28"], labels: Labels, epsilon: float, steps: int
) -> Float[Tensor, "more 1 28 28"]:
    """Attack a training batch with PGD in the L-infinity norm: adversarial training learns from what it returns.

    Args:
        network: the network in training; it is attacked in evaluation mode, as it will be used.
        inputs: standardized images: digits, then perhaps negatives, which stay as they are.
        labels: of the digits.
        epsilon: the largest change of a pixel, above 0.
        steps: how many.
    """
    images = (inputs[: len(labels)] * preprocess.STD + preprocess.MEAN).clamp(0, 1)
    network.eval()
    moved = pgd(network, images, labels, epsilon, steps=steps)
    network.train()
    return torch.cat((preprocess.standardize(moved), inputs[len(labels) :]))
