"""Handwriting: a hand writes digits, signs and whole lines with a pen.

Lengths are in heights of a digit unless they are said to be in pixels. Ink is drawn on a `Canvas`.
"""

import math
from dataclasses import dataclass, replace

import cv2
import numpy as np
from jaxtyping import Float, UInt8
from scipy.ndimage import maximum_filter1d

from tenfold.base.form import CLASSES, INK_SIDE, SIDE
from tenfold.data import Digits
from tenfold.synthesis.letterforms import letterforms
from tenfold.synthesis.negatives import SIGNS
from tenfold.synthesis.numbers import sign_strokes
from tenfold.synthesis.pen import SAMPLES, Canvas, draw_along, draw_stroke, reduce, thin, trace

Strokes = list[Float[np.ndarray, "_ 2"]]  # the points x, y of each stroke; the height of the whole is about 1

THIN = 0.6  # the share of each digit's images to write with: the loops of bold ones are filled, their center lines gone
SPECK = 0.1  # the share of a digit's ink below which a component is no stroke: it would look like a point
INK = 0.3  # pixels that are covered less are paper
GAPS = ((-0.08, 0.06), (-0.02, 0.25), (0.1, 0.7))  # from one digit to the next: in haste, as usual, in boxes
OPEN_ZERO = np.array(((0.3, 0.1), (0.6, 0.0), (0.8, 0.4), (0.65, 0.85), (0.3, 1.0)))  # the last of several zeros
IN_NUMBERS = ("colon", "dash", "equals", "percent", "plus")  # they are written as part of a number only
VARIED = (0, 1, 4, 7, 9)  # the digits whose letterforms vary most from country to country


@dataclass(frozen=True, eq=False)
class Alphabet:
    """What can be written.

    Attributes:
        digits: MNIST's images, by digit, without the bold ones.
        letterforms: strokes of digits, by digit.
        hasty: the same of letterforms that are hard to tell from other digits or letters.
        signs: strokes of letters, and of signs that do not occur in numbers.
    """

    digits: list[UInt8[np.ndarray, "_ 28 28"]]
    letterforms: list[list[Strokes]]
    hasty: list[list[Strokes]]
    signs: list[Strokes]


@dataclass(frozen=True)
class Hand:
    """How somebody writes.

    Attributes:
        height: the height of a digit, in pixels.
        slant: columns to the right for each row up.
        width: the width of digits, relative to MNIST's.
        pen: the width of a stroke.
        redraws: whether MNIST's digits are redrawn with this pen; otherwise their strokes stay as they are.
        slope: rows down for each column to the right.
        gaps: the smallest and the largest gap from one digit to the next.
        clearance: the smallest gap beside a sign.
        nesting: the share of a digit's width that the next may reach under or over it.
        forms: the share of digits that are written in drawn letterforms.
        hasty: whether some of these are hard to tell from other digits or letters.
        joins: whether neighboring zeros are joined by a stroke.
        separator: the mark that separates groups of three digits, counted from the right; may be empty.
    """

    height: float
    slant: float
    width: float
    pen: float
    redraws: bool
    slope: float
    gaps: tuple[float, float]
    clearance: float
    nesting: float
    forms: float
    hasty: bool
    joins: bool
    separator: str


@dataclass(frozen=True)
class Character:
    """A digit or a sign on a canvas, and its box in pixels; `right` and `bottom` are the first column and row after it.

    `line` is the number of its line on the canvas.
    """

    value: str
    left: int
    top: int
    right: int
    bottom: int
    line: int = 0


def make_alphabet(train: Digits) -> Alphabet:
    """Sort training digits by class, and add letterforms and signs."""
    widths = stroke_width(train.images)
    of_digit = [train.labels == digit for digit in range(CLASSES)]
    return Alphabet(
        [train.images[one & (widths <= np.quantile(widths[one], THIN))] for one in of_digit],
        letterforms(),
        letterforms(hasty=True),
        [[np.array(stroke, np.float32) for stroke in strokes] for name, *strokes in SIGNS if name not in IN_NUMBERS],
    )


def stroke_width(images: UInt8[np.ndarray, "n 28 28"]) -> Float[np.ndarray, " n"]:
    """How wide the strokes of digits are, in pixels: their area, divided by half the length of their outline."""
    pixels = images.astype(np.int16)  # differences may be negative
    steps = np.abs(np.diff(pixels, axis=1)).sum(axis=(1, 2)) + np.abs(np.diff(pixels, axis=2)).sum(axis=(1, 2))
    return 2 * pixels.sum(axis=(1, 2)) / np.maximum(1, math.pi / 4 * steps)  # steps along both axes: 4/pi of the length


