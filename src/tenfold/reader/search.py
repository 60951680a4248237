"""The best numbers in a text line: the arcs of its lattice, composed with what is known about the number."""

import math
from bisect import insort
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any, NamedTuple

from tenfold.imaging import Component
from tenfold.reader.alignments import Columns, log_add, log_sum_alignments
from tenfold.reader.digits import Digit
from tenfold.reader.known import NOTHING_KNOWN, Automaton, Known, Pattern

KEPT = 6  # texts whose probability is computed: that of the best path need not be the most probable
WHOLE = 1 / 3  # the weight of what the line model alone says about the whole line, against that of the lattice
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


@dataclass(frozen=True, eq=False)
class Arcs:
    """All that a text line may say.

    Attributes:
        arcs: the arcs of its lattice, sorted by where they begin; the first node is 0, the last one the largest.
        columns: what the line model says at each column, as `likely` returns it; None if it was not asked.
    """

    arcs: list[Arc]
    columns: Columns | None = None


class Path(NamedTuple):
    """A path from the left end of a line: its cost in nats, its text, and the arcs of its characters."""

    cost: float
    text: str
    arcs: tuple[Arc, ...]


def find_best(line: Arcs, known: Known, temperature: float) -> list[tuple[Path, float]]:
    """Find the best numbers in a line, of all that fit what is known.

    Signs that a pattern asks for may be missing: a point often touches a digit, or is too small to be seen.

    Args:
        line: all that the line may say.
        known: what is known about the number.
        temperature: as for `log_probability`.

    Returns:
        Of the six best paths with different texts, the two whose texts are most probable, or fewer if there are no
        others. With each, the probability of its text among all texts that fit what is known, 0 to 1.
    """
    arcs = line.arcs
    if known.required_signs:
        nodes = range(max(arc.last for arc in arcs) + 1)
        silent = [Arc(node, node, dict.fromkeys(known.required_signs, SILENT)) for node in nodes]
        arcs = sorted([*silent, *arcs], key=lambda arc: arc.first)  # at each node, the signs come first
    everything = log_sum(line.arcs, NOTHING_KNOWN, temperature)
    line = replace(line, arcs=arcs)
    texts = _best_paths(arcs, known)
    total = _mix(line, known, temperature, everything) if texts else 0.0
    found = [(path, _mix(line, Pattern(path.text), temperature, everything) - total) for path in texts]
    return [(path, math.exp(min(0.0, one))) for path, one in sorted(found, key=lambda one: -one[1])[:2]]


def log_probability(line: Arcs, automaton: Automaton, temperature: float) -> float:
    """The logarithm of the probability that a line says something that an automaton accepts.

    The probability is a weighted mean: of the lattice's, in which each path counts with its cost, and of the line
    model's, in which each alignment with its columns does. The two err in different ways.

    Args:
        line: all that the line may say.
        automaton: the automaton; it accepts no text without a digit.
        temperature: divides the costs of the arcs.
    """
    return _mix(line, automaton, temperature, log_sum(line.arcs, NOTHING_KNOWN, temperature))


def _mix(line: Arcs, automaton: Automaton, temperature: float, everything: float) -> float:
    """The logarithm of the weighted mean of both probabilities, given the logarithm of the sum over all paths."""
    by_arcs = log_sum(line.arcs, automaton, temperature) - everything
    if line.columns is None:
        return by_arcs
    by_columns = log_sum_alignments(line.columns, automaton)
    return log_add(math.log(1 - WHOLE) + by_arcs, math.log(WHOLE) + by_columns)


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
        arcs: as in `Arcs`.
        known: the automaton.
        temperature: divides all costs first.
    """
    sums: list[dict[Any, float]] = [{} for _ in range(max(arc.last for arc in arcs) + 1)]
    sums[0][known.start] = 0.0
    for arc, state, after, _, cost in _steps(arcs, known, sums):
        further = sums[arc.first][state] - cost / temperature
        sums[arc.last][after] = log_add(sums[arc.last].get(after, -math.inf), further)
    return reduce(log_add, (one for state, one in sums[-1].items() if known.accepts(state)), -math.inf)


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
