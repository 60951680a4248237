"""The arcs of a text line: all that its ink may be, digits, signs, or nothing, and what each costs."""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from itertools import pairwise

import numpy as np
from jaxtyping import Float

from tenfold.base.form import CLASSES, LINE_SIGNS
from tenfold.imaging import Component, Page
from tenfold.imaging.components import find_specks, join, trim
from tenfold.imaging.lines import NEAR, Line, find_lines
from tenfold.imaging.strips import stretch
from tenfold.models import LineModel, Model
from tenfold.reader.alignments import likely
from tenfold.reader.digits import DOUBT, Digit, classify
from tenfold.reader.lattice import (
    MOST_PIECES,
    TRUST,
    WIDEST,
    Candidate,
    Lattice,
    belief,
    columns_between,
    combine,
    heard,
    unread_cost,
)
from tenfold.reader.oversegmentation import Piece
from tenfold.reader.search import Arc, Arcs
from tenfold.reader.segment import MOST_CANDIDATES, PROBABLE, is_doubtful, settle
from tenfold.reader.text_line import LEAST, LineReading, read_line

MISSED = 2.0  # what ink that belongs to no character costs a path here, in nats, besides its cost in the lattice
SIGN = 2.0  # what a sign costs a path, in nats, besides what the line model says of it
CUT = 0.25  # nats: what a character costs more where the line is cut as the line model sees it, not between pieces
WIDER = 1.15  # by how much a line is stretched to be cut in a second way
DETOUR = 10.0  # nats: digits on paths that cost so much more than the best one are not classified

NO_EVIDENCE = np.zeros(CLASSES + len(LINE_SIGNS))