def choose_hand(height: float, random: np.random.Generator) -> Hand:
    """A random hand that writes digits `height` pixels high."""
    redraws = random.random() < 0.85
    return Hand(
        height=height,
        slant=random.uniform(-0.15, 0.5) if random.random() < 0.7 else random.uniform(-0.25, 0.15),
        width=math.exp(random.uniform(-0.35, 0.35)),
        pen=min(0.26, math.exp(random.normal(math.log(0.09), 0.42))) if redraws else random.uniform(0.08, 0.14),
        redraws=redraws,
        slope=random.normal(0, 0.035),
        gaps=GAPS[random.choice(len(GAPS), p=(0.4, 0.35, 0.25))],
        clearance=0.05,  # a point that touches a digit cannot be seen
        nesting=0.75,
        forms=random.choice((0.0, 0.2, 0.6), p=(0.2, 0.45, 0.35)),
        hasty=random.random() < 0.25,
        joins=random.random() < 0.4,
        separator=random.choice((".", ",", "'")) if random.random() < 0.45 else "",
    )


def neaten(hand: Hand) -> Hand:
    """The same hand when it takes care that digits and signs can be told apart and do not touch."""
    return replace(hand, gaps=(0.02, 0.25), clearance=0.15, nesting=0.2, hasty=False, joins=False)


def write_digit(alphabet: Alphabet, digit: int, hand: Hand, size: float, random: np.random.Generator) -> Canvas:
    """Write a digit `size` pixels high, in a letterform or as one of MNIST's writers did, cut down to its ink."""
    if random.random() < hand.forms * (2 if digit in VARIED else 1):
        forms = alphabet.letterforms[digit] + (alphabet.hasty[digit] if hand.hasty else [])
        return write_strokes(forms[random.integers(len(forms))], hand, size, random)
    images = alphabet.digits[digit]
    some = images[random.integers(len(images), size=4)]
    return rewrite(next((one for one in some if not has_specks(one)), some[0]), hand, size, random)


def has_specks(image: UInt8[np.ndarray, "28 28"]) -> bool:
    """Whether ink lies beside the strokes of a digit, faint or not, that is too little for a stroke."""
    for darkness in (64, 128):
        found = cv2.connectedComponentsWithStats((image > darkness).astype(np.uint8), connectivity=4)[2]
        areas = found[1:, cv2.CC_STAT_AREA]
        if (areas < SPECK * areas.sum()).any():
            return True
    return False


def write_sign(alphabet: Alphabet, hand: Hand, size: float, random: np.random.Generator) -> Canvas:
    """Write a letter or another sign `size` pixels high, cut down to its ink."""
    return write_strokes(alphabet.signs[random.integers(len(alphabet.signs))], hand, size, random)


def write_strokes(strokes: Strokes, hand: Hand, size: float, random: np.random.Generator) -> Canvas:
    """Write strokes `size` pixels high, straying a little, cut down to the ink."""
    waves, phases = random.normal(0, 4, (2, 2)), random.uniform(0, 6.3, 2)  # the hand strays along a smooth field
    stray = random.uniform(0, 0.05)
    lean = hand.slant + random.normal(0, 0.05)
    wide = hand.width * math.exp(random.normal(0, 0.08))
    moved = []
    for stroke in strokes:
        points = stroke + stray * np.sin(stroke @ waves + phases)
        moved.append(size * np.stack((wide * points[:, 0] - lean * points[:, 1], points[:, 1]), axis=1))
    return _draw(moved, hand.pen * hand.height)


def rewrite(image: UInt8[np.ndarray, "28 28"], hand: Hand, size: float, random: np.random.Generator) -> Canvas:
    """Redraw one of MNIST's digits as this hand would write it, `size` pixels high, cut down to its ink."""
    down = size / INK_SIDE
    across = down * hand.width * math.exp(random.normal(0, 0.08))
    lean = (hand.slant + random.normal(0, 0.05)) * down
    rise = math.sin(math.radians(random.normal(0, 4)))
    middle = np.ceil(np.array((across + down + 1, down + 1)) * SIDE / 2)
    matrix = SAMPLES * np.array(((across, -lean, 0), (rise, down, 0)))
    matrix[:, 2] = SAMPLES * middle - matrix[:, :2] @ (SIDE / 2, SIDE / 2)
    width, height = (2 * SAMPLES * middle).astype(int).tolist()
    ink = cv2.warpAffine(image, matrix, (width, height), flags=cv2.INTER_CUBIC)
    if hand.redraws:
        return _trim(draw_along(thin(ink > 128), hand.pen * hand.height * random.uniform(0.9, 1.1)))
    return _trim(reduce(ink.astype(np.float32) / 255))


