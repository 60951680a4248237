"""Tasks to train a network for: the batches of an epoch, their augmentation, the loss, the validation.

`SingleDigits` is here; `TextLines` is in `tenfold.training.text_line_task`.
"""

import math
import warnings
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float, Int64
from torch import Tensor, nn

from tenfold import synthesis
from tenfold.base.errors import TenfoldWarning
from tenfold.data import CLASSES, Digits, preprocess
from tenfold.networks import predict_logits
from tenfold.recipes import Recipe
from tenfold.training.devices import autocast
from tenfold.training.few_labels import UNSURE, choose_labeled, mislabel, pseudo_label

Loss = tuple[Float[Tensor, ""], Float[Tensor, ""], Int64[Tensor, ""]]


class Task(ABC):
    """What a network learns.

    Attributes:
        batch_size: examples per step.
        steps_per_epoch: full batches in an epoch.
        has_validation: whether there is anything to validate on.
        input_shape: the shape of the inputs that `augment` returns; None if it varies between batches.
        chance_loss: the loss of blind guessing in nats; None if unknown.
        losses: of every example when it was last shown, infinite before; None if the recipe does not choose by them.
    """

    batch_size: int
    steps_per_epoch: int
    has_validation: bool
    input_shape: tuple[int, ...] | None = None
    chance_loss: float | None = None
    losses: Float[Tensor, " n"] | None = None

    @abstractmethod
    def batches(self) -> Iterator[Any]:
        """The batches of one epoch in random order; random numbers come from PyTorch's global generator."""

    @abstractmethod
    def augment(self, batch: Any) -> tuple[Float[Tensor, "n 1 h w"], Any]:
        """The inputs of a batch, randomly augmented and standardized, and its targets."""

    @abstractmethod
    def loss(self, logits: Tensor, targets: Any) -> Loss:
        """The loss to minimize, the loss to report (without regularization), and how many examples were right."""

    @abstractmethod
    def validate(self, model: nn.Module) -> tuple[float, float]:
        """Loss and accuracy on the held-out examples."""


CHANCE_LOSS = math.log(CLASSES)  # the cross-entropy of a network that gives every digit a probability of a tenth
FEWEST_STEPS = 8  # per epoch; with a single one, a recipe's four epochs would be over before anything is learned


