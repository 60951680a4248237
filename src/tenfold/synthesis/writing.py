"""Handwriting: a hand writes digits, signs and whole lines with a pen.

Lengths are in heights of a digit unless they are said to be in pixels. Ink is drawn on a `Canvas`.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Bool, Float, UInt8
from scipy.ndimage import maximum_filter1d

from tenfold.base.form import CLASSES, INK_SIDE, SIDE
from tenfold.data import Digits
from tenfold.synthesis.letterforms import letterforms
from tenfold.synthesis.negatives import SIGNS

Canvas = Float[np.ndarray, "_ _"]  # how much of each pixel is covered, 0 to 1
Strokes = list[Float[np.ndarray, "_ 2"]]  # the points x, y of each stroke; the height of the whole is about 1

INK = 0.3  # pixels that are covered less are paper
GAPS = ((-0.12, 0.06), (-0.02, 0.25), (0.1, 0.7))  # from one digit to the next: in haste, as usual, in boxes
LENGTHS = (0.06, 0.12, 0.2, 0.2, 0.2, 0.12, 0.06, 0.04)  # how often a line has one digit, two, ...
VARIED = (0, 1, 4, 7, 9)  # the digits whose letterforms vary most from country to country


@dataclass(frozen=True, eq=False)
class Alphabet:
    """What can be written.

    Attributes:
        digits: MNIST's images, by digit.
        letterforms: strokes of digits, by digit.
        signs: strokes of letters and other signs.
    """

    digits: list[UInt8[np.ndarray, "_ 28 28"]]
    letterforms: list[list[Strokes]]
    signs: list[Strokes]


@dataclass(frozen=True)
class Hand:
    """How somebody writes.

    Attributes:
        height: the height of a digit, in pixels.
        slant: columns to the right for each row up.
        width: the width of digits, relative to MNIST's.
        pen: the width of a stroke; None leaves MNIST's strokes as they are.
        slope: rows down for each column to the right.
        gaps: the smallest and the largest gap from one digit to the next.
        forms: the share of digits that are written in drawn letterforms.
        joins: whether neighboring zeros are joined by a stroke.
        separator: the mark that separates groups of three digits, counted from the right; may be empty.
    """

    height: float
    slant: float
    width: float
    pen: float | None
    slope: float
    gaps: tuple[float, float]
    forms: float
    joins: bool
    separator: str


@dataclass(frozen=True)
class WrittenDigit:
    """A digit on a canvas: its value and its box in pixels; `right` and `bottom` are the first column and row after it.

    `line` is the number of its line on the canvas.
    """

    value: int
    left: int
    top: int
    right: int
    bottom: int
    line: int = 0


def make_alphabet(train: Digits) -> Alphabet:
    """Sort training digits by class, and add letterforms and signs."""
    return Alphabet(
        [train.images[train.labels == digit] for digit in range(CLASSES)],
        [[strokes for one, strokes in letterforms() if one == digit] for digit in range(CLASSES)],
        [[np.array(stroke, np.float32) for stroke in strokes] for _, *strokes in SIGNS],
    )


def choose_hand(height: float, random: np.random.Generator) -> Hand:
    """A random hand that writes digits `height` pixels high."""
    return Hand(
        height=height,
        slant=random.uniform(-0.15, 0.5) if random.random() < 0.7 else random.uniform(-0.25, 0.15),
        width=math.exp(random.uniform(-0.35, 0.35)),
        pen=min(0.26, math.exp(random.normal(math.log(0.08), 0.42))) if random.random() < 0.85 else None,
        slope=random.normal(0, 0.035),
        gaps=GAPS[random.choice(len(GAPS), p=(0.4, 0.35, 0.25))],
        forms=random.choice((0.0, 0.2, 0.6), p=(0.2, 0.45, 0.35)),
        joins=random.random() < 0.4,
        separator=random.choice((".", ",", "'")) if random.random() < 0.45 else "",
    )


def choose_number(random: np.random.Generator) -> list[int]:
    """Random digits: often a round number, sometimes one with the same digit twice in a row."""
    count = int(random.choice(len(LENGTHS), p=LENGTHS)) + 1
    digits = random.integers(0, CLASSES, count)
    if count > 2 and random.random() < 0.3:
        digits[-random.integers(1, count) :] = 0
    if count > 2 and random.random() < 0.1:
        place = random.integers(1, count)
        digits[place] = digits[place - 1]
    return digits.tolist()


def write_digit(alphabet: Alphabet, digit: int, hand: Hand, size: float, random: np.random.Generator) -> Canvas:
    """Write a digit `size` pixels high, in a letterform or as one of MNIST's writers did, cut down to its ink."""
    if random.random() < hand.forms * (2 if digit in VARIED else 1):
        forms = alphabet.letterforms[digit]
        return write_strokes(forms[random.integers(len(forms))], hand, size, random)
    images = alphabet.digits[digit]
    return rewrite(images[random.integers(len(images))], hand, size, random)


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
    pen = max(1.0, (hand.pen or random.uniform(0.05, 0.13)) * hand.height)
    margin = pen / 2 + 2
    low, high = (limit([limit(stroke, axis=0) for stroke in moved], axis=0) for limit in (np.min, np.max))
    canvas = np.zeros(np.ceil(high - low + 2 * margin).astype(int)[::-1], np.float32)
    for stroke in moved:
        draw_stroke(canvas, stroke - low + margin, pen)
    return _trim(canvas)


