"""The four attacks of AutoAttack: APGD on the cross-entropy, targeted APGD, targeted FAB, and Square.

Each has the settings of the version "standard", so that accuracies can be compared with published ones; FAB leaves out
its final search, which only makes a change shorter that is already short enough.

Each attack takes a network in evaluation mode, images with pixels from 0 to 1, their labels, and the norm and largest
length of the change. It returns changed images, of which those that the network still reads correctly have withstood
the attack. Random numbers come from PyTorch's global generator.

Sources: F. Croce and M. Hein, "Reliable Evaluation of Adversarial Robustness with an Ensemble of Diverse Parameter-free
Attacks", ICML 2020 (APGD, DLR, the ensemble); the same, "Minimally Distorted Adversarial Examples with a Fast Adaptive
Boundary Attack", ICML 2020 (FAB); M. Andriushchenko et al., "Square Attack", ECCV 2020.
"""

import math

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from tenfold.data import SIDE, preprocess
from tenfold.training.adversarial import (
    ImageLoss,
    Images,
    Labels,
    Norm,
    cross_entropy,
    gradient,
    length,
    project,
    random_start,
    steepest,
)

STEPS = 100  # of APGD and FAB
QUERIES = 5000  # of Square
# Of 10,000 queries: when Square halves the share of the pixels that it changes at once, which is 0.8 at first
HALVINGS = (10, 50, 200, 1000, 2000, 4000, 6000, 8000)

Logits = Float[Tensor, "n classes"]


def read(network: nn.Module, images: Images) -> Logits:
    """The logits of images with pixels from 0 to 1."""
    with torch.no_grad():
        return network(preprocess.standardize(images)).float()


def apgd(
    network: nn.Module,
    images: Images,
    labels: Labels,
    epsilon: float,
    norm: Norm,
    loss: ImageLoss = cross_entropy,
) -> Images:
    """Auto-PGD: gradient steps with momentum, which go back to the best point and halve where they get stuck."""
    step = torch.full((len(images), 1, 1, 1), 2 * epsilon, device=images.device)
    moved = previous = random_start(images, epsilon, norm)
    losses, logits, up = gradient(network, moved, labels, loss)
    best, best_losses, best_up = moved.clone(), losses.clone(), up.clone()
    found, fooled = moved.clone(), logits.argmax(dim=1) != labels
    rises, halved = torch.zeros_like(losses), torch.zeros_like(fooled)
    checked, checked_losses, checkpoints = 0, best_losses.clone(), _checkpoints()
    for number in range(1, STEPS + 1):
        if fooled.all():
            break
        aim = project(moved + step * steepest(up, norm), images, epsilon, norm)
        momentum = 0.25 * (moved - previous) - 0.25 * (aim - moved) if number > 1 else 0
        previous, moved = moved, project(aim + momentum, images, epsilon, norm)
        last_losses = losses
        losses, logits, up = gradient(network, moved, labels, loss)
        new = (logits.argmax(dim=1) != labels) & ~fooled
        found[new], fooled = moved[new], fooled | new
        rises += losses > last_losses
        better = losses > best_losses
        best[better], best_losses[better], best_up[better] = moved[better], losses[better], up[better]
        if number in checkpoints:
            stuck = (rises < 0.75 * (number - checked)) | (~halved & (best_losses <= checked_losses))
            step[stuck] /= 2
            moved, up = _replace(moved, stuck, best), _replace(up, stuck, best_up)
            previous = _replace(previous, stuck, best)
            losses = torch.where(stuck, best_losses, losses)
            checked, checked_losses, halved = number, best_losses.clone(), stuck
            rises.zero_()
    return found


def _checkpoints() -> set[int]:
    """The steps of APGD after which it checks whether it is stuck."""
    shares = [0.0, 0.22]
    while shares[-1] < 1:
        shares.append(shares[-1] + max(shares[-1] - shares[-2] - 0.03, 0.06))
    return {math.ceil(STEPS * share) for share in shares[1:]}


def _replace(old: Images, where: Bool[Tensor, " n"], new: Images) -> Images:
    return torch.where(where.view(-1, 1, 1, 1), new, old)


