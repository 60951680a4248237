"""The division of a line into digits: the cheapest path through the graph of what its pieces may be.

Source: over-segmentation, as in Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, "Gradient-based learning applied to
document recognition", Proceedings of the IEEE 86(11), 1998, section V.
"""

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from operator import itemgetter

import numpy as np
from jaxtyping import Float

from tenfold.base.refusal import log_softmax
from tenfold.imaging import Component
from tenfold.imaging.components import join, too_dense
from tenfold.imaging.lines import LOWEST, Line, find_slant
from tenfold.reader.digits import DOUBT, Digit
from tenfold.reader.oversegmentation import Piece, split
from tenfold.reader.text_line import LineReading

WIDEST = 1.5  # heights of a line; no digit is wider
MOST_PIECES = 6  # of one digit

# What speaks against a division, in the unit of the network's own surprise, the negative logarithm of a probability.
DIGIT = 0.1  # every digit
CROSSED, ENOUGH = 0.5, 2.0  # every stroke width that a cut crosses, up to two
JOINED = 0.3  # every two pieces of a digit that do not touch
GAP = 3.0  # the gap between them, in heights of the line
WIDE = 3.0  # a digit's width beyond its height, in heights
LOW, REACH = 10.0, 0.6  # what the top of a digit lacks to this height above the foot of the line, in heights of it
UNREAD = 1.0  # ink that belongs to no digit, ...
UNREAD_SIZE = 2.0  # ... and its size, in heights of the line

Place = tuple[int, int]  # of a digit in a line: its first piece, and the one after its last


class Lattice:
    """A line on its way from pieces of ink to digits.

    Args:
        line: what stands in it.
        most: how many runs of pieces may be a digit.

    Raises:
        TenfoldError: if there are more.

    Attributes:
        pieces: of its ink, from left to right.
        components: all runs of pieces that might be a digit.
        digits: those that the network has seen.
        row: the line as a whole, if it was seen.
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
        self.row: LineReading | None = None
        self._evidence: dict[Place, np.ndarray] = {}  # what the line as a whole tells of the parts
        crossed = [*(min(piece.crossed, ENOUGH) for piece in self.pieces), 0.0]
        self._against = {}  # what speaks against a digit before the network has seen it
        for (first, last), component in self.components.items():
            cut = CROSSED * (crossed[first] + crossed[last]) / 2
            self._against[first, last] = DIGIT + cut + _unlikely(self.pieces[first:last], component, line)
        self._unread = [_unread(piece.component, line.height) for piece in self.pieces]

    def add(self, place: Place, digit: Digit) -> None:
        """Take what the network said of a part."""
        self.digits[place] = _among_neighbors(digit, self._evidence[place]) if self._evidence else digit

    def add_line(self, row: LineReading) -> None:
        """Take what the line as a whole tells."""
        self.row = row
        ends = _between(self.pieces)
        self._evidence = {(first, last): row.digits(ends[first], ends[last]) for first, last in self.components}
        self._unread = [cost - row.nothing(*some) for cost, some in zip(self._unread, pairwise(ends), strict=True)]
        for place, digit in self.digits.items():
            self.add(place, digit)

    def best_path(self) -> tuple[list[Place], float]:
        """The division into digits and unread ink that may surprise least, if what the network has not seen is certain.

        Returns:
            The places of the digits, from left to right, and how much speaks against the division.
        """
        least = [0.0]
        steps: list[Place | None] = [None]  # the digit that ends before each piece
        for last, unread in enumerate(self._unread, 1):
            options: list[tuple[float, Place | None]] = [(least[-1] + unread, None)]
            for first in range(max(0, last - MOST_PIECES), last):
                place = first, last
                if place in self.components:
                    options.append((least[first] + self._against[place] + self._cost_of(place), place))
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
        """How much a digit surprises; what the network has not seen, at least."""
        if digit := self.digits.get(place):
            return digit.cost
        return -math.log(1 + DOUBT) - (float(self._evidence[place].max()) if self._evidence else 0.0)


def candidates(pieces: Sequence[Piece], height: float) -> dict[Place, Component]:
    """All runs of pieces that might be a digit, by the first piece and the one after the last."""
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
    """The column at which each piece begins, and the one at which the last ends; neighbors may overlap."""
    centers = [piece.component.x + piece.component.width / 2 for piece in pieces]
    ends = [-math.inf]
    for (left, right), (before, after) in zip(pairwise(pieces), pairwise(centers), strict=True):
        ends.append(max(before, min(after, (left.component.right + right.component.x) / 2)))
    return [*ends, math.inf]


def _among_neighbors(digit: Digit, seen: Float[np.ndarray, "10"]) -> Digit:
    """What both networks say together."""
    belief = np.log(digit.score * np.exp(digit.answer) + DOUBT) + seen
    sure = max(digit.score, float(np.exp(seen.max())))
    return replace(digit, answer=log_softmax(belief), score=sure, cost=-float(belief.max()))


def _are_two(pieces: Sequence[Piece], height: float) -> bool:
    """Whether neighbors are far apart, or both high and side by side."""
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


def _unlikely(pieces: Sequence[Piece], whole: Component, line: Line) -> float:
    """What speaks against a digit by its shape and place and by the gaps between its pieces."""
    cost = WIDE * max(0.0, whole.width / whole.height - 1) + LOW * max(0.0, REACH - line.reach(whole))
    for left, right in pairwise(pieces):
        if not right.crossed:
            cost += JOINED + GAP * max(0.0, (right.component.x - left.component.right) / line.height)
    return cost


def _unread(component: Component, height: float) -> float:
    """What speaks against leaving a piece unread."""
    return UNREAD + UNREAD_SIZE * max(component.height, component.width) / height
