"""Many models on the same test images: what each costs, how much it misreads, and which differences are real."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import numpy as np
from jaxtyping import UInt8

from tenfold.evaluation.comparison import Paired, pair


@dataclass(frozen=True)
class Row:
    """What a model did in a comparison.

    Attributes:
        model: its name.
        kind: "network" or "classical".
        error: the share of the test images that it misread.
        interval: the 95 % interval of the error.
        train_seconds: on one core.
        predict_us: microseconds for a test image on one core, all of them read in one call.
        bytes: the size of the saved model.
        readings: what it read in every test image.
        file: the saved model.
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
        second: of the second.
    """

    first: str
    second: str


def pairs(rows: Sequence[Row], labels: UInt8[np.ndarray, " n"]) -> list[Pair]:
    """Compare every model with every other, on the same test images.

    Args:
        rows: of the models.
        labels: of the test images.

    Returns:
        Every pair once, in the order of the rows.
    """
    right = {row.model: np.array([*map(int, row.readings)]) == labels for row in rows}
    return [
        Pair(**vars(pair(right[first.model], right[second.model])), first=first.model, second=second.model)
        for first, second in combinations(rows, 2)
    ]