def _rival(network: nn.Module, images: Images, labels: Labels, rank: int) -> Labels:
    """The wrong class that is the most probable one (rank 0), the next (rank 1), and so on."""
    logits = read(network, images).scatter(1, labels[:, None], -torch.inf)
    return logits.argsort(dim=1, descending=True)[:, rank]


def targeted_apgd(
    network: nn.Module, images: Images, labels: Labels, epsilon: float, norm: Norm, rank: int = 0
) -> Images:
    """APGD toward one wrong class, on the difference of logits ratio, which does not depend on their scale."""
    rival = _rival(network, images, labels, rank)

    def loss(logits: Logits, labels: Labels) -> Float[Tensor, " n"]:
        first, _, third, fourth = logits.topk(4, dim=1).values.unbind(dim=1)
        return _margin(logits, rival, labels) / (first - (third + fourth) / 2 + 1e-12)

    return apgd(network, images, labels, epsilon, norm, loss)


def _margin(logits: Logits, rival: Labels, labels: Labels) -> Float[Tensor, " n"]:
    """By how much the logit of each image's rival class exceeds that of its true one."""
    return (logits.gather(1, rival[:, None]) - logits.gather(1, labels[:, None]))[:, 0]


def targeted_fab(
    network: nn.Module, images: Images, labels: Labels, epsilon: float, norm: Norm, rank: int = 0
) -> Images:
    """FAB toward one wrong class: steps to the linearized boundary, with a pull back to the original image."""
    rival = _rival(network, images, labels, rank)
    moved, found = images, images.clone()
    shortest = torch.full((len(images), 1, 1, 1), torch.inf, device=images.device)
    for _ in range(STEPS):
        margin, _, up = gradient(network, moved, labels, lambda logits, labels: _margin(logits, rival, labels))
        here = _to_plane(moved, up, -margin, norm)
        back = _to_plane(images, up, (up * (moved - images)).sum(dim=(1, 2, 3)) - margin, norm)
        far, far_back = length(here, norm), length(back, norm)
        pull = (far / (far + far_back).clamp(min=1e-12)).clamp(max=0.1)
        moved = ((1 - pull) * (moved + 1.05 * here) + pull * (images + 1.05 * back)).clamp(0, 1)
        fooled = (read(network, moved).argmax(dim=1) != labels).view(-1, 1, 1, 1)
        far = length(moved - images, norm)
        found = torch.where(fooled & (far < shortest), moved, found)
        shortest = torch.where(fooled, torch.minimum(far, shortest), shortest)
        if (shortest <= epsilon).all():
            break
        moved = torch.where(fooled, images + 0.9 * (moved - images), moved)
    return _replace(images, (shortest <= epsilon).flatten(), found)


def _to_plane(images: Images, normal: Images, offset: Float[Tensor, " n"], norm: Norm) -> Images:
    """The shortest change with `normal · change = offset` that keeps pixels from 0 to 1, or as far as they can go.

    It is a multiple of the steepest direction, cut off at the limits of each pixel; bisection finds the multiple.
    """
    offset = offset.view(-1, 1, 1, 1)
    normal, offset = normal * offset.sign(), offset.abs()
    direction = steepest(normal, norm)
    low = torch.zeros_like(offset)
    high = torch.full_like(offset, 1.0 if norm == "Linf" else 1000.0)  # which nearly every pixel's limit is within
    for _ in range(30):
        middle = (low + high) / 2
        change = torch.clamp(middle * direction, -images, 1 - images)
        short = (normal * change).sum(dim=(1, 2, 3), keepdim=True) < offset
        low, high = torch.where(short, middle, low), torch.where(short, high, middle)
    return torch.clamp(high * direction, -images, 1 - images)


