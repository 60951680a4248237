"""What is printed on paper: ruled lines, squares, boxes, small print, fine patterns, barcodes.

Every function returns a `Canvas`: how much of each pixel is covered, 0 to 1. Lengths are in pixels.
"""

import math
import string
from collections.abc import Sequence

import cv2
import numpy as np
from jaxtyping import Float

from tenfold.synthesis.pen import Canvas, draw_stroke

FONTS = (
    cv2.FONT_HERSHEY_SIMPLEX,
    cv2.FONT_HERSHEY_DUPLEX,
    cv2.FONT_HERSHEY_COMPLEX,
    cv2.FONT_HERSHEY_TRIPLEX,
    cv2.FONT_HERSHEY_PLAIN,
)
FONT_HEIGHT = 22  # of capitals at scale 1
CHARACTERS = [*string.ascii_letters, *string.digits, *"    .,:-"]


def rulings(side: int, pitch: float, foot: float | None, thick: float, random: np.random.Generator) -> Canvas:
    """Ruled lines, sometimes with a margin.

    Args:
        side: of the square canvas.
        pitch: the distance of the lines.
        foot: where the writing stands, or None.
        thick: the width of the lines.
        random: where the random numbers come from.
    """
    first = random.uniform(0, pitch) if foot is None else foot + pitch * random.normal(0.03, 0.07)
    canvas = np.tile(_comb(side, pitch, first, thick)[:, None], side)
    if random.random() < 0.25:
        np.maximum(canvas, _comb(side, 10.0 * side, random.uniform(0, side), thick), out=canvas)
    return canvas


def squares(side: int, pitch: float, thick: float, random: np.random.Generator) -> Canvas:
    """Squared paper, sometimes with every fifth line bolder, or with nothing but a dot at each crossing."""
    kind, first = random.random(), random.uniform(0, pitch, 2)
    down, across = (_comb(side, pitch, start, thick) for start in first)
    if kind < 0.12:
        return down[:, None] * across
    if kind < 0.3:
        down, across = (
            np.maximum(lines, _comb(side, 5 * pitch, start, 2 * thick))
            for lines, start in zip((down, across), first, strict=True)
        )
    return np.maximum(down[:, None], across)


def boxes(side: int, corners: Sequence[tuple[float, float, float, float]], thick: float) -> Canvas:
    """Boxes, given by left, top, right and bottom."""
    canvas = np.zeros((side, side), np.float32)
    for left, top, right, bottom in corners:
        around = [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)]
        draw_stroke(canvas, around, thick)
    return canvas


def bars(side: int, unit: float, thick: float, random: np.random.Generator) -> Canvas:
    """A few long lines, nearly level or upright."""
    canvas = np.zeros((side, side), np.float32)
    for _ in range(random.integers(1, 4)):
        angle = random.choice((0, math.pi / 2)) + random.normal(0, 0.02)
        half = unit * random.uniform(1, 6) * np.array((math.cos(angle), math.sin(angle)))
        middle = random.uniform(0, side, 2)
        draw_stroke(canvas, np.stack((middle - half, middle + half)), thick)
    return canvas


def small_print(side: int, unit: float, random: np.random.Generator) -> Canvas:
    """Lines of print, smaller than the writing, whose digits are `unit` pixels high."""
    canvas = np.zeros((side, side), np.uint8)
    for _ in range(random.integers(1, 12)):
        scale = unit * random.uniform(0.18, 0.45) / FONT_HEIGHT
        text = "".join(random.choice(CHARACTERS, random.integers(3, 30)))
        place = int(side * random.uniform(-0.3, 0.8)), int(side * random.random())
        thick = max(1, round(scale * random.uniform(1, 4)))
        cv2.putText(canvas, text, place, FONTS[random.integers(len(FONTS))], scale, 255, thick, cv2.LINE_AA)
    return canvas.astype(np.float32) / 255


def barcode(side: int, unit: float, random: np.random.Generator) -> Canvas:
    """A barcode, about as high as a digit."""
    canvas = np.zeros((side, side), np.float32)
    top, left = random.integers(0, side, 2)
    code = np.repeat(random.integers(0, 2, 60), max(1, int(0.06 * unit)))[: side - left]
    canvas[top : top + int(unit * random.uniform(0.8, 2)), left : left + len(code)] = code
    return canvas


def fine_pattern(shape: tuple[int, int], unit: float, random: np.random.Generator) -> Canvas:
    """One to three families of fine wavy lines, as on checks, sometimes broken into dots."""
    y, x = np.indices(shape, np.float32)
    pattern = np.zeros(shape, np.float32)
    for _ in range(random.integers(1, 4)):
        angle = random.normal(0, 0.35) if random.random() < 0.75 else random.uniform(0, math.pi)
        bends = [
            random.uniform(0, high) * unit * np.sin(axis / (unit * random.uniform(0.3, 2)) + random.uniform(0, 6))
            for axis, high in ((x, 0.25), (y, 0.15))
        ]
        across = y * math.cos(angle) + x * math.sin(angle) + bends[0] + bends[1]
        wave = np.cos(across * (2 * math.pi / (unit * random.uniform(0.08, 0.35))))
        lines = np.clip((wave - random.uniform(-0.3, 0.85)) * random.uniform(1.5, 5), 0, 1)
        pattern = np.maximum(pattern, lines * random.uniform(0.2, 1))
    if random.random() < 0.25:
        pattern *= np.sin(x * random.uniform(0.3, 1)) + np.sin(y * random.uniform(0.3, 1)) > 0
    return pattern


def _comb(side: int, pitch: float, first: float, thick: float) -> Float[np.ndarray, " side"]:
    """Lines across an axis."""
    away = np.abs((np.arange(side, dtype=np.float32) - first + pitch / 2) % pitch - pitch / 2)
    return np.clip(thick / 2 + 0.5 - away, 0, 1).astype(np.float32)
