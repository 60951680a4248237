"""From connected components to digits: text lines in order, and in each the best path through its lattice."""

from collections.abc import Sequence
from itertools import pairwise

from tenfold.base.constants import constants
from tenfold.base.form import CLASSES
from tenfold.base.refusal import log_softmax
from tenfold.imaging import Page
from tenfold.imaging.components import join, too_dense, trim
from tenfold.imaging.lines import Line, find_lines
from tenfold.models import LineModel, Model
from tenfold.reader.digits import Digit, classify
from tenfold.reader.lattice import Lattice
from tenfold.reader.text_line import LineDigit, read_line

shared = constants("segment")

# If the best path costs more nats per digit than ...
CLEAR = shared["CLEAR"]  # ... this, the line model reads the line too;
LOST = shared["LOST"]  # ... this even then, the line is cut where the line model finds the digits, ...
PROBABLE = shared["PROBABLE"]  # ... provided that it gives each of them at least this probability

SEVERAL = tuple(shared["SEVERAL"])  # components: a page with fewer is not turned, and one with more is print
UPRIGHT = shared["UPRIGHT"]  # the mean score of the digits of a page that is not turned, at least
USUAL = shared["USUAL"]  # by how much it must be lower than that of the page turned: most pages are upright

# No page of writing has more than
MOST_CANDIDATES = shared["MOST_CANDIDATES"]  # runs of pieces that may be a digit, in all lines together
MOST_HEIGHTS = shared["MOST_HEIGHTS"]  # digit heights in the length of all its doubtful lines together


def read_lines(page: Page, model: Model, line_model: LineModel | None) -> list[list[Digit]]:
    """Segment a page into lines and digits.

    Args:
        page: the page.
        model: the model that classifies single digits.
        line_model: the model that reads whole lines; it is run on the lines that the first leaves in doubt. With None,
            the first reads alone.

    Returns:
        The digits of each line from left to right, lines from top to bottom.

    Raises:
        TenfoldError: if the page is too dense to be writing.
    """
    lattices: list[Lattice] = []
    left = MOST_CANDIDATES
    for components in find_lines(page.components):
        lattices.append(Lattice(Line(components), left))
        left -= len(lattices[-1].candidates)
    settle(page, lattices, model)
    doubtful = [lattice for lattice in lattices if line_model and is_doubtful(lattice)]
    if sum(lattice.line.width / lattice.line.height for lattice in doubtful) > MOST_HEIGHTS:
        raise too_dense(f"{len(doubtful):,} long lines without clear digits")
    for lattice in doubtful:
        assert line_model  # noqa: S101  # for the type checker
        lattice.add_line(read_line(page, lattice.line, line_model))
    settle(page, doubtful, model)
    return [digits for lattice in lattices if (digits := _digits(page, lattice))]


def certainty(lines: Sequence[Sequence[Digit]]) -> float:
    """How certain it is that what was found are digits, from 0 to 1: the mean of their scores; 0 if there are none."""
    scores = [digit.score for line in lines for digit in line]
    return sum(scores) / len(scores) if scores else 0.0


def looks_turned(page: Page, lines: Sequence[Sequence[Digit]]) -> bool:
    """Whether a page should also be read from its other sides: it has several components, few of them like digits."""
    fewest, most = SEVERAL
    return fewest <= len(page.components) <= most and certainty(lines) < UPRIGHT


def settle(page: Page, lattices: Sequence[Lattice], model: Model) -> None:
    """Classify candidates until all those on the best path of every line are classified: the other paths cost more."""
    while unclassified := [
        (lattice, candidate) for lattice in lattices for candidate in lattice.best_path()[0] if candidate.digit is None
    ]:
        digits = classify(page, [candidate.component for _, candidate in unclassified], model)
        for (_, candidate), digit in zip(unclassified, digits, strict=True):
            candidate.classify(digit)
        lattices = list(dict.fromkeys(lattice for lattice, _ in unclassified))  # the best paths of the others are final


def is_doubtful(lattice: Lattice) -> bool:
    """Whether the digits on the best path of a line are so improbable that the line model should read it, too."""
    path, cost = lattice.best_path()
    return len(lattice.pieces) > 1 and cost > CLEAR * len(path)


def _digits(page: Page, lattice: Lattice) -> list[Digit]:
    path, cost = lattice.best_path()
    found = lattice.line_reading.seen if lattice.line_reading else []
    if found and cost > LOST * len(path) and all(one.probability > PROBABLE for one in found):
        return cut_between(page, lattice.line, found)
    return [candidate.digit for candidate in path if candidate.digit]


def cut_between(page: Page, line: Line, found: Sequence[LineDigit]) -> list[Digit]:
    """Cut a line halfway between the digits that the line model finds in it.

    Args:
        page: the page.
        line: the line.
        found: the digits, from left to right.

    Returns:
        The digits with ink, as the line model classifies them.
    """
    whole = join(line.components)
    middles = [(left.right + right.left) / 2 for left, right in pairwise(found)]
    edges = [0, *(min(max(0, round(middle) - whole.x), whole.width) for middle in middles), whole.width]
    digits = []
    for (left, right), one in zip(pairwise(edges), found, strict=True):
        mask = whole.mask[:, left:right]
        if mask.any():
            component = trim(whole.x + left, whole.y, mask)
            answer = log_softmax(one.answer[:CLASSES])
            digits.append(Digit(component, page.image(component), answer, one.probability, 0.0))
    return digits
