"""How wide strokes are."""

import cv2
import numpy as np
from jaxtyping import Bool


def stroke_width(mask: Bool[np.ndarray, "h w"]) -> float:
    """The median width of strokes, in pixels; 0 if there are none. Blots hardly count: they have short ridges."""
    padded = np.pad(mask, 1).astype(np.uint8)  # beyond the picture is paper
    distance = cv2.distanceTransform(padded, cv2.DIST_L2, 5)
    ridge = (distance > 0) & (distance >= cv2.dilate(distance, np.ones((3, 3), np.uint8)))
    return float(2 * np.median(distance[ridge])) - 1 if ridge.any() else 0.0
