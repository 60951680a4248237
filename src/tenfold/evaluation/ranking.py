"""Many models on the same test images: their cost, their errors, and which differences are real."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import numpy as np
from jaxtyping import UInt8

from tenfold.data.classes import EVERYTHING
from tenfold.evaluation.significance import Paired, pair


@dataclass(frozen=True)
class ModelResult:
    """The results of one model in a comparison.

    Attributes:
        model: its name.
        kind: "network" or "classical".
        error: the fraction of the test images that it misread.
        interval: the 95% interval of the error.
        train_seconds: training time on one core.
        predict_us: microseconds per test image on one core, with all images read in one call.
        bytes: the size of the saved model.
        readings: the digits that it read, one character per test image; further classes are letters.
        file: the path of the saved model.
    """

    model: str
    kind: Literal["network", "classical"]
    error: float
    interval: tuple[float, float]
    train_seconds: float
    predict_us: float
    bytes: int
    readings: str
    file: str


@dataclass(frozen=True)
class Pair(Paired):
    """How two models differ on the same test images.

    Attributes:
        first: the name of the first model.
        second: the name of the second model.
    """

    first: str
    second: str


def pairs(rows: Sequence[ModelResult], labels: UInt8[np.ndarray, " n"]) -> list[Pair]:
    """Compare every model with every other, on the same test images.

    Args:
        rows: the results of the models.
        labels: the labels of the test images.

    Returns:
        Every pair once, in the order of the rows.
    """
    right = {row.model: np.array([*map(EVERYTHING.index, row.readings)]) == labels for row in rows}
    return [
        Pair(**vars(pair(right[first.model], right[second.model])), first=first.model, second=second.model)
        for first, second in combinations(rows, 2)
    ]
