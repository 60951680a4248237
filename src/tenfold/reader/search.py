"""The best numbers in a text line: the arcs of its lattice, composed with what is known about the number."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from tenfold.imaging import Component
from tenfold.reader.digits import Digit
from tenfold.reader.known import Automaton, Pattern

KEPT = 2  # numbers: the best, and the second best


@dataclass(frozen=True, eq=False)
class Arc:
    """A part of a line that may be a character, or nothing.

    Attributes:
        first: the node at which it begins.
        last: the node at which it ends, to the right of the first.
        costs: what reading it as each of these characters costs, in nats; an empty text is no character.
        component: the ink; None if it is left unread.
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

    Args:
        arcs: the arcs of a line, sorted by where they begin; the first node is 0, the last one the largest.
        known: what is known about the number.
        temperature: divides all costs before probabilities are computed.

    Returns:
        The two best paths with different texts, or fewer if there are no others. With each, the probability of its
        text, 0 to 1: the sum over its paths, divided by the sum over all paths that the automaton accepts.
    """
    paths, total = _run(arcs, known, temperature)
    return [(path, math.exp(_run(arcs, Pattern(path.text), temperature)[1] - total)) for path in paths]


def _run(arcs: Sequence[Arc], known: Automaton, temperature: float) -> tuple[list[Path], float]:
    """The best paths, and the logarithm of the sum over all paths."""
    paths: list[dict[Any, list[Path]]] = [{} for _ in range(max(arc.last for arc in arcs) + 1)]
    sums: list[dict[Any, float]] = [{} for _ in paths]
    paths[0][known.start], sums[0][known.start] = [Path(0.0, "", ())], 0.0
    steps: dict[tuple[Any, str], Any | None] = {}
    for arc in arcs:
        for state, best in paths[arc.first].items():
            for character, cost in arc.costs.items():
                if (state, character) not in steps:
                    steps[state, character] = known.step(state, character) if character else state
                if (after := steps[state, character]) is None:
                    continue
                there = paths[arc.last].setdefault(after, [])
                for path in best:
                    _keep(there, path, cost, character, arc)
                further = sums[arc.first][state] - cost / temperature
                sums[arc.last][after] = np.logaddexp(sums[arc.last].get(after, -math.inf), further)
    ends = [state for state in paths[-1] if known.accepts(state)]
    best = []
    for state in ends:
        best += paths[-1][state]
    total = float(np.logaddexp.reduce([sums[-1][state] for state in ends])) if ends else -math.inf
    return sorted(best)[:KEPT], total


def _keep(best: list[Path], path: Path, cost: float, character: str, arc: Arc) -> None:
    """Add a path and one more arc to the best ones, if it is among them; of paths with one text, the best stays."""
    total = path.cost + cost
    if len(best) == KEPT and total >= best[-1].cost:
        return
    text = path.text + character
    same = next((one for one in best if one.text == text), None)
    if same and same.cost <= total:
        return
    if same:
        best.remove(same)
    best.append(Path(total, text, (*path.arcs, arc) if character else path.arcs))
    best.sort()
    del best[KEPT:]