def page_arcs(page: Page, model: Model, line_model: LineModel | None, margin: float = DETOUR) -> list[Arcs]:
    """The arcs of each text line of a page, from top to bottom.

    Args:
        page: the page.
        model: the model that classifies single digits.
        line_model: the model that reads whole lines; without it, there are no signs.
        margin: arcs of digits are left out if the best path through them costs so much more than the best of all, in
            nats; infinite to keep all of them.

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
        found.append(line_arcs(page, lattice, some, model, line_model, margin))
    return found


def line_arcs(
    page: Page,
    lattice: Lattice,
    specks: Sequence[Component],
    model: Model,
    line_model: LineModel | None,
    margin: float = DETOUR,
) -> Arcs:
    """The arcs of a text line.

    Args:
        page: the page.
        lattice: the line's lattice, with nothing classified yet.
        specks: ink in the line that is too small to be part of a digit, but may be a point.
        model: the model that classifies single digits.
        line_model: the model that reads whole lines, if any; it is not asked where all ink clearly is digits.
        margin: as for `page_arcs`.

    Returns:
        The arcs; their nodes are the gaps between pieces and specks.
    """
    pieces = list(lattice.pieces)
    beside = [speck for speck in specks if not any(_is_within(speck, piece.component) for piece in pieces)]
    specks = beside if len(beside) < len(pieces) else []  # on paper with so many of them, they are no points
    for speck in specks:
        pieces.insert(sum(_center(piece.component) < _center(speck) for piece in pieces), Piece(speck, 0.0))
    nodes = [place for place, piece in enumerate(pieces) if piece.component not in specks]  # of the lattice's pieces
    ends = columns_between(pieces)
    settle(page, [lattice], model)
    read_whole = line_model and (is_doubtful(lattice) or sum(map(_length, lattice.best_path()[0])) < len(pieces))
    reading = read_line(page, lattice.line, line_model) if line_model and read_whole else None

    @cache
    def evidence(first: int, last: int) -> tuple[Float[np.ndarray, "20"], float]:
        """What the line model says for each character, and for none, between two nodes."""
        if reading is None:
            return NO_EVIDENCE, 0.0
        alone, nothing = reading.digits_and_signs(ends[first], ends[last])
        alone[:CLASSES] = reading.digits(ends[first], ends[last])  # a point without ink of its own does not count
        return TRUST * alone, TRUST * nothing

    def digits() -> list[Arc]:
        """All candidates; one that is not classified yet counts with the lowest costs it could turn out to have."""
        found = []
        for candidate in lattice.candidates:
            first, last = nodes[candidate.first], nodes[candidate.last - 1] + 1
            said = evidence(first, last)[0][:CLASSES]
            digit = candidate.digit
            said = heard(digit, said) if digit else said
            costs = candidate.shape_cost - said - (math.log(1 + DOUBT) if digit is None else belief(digit))
            found.append(digit_arc(first, last, combine(digit, said) if digit and reading else digit, costs))
        return found

    others = _signs(pieces, evidence, lattice.line) if reading else []
    for place, piece in enumerate(pieces):
        unread = 0.0 if piece.component in specks else unread_cost(piece.component, lattice.line.height)
        others.append(Arc(place, place + 1, {"": MISSED + unread - evidence(place, place + 1)[1]}))
    while True:
        found = digits()
        detours = _detours([*found, *others])
        near = [
            candidate
            for candidate, detour in zip(lattice.candidates, detours, strict=False)
            if candidate.digit is None and detour <= margin
        ]
        if not near:
            arcs = [*(arc for arc in found if arc.digit), *others]
            if reading and line_model:
                wider = LineReading(stretch(reading.strip, WIDER), line_model)  # where it may see more, or less
                for cut in (_cut_between(page, lattice.line, one, model) for one in (reading, wider)):
                    arcs = _side_by_side(arcs, cut) if cut else arcs
            adapted = any(arc.digit.taught for arc in arcs if arc.digit)  # of that, the line model knows nothing
            columns = likely(reading.characters) if reading and not adapted else None
            return Arcs(sorted(arcs, key=lambda arc: arc.first), columns)
        for candidate, digit in zip(near, classify(page, [one.component for one in near], model), strict=True):
            candidate.classify(digit)


def digit_arc(first: int, last: int, digit: Digit | None, costs: Float[np.ndarray, "10"]) -> Arc:
    """An arc for ink that may be any of the ten digits, at these costs in nats."""
    by_digit = {str(label): cost for label, cost in enumerate(costs.tolist())}
    return Arc(first, last, by_digit, digit.component if digit else None, digit)


def _signs(
    pieces: Sequence[Piece], evidence: Callable[[int, int], tuple[Float[np.ndarray, "20"], float]], line: Line
) -> list[Arc]:
    """Every run of neighboring pieces as a sign."""
    arcs = []
    for first in range(len(pieces)):
        for last in range(first + 1, min(first + MOST_PIECES, len(pieces)) + 1):
            some = [piece.component for piece in pieces[first:last]]
            wide = max(component.right for component in some) - min(component.x for component in some)
            if last > first + 1 and wide > WIDEST * line.height:
                break
            said = evidence(first, last)[0][CLASSES:].tolist()
            costs = {sign: SIGN - one for sign, one in zip(LINE_SIGNS, said, strict=True) if one > TRUST * LEAST}
            if costs:  # a sign for which nothing speaks would be a cheap way to leave much ink unread
                arcs.append(Arc(first, last, costs, join(some)))
    return arcs


def _detours(arcs: Sequence[Arc]) -> list[float]:
    """How much more the best path through each arc costs than the best path of all, in nats."""
    ordered = sorted(arcs, key=lambda arc: arc.first)
    least = {arc: min(arc.costs.values()) for arc in arcs}
    last = max(arc.last for arc in arcs)
    before, behind = [0.0, *last * [math.inf]], [*last * [math.inf], 0.0]
    for arc in ordered:
        before[arc.last] = min(before[arc.last], before[arc.first] + least[arc])
    for arc in reversed(ordered):
        behind[arc.first] = min(behind[arc.first], least[arc] + behind[arc.last])
    return [before[arc.first] + least[arc] + behind[arc.last] - behind[0] for arc in arcs]


def _cut_between(page: Page, line: Line, reading: LineReading, model: Model) -> list[Arc]:
    """The arcs of a line that is cut halfway between what the line model sees, if it is sure of it: the pieces of ink
    make no sense where digits and signs touch. A character on them costs `CUT` more.
    """
    seen = reading.digits_and_signs_seen()
    if not seen or any(one.probability < PROBABLE for one in seen):
        return []
    whole = join(line.components)
    middles = [(left.right + right.left) / 2 for left, right in pairwise(seen)]
    edges = [0, *(min(max(0, round(middle) - whole.x), whole.width) for middle in middles), whole.width]
    parts = [whole.mask[:, left:right] for left, right in pairwise(edges)]
    inked = [node for node, part in enumerate(parts) if part.any()]
    components = [trim(whole.x + edges[node], whole.y, parts[node]) for node in inked]
    arcs = [Arc(node, node + 1, {"": MISSED - TRUST * float(one.answer[-1])}) for node, one in enumerate(seen)]
    for node, digit in zip(inked, classify(page, components, model), strict=True):
        said = TRUST * seen[node].answer
        costs = CUT - heard(digit, said[:CLASSES]) - belief(digit)
        arcs.append(digit_arc(node, node + 1, combine(digit, said[:CLASSES]), costs))
        signs = dict(zip(LINE_SIGNS, (CUT - said[CLASSES:-1]).tolist(), strict=True))
        arcs.append(Arc(node, node + 1, signs, digit.component))
    return arcs


def _side_by_side(one: Sequence[Arc], other: Sequence[Arc]) -> list[Arc]:
    """Join two ways through a line into one: both begin at the first node and end at the last."""
    end, nodes = max(arc.last for arc in one), max(arc.last for arc in other)

    def moved(node: int) -> int:
        return end + node - 1 if node else 0

    arcs = [replace(arc, last=moved(nodes) if arc.last == end else arc.last) for arc in one]
    arcs += [replace(arc, first=moved(arc.first), last=moved(arc.last)) for arc in other]
    return arcs


def _distance(speck: Component, line: Line) -> float:
    """How far a speck is from the box of a line, in its heights; the box reaches half a height above and below it."""
    left = min(component.x for component in line.components)
    aside = max(left - speck.right, speck.x - left - line.width, 0)
    down = abs(speck.y + speck.height / 2 - float(line.middle(_center(speck)))) / line.height
    return max(aside / line.height, 0.0 if down < 0.5 else 2 * (down - 0.5))


def _is_within(speck: Component, component: Component) -> bool:
    return component.x <= _center(speck) <= component.right


def _length(candidate: Candidate) -> int:
    return candidate.last - candidate.first


def _center(component: Component) -> float:
    return component.x + component.width / 2