def square(network: nn.Module, images: Images, labels: Labels, epsilon: float, norm: Norm) -> Images:
    """Square: a random search without gradients, which changes a square of pixels at a time and keeps what helps."""
    propose = _repaint if norm == "Linf" else _regroup
    start = _stripes(images) if norm == "Linf" else _tiles(images)
    moved = project(images + epsilon * start, images, epsilon, norm)
    margins = _lead(read(network, moved), labels)
    for query in range(1, QUERIES):
        left = (margins > 0).nonzero()[:, 0]
        if not len(left):
            break
        share = 0.8 / 2 ** sum(10_000 * query / QUERIES > halving for halving in HALVINGS)
        side = min(max(round(SIDE * math.sqrt(share)), 1), SIDE - 1)
        tried = project(propose(moved[left], images[left], epsilon, side), images[left], epsilon, norm)
        tried_margins = _lead(read(network, tried), labels[left])
        better = tried_margins < margins[left]
        moved[left[better]], margins[left[better]] = tried[better], tried_margins[better]
    return moved


def _lead(logits: Logits, labels: Labels) -> Float[Tensor, " n"]:
    """By how much the logit of the true class exceeds all others."""
    others = logits.scatter(1, labels[:, None], -torch.inf).amax(dim=1)
    return logits.gather(1, labels[:, None])[:, 0] - others


def _signs(*shape: int) -> Float[Tensor, "..."]:
    return 2.0 * torch.randint(2, shape) - 1


def _stripes(images: Images) -> Float[Tensor, "n 1 1 28"]:
    """Vertical stripes of 1 or -1."""
    return _signs(len(images), 1, 1, SIDE).to(images.device)


def _repaint(moved: Images, images: Images, epsilon: float, side: int) -> Images:
    """Change all pixels of a random square by `epsilon`, up or down."""
    corner = torch.randint(SIDE - side + 1, (2, len(images), 1, 1, 1))
    axis = torch.arange(SIDE)
    row, column = ((axis >= one) & (axis < one + side) for one in corner)  # (n, 1, 1, 28)
    inside = (row.mT & column).to(images.device)
    return torch.where(inside, images + epsilon * _signs(len(images), 1, 1, 1).to(images.device), moved)


def _bumps(side: int) -> Float[Tensor, "side side"]:
    """Two bumps of opposite signs, side by side, of length one together."""
    halves = []
    for height in (side // 2, side - side // 2):
        row, column = (torch.arange(size) - size // 2 for size in (height, side))
        distance = torch.maximum(row.abs()[:, None], column.abs())  # from the middle, in squares around it
        heights = (1 / torch.arange(side, 0, -1) ** 2).cumsum(0).flip(0)  # higher by 1, 1/4, 1/9, ... toward the middle
        halves.append(heights[distance] / heights[distance].norm())
    both = torch.cat((halves[0], -halves[1]))
    return (both if torch.rand(()) < 0.5 else both.T) / both.norm()


def _tiles(images: Images) -> Images:
    """Bumps of random signs in a grid of five by five, of length one together."""
    side = SIDE // 5
    tiles = torch.zeros(len(images), 1, SIDE, SIDE)
    for row in range(0, SIDE - side + 1, side):
        for column in range(0, SIDE - side + 1, side):
            tiles[..., row : row + side, column : column + side] = _bumps(side) * _signs(len(images), 1, 1, 1)
    return steepest(tiles, "L2").to(images.device)


def _regroup(moved: Images, images: Images, epsilon: float, side: int) -> Images:
    """Take the change out of one random window, and put it into bumps in another, with whatever `epsilon` leaves."""
    side = min(max(side, 3) // 2 * 2 + 1, SIDE - 1)
    change = moved - images
    windows = [
        (..., slice(row, row + side), slice(column, column + side))
        for row, column in torch.randint(SIDE - side + 1, (2, 2)).tolist()
    ]
    to, emptied = windows
    unused = (epsilon**2 - length(change, "L2") ** 2).clamp(min=0)
    rest = change.clone()
    rest[to] = rest[emptied] = 0
    available = (length(change, "L2") ** 2 - length(rest, "L2") ** 2 + unused).clamp(min=0).sqrt()
    bumps = (_bumps(side) * _signs(len(images), 1, 1, 1)).to(images.device)
    rest[to] = available * steepest(bumps + steepest(change[to], "L2"), "L2")
    return images + rest
