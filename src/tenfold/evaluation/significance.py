"""Whether one model reads better than another: McNemar's exact test on the same images."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool
from scipy.stats import binomtest

from tenfold.base.errors import TenfoldError
from tenfold.evaluation.intervals import paired_interval
from tenfold.evaluation.metrics import Evaluation


@dataclass(frozen=True)
class Difference:
    """An image that two models read differently: its index, its label, and both readings."""

    index: int
    label: int
    first: int
    second: int


@dataclass(frozen=True)
class Paired:
    """How many of the same images two models read correctly.

    Attributes:
        n: the number of images.
        only_first: how many only the first model read correctly.
        only_second: how many only the second model read correctly.
        p: the two-sided p-value of McNemar's exact test: the probability of so large a difference, or a larger one,
            between equally good models.
        difference: the first accuracy minus the second, as a fraction.
        interval: the 95% interval of the difference.
    """

    n: int
    only_first: int
    only_second: int
    p: float
    difference: float
    interval: tuple[float, float]


@dataclass(frozen=True)
class Comparison(Paired):
    """Two models on the same images.

    Attributes:
        differences: the images that they read differently, including those that both misread.
    """

    differences: list[Difference]

    def to_dict(self) -> dict[str, Any]:
        """The figures as plain values, ready for JSON."""
        return {**asdict(self), "interval": list(self.interval)}

    def __str__(self) -> str:
        low, high = (100 * bound for bound in self.interval)
        return (
            f"accuracies differ by {100 * self.difference:+.2f} points (95% interval {low:+.2f} to {high:+.2f}); "
            f"only the first is right on {self.only_first:,} images, only the second on {self.only_second:,}: "
            f"p = {self.p:.2g} by McNemar's exact test"
        )


def compare(first: Evaluation, second: Evaluation) -> Comparison:
    """Compare two models that have read the same images.

    Args:
        first: the answers of the first model.
        second: the answers of the second model.

    Raises:
        TenfoldError: if they have read different images.

    Example:
        >>> import numpy as np, tenfold
        >>> from tenfold import evaluation
        >>> labels = np.array([4, 4, 9], np.uint8)
        >>> first, second = (
        ...     tenfold.Evaluation(np.eye(10, dtype=np.float32)[read], labels) for read in ([4, 4, 9], [4, 9, 9])
        ... )
        >>> found = evaluation.compare(first, second)
        >>> found.only_first, found.only_second, found.p
        (1, 0, 1.0)
    """
    if len(first) != len(second):
        raise TenfoldError(f"two models can be compared only on the same images, not on {len(first)} and {len(second)}")
    if not np.array_equal(first.labels, second.labels):
        raise TenfoldError("two models can be compared only on the same images; the labels of these differ")
    if not len(first):
        raise TenfoldError("two models cannot be compared on no images")
    counted = pair(first.predictions == first.labels, second.predictions == second.labels)
    differences = [
        Difference(int(i), int(first.labels[i]), int(first.predictions[i]), int(second.predictions[i]))
        for i in np.flatnonzero(first.predictions != second.predictions)
    ]
    return Comparison(**vars(counted), differences=differences)


def pair(first: Bool[np.ndarray, " n"], second: Bool[np.ndarray, " n"]) -> Paired:
    """Compare two models by which of the same images each read correctly.

    Args:
        first: for each image, whether the first model read it correctly; at least one image.
        second: for each image, whether the second model did.

    Source: Q. McNemar, "Note on the sampling error of the difference between correlated proportions or percentages",
    Psychometrika 12, 1947; recommended for comparing classifiers by T. G. Dietterich, "Approximate Statistical Tests
    for Comparing Supervised Classification Learning Algorithms", Neural Computation 10, 1998.
    """
    n, only_first, only_second = len(first), int((first & ~second).sum()), int((second & ~first).sum())
    discordant = only_first + only_second
    return Paired(
        n=n,
        only_first=only_first,
        only_second=only_second,
        p=float(binomtest(only_first, discordant).pvalue) if discordant else 1.0,
        difference=(only_first - only_second) / n,
        interval=paired_interval(only_first, only_second, n),
    )
