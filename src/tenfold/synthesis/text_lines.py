"""Text lines as people write them on forms: MNIST's digits side by side, in one hand, on printed paper.

Lengths are in heights of a digit unless they are said to be in pixels.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from jaxtyping import Bool, Float, UInt8
from scipy.ndimage import maximum_filter1d

from tenfold.base.form import CLASSES, INK_SIDE, SIDE
from tenfold.data import Digits
from tenfold.synthesis.crops import rings
from tenfold.synthesis.letterforms import draw_letterforms
from tenfold.synthesis.negatives import signs, tangles
from tenfold.synthesis.paper import Canvas, lay_on_paper, photograph, print_lines
from tenfold.synthesis.sampling import Images

FORMS, BATCH = 2000, 100  # how many drawn digits there are to choose from, and how many are drawn at once
OFTEN_DRAWN = (0, 1, 4, 7, 9)  # the digits whose letterforms vary most from country to country
INK = 0.3  # pixels that are covered less are paper
GAPS = ((-0.12, 0.06), (-0.02, 0.25), (0.1, 0.7))  # from one digit to the next: in haste, as usual, in boxes
LENGTHS = (0.06, 0.12, 0.2, 0.2, 0.2, 0.12, 0.06, 0.04)  # how often a line has one digit, two, ...


@dataclass(frozen=True, eq=False)
class Alphabet:
    """The images that lines are written with.

    Attributes:
        digits: MNIST's images, by digit.
        forms: drawn letterforms, by digit.
        others: negatives, such as signs.
    """

    digits: list[UInt8[np.ndarray, "_ 28 28"]]
    forms: list[UInt8[np.ndarray, "_ 28 28"]]
    others: UInt8[np.ndarray, "n 28 28"]


@dataclass(frozen=True)
class Hand:
    """How somebody writes one text line.

    Attributes:
        height: the height of a digit, in pixels.
        slant: columns to the right for each row up.
        width: the width of digits, relative to MNIST's.
        pen: the width of a stroke; None leaves strokes as they are.
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
class Box:
    """Where a digit is, in pixels; `right` and `bottom` are the first column and row after it."""

    left: int
    right: int
    top: int
    bottom: int


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


