"""How wide strokes are."""

import cv2
import numpy as np
from jaxtyping import Bool, Shaped, UInt8


def stroke_width(mask: Bool[np.ndarray, "h w"], ink: UInt8[np.ndarray, "h w"] | None = None) -> float:
    """The median width of strokes, in pixels; 0 if there are none. Blots hardly count: they have short ridges.

    Args:
        mask: where there is ink.
        ink: how much; where it is given, strokes count by its cube, so that faint ones hardly do.
    """
    padded = np.pad(mask, 1).astype(np.uint8)  # beyond the picture is paper
    distance = cv2.distanceTransform(padded, cv2.DIST_L2, 5)
    ridge = (distance > 0) & (distance >= cv2.dilate(distance, np.ones((3, 3), np.uint8)))
    if not ridge.any():
        return 0.0
    if ink is None:
        return float(2 * np.median(distance[ridge])) - 1
    return 2 * weighted_median(distance[ridge], ink[ridge[1:-1, 1:-1]].astype(int) ** 3) - 1


def weighted_median(values: Shaped[np.ndarray, " n"], weights: Shaped[np.ndarray, " n"]) -> float:
    """The value that splits the weights into halves."""
    order = np.argsort(values)
    total = weights[order].cumsum()
    return float(values[order][np.searchsorted(total, total[-1] / 2)])
