"""Few labels, or wrong ones: which images keep their label, and what a network learns from the others."""

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float, Int64, UInt8
from torch import Tensor, nn

from tenfold.data import Digits, preprocess

UNSURE = -100  # the label that PyTorch's losses and ours leave out


def choose_labeled(digits: Digits, count: int, seed: int) -> Int64[np.ndarray, " count"]:
    """Choose at random which images keep their label: as many of every class, as far as there are enough.

    Args:
        digits: the images to choose from.
        count: how many, up to all of them.
        seed: the same seed always chooses the same ones.

    Returns:
        Their indices: one of every class, then the next one of every class, and so on.
    """
    order = np.random.default_rng(seed).permutation(len(digits))
    place = np.empty(len(digits), dtype=np.int64)  # of each image among those of its class
    for label in range(len(digits.classes)):
        members = order[digits.labels[order] == label]
        place[members] = np.arange(len(members))
    return np.argsort(place, kind="stable")[:count]


def mislabel(labels: UInt8[np.ndarray, " n"], share: float, classes: int, seed: int) -> UInt8[np.ndarray, " n"]:
    """Exchange a share of the labels, chosen at random, each for any other class with equal probability.

    Args:
        labels: the true ones.
        share: the fraction that becomes wrong, at least 0 and below 1.
        classes: how many there are, 2 to 62.
        seed: the same seed always exchanges the same labels.
    """
    generator = np.random.default_rng(seed)
    wrong = generator.permutation(len(labels)) < round(share * len(labels))
    moves = generator.integers(1, classes, len(labels), dtype=np.uint8)
    return np.where(wrong, (labels + moves) % np.uint8(classes), labels)


@torch.no_grad()
def pseudo_label(network: nn.Module, images: Float[Tensor, "n 1 28 28"], confidence: float) -> Int64[Tensor, " n"]:
    """Label images with the answers of a network that is itself in training: it then learns them on distorted copies.

    The batch is taken to hold all classes equally often: a class that the network names too often becomes less probable
    in every image. Without that, the two digits that it confuses most may become one.

    Args:
        network: in training mode, so that BatchNorm goes by these images and not by older, distorted ones.
        images: pixels from 0 to 1, not augmented.
        confidence: the probability that an answer must reach.

    Returns:
        Labels, or `UNSURE` where the network is not confident enough.

    Sources: K. Sohn et al., "FixMatch: Simplifying Semi-Supervised Learning with Consistency and Confidence", NeurIPS
    2020; equal frequencies, as "distribution alignment", from D. Berthelot et al., "ReMixMatch", ICLR 2020, here within
    the batch.
    """
    probabilities = F.softmax(network(preprocess.standardize(images)).float(), dim=1)
    probabilities = F.normalize(probabilities / probabilities.mean(dim=0).clamp(min=1e-3), p=1.0, dim=1)
    highest, labels = probabilities.max(dim=1)
    return labels.where(highest >= confidence, UNSURE)
