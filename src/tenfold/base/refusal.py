"""What is no digit: the score of an answer, and the thresholds below which a model's answers are refused."""

import json
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float

from tenfold.base.errors import TenfoldError
from tenfold.base.form import CLASSES

# How far an answer is from none, in nats, for what is as likely a digit as not; how fast doubt fades on both sides.
HALF_SURE, STEEP = 1.0, 0.5
ALONE_SHARE, EXPECTED_SHARE = 0.007, 0.0002  # of held-out digits, that are refused


@dataclass(frozen=True)
class Thresholds:
    """The least scores of a digit for one model; what scores lower is refused. They hold for no other model.

    Attributes:
        alone: of what stands by itself, 0 to 1.
        expected: where a digit is to be expected, beside others or if there is known to be one; no more than `alone`.

    Raises:
        TenfoldError: if they are no such numbers.
    """

    alone: float
    expected: float

    def __post_init__(self) -> None:
        numbers = all(isinstance(one, int | float) for one in (self.alone, self.expected))
        if not (numbers and 0 <= self.expected <= self.alone <= 1):
            raise TenfoldError(f"thresholds must be 0 <= expected <= alone <= 1, not {self.expected!r}, {self.alone!r}")

    @classmethod
    def calibrate(cls, logits: Float[np.ndarray, "n 10"]) -> "Thresholds":
        """The thresholds that refuse 0.7 % of digits that stand alone, and 0.02 % where a digit is expected.

        Args:
            logits: a model's answers to digits that it was not trained on.
        """
        scores = [score(answer) for answer in log_softmax(logits)]
        alone, expected = (math.floor(1e4 * x) / 1e4 for x in np.quantile(scores, (ALONE_SHARE, EXPECTED_SHARE)))
        return cls(alone, expected)

    @classmethod
    def read(cls, file: Path) -> "Thresholds":
        """Read a JSON file that holds nothing but thresholds.

        Raises:
            TenfoldError: if it holds something else.
            OSError: if it cannot be read.
        """
        try:
            return cls(**json.loads(file.read_text("utf-8")))
        except (TypeError, ValueError) as error:
            raise TenfoldError(f"{file}: damaged ({error})") from None


def log_softmax(logits: Float[np.ndarray, "*n classes"]) -> Float[np.ndarray, "*n classes"]:
    """The logarithms of the probabilities that logits stand for; importing SciPy for it would take long."""
    logits = logits - logits.max(axis=-1, keepdims=True)
    return logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))


def score(answer: Float[np.ndarray, "10"]) -> float:
    """How much the network sees a digit, from 0 to 1, by how far its answer is from that of no idea at all.

    The distance is the divergence (Kullback and Leibler's, in nats) of even probabilities from those of the answer,
    which training makes small for all that is no digit. Unlike the largest probability it is high also for what may be
    a 4 or a 9.

    Args:
        answer: the logarithms of the probabilities of the ten digits.
    """
    distance = -float(answer.mean()) - math.log(CLASSES)
    return 1 / (1 + math.exp(STEEP * (HALF_SURE - distance)))
