"""The probability of what the line model says about a whole line: the sum over all alignments with its columns.

Source: A. Graves et al., "Connectionist Temporal Classification", ICML 2006, composed with a finite automaton.
"""

import math
from functools import reduce
from typing import Any

import numpy as np
from jaxtyping import Float

from tenfold.base.form import CHARACTERS
from tenfold.reader.known import Automaton

UNLIKELY = -9.0  # the log-probability of a character below which it is not considered at a column
BEAM = 14.0  # nats: alignments that are so much less probable than the best one up to a column are not continued

Columns = list[tuple[float, dict[str, float]]]  # at each column, the log-probability of none, and of likely characters


def likely(answers: Float[np.ndarray, "columns 21"]) -> Columns:
    """What is likely at each column; neighboring columns at which no character is are joined.

    Args:
        answers: the logarithms of the probabilities of `CHARACTERS`, and of none of them, at each column.
    """
    columns: Columns = []
    for *characters, none in answers.tolist():
        some = {one: logarithm for one, logarithm in zip(CHARACTERS, characters, strict=True) if logarithm > UNLIKELY}
        if columns and not some and not columns[-1][1]:
            none += columns.pop()[0]
        columns.append((none, some))
    return columns


def log_sum_alignments(columns: Columns, known: Automaton) -> float:
    """The logarithm of the probability that the columns say something that an automaton accepts.

    Args:
        columns: what `likely` returns.
        known: the automaton.

    Returns:
        The logarithm; minus infinity if nothing that is at all probable is accepted.
    """
    reached: dict[tuple[Any, str], float] = {(known.start, ""): 0.0}  # by state, and the character of the last column
    for none, characters in columns:
        further: dict[tuple[Any, str], float] = {}
        for (state, last), logarithm in reached.items():
            steps = [((state, ""), none)]
            for character, more in characters.items():
                after = state if character == last else known.step(state, character)
                if after is not None:
                    steps.append(((after, character), more))
            for place, more in steps:
                further[place] = log_add(further.get(place, -math.inf), logarithm + more)
        least = max(further.values()) - BEAM
        reached = {place: logarithm for place, logarithm in further.items() if logarithm >= least}
    return reduce(log_add, (one for (state, _), one in reached.items() if known.accepts(state)), -math.inf)


def log_add(one: float, other: float) -> float:
    """The logarithm of the sum of two numbers that are given by their logarithms."""
    more, less = (one, other) if one > other else (other, one)
    return more + math.log1p(math.exp(less - more)) if less > -math.inf else more
