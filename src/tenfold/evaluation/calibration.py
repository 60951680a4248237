"""Whether a model knows when it is wrong: calibration, temperature scaling, and selective prediction."""

import math
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, UInt8
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax
from torch import nn

from tenfold.base.errors import TenfoldError
from tenfold.evaluation.intervals import wilson_interval

BINS = 15
TEMPERATURES = (0.05, 20.0)  # far beyond what networks need


@dataclass(frozen=True)
class Bin:
    """The images whose confidence falls into one bin between 0 and 1.

    Attributes:
        low: the lower edge of the bin, exclusive.
        high: the upper edge, inclusive.
        count: the number of images.
        right: how many of them were read correctly.
        confidence: their mean confidence; None if there are no images.
    """

    low: float
    high: float
    count: int
    right: int
    confidence: float | None

    @property
    def accuracy(self) -> float | None:
        """The fraction of the images read correctly; None if there are no images."""
        return self.right / self.count if self.count else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """The 95% Wilson interval of the accuracy; None if there are no images."""
        return wilson_interval(self.right, self.count) if self.count else None


@dataclass(frozen=True)
class Selection:
    """Selective prediction at one threshold: which readings are accepted, and how many of those are wrong.

    Attributes:
        threshold: the lowest confidence that is accepted, 0 to 1.
        n: the number of images.
        kept: how many readings are accepted, at least 1.
        wrong: how many of those are wrong.
    """

    threshold: float
    n: int
    kept: int
    wrong: int

    @property
    def coverage(self) -> float:
        """The fraction of the readings that are accepted."""
        return self.kept / self.n

    @property
    def error(self) -> float:
        """The fraction of the accepted readings that are wrong, also called the selective risk."""
        return self.wrong / self.kept

    @property
    def interval(self) -> tuple[float, float]:
        """The 95% Wilson interval of the error."""
        return wilson_interval(self.wrong, self.kept)


def reliability(
    probabilities: Float[np.ndarray, "n classes"], labels: UInt8[np.ndarray, " n"], bins: int = BINS
) -> list[Bin]:
    """Sort images by confidence into bins of equal width, and count how many of each bin were read correctly.

    Args:
        probabilities: of each class, 0 to 1; the largest is the confidence of the reading.
        labels: the true digits.
        bins: the number of bins.

    Returns:
        All bins, from the lowest confidence to the highest.

    Raises:
        TenfoldError: if the probabilities of an image do not sum to 1.

    Source: C. Guo et al., "On Calibration of Modern Neural Networks", ICML 2017, section 2.
    """
    confidence, right = _confidence(probabilities, labels)
    edges = np.linspace(0, 1, bins + 1)
    places = np.searchsorted(edges[1:-1], confidence)
    counts = np.bincount(places, minlength=bins)
    rights = np.bincount(places, right, bins).astype(int)
    sums = np.bincount(places, confidence, bins)
    return [
        Bin(float(low), float(high), int(count), int(hits), float(total / count) if count else None)
        for low, high, count, hits, total in zip(edges[:-1], edges[1:], counts, rights, sums, strict=True)
    ]


def calibration_error(probabilities: Float[np.ndarray, "n classes"], labels: UInt8[np.ndarray, " n"]) -> float:
    """The expected calibration error: the gap between confidence and accuracy, averaged over the images.

    Args:
        probabilities: of each class, 0 to 1; the largest is the confidence of the reading.
        labels: the true digits.

    Returns:
        A fraction; 0 is perfect.

    Raises:
        TenfoldError: if the probabilities of an image do not sum to 1.

    Source: C. Guo et al., "On Calibration of Modern Neural Networks", ICML 2017, equation 3.
    """
    gaps = [abs(b.right - b.count * b.confidence) for b in reliability(probabilities, labels) if b.confidence]
    return float(sum(gaps)) / len(labels)


def fit_temperature(logits: Float[np.ndarray, "n classes"], labels: UInt8[np.ndarray, " n"]) -> float:
    """Find the temperature that minimizes the cross-entropy of the logits divided by it.

    Args:
        logits: a model's answers to images that it was not trained on.
        labels: the true digits.

    Returns:
        A number from 0.05 to 20: above 1, the model was overconfident; below 1, underconfident. If all images are read
        correctly, 1, since no temperature would be low enough.

    Source: C. Guo et al., "On Calibration of Modern Neural Networks", ICML 2017, section 4.2.
    """
    if (logits.argmax(axis=1) == labels).all():
        return 1.0
    exact = logits.astype(np.float64)
    rows = np.arange(len(labels))

    def loss(log_temperature: float) -> float:
        return -float(log_softmax(exact / math.exp(log_temperature), axis=1)[rows, labels].mean())

    low, high = map(math.log, TEMPERATURES)
    return math.exp(minimize_scalar(loss, bounds=(low, high), method="bounded", options={"xatol": 1e-6}).x)


