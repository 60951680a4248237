"""Segmenting a text line into digits: the best path through the lattice of the digits that its pieces may form.

Source: over-segmentation and a segmentation graph, as in Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, "Gradient-based
learning applied to document recognition", Proceedings of the IEEE 86(11), 1998, section V.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from operator import itemgetter

import numpy as np
from jaxtyping import Float

from tenfold.base.constants import constants
from tenfold.base.refusal import log_softmax
from tenfold.imaging import Component
from tenfold.imaging.components import join, too_dense
from tenfold.imaging.lines import LOWEST, Line, find_slant
from tenfold.reader.digits import DOUBT, Digit
from tenfold.reader.oversegmentation import Piece, split
from tenfold.reader.text_line import LineReading

shared = constants("lattice")
WIDEST = shared["WIDEST"]  # heights of the line; no digit is wider
MOST_PIECES = shared["MOST_PIECES"]  # in one digit

# What a path costs, in nats, besides the negative logarithms of the probabilities that the network gives its digits.
DIGIT = shared["DIGIT"]  # for every digit
CROSSED = shared["CROSSED"]  # for every stroke width that a cut crosses, ...
ENOUGH = shared["ENOUGH"]  # ... up to this many of them
JOINED = shared["JOINED"]  # for every two neighboring pieces of a digit that do not touch, ...
GAP = shared["GAP"]  # ... and for the gap between them, in heights of the line
WIDE = shared["WIDE"]  # for how far a digit is wider than high, in its heights
LOW = shared["LOW"]  # for how far a digit's top stays below ...
REACH = shared["REACH"]  # ... this height above the foot of the line, in its heights
UNREAD = shared["UNREAD"]  # for ink that belongs to no digit, ...
UNREAD_SIZE = shared["UNREAD_SIZE"]  # ... and for its size, in heights of the line
TRUST = shared["TRUST"]  # by which what the line model says is multiplied: it is overconfident


@dataclass(eq=False)
class Candidate:
    """Neighboring pieces of a line that may be a digit.

    Attributes:
        first: the first of the pieces.
        last: the piece after the last of them.
        component: the pieces, joined.
        shape_cost: the cost of its shape, its place, and the cuts on both sides, in nats.
        digit: its classification, once there is one.
        evidence: the line model's log-probabilities of the ten digits, times `TRUST`, if it was run.
    """

    first: int
    last: int
    component: Component
    shape_cost: float
    digit: Digit | None = None
    evidence: Float[np.ndarray, "10"] | None = None

    def classify(self, digit: Digit) -> None:
        """Add its classification, combined with what the line model says of the same place."""
        self.digit = digit if self.evidence is None else combine(digit, heard(digit, self.evidence))

    @property
    def cost(self) -> float:
        """What reading it as a digit costs, in nats; before it is classified, the least that this could be."""
        if self.digit:
            return self.digit.cost
        return -math.log(1 + DOUBT) - (0.0 if self.evidence is None else float(self.evidence.max()))


class Lattice:
    """The segmentation lattice of a text line: every digit that its pieces may form, and what each costs.

    Args:
        line: the text line.
        most: how many candidates are allowed.

    Raises:
        TenfoldError: if there are more.

    Attributes:
        pieces: the line's over-segmented ink, from left to right.
        candidates: the digits that the pieces may form.
        line_reading: what the line model read in the whole line, if it was run.
    """

    def __init__(self, line: Line, most: int) -> None:
        self.line = line
        slant = find_slant(line.components)
        self.pieces: list[Piece] = []
        for component in line.components:
            self.pieces += split(component, line.height, slant)
            if len(self.pieces) > most:
                raise too_dense("more pieces of ink than any page has")
        self.candidates = find_candidates(self.pieces, line)
        if len(self.candidates) > most:
            raise too_dense("more ink that may be digits than any page has")
        self.line_reading: LineReading | None = None
        self._unread = [unread_cost(piece.component, line.height) for piece in self.pieces]
        self._ending: list[list[Candidate]] = [[] for _ in self.pieces]  # the candidates that end with each piece
        for candidate in self.candidates:
            self._ending[candidate.last - 1].append(candidate)

    def add_line(self, reading: LineReading) -> None:
        """Add what the line model read in the whole line, and combine it with every digit."""
        self.line_reading = reading
        ends = columns_between(self.pieces)
        self._unread = [
            cost - TRUST * reading.nothing(*some) for cost, some in zip(self._unread, pairwise(ends), strict=True)
        ]
        for candidate in self.candidates:
            candidate.evidence = TRUST * reading.digits(ends[candidate.first], ends[candidate.last])
            if candidate.digit:
                candidate.classify(candidate.digit)

    def best_path(self) -> tuple[list[Candidate], float]:
        """Find the best path: the digits and unread ink of the lowest total cost.

        A candidate that has not been classified yet counts with the lowest cost that it could turn out to have.

        Returns:
            The digits, from left to right, and the cost of the path in nats.
        """
        least = [0.0]
        steps: list[Candidate | None] = [None]  # the digit that ends before each piece
        for unread, ending in zip(self._unread, self._ending, strict=True):
            options: list[tuple[float, Candidate | None]] = [(least[-1] + unread, None)]
            options += [
                (least[candidate.first] + candidate.shape_cost + candidate.cost, candidate) for candidate in ending
            ]
            cost, step = min(options, key=itemgetter(0))
            least.append(cost)
            steps.append(step)
        path: list[Candidate] = []
        last = len(self.pieces)
        while last:
            step = steps[last]
            if step:
                path.append(step)
            last = step.first if step else last - 1
        return path[::-1], least[-1]


def find_candidates(pieces: Sequence[Piece], line: Line) -> list[Candidate]:
    """All runs of neighboring pieces of a line that may be a digit, those that begin furthest left first.

    Args:
        pieces: the pieces, from left to right.
        line: the line.
    """
    found = []
    crossed = [*(min(piece.crossed, ENOUGH) for piece in pieces), 0.0]
    for first in range(len(pieces)):
        for last in range(first + 1, min(first + MOST_PIECES, len(pieces)) + 1):
            some = [piece.component for piece in pieces[first:last]]
            if (
                max(component.right for component in some) - min(component.x for component in some)
                > WIDEST * line.height
            ):
                break
            high = max(component.bottom for component in some) - min(component.y for component in some)
            if high >= LOWEST * line.height and not _are_two(pieces[first:last], line.height):
                whole = join(some)
                cut = CROSSED * (crossed[first] + crossed[last]) / 2
                cost = DIGIT + cut + _shape_cost(pieces[first:last], whole, line)
                found.append(Candidate(first, last, whole, cost))
    return found


def columns_between(pieces: Sequence[Piece]) -> list[float]:
    """The columns that separate neighboring pieces, which may overlap; infinite at both ends of the line."""
    centers = [piece.component.x + piece.component.width / 2 for piece in pieces]
    ends = [-math.inf]
    for (left, right), (before, after) in zip(pairwise(pieces), pairwise(centers), strict=True):
        ends.append(max(before, min(after, (left.component.right + right.component.x) / 2)))
    return [*ends, math.inf]


def combine(digit: Digit, evidence: Float[np.ndarray, "10"]) -> Digit:
    """Combine a digit's classification with what counts of what the line model says of the same place, see `heard`."""
    found = belief(digit) + evidence
    sure = max(digit.score, float(np.exp(evidence.max())))
    return replace(digit, answer=log_softmax(found), score=sure, cost=-float(found.max()))


