"""A pen of any width that follows center lines: those of strokes, or those of writing that is there.

Ink is drawn on a `Canvas`; center lines are kept on a grid that is `SAMPLES` times as fine, so that edges are smooth.
"""

from collections.abc import Sequence

import cv2
import numpy as np
from jaxtyping import Bool, Float, UInt8

Canvas = Float[np.ndarray, "_ _"]  # how much of each pixel is covered, 0 to 1
Lines = Bool[np.ndarray, "_ _"]  # where center lines pass

SAMPLES = 2  # along both axes
NEIGHBORS = np.array(((128, 1, 2), (64, 0, 4), (32, 16, 8)), np.float32)  # one bit for each, clockwise from the top


def draw_stroke(canvas: Canvas, points: Sequence[Sequence[float]] | Float[np.ndarray, "n 2"], pen: float) -> None:
    """Draw a stroke on a canvas.

    Args:
        canvas: is changed.
        points: x and y in pixels; they may lie outside.
        pen: the width of the stroke in pixels; at least 1 is drawn.
    """
    stroke = np.asarray(points, np.float32)
    left, top = np.maximum(0, stroke.min(axis=0) - pen - 1).astype(int).tolist()
    right, bottom = np.maximum(0, stroke.max(axis=0) + pen + 2).astype(int).tolist()
    place = canvas[top:bottom, left:right]
    if place.size:
        np.maximum(place, draw_along(trace([stroke - (left, top)], place.shape), pen), out=place)


def trace(strokes: Sequence[Float[np.ndarray, "_ 2"]], shape: tuple[int, ...]) -> Lines:
    """The center lines of strokes, given by x and y in pixels, for a canvas of this shape."""
    lines = np.zeros([SAMPLES * side for side in shape], np.uint8)
    eighths = [np.round(8 * (SAMPLES * stroke + (SAMPLES - 1) / 2)).astype(np.int32) for stroke in strokes]
    cv2.polylines(lines, eighths, False, 1, shift=3)
    return lines > 0


def draw_along(lines: Lines, pen: float) -> Canvas:
    """Draw with a pen along center lines.

    Args:
        lines: the center lines.
        pen: its width in pixels of the canvas; at least 1 is drawn.
    """
    away = cv2.distanceTransform((~lines).astype(np.uint8), cv2.DIST_L2, 5)
    return reduce(np.clip(SAMPLES * max(1.0, pen) / 2 + 0.5 - away, 0, 1))


def reduce(fine: Canvas) -> Canvas:
    """Reduce what is `SAMPLES` times as fine as the canvas to its size."""
    height, width = fine.shape
    return np.asarray(cv2.resize(fine, (width // SAMPLES, height // SAMPLES), interpolation=cv2.INTER_AREA))


def thin(ink: Bool[np.ndarray, "_ _"]) -> Lines:
    """The center lines of writing, one pixel wide, and connected where it is.

    Source: T. Zhang and C. Suen, "A fast parallel algorithm for thinning digital patterns", Communications of the ACM
    27 (1984) 236-239.
    """
    lines = np.pad(ink, 1).astype(np.uint8)
    before = None
    while before != (before := int(lines.sum())):
        for removable in REMOVABLE:
            neighbors = cv2.filter2D(lines, -1, NEIGHBORS, borderType=cv2.BORDER_CONSTANT)
            lines[np.asarray(cv2.LUT(neighbors, removable), bool)] = 0
    return lines[1:-1, 1:-1] > 0


def _removable() -> list[UInt8[np.ndarray, " 256"]]:
    """Whether the two steps of thinning remove a pixel with these neighbors."""
    bits = np.arange(256)[:, None] >> np.arange(8) & 1
    count, rises = bits.sum(axis=1), (bits < np.roll(bits, -1, axis=1)).sum(axis=1)
    top, right, bottom, left = bits[:, ::2].T
    on_edge = (count >= 2) & (count <= 6) & (rises == 1)
    kept = (right & bottom & (top | left), top & left & (right | bottom))
    return [(on_edge & (one == 0)).astype(np.uint8) for one in kept]


REMOVABLE = _removable()
