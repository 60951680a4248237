"""Text lines as people write them on forms: digits side by side, in one hand, on printed paper."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import UInt8

from tenfold.base.form import CLASSES
from tenfold.synthesis.paper import lay_on_paper, photograph, print_lines
from tenfold.synthesis.writing import (
    Alphabet,
    Canvas,
    Hand,
    choose_hand,
    choose_number,
    write_digit,
    write_line,
)


@dataclass(frozen=True, eq=False)
class DrawnLine:
    """A picture of a text line.

    Attributes:
        picture: gray levels, dark ink on lighter paper.
        digits: its digits, from left to right.
        centers: the column through the middle of each digit.
    """

    picture: UInt8[np.ndarray, "h w"]
    digits: list[int]
    centers: list[float]


def draw_line(alphabet: Alphabet, random: np.random.Generator) -> DrawnLine:
    """Write a random text line on random paper.

    Args:
        alphabet: the images to write with.
        random: where the random numbers come from; the same state gives the same line.
    """
    hand = choose_hand(random.uniform(30, 48), random)
    sheet, written = write_line(choose_number(random), hand, alphabet, random)
    foot = float(written[-1].bottom)
    top, bottom = min(one.top for one in written), max(one.bottom for one in written)
    margins = hand.height * random.uniform(0.05, 0.5, 2)
    first, last = max(0, int(top - margins[0])), int(bottom + margins[1])
    start = max(0, int(written[0].left - hand.height * random.uniform(0.05, 1)))
    end = max(written[-1].right, int(np.flatnonzero(sheet.any(axis=0))[-1]) + 1)
    sheet = sheet[first:last, start : end + int(hand.height * random.uniform(0.1, 0.9))]
    sheet = np.maximum(sheet, print_lines(sheet.shape, foot - first, hand.height, random))
    if random.random() < 0.12:
        _let_reach_in(sheet, alphabet, hand, random)
    scale = random.uniform(12, 40) / hand.height
    picture = photograph(lay_on_paper(sheet, hand.height, random), scale, random)
    centers = [((one.left + one.right) / 2 - start) * scale for one in written]
    return DrawnLine(picture, [one.value for one in written], centers)


def _let_reach_in(sheet: Canvas, alphabet: Alphabet, hand: Hand, random: np.random.Generator) -> None:
    """Draw a bit of a digit from the line above or below."""
    glyph = write_digit(alphabet, int(random.integers(CLASSES)), hand, hand.height, random)
    rows = min(int(hand.height * random.uniform(0.1, 0.3)), len(glyph), len(sheet))
    left = random.integers(max(1, sheet.shape[1] - glyph.shape[1]))
    glyph = glyph[:, : sheet.shape[1] - left]
    if random.random() < 0.5:
        place, glyph = sheet[:rows], glyph[-rows:]
    else:
        place, glyph = sheet[-rows:], glyph[:rows]
    place = place[:, left : left + glyph.shape[1]]
    np.maximum(place, glyph, out=place)