def rewrite(image: UInt8[np.ndarray, "28 28"], hand: Hand, size: float, random: np.random.Generator) -> Canvas:
    """Redraw one of MNIST's digits as this hand would write it, `size` pixels high, cut down to its ink."""
    down = size / INK_SIDE
    across = down * hand.width * math.exp(random.normal(0, 0.08))
    lean = (hand.slant + random.normal(0, 0.05)) * down
    rise = math.sin(math.radians(random.normal(0, 4)))
    middle = np.array((across + down + 1, down + 1)) * SIDE / 2
    matrix = np.array(((across, -lean, 0), (rise, down, 0)))
    matrix[:, 2] = middle - matrix[:, :2] @ (SIDE / 2, SIDE / 2)
    ink = cv2.warpAffine(image, matrix, tuple((2 * middle).astype(int).tolist()), flags=cv2.INTER_CUBIC)
    if hand.pen:
        return _trim(_redraw(ink > 100, hand.pen * hand.height * random.uniform(0.9, 1.1)))
    return _trim(ink.astype(np.float32) / 255)


def write_line(
    digits: Sequence[int], hand: Hand, alphabet: Alphabet, random: np.random.Generator
) -> tuple[Canvas, list[WrittenDigit]]:
    """Write digits from left to right, with the signs that may stand before, between and after them.

    Returns:
        A canvas that is high and wide enough, and where the digits are on it.
    """
    unit, pen = hand.height, hand.height * (hand.pen or random.uniform(0.05, 0.13))
    sheet = np.zeros((int(3.5 * unit), int(unit * (2.5 * len(digits) + 6))), np.float32)
    x, foot = unit * random.uniform(0.6, 1.2), 2.2 * unit
    edge = np.full(len(sheet), x)  # the rightmost ink in each row of pixels
    if random.random() < 0.15:
        _, right = _paste(sheet, write_sign(alphabet, hand, 0.8 * unit, random), x, foot)
        edge = np.maximum(edge, right + unit * random.uniform(0.05, 0.4))
    written: list[WrittenDigit] = []
    low = foot
    for number, digit in enumerate(digits):
        size = unit * math.exp(random.normal(0, 0.09))
        if number and digit == 0 and random.random() < 0.25:
            size *= random.uniform(0.4, 0.9)
        glyph = write_digit(alphabet, digit, hand, size, random)
        low = foot + hand.slope * (edge.max() - x) + random.normal(0, 0.06) * unit
        is_third = number and (len(digits) - number) % 3 == 0 and hand.separator
        gap = unit * (random.uniform(0.05, 0.45) if is_third else random.uniform(*hand.gaps))
        top, right = _paste(sheet, glyph, _touching(edge, glyph, low) + gap, low)
        one = WrittenDigit(digit, right - glyph.shape[1], top, right, top + len(glyph))
        if is_third:
            _punctuate(sheet, hand.separator, one.left - max(2.0, gap / 2), low, unit, pen)
        if hand.joins and number and digit == digits[number - 1] == 0:
            _join(sheet, written[-1], one, pen, random)
        rows = slice(one.top, one.bottom)
        columns = np.where(glyph > INK, np.arange(glyph.shape[1]), -np.inf).max(axis=1)
        edge[rows] = np.maximum(edge[rows], one.left + columns)
        edge = np.maximum(edge, one.left + (one.right - one.left) / 4)  # the next begins after a quarter of this one
        written.append(one)
    if random.random() < 0.4:
        _end(sheet, written[-1].right + unit * random.uniform(0.08, 0.5), low, unit, pen, random)
    return sheet, written


