"""How good a model is: metrics and intervals from its logits and the true labels."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float, Int64, UInt8
from torch import nn

from tenfold import preprocess
from tenfold.data import CLASSES, Digits, contested
from tenfold.errors import TenfoldError
from tenfold.networks import predict_logits


@dataclass(frozen=True)
class ClassScores:
    """One class in a classification report; a ratio is None where its denominator is 0.

    Attributes:
        digit: the class.
        precision: of the images read as this digit, the fraction that are.
        recall: of this digit's images, the fraction read as such.
        f1: the harmonic mean of precision and recall.
        support: how many images there are of this digit.
    """

    digit: int
    precision: float | None
    recall: float | None
    f1: float | None
    support: int


@dataclass(frozen=True)
class Mistake:
    """A misclassified image: its index, its label, what was read instead, and with which probability."""

    index: int
    label: int
    prediction: int
    probability: float


@dataclass(frozen=True, eq=False)
class Evaluation:
    """A model's answers to labeled digits, and everything that follows from them.

    Attributes:
        logits: what the model returned, `float32 (n, 10)`.
        labels: the truth, `uint8 (n,)`.
        contested: indices of the labels that are known to be doubtful, see `tenfold.data.contested`.
    """

    logits: Float[np.ndarray, "n 10"]
    labels: UInt8[np.ndarray, " n"]
    contested: tuple[int, ...] = ()

    def __len__(self) -> int:
        return len(self.labels)

    @cached_property
    def probabilities(self) -> Float[np.ndarray, "n 10"]:
        """The softmax of the logits."""
        return F.softmax(torch.from_numpy(self.logits), dim=1).numpy()

    @cached_property
    def predictions(self) -> Int64[np.ndarray, " n"]:
        """The most probable digit of each image."""
        return self.logits.argmax(axis=1)

    @cached_property
    def loss(self) -> float:
        """Mean cross-entropy in nats."""
        return F.cross_entropy(torch.from_numpy(self.logits), torch.from_numpy(self.labels.astype(np.int64))).item()

    @property
    def correct(self) -> int:
        """How many images were read correctly."""
        return int((self.predictions == self.labels).sum())

    @property
    def accuracy(self) -> float:
        """The fraction of images that were read correctly."""
        return self.correct / len(self)

    @property
    def accuracy_uncontested(self) -> float | None:
        """The fraction of the images without a contested label that were read correctly; None if no label is."""
        if not self.contested:
            return None
        return float(np.delete(self.predictions == self.labels, self.contested).mean())

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % Wilson interval of the accuracy."""
        return wilson_interval(self.correct, len(self))

    @cached_property
    def confusion(self) -> Int64[np.ndarray, "10 10"]:
        """How many images of each true digit (row) were read as which digit (column)."""
        pairs = self.labels.astype(np.int64) * CLASSES + self.predictions
        return np.bincount(pairs, minlength=CLASSES**2).reshape(CLASSES, CLASSES)

    @property
    def per_class(self) -> list[ClassScores]:
        """Precision, recall, F1 and support of every digit."""
        scores = []
        for digit in range(CLASSES):
            hits = int(self.confusion[digit, digit])
            predicted, support = int(self.confusion[:, digit].sum()), int(self.confusion[digit].sum())
            scores.append(
                ClassScores(
                    digit,
                    precision=hits / predicted if predicted else None,
                    recall=hits / support if support else None,
                    f1=2 * hits / (predicted + support) if predicted + support else None,
                    support=support,
                )
            )
        return scores

    @cached_property
    def mistakes(self) -> list[Mistake]:
        """The misclassified images, the most confident mistakes first."""
        wrong = np.flatnonzero(self.predictions != self.labels)
        confidence = self.probabilities[wrong, self.predictions[wrong]]
        order = np.argsort(-confidence, kind="stable")
        return [
            Mistake(int(i), int(self.labels[i]), int(self.predictions[i]), float(p))
            for i, p in zip(wrong[order], confidence[order], strict=True)
        ]

    def to_dict(self) -> dict[str, Any]:
        """The figures as plain values, ready for JSON; accuracies are fractions."""
        return {
            "n": len(self),
            "loss": self.loss,
            "accuracy": self.accuracy,
            "accuracy_uncontested": self.accuracy_uncontested,
            "interval": list(self.interval),
            "confusion": self.confusion.tolist(),
            "per_class": [vars(scores) for scores in self.per_class],
            "misclassified": [vars(mistake) for mistake in self.mistakes],
        }

    def __str__(self) -> str:
        low, high = self.interval
        interval = f"95 % interval {low:.2%} to {high:.2%}, n = {len(self):,}"
        text = f"loss {self.loss:.4f}, accuracy {self.accuracy:.2%} ({interval})"
        if self.contested:
            kept = len(self) - len(self.contested)
            text += (
                f"; {self.accuracy_uncontested:.2%} without the {len(self.contested)} contested labels (n = {kept:,})"
            )
        return text


def evaluate(model: nn.Module, digits: Digits) -> Evaluation:
    """Let a model read labeled digits, in float32 and evaluation mode.

    Args:
        model: takes standardized images `(batch, 1, 28, 28)`, returns logits `(batch, 10)`.
        digits: images with their labels, best ones that the model has never seen.

    Raises:
        TenfoldError: if the model does not return ten finite logits an image.
    """
    logits = predict_logits(model, preprocess.to_tensor(digits.images)).numpy()
    if logits.shape != (len(digits), CLASSES):
        raise TenfoldError(
            f"the model returned {logits.shape} for {len(digits)} images; it must return ten logits each"
        )
    if not np.isfinite(logits).all():
        raise TenfoldError("the model returned logits that are infinite or not a number; its weights are damaged")
    return Evaluation(logits, digits.labels, contested(digits))


def average(members: Sequence[Evaluation]) -> Evaluation:
    """Evaluate an ensemble: the mean of its members' probabilities.

    Args:
        members: evaluations of the same digits, at least one.

    Returns:
        The ensemble's evaluation; its logits are the logarithms of the mean probabilities.

    Raises:
        TenfoldError: if the members have read different digits.

    Source: Lakshminarayanan et al., "Simple and Scalable Predictive Uncertainty Estimation using Deep Ensembles",
    NeurIPS 2017, section 2.4.
    """
    first = members[0]
    if not all(np.array_equal(member.labels, first.labels) for member in members):
        raise TenfoldError("an ensemble needs members that have read the same images")
    # in float64, so that the order of the members does not matter
    log_probabilities = torch.stack([F.log_softmax(torch.from_numpy(member.logits).double(), 1) for member in members])
    logits = log_probabilities.logsumexp(0) - math.log(len(members))  # (n, 10)
    return Evaluation(logits.float().numpy(), first.labels, first.contested)


def wilson_interval(hits: int, n: int, z: float = 1.959964) -> tuple[float, float]:
    """The Wilson score interval of a proportion.

    Args:
        hits: how many of `n` succeeded.
        n: how many there were, at least 1.
        z: the normal quantile; the default is for 95 %.

    Returns:
        `(low, high)`, both from 0 to 1.

    Source: E. B. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22, 1927.
    """
    p = hits / n
    center = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    half_width = z / (1 + z**2 / n) * math.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    return max(0.0, min(p, center - half_width)), min(1.0, max(p, center + half_width))  # rounding must not exclude p
