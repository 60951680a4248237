"""Parity: whether an exported file answers as its network does, and how fast it is."""

import statistics
import time
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from tenfold.base.errors import TenfoldError
from tenfold.data import Digits
from tenfold.evaluation import Evaluation, evaluate
from tenfold.models import BATCH, Model

SINGLES = 300  # images also read one by one, for which some formats have separate code
ALLOWED = {"float32": 0, "float16": 2}  # different answers; more mean that the converter made a mistake
EXPECTED = 10  # different answers of 10,000 in 8 bits; more are worth a warning
EXPECTED_LOSS = 0.0005  # of accuracy in 8 bits; more is worth a warning


@dataclass(frozen=True)
class Parity:
    """How an exported file compares with its network, and how fast it is on one core.

    Attributes:
        n: the number of images that both read.
        different: how many of them they read differently.
        max_difference: the largest difference between two probabilities.
        accuracy: the accuracy of the exported file, a fraction.
        reference_accuracy: the accuracy of the network.
        latency_us: the median time for a single image, in microseconds.
        throughput: images per second in batches of 256.
    """

    n: int
    different: int
    max_difference: float
    accuracy: float
    reference_accuracy: float
    latency_us: float
    throughput: float


def measure_parity(model: Model, reference: Evaluation, test: Digits) -> Parity:
    """Read all test images, the first of them also one by one, and compare with the network's answers.

    Args:
        model: the exported file.
        reference: the network's answers to `test`.
        test: the test images.
    """
    found = evaluate(model, test)
    latency, singles = time_singles(model, test)
    other = found.predictions != reference.predictions
    other[: len(singles)] |= singles.argmax(axis=1) != reference.predictions[: len(singles)]
    alone = Evaluation(singles, test.labels[: len(singles)], classes=test.classes)
    return Parity(
        n=len(test),
        different=int(other.sum()),
        max_difference=max(
            float(np.abs(one.probabilities - reference.probabilities[: len(one)]).max()) for one in (found, alone)
        ),
        accuracy=found.accuracy,
        reference_accuracy=reference.accuracy,
        latency_us=latency,
        throughput=throughput(model, test),
    )


def check(name: str, precision: str, parity: Parity) -> str | None:
    """Judge how an exported file compares with its network.

    Args:
        name: the file's name, for messages.
        precision: "float32", "float16", or for 8 bits "dynamic" or "int8".
        parity: the comparison.

    Returns:
        A warning if an 8-bit file is weaker than it should be, otherwise None.

    Raises:
        TenfoldError: if a floating-point file reads more images differently than rounding can explain.
    """
    finding = (
        f"{name}: {parity.different} of {parity.n:,} answers differ from the original's, "
        f"accuracy {parity.accuracy:.2%} instead of {parity.reference_accuracy:.2%}"
    )
    if parity.different > ALLOWED.get(precision, parity.n):
        raise TenfoldError(f"{finding}; nothing was written")
    weaker = parity.reference_accuracy - parity.accuracy > EXPECTED_LOSS + 1e-9
    return finding if precision not in ALLOWED and (parity.different > EXPECTED or weaker) else None


def time_singles(model: Model, test: Digits) -> tuple[float, np.ndarray]:
    """The median time for a single image in microseconds, and the logits of the first images."""
    seconds, logits = _timed(model, (image[None] for image in test.images[:SINGLES]))
    return 1e6 * statistics.median(seconds), np.concatenate(logits)


def throughput(model: Model, test: Digits) -> float:
    """Images per second in batches of 256, the median of several."""
    images = np.resize(test.images, (BATCH, *test.images.shape[1:]))
    seconds, _ = _timed(model, [images] * 11)
    return BATCH / statistics.median(seconds)


def _timed(model: Model, batches: Iterable[np.ndarray]) -> tuple[list[float], list[np.ndarray]]:
    """The seconds and logits of each batch, until all are read or two seconds have passed."""
    seconds: list[float] = []
    logits = []
    for images in batches:
        started = time.perf_counter()
        logits.append(model.logits(images))
        seconds.append(time.perf_counter() - started)
        if sum(seconds) > 2:
            break
    return seconds, logits
