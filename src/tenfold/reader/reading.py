"""What was read."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

ALTERNATIVE = 0.01  # the least probability that is worth telling


@dataclass(frozen=True)
class Reading:
    """One digit that was read.

    Attributes:
        label: the most probable digit; None if it is probably no digit.
        probability: how sure the network is, 0 to 1.
        alternatives: the other digits of at least 1 %, each with its probability, the most probable first.
        box: x, y, width and height of the part of the upright picture that was read, in pixels.
        model: the name of the model that read it, see `tenfold.reader.Reader`.
        line: the line of writing it stands in, from 0 at the top.
    """

    label: int | None
    probability: float
    alternatives: list[tuple[int, float]]
    box: tuple[int, int, int, int]
    model: str
    line: int = 0


def interpret(
    answer: Float[np.ndarray, "10"], is_digit: bool, box: tuple[int, int, int, int], model: str, line: int = 0
) -> Reading:
    """What an answer says.

    Args:
        answer: the logarithms of the probabilities of the ten digits.
        is_digit: whether it is one.
        box: as in `Reading`.
        model: as in `Reading`.
        line: as in `Reading`.
    """
    ranked = [(int(digit), float(np.exp(answer[digit]))) for digit in np.argsort(-answer, kind="stable")]
    (label, probability), *others = ranked
    alternatives = [(digit, p) for digit, p in others if p >= ALTERNATIVE]
    return Reading(label if is_digit else None, probability, alternatives, box, model, line)


def to_text(readings: Sequence[Reading]) -> str:
    """What was read, line by line; a question mark stands for what is probably no digit."""
    lines: dict[int, str] = {}
    for reading in readings:
        lines[reading.line] = lines.get(reading.line, "") + ("?" if reading.label is None else str(reading.label))
    return "\n".join(lines.values())
