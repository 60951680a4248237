"""A line of writing seen as a whole, by a network that knows every digit among its neighbors.

It says in every second column which digit stands there, or none. What it says of the columns of one piece of ink tells
how likely they show just that digit: the sum over all ways in which it may begin and end there, as in A. Graves et al.,
"Connectionist Temporal Classification", ICML 2006.
"""

from dataclasses import dataclass
from itertools import groupby

import numpy as np
from jaxtyping import Float, UInt8

from tenfold.base.form import LINE_COLUMNS, LINE_SIDE, LINE_STEP
from tenfold.base.refusal import log_softmax
from tenfold.data import CLASSES
from tenfold.imaging import Page
from tenfold.imaging.lines import Line
from tenfold.imaging.strips import Strip, cut_strip
from tenfold.models import LineModel

SIGHT = 16  # columns to both sides that an answer depends on
LARGER, CLEARER = 1.4, 0.1  # how much a line is enlarged, and what that must gain, in nats for each digit
LEAST = -8.0  # no evidence against a digit or its absence is stronger: the network is sure too early


@dataclass(frozen=True)
class Seen:
    """A digit that the network sees in a line.

    Attributes:
        left: the column of the page from which on it says so.
        right: the column up to which it does.
        answer: where it is surest, the logarithms of the probabilities of the ten digits and of none.
    """

    left: float
    right: float
    answer: Float[np.ndarray, "11"]

    @property
    def probability(self) -> float:
        """Of the most probable digit."""
        return float(np.exp(self.answer[:CLASSES].max()))


class LineReading:
    """What the network sees in a line.

    Args:
        strip: the line.
        model: the network.

    Attributes:
        answers: the logarithms of the probabilities of the ten digits and of none, at every second column.
        seen: the digits in the likeliest answers, from left to right.
    """

    def __init__(self, strip: Strip, model: LineModel) -> None:
        self._strip = strip
        self.answers = _answers(strip.image, model)
        self.seen: list[Seen] = []
        start = 0
        for label, run in groupby(self.answers.argmax(axis=1).tolist()):
            end = start + len(list(run))
            if label < CLASSES:
                surest = start + int(self.answers[start:end, label].argmax())
                self.seen.append(Seen(self._column(start), self._column(end), self.answers[surest]))
            start = end

    def cost(self) -> float:
        """How much the likeliest answers surprise, for each digit in them."""
        return -float(self.answers.max(axis=1).sum()) / max(1, len(self.seen))

    def digits(self, left: float, right: float) -> Float[np.ndarray, "10"]:
        """The logarithms of the probabilities that from one column of the page to another there is just each digit."""
        before, within, after = 0.0, np.full(CLASSES, -np.inf), np.full(CLASSES, -np.inf)
        for *digits, nothing in self._between(left, right):
            after = np.logaddexp(after, within) + nothing
            within = np.logaddexp(within, before) + digits
            before += nothing
        return np.maximum(np.logaddexp(within, after), LEAST)

    def nothing(self, left: float, right: float) -> float:
        """Likewise that there is no digit."""
        return max(float(self._between(left, right)[:, CLASSES].sum()), LEAST)

    def _column(self, frame: int) -> float:
        return self._strip.left + LINE_STEP * frame / self._strip.scale

    def _between(self, left: float, right: float) -> Float[np.ndarray, "frames 11"]:
        frames = (np.array((left, right)) - self._strip.left) * self._strip.scale / LINE_STEP
        first, last = np.clip(np.rint(frames), 0, len(self.answers)).astype(int)
        return self.answers[first:last]


def read_line(page: Page, line: Line, model: LineModel) -> LineReading:
    """See a line as a whole, at its height, or larger where that surprises less: print may make a line seem higher.

    A line of a single part is as high as that.
    """
    usual = LineReading(cut_strip(page, line, line.height), model)
    if len(line.components) == 1 or usual.cost() <= CLEARER:
        return usual
    larger = LineReading(cut_strip(page, line, line.height / LARGER), model)
    return larger if usual.cost() - larger.cost() > CLEARER else usual


def _answers(image: UInt8[np.ndarray, "40 columns"], model: LineModel) -> Float[np.ndarray, "frames 11"]:
    """Run the network on windows, as wide as it takes them, that overlap by as much as it sees to the sides."""
    short, long = LINE_COLUMNS
    edge = SIGHT // LINE_STEP  # answers
    starts = range(0, max(image.shape[1] - 2 * SIGHT, 1), long - 2 * SIGHT)
    answers = []
    for start in starts:
        seen = image[:, start : start + long]
        window = np.zeros((LINE_SIDE, short if seen.shape[1] <= short else long), np.uint8)
        window[:, : seen.shape[1]] = seen
        logits = model.logits(window)
        answers.append(logits[edge if start else 0 : -edge if start < starts[-1] else None])
    return log_softmax(np.concatenate(answers)[: -(-image.shape[1] // LINE_STEP)])
