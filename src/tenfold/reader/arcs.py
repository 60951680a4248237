"""The arcs of a text line: all that its ink may be, digits, signs, or nothing, and what each costs."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from tenfold.base.form import CLASSES, LINE_SIGNS
from tenfold.imaging import Component, Page
from tenfold.imaging.components import find_specks, join
from tenfold.imaging.lines import NEAR, Line, find_lines
from tenfold.models import LineModel, Model
from tenfold.reader.digits import Digit, classify
from tenfold.reader.lattice import MOST_PIECES, TRUST, WIDEST, Lattice, belief, columns_between, combine, unread_cost
from tenfold.reader.oversegmentation import Piece
from tenfold.reader.search import Arc
from tenfold.reader.segment import MOST_CANDIDATES
from tenfold.reader.text_line import LineReading, read_line

SIGN = 1.0  # what a sign costs a path, in nats, besides what the line model says of it


def page_arcs(page: Page, model: Model, line_model: LineModel | None) -> list[list[Arc]]:
    """The arcs of each text line of a page, from top to bottom.

    Args:
        page: the page.
        model: the model that classifies single digits.
        line_model: the model that reads whole lines; without it, there are no signs.

    Raises:
        TenfoldError: if the page is too dense to be writing.
    """
    lines = [Line(components) for components in find_lines(page.components)]
    specks: list[list[Component]] = [[] for _ in lines]
    for speck in find_specks(page.mask, page.components):
        away = [_distance(speck, line) for line in lines]
        nearest = int(np.argmin(away))
        if away[nearest] < NEAR:
            specks[nearest].append(speck)
    found = []
    left = MOST_CANDIDATES
    for line, some in zip(lines, specks, strict=True):
        lattice = Lattice(line, left)
        left -= len(lattice.candidates)
        components = [candidate.component for candidate in lattice.candidates]
        for candidate, digit in zip(lattice.candidates, classify(page, components, model), strict=True):
            candidate.classify(digit)
        alone = len(lattice.pieces) == 1 and not some
        reading = read_line(page, line, line_model) if line_model and not alone else None
        found.append(line_arcs(lattice, some, reading))
    return found


def line_arcs(lattice: Lattice, specks: Sequence[Component], reading: LineReading | None) -> list[Arc]:
    """The arcs of a text line.

    Args:
        lattice: its lattice; all candidates are classified, by the model for single digits alone.
        specks: ink in the line that is too small to be part of a digit, but may be a point.
        reading: what the line model read in it; without it, there are no signs.

    Returns:
        The arcs, sorted by where they begin; their nodes are the gaps between pieces and specks.
    """
    pieces = list(lattice.pieces)
    for speck in specks:
        pieces.insert(sum(_center(piece.component) < _center(speck) for piece in pieces), Piece(speck, 0.0))
    nodes = [place for place, piece in enumerate(pieces) if piece.component not in specks]  # of the lattice's pieces
    ends = columns_between(pieces)
    arcs = []
    for place, piece in enumerate(pieces):
        unread = 0.0 if piece.component in specks else unread_cost(piece.component, lattice.line.height)
        nothing = TRUST * reading.digits_and_signs(ends[place], ends[place + 1])[1] if reading else 0.0
        arcs.append(Arc(place, place + 1, {"": unread - nothing}))
    for candidate in lattice.candidates:
        assert candidate.digit  # noqa: S101  # for the type checker
        first, last = nodes[candidate.first], nodes[candidate.last - 1] + 1
        digit, costs = candidate.digit, candidate.shape_cost - belief(candidate.digit)
        if reading:
            evidence = TRUST * reading.digits_and_signs(ends[first], ends[last])[0][:CLASSES]
            digit, costs = combine(digit, evidence), costs - evidence
        arcs.append(digit_arc(first, last, digit, costs))
    if reading:
        arcs += _signs(pieces, ends, lattice.line, reading)
    return sorted(arcs, key=lambda arc: arc.first)


def digit_arc(first: int, last: int, digit: Digit, costs: Float[np.ndarray, "10"]) -> Arc:
    """An arc for ink that may be any of the ten digits, at these costs in nats."""
    return Arc(first, last, {str(label): cost for label, cost in enumerate(costs.tolist())}, digit.component, digit)


def _signs(pieces: Sequence[Piece], ends: Sequence[float], line: Line, reading: LineReading) -> list[Arc]:
    """Every run of neighboring pieces as a sign."""
    arcs = []
    for first in range(len(pieces)):
        for last in range(first + 1, min(first + MOST_PIECES, len(pieces)) + 1):
            some = [piece.component for piece in pieces[first:last]]
            wide = max(component.right for component in some) - min(component.x for component in some)
            if last > first + 1 and wide > WIDEST * line.height:
                break
            costs = SIGN - TRUST * reading.digits_and_signs(ends[first], ends[last])[0][CLASSES:]
            arcs.append(Arc(first, last, dict(zip(LINE_SIGNS, costs.tolist(), strict=True)), join(some)))
    return arcs


def _distance(speck: Component, line: Line) -> float:
    """How far a speck is from the box of a line, in its heights; the box reaches half a height above and below it."""
    left = min(component.x for component in line.components)
    aside = max(left - speck.right, speck.x - left - line.width, 0)
    down = abs(speck.y + speck.height / 2 - float(line.middle(_center(speck)))) / line.height
    return max(aside / line.height, 0.0 if down < 0.5 else 2 * (down - 0.5))


def _center(component: Component) -> float:
    return component.x + component.width / 2