def heard(digit: Digit, evidence: Float[np.ndarray, "10"]) -> Float[np.ndarray, "10"]:
    """What counts of what the line model says: of a digit that was taught, only that it is one, and not which.

    Only the model for single digits is adapted to a hand.
    """
    return np.full_like(evidence, evidence.max()) if digit.taught else evidence


def belief(digit: Digit) -> Float[np.ndarray, "10"]:
    """The logarithms of how much a digit's classification speaks for each of the ten digits, up to a constant."""
    return np.log(digit.score * np.exp(digit.answer) + DOUBT)


def _are_two(pieces: Sequence[Piece], height: float) -> bool:
    """Whether the pieces must be two digits: neighbors that are far apart, or both high and side by side."""
    for left, right in pairwise(pieces):
        gap = right.component.x - left.component.right
        if right.crossed:
            continue
        if gap > 0.3 * height:
            return True
        if min(left.component.height, right.component.height) > 0.6 * height and -gap < 0.3 * min(
            left.component.width, right.component.width
        ):
            return True
    return False


def _shape_cost(pieces: Sequence[Piece], whole: Component, line: Line) -> float:
    """The cost of a digit's shape and place, and of the gaps between its pieces."""
    cost = WIDE * max(0.0, whole.width / whole.height - 1) + LOW * max(0.0, REACH - line.reach(whole))
    for left, right in pairwise(pieces):
        if not right.crossed:
            cost += JOINED + GAP * max(0.0, (right.component.x - left.component.right) / line.height)
    return cost


def unread_cost(component: Component, height: float) -> float:
    """The cost of leaving a piece unread."""
    return UNREAD + UNREAD_SIZE * max(component.height, component.width) / height