def write_line(
    text: str, hand: Hand, alphabet: Alphabet, random: np.random.Generator
) -> tuple[Canvas, list[Character]]:
    """Write a number from left to right, sometimes with a letter before it.

    Returns:
        A canvas that is high and wide enough, and where the digits and signs are on it.
    """
    unit = hand.height
    pen = unit * hand.pen
    sheet = np.zeros((int(3.5 * unit), int(unit * (2.5 * len(text) + 6))), np.float32)
    x, foot = unit * random.uniform(0.6, 1.2), 2.2 * unit
    edge = np.full(len(sheet), x)  # the rightmost ink in each row of pixels
    if random.random() < 0.15:
        _, right = _paste(sheet, write_sign(alphabet, hand, 0.8 * unit, random), x, foot)
        edge = np.maximum(edge, right + unit * random.uniform(0.05, 0.4))
    written: list[Character] = []
    for place, value in enumerate(text):
        low = foot + hand.slope * (edge.max() - x) + random.normal(0, 0.06) * unit
        if value.isdigit():
            size = unit * math.exp(random.normal(0, 0.09))
            if place and value == "0" and random.random() < 0.25:
                size *= random.uniform(0.4, 0.9)
            if place and value == text[place - 1] == "0" and hand.joins and random.random() < 0.3:
                glyph = write_strokes([OPEN_ZERO], hand, size, random)
            else:
                glyph = write_digit(alphabet, int(value), hand, size, random)
            gap = random.uniform(*hand.gaps)
        else:
            strokes = sign_strokes(value, random)
            glyph = _draw_sign(strokes, hand, pen, random)
            low += unit * (max(stroke[:, 1].max() for stroke in strokes) - 1)
            gap = hand.clearance + random.uniform(0, 0.3)
        if place and not text[place - 1].isdigit():
            gap = max(gap, hand.clearance + random.uniform(0, 0.2))
        top, right = _paste(sheet, glyph, _touching(edge, glyph, low) + gap * unit, low)
        one = Character(value, right - glyph.shape[1], top, right, top + len(glyph))
        if hand.joins and place and value == text[place - 1] == "0":
            _join(sheet, written[-1], one, pen, random)
        rows = slice(one.top, one.bottom)
        columns = np.where(glyph > INK, np.arange(glyph.shape[1]), -np.inf).max(axis=1)
        edge[rows] = np.maximum(edge[rows], one.left + columns)
        edge = np.maximum(edge, one.right - hand.nesting * (one.right - one.left))
        written.append(one)
    return sheet, written


def _draw(strokes: Strokes, pen: float) -> Canvas:
    """Draw strokes given in pixels, cut down to the ink."""
    margin = pen / 2 + 2
    low, high = (limit([limit(stroke, axis=0) for stroke in strokes], axis=0) for limit in (np.min, np.max))
    width, height = np.ceil(high - low + 2 * margin).astype(int).tolist()
    return _trim(draw_along(trace([stroke - low + margin for stroke in strokes], (height, width)), pen))


def _trim(canvas: Canvas) -> Canvas:
    rows, columns = (np.flatnonzero((canvas > INK).any(axis=axis)) for axis in (1, 0))
    if not len(rows):  # too small for any pixel to be covered
        return canvas[:1, :1]
    return canvas[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _paste(sheet: Canvas, glyph: Canvas, x: float, foot: float) -> tuple[int, int]:
    """Draw a glyph from column `x` on, its lowest row just above `foot`; return its top and its right end."""
    height, width = glyph.shape
    top = min(max(0, int(foot) - height), len(sheet) - height)
    left = min(int(x), sheet.shape[1] - width)
    place = sheet[top : top + height, left : left + width]
    np.maximum(place, glyph, out=place)
    return top, left + width


def _touching(edge: Float[np.ndarray, " rows"], glyph: Canvas, foot: float) -> float:
    """The column at which a glyph must start to touch what is on its left."""
    mask = glyph > INK
    first = np.where(mask.any(axis=1), mask.argmax(axis=1), np.inf)
    top = max(0, int(foot) - len(glyph))
    beside = edge[top : top + len(glyph)]
    if not mask.any():  # too small for any pixel to be covered
        return float(beside.max())
    return float((maximum_filter1d(beside, 3) - first[: len(beside)]).max())  # strokes also touch from row to row


def _draw_sign(strokes: Strokes, hand: Hand, pen: float, random: np.random.Generator) -> Canvas:
    """Draw strokes given in heights of a digit, slanted as the hand writes, cut down to the ink."""
    lean = hand.slant + random.normal(0, 0.05)
    moved = [hand.height * np.stack((one[:, 0] - lean * one[:, 1], one[:, 1]), axis=1) for one in strokes]
    pen *= random.uniform(1, 1.8) if min(np.ptp(one, axis=0).max() for one in moved) < pen else 1  # dots are pressed
    return _draw(moved, pen)


def _join(sheet: Canvas, left: Character, right: Character, pen: float, random: np.random.Generator) -> None:
    """Draw a stroke from one zero to the next, near their tops."""
    height = left.bottom - left.top
    start, middle, end = height * random.uniform((0, -0.15, 0), (0.3, 0.2, 0.15))
    points = [
        ((left.left + left.right) / 2, left.top + start),
        ((left.right + right.left) / 2, left.top + start + middle),
        ((right.left + right.right) / 2, right.top + end),
    ]
    draw_stroke(sheet, points, pen)
