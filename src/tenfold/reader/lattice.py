"""Segmenting a text line into digits: the best path through the lattice of the digits that its pieces may form.

Source: over-segmentation and a segmentation graph, as in Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, "Gradient-based
learning applied to document recognition", Proceedings of the IEEE 86(11), 1998, section V.
"""

import math
from collections.abc import Sequence
from dataclasses import replace
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

Place = tuple[int, int]  # where a digit is in a line: its first piece, and the piece after its last


class Lattice:
    """The segmentation lattice of a text line: every digit that its pieces may form, and what each costs.

    Args:
        line: the text line.
        most: how many candidates for digits, runs of neighboring pieces, are allowed.

    Raises:
        TenfoldError: if there are more.

    Attributes:
        pieces: the line's over-segmented ink, from left to right.
        components: the candidates, each joined from its pieces.
        digits: the candidates that have been classified.
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
        self.components = candidates(self.pieces, line.height)
        if len(self.components) > most:
            raise too_dense("more ink that may be digits than any page has")
        self.digits: dict[Place, Digit] = {}
        self.line_reading: LineReading | None = None
        self._evidence: dict[Place, np.ndarray] = {}  # what the line model says of each candidate
        crossed = [*(min(piece.crossed, ENOUGH) for piece in self.pieces), 0.0]
        self._shape_costs = {}  # of each candidate, before it is classified
        for (first, last), component in self.components.items():
            cut = CROSSED * (crossed[first] + crossed[last]) / 2
            self._shape_costs[first, last] = DIGIT + cut + _shape_cost(self.pieces[first:last], component, line)
        self._unread = [_unread_cost(piece.component, line.height) for piece in self.pieces]

    def add(self, place: Place, digit: Digit) -> None:
        """Add a candidate that has been classified."""
        self.digits[place] = _combine(digit, self._evidence[place]) if self._evidence else digit

    def add_line(self, reading: LineReading) -> None:
        """Add what the line model read in the whole line, and combine it with every digit."""
        self.line_reading = reading
        ends = _between(self.pieces)
        self._evidence = {(first, last): reading.digits(ends[first], ends[last]) for first, last in self.components}
        self._unread = [cost - reading.nothing(*some) for cost, some in zip(self._unread, pairwise(ends), strict=True)]
        for place, digit in self.digits.items():
            self.add(place, digit)

    def best_path(self) -> tuple[list[Place], float]:
        """Find the best path: the digits and unread ink of the lowest total cost.

        A candidate that has not been classified yet counts with the lowest cost that it could turn out to have.

        Returns:
            The places of the digits, from left to right, and the cost of the path in nats.
        """
        least = [0.0]
        steps: list[Place | None] = [None]  # the digit that ends before each piece
        for last, unread in enumerate(self._unread, 1):
            options: list[tuple[float, Place | None]] = [(least[-1] + unread, None)]
            for first in range(max(0, last - MOST_PIECES), last):
                place = first, last
                if place in self.components:
                    options.append((least[first] + self._shape_costs[place] + self._cost_of(place), place))
            cost, step = min(options, key=itemgetter(0))
            least.append(cost)
            steps.append(step)
        path: list[Place] = []
        last = len(self.pieces)
        while last:
            step = steps[last]
            if step:
                path.append(step)
            last = step[0] if step else last - 1
        return path[::-1], least[-1]

    def _cost_of(self, place: Place) -> float:
        """The cost of a candidate as a digit; a lower bound if it has not been classified."""
        if digit := self.digits.get(place):
            return digit.cost
        return -math.log(1 + DOUBT) - (float(self._evidence[place].max()) if self._evidence else 0.0)


def candidates(pieces: Sequence[Piece], height: float) -> dict[Place, Component]:
    """All runs of neighboring pieces that may be a digit, joined.

    Args:
        pieces: the pieces of a line, from left to right.
        height: the typical height of the line's digits, in pixels.

    Returns:
        The candidates, by their first piece and the piece after their last.
    """
    found = {}
    for first in range(len(pieces)):
        for last in range(first + 1, min(first + MOST_PIECES, len(pieces)) + 1):
            some = [piece.component for piece in pieces[first:last]]
            if max(component.right for component in some) - min(component.x for component in some) > WIDEST * height:
                break
            high = max(component.bottom for component in some) - min(component.y for component in some)
            if high >= LOWEST * height and not _are_two(pieces[first:last], height):
                found[first, last] = join(some)
    return found


def _between(pieces: Sequence[Piece]) -> list[float]:
    """The columns that separate neighboring pieces, which may overlap; infinite at both ends of the line."""
    centers = [piece.component.x + piece.component.width / 2 for piece in pieces]
    ends = [-math.inf]
    for (left, right), (before, after) in zip(pairwise(pieces), pairwise(centers), strict=True):
        ends.append(max(before, min(after, (left.component.right + right.component.x) / 2)))
    return [*ends, math.inf]


def _combine(digit: Digit, evidence: Float[np.ndarray, "10"]) -> Digit:
    """Combine a digit's classification with what the line model says of the same place."""
    belief = np.log(digit.score * np.exp(digit.answer) + DOUBT) + evidence
    sure = max(digit.score, float(np.exp(evidence.max())))
    return replace(digit, answer=log_softmax(belief), score=sure, cost=-float(belief.max()))


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


def _unread_cost(component: Component, height: float) -> float:
    """The cost of leaving a piece unread."""
    return UNREAD + UNREAD_SIZE * max(component.height, component.width) / height
