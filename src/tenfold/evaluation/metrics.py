"""How good a model is: metrics and intervals from its logits and the true labels."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float, Int64, UInt8
from torch import nn

from tenfold.base.errors import TenfoldError
from tenfold.base.form import DIGITS
from tenfold.data import known_label_errors, to_digits
from tenfold.evaluation.calibration import Selection, calibration_error, choose_threshold, select
from tenfold.evaluation.intervals import wilson_interval
from tenfold.models import Model, wrap


@dataclass(frozen=True)
class ClassScores:
    """One class in a classification report; a ratio is None if its denominator is 0.

    Attributes:
        digit: the digit, or the place of another class in `Evaluation.classes`.
        precision: of the images read as this digit, the fraction that show it.
        recall: of the images that show this digit, the fraction read as it.
        f1: the harmonic mean of precision and recall.
        support: the number of images that show this digit.
        precision_interval: the 95% Wilson interval of the precision.
        recall_interval: the 95% Wilson interval of the recall.
    """

    digit: int
    precision: float | None
    recall: float | None
    f1: float | None
    support: int
    precision_interval: tuple[float, float] | None
    recall_interval: tuple[float, float] | None


@dataclass(frozen=True)
class Answer:
    """The answer to one image: the image's index, its label, the digit read, and that digit's probability."""

    index: int
    label: int
    prediction: int
    probability: float


@dataclass(frozen=True, eq=False)
class Evaluation:
    """A model's answers to labeled digits, or to images of other classes, and everything that follows from them.

    Digits are given as numbers; of other classes, these are the places in `classes`.

    Attributes:
        logits: the model's answers, `float32 (n, 10)`, or one for each class.
        labels: the labels, `uint8 (n,)`.
        label_errors: indices of the known label errors, see `tenfold.data.label_errors`.
        convention: how a model from elsewhere expects its images, see `tenfold.models.conventions`; None for tenfold's.
        classes: the names of the classes; by default the ten digits.

    Example:
        >>> import numpy as np, tenfold
        >>> logits = np.eye(10, dtype=np.float32)[[3, 8, 8]]
        >>> evaluation = tenfold.Evaluation(logits, np.array([3, 8, 9], np.uint8))
        >>> evaluation.correct, [mistake.label for mistake in evaluation.mistakes]
        (2, [9])
    """

    logits: Float[np.ndarray, "n classes"]
    labels: UInt8[np.ndarray, " n"]
    label_errors: tuple[int, ...] = ()
    convention: str | None = None
    classes: tuple[str, ...] = DIGITS

    def __len__(self) -> int:
        return len(self.labels)

    @cached_property
    def probabilities(self) -> Float[np.ndarray, "n classes"]:
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
    def accuracy_without_label_errors(self) -> float | None:
        """The fraction read correctly of the images without a label error; None if no label errors are known."""
        if not self.label_errors:
            return None
        return float(np.delete(self.predictions == self.labels, self.label_errors).mean())

    @property
    def interval(self) -> tuple[float, float]:
        """The 95% Wilson interval of the accuracy."""
        return wilson_interval(self.correct, len(self))

    @cached_property
    def confusion(self) -> Int64[np.ndarray, "classes classes"]:
        """How many images of each true digit (row) were read as which digit (column)."""
        count = len(self.classes)
        pairs = self.labels.astype(np.int64) * count + self.predictions
        return np.bincount(pairs, minlength=count**2).reshape(count, count)

    @property
    def per_class(self) -> list[ClassScores]:
        """Precision, recall, F1, and support of every digit."""
        scores = []
        for digit in range(len(self.classes)):
            hits = int(self.confusion[digit, digit])
            predicted, support = int(self.confusion[:, digit].sum()), int(self.confusion[digit].sum())
            scores.append(
                ClassScores(
                    digit,
                    precision=hits / predicted if predicted else None,
                    recall=hits / support if support else None,
                    f1=2 * hits / (predicted + support) if predicted + support else None,
                    support=support,
                    precision_interval=wilson_interval(hits, predicted) if predicted else None,
                    recall_interval=wilson_interval(hits, support) if support else None,
                )
            )
        return scores

    @cached_property
    def calibration_error(self) -> float:
        """The expected calibration error, a fraction: the mean gap between confidence and accuracy."""
        return calibration_error(self.probabilities, self.labels)

    @cached_property
    def mistakes(self) -> list[Answer]:
        """The misclassified images, the most confident mistakes first."""
        wrong = self._answers(np.flatnonzero(self.predictions != self.labels).tolist())
        return sorted(wrong, key=lambda answer: -answer.probability)

    @property
    def label_error_answers(self) -> list[Answer]:
        """The answers to the images with label errors."""
        return self._answers(self.label_errors)

    def _answers(self, indices: Iterable[int]) -> list[Answer]:
        return [
            Answer(i, int(self.labels[i]), int(digit := self.predictions[i]), float(self.probabilities[i, digit]))
            for i in indices
        ]

    def to_dict(self) -> dict[str, Any]:
        """The figures as plain values, ready for JSON; accuracies are fractions."""
        return {
            **({"convention": self.convention} if self.convention else {}),
            **({"classes": list(self.classes)} if self.classes != DIGITS else {}),
            "n": len(self),
            "loss": self.loss,
            "accuracy": self.accuracy,
            "accuracy_without_label_errors": self.accuracy_without_label_errors,
            "interval": list(self.interval),
            "calibration_error": self.calibration_error,
            "confusion": self.confusion.tolist(),
            "per_class": [
                {key: list(value) if isinstance(value, tuple) else value for key, value in vars(scores).items()}
                for scores in self.per_class
            ],
            "misclassified": [vars(mistake) for mistake in self.mistakes],
            "label_errors": [vars(answer) for answer in self.label_error_answers],
        }

    def __str__(self) -> str:
        low, high = self.interval
        interval = f"95% interval {low:.2%} to {high:.2%}, n = {len(self):,}"
        text = f"loss {self.loss:.4f}, accuracy {self.accuracy:.2%} ({interval})"
        if self.label_errors:
            kept = len(self) - len(self.label_errors)
            left = f"{self.accuracy_without_label_errors:.2%} without the {len(self.label_errors)} label errors"
            text += f"; {left} (n = {kept:,})"
        return f"{text}; the model {self.convention}" if self.convention else text


def evaluate(model: nn.Module | Model, digits: Any) -> Evaluation:
    """Let a model read labeled digits, in float32 and evaluation mode.

    Args:
        model: a PyTorch module that takes standardized images `(batch, 1, 28, 28)` and returns logits `(batch, 10)`, or
            one for each of the classes that the data have instead of digits; or a model from `tenfold.models.load`.
        digits: labeled images, preferably ones that the model has never seen: `Digits`, a pair of images and labels, or
            a map-style data set; see `tenfold.data.to_digits`.

    Raises:
        TenfoldError: if the model does not return a finite logit for each class of the images.

    Example:
        >>> import tenfold
        >>> from tenfold import models
        >>> train, test = tenfold.load()
        >>> shipped = models.load(models.shipped())
        >>> tenfold.evaluate(shipped, test[:1000]).accuracy > 0.98
        True
    """
    reading = wrap(model)
    digits = to_digits(digits, classes=reading.classes if reading.classes != DIGITS else None)
    logits = reading.logits(digits.images)
    if logits.shape != (len(digits), len(digits.classes)):
        raise TenfoldError(
            f"{reading.name}: returned {logits.shape} for {len(digits)} images of {len(digits.classes)} classes; "
            "it must return a logit for each class; was it trained on other data?"
        )
    convention = getattr(reading, "convention", None)
    labels, errors = digits.labels, known_label_errors(digits)
    return Evaluation(logits, labels, errors, convention and str(convention), digits.classes)


def selective_prediction(
    validation: Evaluation, test: Evaluation, error_rate: float
) -> tuple[Selection, Selection | None] | None:
    """Choose a threshold of confidence on validation images, and accept only the test readings that reach it.

    Args:
        validation: answers to images held out from training.
        test: answers to other images.
        error_rate: the error rate allowed among the accepted validation readings, 0 to 1.

    Returns:
        The selections on the validation images and on the test images, the latter None if no reading reaches the
        threshold; None if the error rate cannot be reached.
    """
    chosen = choose_threshold(validation.probabilities, validation.labels, error_rate)
    return (chosen, select(test.probabilities, test.labels, chosen.threshold)) if chosen else None


def average(members: Sequence[Evaluation]) -> Evaluation:
    """Evaluate an ensemble: the mean of its members' probabilities.

    Args:
        members: evaluations of the same digits, at least one.

    Returns:
        The ensemble's evaluation; its logits are the logarithms of the mean probabilities.

    Raises:
        TenfoldError: if the members have not read the same digits.

    Source: Lakshminarayanan et al., "Simple and Scalable Predictive Uncertainty Estimation using Deep Ensembles",
    NeurIPS 2017, section 2.4.
    """
    first = members[0]
    if not all(np.array_equal(member.labels, first.labels) for member in members):
        raise TenfoldError("an ensemble needs members that have read the same images")
    # in float64, so that the order of the members does not matter
    log_probabilities = torch.stack([F.log_softmax(torch.from_numpy(member.logits).double(), 1) for member in members])
    logits = log_probabilities.logsumexp(0) - math.log(len(members))  # (n, 10)
    return Evaluation(logits.float().numpy(), first.labels, first.label_errors, classes=first.classes)
