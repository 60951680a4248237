"""`Number`: a whole number as it is written, with its signs, and how probable it is."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tenfold.base.errors import TenfoldError
from tenfold.base.refusal import Thresholds
from tenfold.imaging import Page
from tenfold.reader.known import Known
from tenfold.reader.reading import Reading, to_reading
from tenfold.reader.search import Arcs, find_best

# A plain number, perhaps with a percent sign, or with what closes an amount, so that nobody adds a digit
PLAIN = re.compile(r"([+-]?[0-9]+(?:[.,][0-9]+)?)(?:%|//|[.,]?[-=]|[.,])?")


@dataclass(frozen=True)
class Number:
    """A number that was read: all that is written in a text line, or in a field of a form.

    Attributes:
        text: what is written, signs included; a question mark stands for what is probably not a digit. It is empty if
            the field is empty.
        value: its value if it is a plain number; None for a date, a time, or anything else. A point and a comma are
            both decimal signs; a percent sign, or what closes an amount, is left out.
        probability: how probable it is that all of the text is right, 0 to 1, against all else that the ink may say.
        box: where it is in the upright picture: x, y, width, and height, in pixels.
        digits: its digits, from left to right.
        second: the second-best text and its probability; None if there is none.
        field: the name of its field in a form; empty if there is no form.

    Example:
        >>> import tenfold
        >>> train, test = tenfold.load()
        >>> [number] = tenfold.read_numbers(test.images[0])
        >>> number.text, number.value
        ('7', 7.0)
    """

    text: str
    value: float | None
    probability: float
    box: tuple[int, int, int, int]
    digits: list[Reading]
    second: tuple[str, float] | None = None
    field: str = ""


def to_number(
    page: Page, arcs: Arcs, known: Known, temperature: float, least: Thresholds, model: str, line: int
) -> Number | None:
    """Find the best number in a line.

    Args:
        page: the page.
        arcs: all that the line may say.
        known: what is known about the number.
        temperature: as in `Calibration`.
        least: the lowest scores accepted as digits.
        model: the name of the model that classified the digits.
        line: the number of the line.

    Returns:
        The number; None if nothing in the line fits what is known.
    """
    best = find_best(arcs, known, temperature)
    if not best:
        return None
    (path, probability), *others = best
    highest = max(arc.digit.score for arc in path.arcs if arc.digit)
    enough = least.expected if highest >= least.alone else least.alone
    text, boxes, digits = "", [], []
    for character, arc in zip(path.text, path.arcs, strict=True):
        if not arc.digit and highest < enough:  # a sign beside nothing but dirt is dirt
            continue
        boxes += [page.box(arc.component)] if arc.component else []
        if arc.digit:
            digits.append(
                to_reading(arc.digit.answer, arc.digit.score >= enough, boxes[-1], model, line, chosen=int(character))
            )
            character = "?" if digits[-1].label is None else character
        text += character
    second = (others[0][0].text, others[0][1]) if others else None
    return Number(text, to_value(text), probability, around(boxes), digits, second)


def to_value(text: str) -> float | None:
    """The value of a plain number; None for anything else.

    Example:
        >>> to_value("-3,5"), to_value("20.-"), to_value("12:30")
        (-3.5, 20.0, None)
    """
    number = plain_number(text)
    return None if number is None else float(number)


def plain_number(text: str) -> str | None:
    """A plain number as it is written, but with a decimal point and nothing around it; None for anything else."""
    found = PLAIN.fullmatch(text)
    return found[1].replace(",", ".").removeprefix("+") if found else None


def around(boxes: Sequence[tuple[int, int, int, int]]) -> tuple[int, int, int, int]:
    """The smallest box around boxes of x, y, width, and height."""
    left, top = min(box[0] for box in boxes), min(box[1] for box in boxes)
    right, bottom = max(box[0] + box[2] for box in boxes), max(box[1] + box[3] for box in boxes)
    return left, top, right - left, bottom - top


@dataclass(frozen=True)
class Calibration:
    """What makes the probabilities of numbers mean what they say; valid only for the networks it was fitted with.

    Attributes:
        temperature: divides the costs of paths before probabilities are computed.
        curve: error rates, from large to small, and for each the lowest probability at which numbers may be accepted so
            that no more of them are wrong.
    """

    temperature: float = 1.0
    curve: tuple[tuple[float, float], ...] = ()

    @classmethod
    def read(cls, file: Path) -> "Calibration":
        """Read a calibration that `python -m benchmarks.numbers --fit` wrote."""
        found = json.loads(file.read_text("utf-8"))
        return cls(found["temperature"], tuple(map(tuple, found["curve"])))

    def threshold(self, error_rate: float | None = None) -> float:
        """The lowest probability at which at most this share of the accepted numbers was wrong when it was fitted.

        Args:
            error_rate: the share, 0 to 1; None for the lowest that is known.

        Raises:
            TenfoldError: if too few numbers were read then to know.
        """
        if error_rate is None:
            return self.curve[-1][1] if self.curve else 1.0  # of an unknown model, a person looks at every number
        known = [lowest for rate, lowest in self.curve if rate <= error_rate]
        if not known:
            least = f"the lowest is {self.curve[-1][0]:g}" if self.curve else "only tenfold's own models were measured"
            raise TenfoldError(f"error rate {error_rate:g}: too low to be known; {least}")
        return known[0]
