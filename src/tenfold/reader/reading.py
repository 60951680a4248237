"""`Reading`: what was read."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from tenfold.base.form import DIGITS

ALTERNATIVE = 0.01  # the lowest probability worth mentioning


@dataclass(frozen=True)
class Reading:
    """One digit that was read.

    Attributes:
        label: the most probable digit, 0 to 9, or the name of the most probable class if the model reads others,
            such as letters; None if it is probably neither.
        probability: the probability of the most probable digit, 0 to 1.
        alternatives: the other digits or classes with a probability of at least 1%, the most probable first.
        box: where it is in the upright picture: x, y, width, and height, in pixels.
        model: the name of the model that read it, as `tenfold.reader.Reader` gives it.
        line: the number of its text line, from 0 at the top.

    Example:
        >>> import tenfold
        >>> train, test = tenfold.load()
        >>> [reading] = tenfold.predict(test.images[0])
        >>> reading.label, reading.probability > 0.9
        (7, True)
    """

    label: int | str | None
    probability: float
    alternatives: list[tuple[int | str, float]]
    box: tuple[int, int, int, int]
    model: str
    line: int = 0


def to_reading(
    answer: Float[np.ndarray, " classes"],
    is_digit: bool,
    box: tuple[int, int, int, int],
    model: str,
    line: int = 0,
    classes: tuple[str, ...] = DIGITS,
    chosen: int | None = None,
) -> Reading:
    """Turn a network's answer into a reading.

    Args:
        answer: the logarithms of the probabilities of the classes.
        is_digit: whether it is accepted as a digit.
        box: where it is in the upright picture: x, y, width, and height, in pixels.
        model: the name of the model.
        line: the number of its text line, from 0 at the top.
        classes: the names of the classes, in the order of the answer.
        chosen: the digit; by default the most probable one.
    """
    names: Sequence[int | str] = range(len(answer)) if classes == DIGITS else classes
    ranked = [(names[place], float(np.exp(answer[place]))) for place in np.argsort(-answer, kind="stable")]
    ranked.sort(key=lambda one: one[0] != chosen)
    (label, probability), *others = ranked
    alternatives = [(digit, p) for digit, p in others if p >= ALTERNATIVE]
    return Reading(label if is_digit else None, probability, alternatives, box, model, line)


def to_text(readings: Sequence[Reading]) -> str:
    """Write readings as text, line by line; a question mark stands for what is probably not a digit.

    Example:
        >>> import tenfold
        >>> from tenfold.reader import to_text
        >>> train, test = tenfold.load()
        >>> to_text(tenfold.predict(test.images[0]))
        '7'
    """
    lines: dict[int, str] = {}
    for reading in readings:
        lines[reading.line] = lines.get(reading.line, "") + ("?" if reading.label is None else str(reading.label))
    return "\n".join(lines.values())