def make_alphabet(train: Digits) -> Alphabet:
    """Sort training digits by class, and draw letterforms and negatives.

    Random numbers come from PyTorch's global generator.
    """
    blank, zeros = torch.zeros(BATCH, 1, 28, 28), torch.zeros(BATCH, dtype=torch.long)
    drawings = [(rings(blank), zeros)] + [draw_letterforms(blank, zeros, share=1.0) for _ in range(FORMS // BATCH)]
    drawn, labels = (torch.cat(some) for some in zip(*drawings, strict=True))
    others = torch.cat((signs(blank), signs(blank), tangles(blank)))
    return Alphabet(
        [train.images[train.labels == digit] for digit in range(CLASSES)],
        [_to_pixels(drawn[labels == digit]) for digit in range(CLASSES)],
        _to_pixels(others),
    )


def draw_line(alphabet: Alphabet, random: np.random.Generator) -> DrawnLine:
    """Write a random text line on random paper.

    Args:
        alphabet: the images to write with.
        random: where the random numbers come from; the same state gives the same line.
    """
    hand = _choose_hand(random)
    sheet, digits, boxes = _write(_choose_digits(random), hand, alphabet, random)
    foot = float(boxes[-1].bottom)
    top, bottom = min(box.top for box in boxes), max(box.bottom for box in boxes)
    margins = hand.height * random.uniform(0.05, 0.5, 2)
    first, last = max(0, int(top - margins[0])), int(bottom + margins[1])
    start = max(0, int(boxes[0].left - hand.height * random.uniform(0.05, 1)))
    end = max(boxes[-1].right, int(np.flatnonzero(sheet.any(axis=0))[-1]) + 1)
    sheet = sheet[first:last, start : end + int(hand.height * random.uniform(0.1, 0.9))]
    sheet = np.maximum(sheet, print_lines(sheet.shape, foot - first, hand.height, random))
    if random.random() < 0.12:
        _let_reach_in(sheet, alphabet, hand, random)
    scale = random.uniform(12, 40) / hand.height
    picture = photograph(lay_on_paper(sheet, hand.height, random), scale, random)
    centers = [((box.left + box.right) / 2 - start) * scale for box in boxes]
    return DrawnLine(picture, digits, centers)


def _choose_digits(random: np.random.Generator) -> list[int]:
    """Choose random digits: often a round number, sometimes one with the same digit twice in a row."""
    count = int(random.choice(len(LENGTHS), p=LENGTHS)) + 1
    digits = random.integers(0, CLASSES, count)
    if count > 2 and random.random() < 0.3:
        digits[-random.integers(1, count) :] = 0
    if count > 2 and random.random() < 0.1:
        place = random.integers(1, count)
        digits[place] = digits[place - 1]
    return digits.tolist()


def _choose_hand(random: np.random.Generator) -> Hand:
    return Hand(
        height=random.uniform(30, 48),
        slant=random.uniform(-0.15, 0.5) if random.random() < 0.7 else random.uniform(-0.25, 0.15),
        width=math.exp(random.uniform(-0.35, 0.35)),
        pen=random.uniform(0.035, 0.13) if random.random() < 0.8 else None,
        slope=random.normal(0, 0.035),
        gaps=GAPS[random.choice(len(GAPS), p=(0.4, 0.35, 0.25))],
        forms=random.choice((0.0, 0.15, 0.4), p=(0.2, 0.45, 0.35)),
        joins=random.random() < 0.4,
        separator=random.choice((".", ",", "'")) if random.random() < 0.45 else "",
    )


def _write(
    digits: Sequence[int], hand: Hand, alphabet: Alphabet, random: np.random.Generator
) -> tuple[Canvas, list[int], list[Box]]:
    """Write digits from left to right, with the signs that may stand before, between and after them.

    Returns:
        How much of each pixel is ink, 0 to 1; the digits; and where they are.
    """
    unit, pen = hand.height, hand.height * (hand.pen or random.uniform(0.05, 0.13))
    sheet = np.zeros((int(3.5 * unit), int(unit * (2.5 * len(digits) + 6))), np.float32)
    x, foot = unit * random.uniform(0.6, 1.2), 2.2 * unit
    edge = np.full(len(sheet), x)  # the rightmost ink in each row of pixels
    if random.random() < 0.15:
        box = _paste(sheet, _form(_any(alphabet.others, random), hand, 0.8 * unit, random), x, foot)
        edge = np.maximum(edge, box.right + unit * random.uniform(0.05, 0.4))
    boxes: list[Box] = []
    for number, digit in enumerate(digits):
        drawn = random.random() < hand.forms * (2 if digit in OFTEN_DRAWN else 1)
        size = unit * math.exp(random.normal(0, 0.09))
        if number and digit == 0 and random.random() < 0.25:
            size *= random.uniform(0.55, 0.9)
        glyph = _form(_any((alphabet.forms if drawn else alphabet.digits)[digit], random), hand, size, random)
        low = foot + hand.slope * (edge.max() - x) + random.normal(0, 0.06) * unit
        is_third = number and (len(digits) - number) % 3 == 0 and hand.separator
        gap = unit * (random.uniform(0.05, 0.45) if is_third else random.uniform(*hand.gaps))
        box = _paste(sheet, glyph, _touching(edge, glyph, low) + gap, low)
        if is_third:
            _punctuate(sheet, hand.separator, box.left - max(2.0, gap / 2), low, unit, pen)
        if hand.joins and number and digit == digits[number - 1] == 0:
            _join(sheet, boxes[-1], box, pen, random)
        rows = slice(box.top, box.bottom)
        columns = np.where(glyph > INK, np.arange(glyph.shape[1]), -np.inf).max(axis=1)
        edge[rows] = np.maximum(edge[rows], box.left + columns)
        edge = np.maximum(edge, box.left + (box.right - box.left) / 4)  # the next begins after a quarter of this one
        boxes.append(box)
    if random.random() < 0.4:
        _end(sheet, boxes[-1].right + unit * random.uniform(0.08, 0.5), low, unit, pen, random)
    return sheet, list(digits), boxes


def _form(image: UInt8[np.ndarray, "28 28"], hand: Hand, size: float, random: np.random.Generator) -> Canvas:
    """Redraw an image as this hand would write it, cut down to its ink."""
    down = size / INK_SIDE
    across = down * hand.width * math.exp(random.normal(0, 0.08))
    lean = (hand.slant + random.normal(0, 0.05)) * down
    rise = math.sin(math.radians(random.normal(0, 4)))
    middle = np.array((across + down + 1, down + 1)) * SIDE / 2
    matrix = np.array(((across, -lean, 0), (rise, down, 0)))
    matrix[:, 2] = middle - matrix[:, :2] @ (SIDE / 2, SIDE / 2)
    ink = cv2.warpAffine(image, matrix, tuple((2 * middle).astype(int).tolist()), flags=cv2.INTER_CUBIC)
    canvas = ink.astype(np.float32) / 255
    if hand.pen:
        canvas = _redraw(ink > 100, hand.pen * hand.height * random.uniform(0.9, 1.1))
    rows, columns = (np.flatnonzero((canvas > INK).any(axis=axis)) for axis in (1, 0))
    return canvas[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _redraw(mask: Bool[np.ndarray, "h w"], pen: float) -> Canvas:
    """Redraw strokes with a pen of another width, along the ridge of their distance from the paper."""
    depth = cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, 3)
    ridge = (depth >= cv2.dilate(depth, np.ones((3, 3))) - 0.35) & (depth > 0.9)
    if not ridge.any():
        return mask.astype(np.float32)
    away = cv2.distanceTransform((~ridge).astype(np.uint8), cv2.DIST_L2, 3)
    return np.clip(max(pen, 1.0) / 2 + 0.5 - away, 0, 1)


def _paste(sheet: Canvas, glyph: Canvas, x: float, foot: float) -> Box:
    """Draw a glyph starting at column `x`, with its lowest row just above `foot`."""
    height, width = glyph.shape
    top = min(max(0, int(foot) - height), len(sheet) - height)
    left = min(int(x), sheet.shape[1] - width)
    place = sheet[top : top + height, left : left + width]
    np.maximum(place, glyph, out=place)
    return Box(left, left + width, top, top + height)


def _touching(edge: Float[np.ndarray, " rows"], glyph: Canvas, foot: float) -> float:
    """The column at which a glyph must start to touch what is on its left."""
    mask = glyph > INK
    first = np.where(mask.any(axis=1), mask.argmax(axis=1), np.inf)
    top = max(0, int(foot) - len(glyph))
    beside = edge[top : top + len(glyph)]
    return float((maximum_filter1d(beside, 3) - first[: len(beside)]).max())  # strokes also touch from row to row


def _punctuate(sheet: Canvas, sign: str, x: float, foot: float, unit: float, pen: float) -> None:
    """Write a period, a comma or an apostrophe."""
    if sign == ".":
        _stroke(sheet, [(x, foot), (x + 0.03 * unit, foot)], 1.4 * pen)
    elif sign == ",":
        _stroke(sheet, [(x, foot - 0.05 * unit), (x - 0.06 * unit, foot + 0.15 * unit)], pen)
    else:
        _stroke(sheet, [(x + 0.05 * unit, foot - unit), (x, foot - 0.8 * unit)], pen)


def _join(sheet: Canvas, left: Box, right: Box, pen: float, random: np.random.Generator) -> None:
    """Draw a stroke from one zero to the next, near their tops."""
    height = left.bottom - left.top
    start, middle, end = height * random.uniform((0, -0.15, 0), (0.3, 0.2, 0.15))
    points = [
        ((left.left + left.right) / 2, left.top + start),
        ((left.right + right.left) / 2, left.top + start + middle),
        ((right.left + right.right) / 2, right.top + end),
    ]
    _stroke(sheet, points, pen)


def _end(sheet: Canvas, x: float, foot: float, unit: float, pen: float, random: np.random.Generator) -> None:
    """Write what may follow an amount: a period, a dash or two, a flourish, or strokes that fill the field."""
    kind = random.integers(5)
    if kind == 0:
        return _punctuate(sheet, random.choice((".", ",")), x, foot, unit, pen)
    if kind == 1:  # strokes that lean
        for place in (x, x + 0.2 * unit):
            _stroke(sheet, [(place, foot), (place + 0.25 * unit, foot - unit)], pen)
        return None
    if kind == 2:
        _punctuate(sheet, ".", x, foot, unit, pen)
        x += 0.1 * unit
    t = np.linspace(0, 1, 8)
    length, height = unit * random.uniform(0.25, 1.6), foot - unit * random.uniform(0.05, 0.6)
    wave = unit * random.uniform(0, 0.1) * np.sin((6 + 8 * random.random()) * t + random.uniform(0, 6))
    dash = np.stack((x + length * t, height + wave + unit * random.normal(0, 0.05) * t), axis=1)
    _stroke(sheet, dash, pen)
    if kind == 3:
        _stroke(sheet, dash + np.array((0, 0.18 * unit)), pen)
    return None


def _stroke(sheet: Canvas, points: Sequence[Sequence[float]] | Float[np.ndarray, "n 2"], pen: float) -> None:
    """Draw a stroke through points, given by x and y in pixels."""
    drawn = np.zeros(sheet.shape, np.uint8)
    places = np.round(np.array(points) * 8).astype(np.int32)  # in eighths of a pixel
    cv2.polylines(drawn, [places], False, 255, max(1, round(pen)), cv2.LINE_AA, shift=3)
    np.maximum(sheet, drawn.astype(np.float32) / 255, out=sheet)


def _let_reach_in(sheet: Canvas, alphabet: Alphabet, hand: Hand, random: np.random.Generator) -> None:
    """Draw a bit of a digit from the line above or below."""
    glyph = _form(_any(alphabet.digits[random.integers(CLASSES)], random), hand, hand.height, random)
    rows = min(int(hand.height * random.uniform(0.1, 0.3)), len(glyph), len(sheet))
    left = random.integers(max(1, sheet.shape[1] - glyph.shape[1]))
    glyph = glyph[:, : sheet.shape[1] - left]
    if random.random() < 0.5:
        place, glyph = sheet[:rows], glyph[-rows:]
    else:
        place, glyph = sheet[-rows:], glyph[:rows]
    place = place[:, left : left + glyph.shape[1]]
    np.maximum(place, glyph, out=place)


def _any(images: UInt8[np.ndarray, "n 28 28"], random: np.random.Generator) -> UInt8[np.ndarray, "28 28"]:
    return images[random.integers(len(images))]


def _to_pixels(images: Images) -> UInt8[np.ndarray, "n 28 28"]:
    return (images[:, 0] * 255).byte().numpy()