@torch.no_grad()
def apply_temperature(model: nn.Module, temperature: float) -> None:
    """Divide a network's logits by a temperature, in place, by scaling the weights of its last linear layer.

    The calibration then travels with the network and costs nothing. Readings do not change, except that test-time
    augmentation, as in `ShiftTTA`, may read an image differently if its views disagree.

    Args:
        model: a network whose last linear layer gives its logits.
        temperature: the divisor, above 0.
    """
    last = [layer for layer in model.modules() if isinstance(layer, nn.Linear)][-1]
    for parameter in last.parameters():
        parameter.div_(temperature)


def risk_coverage(probabilities: Float[np.ndarray, "n classes"], labels: UInt8[np.ndarray, " n"]) -> list[Selection]:
    """Selective prediction at every threshold that makes a difference.

    Args:
        probabilities: of each class, 0 to 1; the largest is the confidence of the reading.
        labels: the true digits.

    Returns:
        The selections, from the highest threshold to the lowest, which accepts all readings.

    Raises:
        TenfoldError: if the probabilities of an image do not sum to 1, or there are no images.

    Source: Y. Geifman and R. El-Yaniv, "Selective Classification for Deep Neural Networks", NeurIPS 2017, section 2.
    """
    confidence, right = _confidence(probabilities, labels)
    order = np.argsort(-confidence, kind="stable")
    ranked, wrong = confidence[order], np.cumsum(~right[order])
    last = np.append(np.flatnonzero(np.diff(ranked)), len(ranked) - 1)  # of equal confidence, all are kept or none
    return [Selection(float(ranked[i]), len(ranked), int(i) + 1, int(wrong[i])) for i in last]


def leave_out(
    probabilities: Float[np.ndarray, "n classes"], labels: UInt8[np.ndarray, " n"], fraction: float
) -> Selection:
    """Leave out the least confident readings.

    Args:
        probabilities: of each class, 0 to 1; the largest is the confidence of the reading.
        labels: the true digits.
        fraction: the fraction of the images to leave out, 0 to 1; fewer are left out if confidences are tied.

    Raises:
        TenfoldError: if the probabilities of an image do not sum to 1, or there are no images.
    """
    curve = risk_coverage(probabilities, labels)
    # 0.3 of 10 images are 3, in spite of rounding
    return next(left for left in curve if left.kept >= (1 - fraction) * left.n - 1e-6)


def choose_threshold(
    probabilities: Float[np.ndarray, "n classes"], labels: UInt8[np.ndarray, " n"], error_rate: float
) -> Selection | None:
    """Find the threshold that accepts the most readings at an allowed error rate.

    Args:
        probabilities: of each class, 0 to 1, for images to choose the threshold on; judge it on other images.
        labels: the true digits.
        error_rate: the error rate allowed among the accepted readings, 0 to 1.

    Returns:
        The selection on these images; None if even the most confident readings are wrong too often.

    Raises:
        TenfoldError: if the probabilities of an image do not sum to 1, or there are no images.
    """
    allowed = [left for left in risk_coverage(probabilities, labels) if left.error <= error_rate]
    return allowed[-1] if allowed else None


def select(
    probabilities: Float[np.ndarray, "n classes"], labels: UInt8[np.ndarray, " n"], threshold: float
) -> Selection | None:
    """Accept the readings with at least this confidence; None if there are none.

    Args:
        probabilities: of each class, 0 to 1; the largest is the confidence of the reading.
        labels: the true digits.
        threshold: the lowest confidence to accept, 0 to 1.

    Raises:
        TenfoldError: if the probabilities of an image do not sum to 1.
    """
    confidence, right = _confidence(probabilities, labels)
    kept = confidence >= threshold
    return Selection(threshold, len(labels), int(kept.sum()), int((kept & ~right).sum())) if kept.any() else None


def _confidence(
    probabilities: Float[np.ndarray, "n classes"], labels: UInt8[np.ndarray, " n"]
) -> tuple[Float[np.ndarray, " n"], Bool[np.ndarray, " n"]]:
    """The confidence of each reading, in float64, and whether it is right."""
    if not len(labels):
        raise TenfoldError("there are no images to measure calibration on")
    if not (probabilities.min() >= 0 and np.allclose(probabilities.sum(axis=1), 1, rtol=0, atol=1e-3)):
        raise TenfoldError(
            "the probabilities of an image must be at least 0 and sum to 1; take the softmax of logits first"
        )
    # rounding in float32 may give slightly more than 1
    return probabilities.max(axis=1).astype(np.float64).clip(max=1), probabilities.argmax(axis=1) == labels
