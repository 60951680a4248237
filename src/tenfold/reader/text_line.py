"""Reading a text line whole, with a network that takes every digit's neighbors into account.

At every second column it says which digit is there, or that there is none. Its answers for the columns of a piece of
ink give the probability that they show exactly one digit: the sum over all the ways in which the digit may begin and
end there, as in A. Graves et al., "Connectionist Temporal Classification", ICML 2006.
"""

from dataclasses import dataclass
from itertools import groupby

import numpy as np
from jaxtyping import Float, UInt8

from tenfold.base.constants import constants
from tenfold.base.form import CLASSES, LINE_COLUMNS, LINE_SIDE, LINE_STEP
from tenfold.base.refusal import log_softmax
from tenfold.imaging import Page
from tenfold.imaging.lines import Line
from tenfold.imaging.strips import Strip, cut_strip, ink_of
from tenfold.models import LineModel

shared = constants("text_line")
SIGHT = shared["SIGHT"]  # columns on each side that an answer depends on
LARGER = shared["LARGER"]  # by how much a line is enlarged, ...
CLEARER = shared["CLEARER"]  # ... and how much cost that must save, in nats per digit
LEAST = shared["LEAST"]  # the lowest log-probability of a digit or of its absence: the network is overconfident


@dataclass(frozen=True)
class LineDigit:
    """A digit, or a sign, that the line model finds in a line.

    Attributes:
        left: the column of the page at which the answers for it begin.
        right: the column at which they end.
        answer: the most certain of them: the logarithms of the probabilities of the ten digits, the signs if they are
            told apart, and none.
    """

    left: float
    right: float
    answer: Float[np.ndarray, " n"]

    @property
    def probability(self) -> float:
        """The probability of the most probable digit or sign."""
        return float(np.exp(self.answer[:-1].max()))


class LineReading:
    """What the line model reads in a line.

    Args:
        strip: the line.
        model: the line model.

    Attributes:
        strip: the line.
        characters: the logarithms of the probabilities of the ten digits, the signs of `LINE_SIGNS`, and none of them,
            at every second column.
        answers: the same of the ten digits and of none, signs included.
        seen: the digits in the most probable answers, from left to right.
    """

    def __init__(self, strip: Strip, model: LineModel) -> None:
        self.strip = strip
        self.characters = _answers(strip.image, model)
        nothing = np.logaddexp.reduce(self.characters[:, CLASSES:], axis=1)  # a sign is no digit
        self.answers = np.column_stack((self.characters[:, :CLASSES], nothing))
        self.seen = self._see(self.answers)

    def digits_and_signs_seen(self) -> list[LineDigit]:
        """The digits and signs in the most probable answers, from left to right."""
        return self._see(self.characters)

    def _see(self, answers: Float[np.ndarray, "frames n"]) -> list[LineDigit]:
        seen = []
        start = 0
        for label, run in groupby(answers.argmax(axis=1).tolist()):
            end = start + len(list(run))
            if label < answers.shape[1] - 1:
                surest = start + int(answers[start:end, label].argmax())
                seen.append(LineDigit(self._column(start), self._column(end), answers[surest]))
            start = end
        return seen

    def cost(self) -> float:
        """The cost of the most probable answers, in nats per digit."""
        return -float(self.answers.max(axis=1).sum()) / max(1, len(self.seen))

    def digits(self, left: float, right: float) -> Float[np.ndarray, "10"]:
        """The log-probability, for each of the ten digits, that it alone stands between two columns of the page."""
        return _alone(self._between(self.answers, left, right))

    def nothing(self, left: float, right: float) -> float:
        """The log-probability that no digit stands between two columns of the page."""
        return _nothing(self._between(self.answers, left, right))

    def digits_and_signs(self, left: float, right: float) -> tuple[Float[np.ndarray, "20"], float]:
        """The log-probability of each digit and sign that it alone stands there, and that of none of them."""
        answers = self._between(self.characters, left, right)
        return _alone(answers), _nothing(answers)

    def _column(self, frame: int) -> float:
        return self.strip.left + LINE_STEP * frame / self.strip.scale

    def _between(self, answers: Float[np.ndarray, "_ n"], left: float, right: float) -> Float[np.ndarray, "frames n"]:
        frames = (np.array((left, right)) - self.strip.left) * self.strip.scale / LINE_STEP
        first, last = np.clip(np.rint(frames), 0, len(answers)).astype(int)
        return answers[first:last]


def read_line(page: Page, line: Line, model: LineModel) -> LineReading:
    """Read a line whole, at its own height, or enlarged where that costs less: print may make a line seem higher.

    The height of a line with a single component is certain, so it is never enlarged.
    """
    ink = ink_of(line, page)
    usual = LineReading(cut_strip(ink, line, line.height), model)
    if len(line.components) == 1 or usual.cost() <= CLEARER:
        return usual
    larger = LineReading(cut_strip(ink, line, line.height / LARGER), model)
    return larger if usual.cost() - larger.cost() > CLEARER else usual


def _alone(answers: Float[np.ndarray, "frames n"]) -> Float[np.ndarray, " n-1"]:
    """The log-probability of each character that it is the only one; the last answer is that there is none."""
    count = answers.shape[1] - 1
    before, within, after = 0.0, np.full(count, -np.inf), np.full(count, -np.inf)
    for answer in answers:
        after = np.logaddexp(after, within) + answer[-1]
        within = np.logaddexp(within, before) + answer[:-1]
        before += answer[-1]
    return np.maximum(np.logaddexp(within, after), LEAST)


def _nothing(answers: Float[np.ndarray, "frames n"]) -> float:
    """The log-probability that there is no character."""
    return max(float(answers[:, -1].sum()), LEAST)


def _answers(image: UInt8[np.ndarray, "40 columns"], model: LineModel) -> Float[np.ndarray, "frames 21"]:
    """Run the line model on windows as wide as it accepts, overlapping by as much as an answer depends on."""
    short, long = LINE_COLUMNS
    edge = SIGHT // LINE_STEP  # answers
    starts = range(0, max(image.shape[1] - 2 * SIGHT, 1), long - 2 * SIGHT)
    answers = []
    for start in starts:
        part = image[:, start : start + long]
        window = np.zeros((LINE_SIDE, short if part.shape[1] <= short else long), np.uint8)
        window[:, : part.shape[1]] = part
        logits = model.logits(window)
        answers.append(logits[edge if start else 0 : -edge if start < starts[-1] else None])
    return log_softmax(np.concatenate(answers)[: -(-image.shape[1] // LINE_STEP)])
