"""The width of strokes."""

import cv2
import numpy as np
from jaxtyping import Bool, Float, Int, Shaped, UInt8


def stroke_width(mask: Bool[np.ndarray, "h w"], ink: UInt8[np.ndarray, "h w"] | None = None) -> float:
    """The median width of strokes, in pixels; 0 if there are none.

    It is measured along the ridges of the strokes. Blots carry little weight, since their ridges are short.

    Args:
        mask: where there is ink.
        ink: how much ink there is, 0 to 255; if given, strokes are weighted by its cube, so that faint ones count
            for little.
    """
    ridge, distance = _ridges(mask)
    if not len(distance):
        return 0.0
    if ink is None:
        return float(2 * np.median(distance)) - 1
    return 2 * weighted_median(distance, ink[ridge].astype(int) ** 3) - 1


def stroke_widths(mask: Bool[np.ndarray, "h w"], labels: Int[np.ndarray, "h w"]) -> Float[np.ndarray, " n"]:
    """The stroke width of each connected component, as `stroke_width` would give it for the component alone.

    All are measured at once, because the paper between two components is closer to each than the other is.

    Args:
        mask: where there is ink.
        labels: the number of the component at each pixel, from 1 to n; 0 is paper.

    Returns:
        The widths in pixels, in the order of the numbers.
    """
    ridge, distance = _ridges(mask)
    numbers = labels[ridge]
    distance = distance[np.lexsort((distance, numbers))]
    counts = np.bincount(numbers)[1:]
    ends = counts.cumsum()
    medians = (distance[ends - counts // 2 - 1] + distance[ends - (counts + 1) // 2]) / 2
    return 2 * medians.astype(float) - 1


def _ridges(mask: Bool[np.ndarray, "h w"]) -> tuple[Bool[np.ndarray, "h w"], Float[np.ndarray, " n"]]:
    """The ridges of the strokes, where they are farthest from paper, and their distance from it in pixels."""
    padded = cv2.copyMakeBorder(mask.astype(np.uint8), 1, 1, 1, 1, cv2.BORDER_CONSTANT)  # outside the picture is paper
    distance = cv2.distanceTransform(padded, cv2.DIST_L2, 5)
    ridge = (distance > 0) & (distance >= cv2.dilate(distance, np.ones((3, 3), np.uint8)))
    return ridge[1:-1, 1:-1], distance[ridge]


def weighted_median(values: Shaped[np.ndarray, " n"], weights: Shaped[np.ndarray, " n"]) -> float:
    """The value that splits the total weight in half; 0 if there are no values."""
    if not len(values):
        return 0.0
    order = np.argsort(values)
    total = weights[order].cumsum()
    return float(values[order][np.searchsorted(total, total[-1] / 2)])
