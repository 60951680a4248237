"""The width of strokes."""

import cv2
import numpy as np
from jaxtyping import Bool, Shaped


def stroke_width(mask: Bool[np.ndarray, "h w"]) -> float:
    """The median width of strokes, in pixels; 0 if there are none.

    It is measured along the ridges of the strokes, where they are farthest from paper. Blots carry little weight, since
    their ridges are short.

    Args:
        mask: where there is ink.
    """
    padded = cv2.copyMakeBorder(mask.astype(np.uint8), 1, 1, 1, 1, cv2.BORDER_CONSTANT)  # outside the picture is paper
    distance = cv2.distanceTransform(padded, cv2.DIST_L2, 5)
    ridge = (distance > 0) & (distance >= cv2.dilate(distance, np.ones((3, 3), np.uint8)))
    return float(2 * np.median(distance[ridge])) - 1 if ridge.any() else 0.0


def weighted_median(values: Shaped[np.ndarray, " n"], weights: Shaped[np.ndarray, " n"]) -> float:
    """The value that splits the total weight in half; 0 if there are no values."""
    if not len(values):
        return 0.0
    order = np.argsort(values)
    total = weights[order].cumsum()
    return float(values[order][np.searchsorted(total, total[-1] / 2)])
