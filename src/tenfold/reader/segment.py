"""From parts of ink to digits: lines in order, and in each the division into digits that the networks read best."""

from collections.abc import Sequence
from itertools import pairwise

from tenfold.data import CLASSES
from tenfold.imaging import Page
from tenfold.imaging.components import join, too_dense, trim
from tenfold.imaging.lines import Line, find_lines
from tenfold.models import Model, RowModel
from tenfold.networks.refusal import log_softmax
from tenfold.reader.digits import Digit, look
from tenfold.reader.lattice import Division
from tenfold.reader.text_line import Seen, read_row

# If more than this speaks for every digit against the cheapest division, ...
CLEAR = 0.3  # ... the line is seen as a whole, too;
LOST = 2.0  # ... even then, it is cut as the network for rows sees it, ...
SEEN = 0.3  # ... where that sees every digit with such a probability

# What no page of writing has more of
MOST_CANDIDATES = 15_000  # what may be a digit, of all lines together
MOST_HEIGHTS = 20_000  # heights of digits, the length of all its doubtful lines together


def read_lines(page: Page, model: Model, row_model: RowModel) -> list[list[Digit]]:
    """Divide a page into lines and digits.

    Args:
        page: the picture.
        model: reads single digits.
        row_model: sees whole lines.

    Returns:
        The digits of each line from left to right, lines from top to bottom.

    Raises:
        TenfoldError: if there is so much on the page that it cannot be writing.
    """
    divisions: list[Division] = []
    left = MOST_CANDIDATES
    for parts in find_lines(page.parts):
        divisions.append(Division(Line(parts), left))
        left -= len(divisions[-1].parts)
    settle(page, divisions, model)
    doubtful = [division for division in divisions if _is_doubtful(division)]
    if sum(division.line.width / division.line.height for division in doubtful) > MOST_HEIGHTS:
        raise too_dense(f"{len(doubtful):,} long lines without clear digits")
    for division in doubtful:
        division.add_row(read_row(page, division.line, row_model))
    settle(page, doubtful, model)
    return [digits for division in divisions if (digits := _digits(page, division))]


def settle(page: Page, divisions: Sequence[Division], model: Model) -> None:
    """Let the network see digits until it has seen all in the cheapest division of every line: the others cost more."""
    while unseen := [
        (division, place) for division in divisions for place in division.cheapest()[0] if place not in division.digits
    ]:
        digits = look(page, [division.parts[place] for division, place in unseen], model)
        for (division, place), digit in zip(unseen, digits, strict=True):
            division.add(place, digit)
        divisions = list(dict.fromkeys(division for division, _ in unseen))  # what is known of the others stays so


def _is_doubtful(division: Division) -> bool:
    path, cost = division.cheapest()
    return len(division.pieces) > 1 and cost > CLEAR * len(path)


def _digits(page: Page, division: Division) -> list[Digit]:
    path, cost = division.cheapest()
    seen = division.row.seen if division.row else []
    if seen and cost > LOST * len(path) and all(one.probability > SEEN for one in seen):
        return _cut_as_seen(page, division.line, seen)
    return [division.digits[place] for place in path]


def _cut_as_seen(page: Page, line: Line, seen: Sequence[Seen]) -> list[Digit]:
    """Cut a line halfway between the digits that the network for rows sees in it."""
    whole = join(line.parts)
    middles = [(left.right + right.left) / 2 for left, right in pairwise(seen)]
    edges = [0, *(min(max(0, round(middle) - whole.x), whole.width) for middle in middles), whole.width]
    digits = []
    for (left, right), one in zip(pairwise(edges), seen, strict=True):
        mask = whole.mask[:, left:right]
        if mask.any():
            part = trim(whole.x + left, whole.y, mask)
            answer = log_softmax(one.answer[:CLASSES])
            digits.append(Digit(part, page.image(part), answer, one.probability, 0.0))
    return digits