def draw_stroke(canvas: Canvas, points: Sequence[Sequence[float]] | Float[np.ndarray, "n 2"], pen: float) -> None:
    """Draw a stroke through points, given by x and y in pixels."""
    drawn = np.zeros(canvas.shape, np.uint8)
    places = np.round(np.array(points) * 8).astype(np.int32)  # in eighths of a pixel
    cv2.polylines(drawn, [places], False, 255, max(1, round(pen)), cv2.LINE_AA, shift=3)
    np.maximum(canvas, drawn.astype(np.float32) / 255, out=canvas)


def _trim(canvas: Canvas) -> Canvas:
    rows, columns = (np.flatnonzero((canvas > INK).any(axis=axis)) for axis in (1, 0))
    if not len(rows):  # too small for any pixel to be covered
        return canvas[:1, :1]
    return canvas[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _redraw(mask: Bool[np.ndarray, "h w"], pen: float) -> Canvas:
    """Redraw strokes with a pen of another width, along the ridge of their distance from the paper."""
    depth = cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, 3)
    ridge = (depth >= cv2.dilate(depth, np.ones((3, 3))) - 0.35) & (depth > 0.9)
    if not ridge.any():
        return mask.astype(np.float32)
    away = cv2.distanceTransform((~ridge).astype(np.uint8), cv2.DIST_L2, 3)
    return np.clip(max(pen, 1.0) / 2 + 0.5 - away, 0, 1)


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


def _punctuate(sheet: Canvas, sign: str, x: float, foot: float, unit: float, pen: float) -> None:
    """Write a period, a comma or an apostrophe."""
    if sign == ".":
        draw_stroke(sheet, [(x, foot), (x + 0.03 * unit, foot)], 1.4 * pen)
    elif sign == ",":
        draw_stroke(sheet, [(x, foot - 0.05 * unit), (x - 0.06 * unit, foot + 0.15 * unit)], pen)
    else:
        draw_stroke(sheet, [(x + 0.05 * unit, foot - unit), (x, foot - 0.8 * unit)], pen)


def _join(sheet: Canvas, left: WrittenDigit, right: WrittenDigit, pen: float, random: np.random.Generator) -> None:
    """Draw a stroke from one zero to the next, near their tops."""
    height = left.bottom - left.top
    start, middle, end = height * random.uniform((0, -0.15, 0), (0.3, 0.2, 0.15))
    points = [
        ((left.left + left.right) / 2, left.top + start),
        ((left.right + right.left) / 2, left.top + start + middle),
        ((right.left + right.right) / 2, right.top + end),
    ]
    draw_stroke(sheet, points, pen)


def _end(sheet: Canvas, x: float, foot: float, unit: float, pen: float, random: np.random.Generator) -> None:
    """Write what may follow an amount: a period, a dash or two, a flourish, or strokes that fill the field."""
    kind = random.integers(5)
    if kind == 0:
        return _punctuate(sheet, random.choice((".", ",")), x, foot, unit, pen)
    if kind == 1:  # strokes that lean
        for place in (x, x + 0.2 * unit):
            draw_stroke(sheet, [(place, foot), (place + 0.25 * unit, foot - unit)], pen)
        return None
    if kind == 2:
        _punctuate(sheet, ".", x, foot, unit, pen)
        x += 0.1 * unit
    t = np.linspace(0, 1, 8)
    length, height = unit * random.uniform(0.25, 1.6), foot - unit * random.uniform(0.05, 0.6)
    wave = unit * random.uniform(0, 0.1) * np.sin((6 + 8 * random.random()) * t + random.uniform(0, 6))
    dash = np.stack((x + length * t, height + wave + unit * random.normal(0, 0.05) * t), axis=1)
    draw_stroke(sheet, dash, pen)
    if kind == 3:
        draw_stroke(sheet, dash + np.array((0, 0.18 * unit)), pen)
    return None