class SingleDigits(Task):
    """Classify the digit in an image, or what else it shows; if there are negatives, avoid confident answers to them.

    Args:
        train: the images to train on.
        validation: held-out images, or None.
        recipe: gives the batch size, the augmentation, and the label smoothing.
        device: where the images are kept.
        model: the network in training, which labels the images that have no label.
    """

    def __init__(
        self, train: Digits, validation: Digits | None, recipe: Recipe, device: torch.device, model: nn.Module
    ) -> None:
        self.recipe = recipe
        self.model = model
        self.validation = validation
        self.has_validation = validation is not None
        self.chance_loss = math.log(len(train.classes))
        self.pixels = preprocess.reshape(train.images).to(device)  # (n, 1, 28, 28) uint8, a quarter of float32
        labels = train.labels.copy()
        labeled = choose_labeled(train, recipe.labels, recipe.seed) if recipe.labels else np.arange(len(train))
        if recipe.wrong_labels:
            labels[labeled] = mislabel(labels[labeled], recipe.wrong_labels, len(train.classes), recipe.seed)
        self.labels = torch.tensor(labels, dtype=torch.int64, device=device)
        self.labeled = torch.from_numpy(labeled)
        if recipe.hardest:
            self.losses = torch.full((len(train),), -torch.inf, device=device)
        self.batch_size = recipe.batch_size
        if recipe.batch_size > len(train):
            self.batch_size = max(2, len(train) // FEWEST_STEPS)
            warnings.warn(
                f"{train.source}: {len(train):,} images to train on are too few for a batch size of "
                f"{recipe.batch_size:,}; it is {self.batch_size:,} instead",
                TenfoldWarning,
                stacklevel=3,
            )
        self.steps_per_epoch = len(train) // self.batch_size  # a last, smaller batch would disturb BatchNorm
        self.unlabeled = recipe.unlabeled.ratio * self.batch_size
        if not self.unlabeled:  # otherwise the network sees batches of two shapes
            self.input_shape = (self.batch_size + round(recipe.augment.negatives * self.batch_size), 1, 28, 28)

    def batches(self) -> Iterator[Int64[Tensor, " batch"]]:
        """Indices of images with labels, then of images whose labels are not looked at, if the recipe asks for them.

        Once some have been seen, those with labels are the hardest of them, if the recipe asks for that.

        Source: A. Shrivastava et al., "Training Region-based Object Detectors with Online Hard Example Mining", CVPR
        2016, where each batch is searched for them instead.
        """
        left = self.steps_per_epoch
        share = 1.0 if self.losses is None else self.recipe.hardest_after
        while left:
            steps = min(left, max(1, round(share * self.steps_per_epoch)))
            batches = self._shuffled(self._choose(), self.batch_size, steps)
            if self.unlabeled:
                unlabeled = self._shuffled(torch.arange(len(self.labels)), self.unlabeled, steps)
                batches = torch.cat((batches, unlabeled), dim=1)
            yield from batches
            left -= steps

    def _choose(self) -> Int64[Tensor, " n"]:
        """All images with labels, or the hardest of those seen so far."""
        if self.losses is None:
            return self.labeled
        losses = self.losses[self.labeled].cpu()
        hardest = math.ceil(self.recipe.hardest * int(losses.isfinite().sum()))
        return self.labeled[losses.topk(hardest).indices] if hardest else self.labeled

    def _shuffled(self, images: Int64[Tensor, " n"], size: int, steps: int) -> Int64[Tensor, "steps size"]:
        """The images in random order, again and again until there are `size` of them for every step."""
        rounds = [images[torch.randperm(len(images))] for _ in range(math.ceil(steps * size / len(images)))]
        return torch.cat(rounds)[: steps * size].view(-1, size).to(self.labels.device)

    def augment(self, batch: Int64[Tensor, " batch"]) -> tuple[Float[Tensor, "more 1 28 28"], Int64[Tensor, " batch"]]:
        """Augmented images, the negatives last, and the labels of the digits, true ones or those of the network."""
        self.shown = batch[: self.batch_size]
        images = preprocess.normalize(preprocess.astype(self.pixels[batch]))  # (batch, 1, 28, 28) from 0 to 1
        labels = self.labels[batch]
        if self.unlabeled:
            with autocast(images.device, self.recipe.precision):
                guesses = pseudo_label(self.model, images[self.batch_size :], self.recipe.unlabeled.confidence)
            labels = torch.cat((labels[: self.batch_size], guesses))
        images, labels = synthesis.augment(self.recipe.augment, images, labels)
        return preprocess.standardize(images), labels

    def loss(self, logits: Float[Tensor, "more classes"], labels: Int64[Tensor, " batch"]) -> Loss:
        """Cross-entropy with label smoothing; the target of a negative is a uniform distribution over the classes.

        The cross-entropy of images without a label of their own is added; where the network was unsure, it is zero.
        """
        sizes = (self.batch_size, self.unlabeled, len(logits) - len(labels))
        log_probabilities, unlabeled, negatives = F.log_softmax(logits, dim=1).split(sizes)
        labels, guesses = labels.split(sizes[:2])
        if self.losses is not None:
            self.losses[self.shown] = F.nll_loss(log_probabilities.detach(), labels, reduction="none")
        cross_entropy = F.nll_loss(log_probabilities, labels)
        smoothing = self.recipe.label_smoothing
        loss = (1 - smoothing) * cross_entropy - smoothing * log_probabilities.mean()
        if self.unlabeled:
            loss = loss + F.nll_loss(unlabeled, guesses, ignore_index=UNSURE, reduction="sum") / self.unlabeled
        if len(negatives):
            loss = loss - self.recipe.augment.negatives * negatives.mean()
        return loss, cross_entropy, (log_probabilities.argmax(dim=1) == labels).sum()

    def validate(self, model: nn.Module) -> tuple[float, float]:
        """Cross-entropy in nats and accuracy on the held-out images."""
        assert self.validation is not None  # noqa: S101
        logits = predict_logits(model, preprocess.to_tensor(self.validation.images))
        labels = torch.tensor(self.validation.labels, dtype=torch.int64)
        loss = F.cross_entropy(logits, labels).item()
        return loss, (logits.argmax(dim=1) == labels).float().mean().item()
