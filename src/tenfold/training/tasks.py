"""Tasks to train a network for: the batches of an epoch, their augmentation, the loss, the validation.

`SingleDigits` is here; `TextLines` is in `tenfold.training.text_line_task`.
"""

import math
import warnings
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int64
from torch import Tensor, nn

from tenfold import synthesis
from tenfold.base.errors import TenfoldWarning
from tenfold.data import CLASSES, Digits, preprocess
from tenfold.networks import predict_logits
from tenfold.recipes import Recipe

Loss = tuple[Float[Tensor, ""], Float[Tensor, ""], Int64[Tensor, ""]]


class Task(ABC):
    """What a network learns.

    Attributes:
        batch_size: examples per step.
        steps_per_epoch: full batches in an epoch.
        has_validation: whether there is anything to validate on.
        input_shape: the shape of the inputs that `augment` returns; None if it varies between batches.
        chance_loss: the loss of blind guessing in nats; None if unknown.
    """

    batch_size: int
    steps_per_epoch: int
    has_validation: bool
    input_shape: tuple[int, ...] | None = None
    chance_loss: float | None = None

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
    """

    def __init__(self, train: Digits, validation: Digits | None, recipe: Recipe, device: torch.device) -> None:
        self.recipe = recipe
        self.validation = validation
        self.has_validation = validation is not None
        self.chance_loss = math.log(len(train.classes))
        self.pixels = preprocess.reshape(train.images).to(device)  # (n, 1, 28, 28) uint8, a quarter of float32
        self.labels = torch.tensor(train.labels, dtype=torch.int64, device=device)
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
        self.negatives = round(recipe.augment.negatives * self.batch_size)
        self.input_shape = (self.batch_size + self.negatives, 1, 28, 28)

    def batches(self) -> Iterator[Int64[Tensor, " batch"]]:
        """Indices of images."""
        order = torch.randperm(len(self.labels)).to(self.labels.device)
        yield from order[: self.steps_per_epoch * self.batch_size].split(self.batch_size)

    def augment(self, batch: Int64[Tensor, " batch"]) -> tuple[Float[Tensor, "more 1 28 28"], Int64[Tensor, " batch"]]:
        """Augmented images, the negatives last, and the labels of the digits."""
        images = preprocess.normalize(preprocess.astype(self.pixels[batch]))  # (batch, 1, 28, 28) from 0 to 1
        images, labels = synthesis.augment(self.recipe.augment, images, self.labels[batch])
        return preprocess.standardize(images), labels

    def loss(self, logits: Float[Tensor, "more classes"], labels: Int64[Tensor, " batch"]) -> Loss:
        """Cross-entropy with label smoothing; the target of a negative is a uniform distribution over the classes."""
        log_probabilities, negatives = F.log_softmax(logits, dim=1).split((len(labels), len(logits) - len(labels)))
        cross_entropy = F.nll_loss(log_probabilities, labels)
        smoothing = self.recipe.label_smoothing
        loss = (1 - smoothing) * cross_entropy - smoothing * log_probabilities.mean()
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
