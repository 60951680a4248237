"""Refusing what is not a digit: the score of an answer, and the thresholds below which a model's answer is refused."""

import json
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float

from tenfold.base.constants import constants
from tenfold.base.errors import TenfoldError

shared = constants("refusal")
HALF_SURE = shared["HALF_SURE"]  # an answer's distance from even probabilities, in nats, at which the score is one half
STEEP = shared["STEEP"]  # how steeply the score rises there
ALONE_SHARE, EXPECTED_SHARE = 0.007, 0.0002  # shares of the held-out digits that are refused


@dataclass(frozen=True)
class Thresholds:
    """The lowest scores at which one model's answers are accepted as digits; they are valid for no other model.

    Attributes:
        alone: for ink that stands by itself, 0 to 1.
        expected: where a digit is expected, next to others or because there is known to be one; 0 to `alone`.

    Raises:
        TenfoldError: if they are not numbers in these ranges.

    Example:
        >>> import numpy as np
        >>> from tenfold.base.refusal import Thresholds, log_softmax, score
        >>> logits = np.random.default_rng(0).normal(0, 3, (1000, 10))
        >>> thresholds = Thresholds.calibrate(logits)
        >>> sum(score(answer) < thresholds.alone for answer in log_softmax(logits))  # 0.7% of them
        7
    """

    alone: float
    expected: float

    def __post_init__(self) -> None:
        numbers = all(isinstance(one, int | float) for one in (self.alone, self.expected))
        if not (numbers and 0 <= self.expected <= self.alone <= 1):
            raise TenfoldError(f"thresholds must be 0 <= expected <= alone <= 1, not {self.expected!r}, {self.alone!r}")

    @classmethod
    def calibrate(cls, logits: Float[np.ndarray, "n classes"]) -> "Thresholds":
        """Compute the thresholds that refuse 0.7% of the digits that stand alone, and 0.02% where one is expected.

        Args:
            logits: a model's answers to digits that it was not trained on, before the softmax.
        """
        scores = [score(answer) for answer in log_softmax(logits)]
        alone, expected = (math.floor(1e4 * x) / 1e4 for x in np.quantile(scores, (ALONE_SHARE, EXPECTED_SHARE)))
        return cls(alone, expected)

    @classmethod
    def read(cls, file: Path) -> "Thresholds":
        """Read a JSON file that holds nothing but thresholds.

        Raises:
            TenfoldError: if it holds anything else.
            OSError: if it cannot be read.
        """
        try:
            return cls(**json.loads(file.read_text("utf-8")))
        except (TypeError, ValueError) as error:
            raise TenfoldError(f"{file}: damaged ({error})") from None


def log_softmax(logits: Float[np.ndarray, "*n classes"]) -> Float[np.ndarray, "*n classes"]:
    """Turn logits into the logarithms of probabilities; written out here because importing SciPy is slow."""
    logits = logits - logits.max(axis=-1, keepdims=True)
    return logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))


def score(answer: Float[np.ndarray, " classes"]) -> float:
    """Score how certain a network is that something is a digit, by how far its answer is from even probabilities.

    The distance is the Kullback-Leibler divergence, in nats, of even probabilities from those of the answer; training
    makes it small for whatever is not a digit. Unlike the largest probability, the score is also high for an image that
    could be a 4 or a 9.

    Args:
        answer: the logarithms of the probabilities of the ten digits, or of other classes.

    Returns:
        The score: 0.38 if all probabilities are equal, and closer to 1 the more certain the answer.
    """
    distance = -float(answer.mean()) - math.log(len(answer))
    return 1 / (1 + math.exp(STEEP * (HALF_SURE - distance)))
