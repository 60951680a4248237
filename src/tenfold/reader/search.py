"""The best numbers in a text line: the arcs of its lattice, composed with what is known about the number."""

import math
from bisect import insort
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any, NamedTuple

from tenfold.imaging import Component
from tenfold.reader.digits import Digit
from tenfold.reader.known import Automaton, Known, Pattern

KEPT = 4  # texts whose probability is computed: that of the best path need not be the most probable
SILENT = 4.0  # nats: what a sign that a pattern asks for costs where no ink of its own is seen


@dataclass(frozen=True, eq=False)
class Arc:
    """A part of a line that may be a character, or nothing.

    Attributes:
        first: the node at which it begins.
        last: the node at which it ends, to the right of the first; that one again if the arc has no ink.
        costs: what reading it as each of these characters costs, in nats; an empty text is no character.
        component: the ink; None if it is left unread, or if there is none.
        digit: the ink as a digit; None if it cannot be one.
    """

    first: int
    last: int
    costs: dict[str, float]
    component: Component | None = None
    digit: Digit | None = None


class Path(NamedTuple):
    """A path from the left end of a line: its cost in nats, its text, and the arcs of its characters."""

    cost: float
    text: str
    arcs: tuple[Arc, ...]


def find_best(arcs: Sequence[Arc], known: Automaton, temperature: float) -> list[tuple[Path, float]]:
    """Find the best numbers among all paths that an automaton accepts.

    Signs that a pattern asks for may be missing: a point often touches a digit, or is too small to be seen.

    Args:
        arcs: the arcs of a line, sorted by where they begin; the first node is 0, the last one the largest.
        known: what is known about the number.
        temperature: divides all costs before probabilities are computed.

    Returns:
        Of the four best paths with different texts, the two whose texts are most probable, or fewer if there are no
        others. With each, the probability of its text, 0 to 1: the sum over its paths, divided by the sum over all
        paths that the automaton accepts.
    """
    if isinstance(known, Known) and known.required_signs:
        nodes = range(max(arc.last for arc in arcs) + 1)
        silent = [Arc(node, node, dict.fromkeys(known.required_signs, SILENT)) for node in nodes]
        arcs = sorted([*silent, *arcs], key=lambda arc: arc.first)  # at each node, the signs come first
    total = log_sum(arcs, known, temperature)
    texts = _best_paths(arcs, known)
    found = [(path, math.exp(log_sum(arcs, Pattern(path.text), temperature) - total)) for path in texts]
    return sorted(found, key=lambda one: -one[1])[:2]


def _best_paths(arcs: Sequence[Arc], known: Automaton) -> list[Path]:
    """The best path for each of the best texts."""
    paths: list[dict[Any, list[Path]]] = [{} for _ in range(max(arc.last for arc in arcs) + 1)]
    paths[0][known.start] = [Path(0.0, "", ())]
    for arc, state, after, character, cost in _steps(arcs, known, paths):
        there = paths[arc.last].setdefault(after, [])
        for path in list(paths[arc.first][state]):
            total = path.cost + cost
            if len(there) == KEPT and total >= there[-1].cost:
                break  # the paths after it cost more
            _keep(there, Path(total, path.text + character, (*path.arcs, arc) if character else path.arcs))
    return sorted(path for state, best in paths[-1].items() if known.accepts(state) for path in best)[:KEPT]


def log_sum(arcs: Sequence[Arc], known: Automaton, temperature: float) -> float:
    """The logarithm of the sum of the probabilities of all paths that an automaton accepts.

    Args:
        arcs: as for `find_best`.
        known: the automaton.
        temperature: divides all costs first.
    """
    sums: list[dict[Any, float]] = [{} for _ in range(max(arc.last for arc in arcs) + 1)]
    sums[0][known.start] = 0.0
    for arc, state, after, _, cost in _steps(arcs, known, sums):
        further = sums[arc.first][state] - cost / temperature
        sums[arc.last][after] = _log_add(sums[arc.last].get(after, -math.inf), further)
    return reduce(_log_add, (one for state, one in sums[-1].items() if known.accepts(state)), -math.inf)


def _log_add(one: float, other: float) -> float:
    """The logarithm of the sum of two numbers that are given by their logarithms."""
    more, less = (one, other) if one > other else (other, one)
    return more + math.log1p(math.exp(less - more)) if less > -math.inf else more


def _steps(
    arcs: Sequence[Arc], known: Automaton, reached: Sequence[dict[Any, Any]]
) -> Iterator[tuple[Arc, Any, Any, str, float]]:
    """Every arc from every state reached at its first node: the states before and behind it, a character, its cost."""
    characters = sorted({character for arc in arcs for character in arc.costs})
    moves: dict[Any, list[tuple[str, Any]]] = {}  # from each state, what may come next: with a pattern, very little
    for arc in arcs:
        for state in list(reached[arc.first]):
            if state not in moves:
                steps = ((one, known.step(state, one) if one else state) for one in characters)
                moves[state] = [(one, after) for one, after in steps if after is not None]
            for character, after in moves[state]:
                if (cost := arc.costs.get(character)) is not None:
                    yield arc, state, after, character, cost


def _keep(best: list[Path], path: Path) -> None:
    """Add a path to the best ones, sorted by cost; of paths with one text, the best stays."""
    for place, one in enumerate(best):
        if one.text == path.text:
            if one.cost <= path.cost:
                return
            del best[place]
            break
    insort(best, path, key=lambda one: one[:2])
    del best[KEPT:]
