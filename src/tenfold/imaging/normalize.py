"""From the ink of one digit to an image like those of MNIST."""

import cv2
import numpy as np
from jaxtyping import Float, UInt8

from tenfold.base.constants import constants
from tenfold.base.form import CENTER, INK_SIDE, SIDE
from tenfold.imaging.components import Component
from tenfold.imaging.stroke_width import stroke_width

shared = constants("normalize")
FINE = shared["FINE"]  # how many times finer the pixels are where strokes are thickened or thinned
# Of 255: pixels above are ink; not one half, because that is what hard edges become when enlarged
INK = shared["INK"]
FULL = shared["FULL"]  # percentile of a digit's pixels that becomes full ink
# Pixels in an image; four of five MNIST digits have a median stroke width in between
THINNEST = shared["THINNEST"]
THICKEST = shared["THICKEST"]


def cut_out(ink: UInt8[np.ndarray, "h w"], component: Component) -> UInt8[np.ndarray, "28 28"]:
    """Cut one digit out of a picture and turn it into an image with `normalize`.

    Args:
        ink: the ink of the whole picture, 0 is paper.
        component: the digit.

    Returns:
        The image, 0 is paper and 255 full ink.
    """
    mask = cv2.copyMakeBorder(component.mask.astype(np.uint8), 1, 1, 1, 1, cv2.BORDER_CONSTANT)
    mask = cv2.dilate(mask, np.ones((3, 3), np.uint8))  # the soft edge of the strokes
    top, left = max(component.y - 1, 0), max(component.x - 1, 0)
    around = ink[top : component.bottom + 1, left : component.right + 1]
    rows, columns = top - component.y + 1, left - component.x + 1
    mask = mask[rows : rows + around.shape[0], columns : columns + around.shape[1]]
    full = max(np.percentile(around[mask > 0], FULL), 1)  # most of what surrounds a single pixel is paper
    return normalize(cv2.convertScaleAbs(around * mask, alpha=255 / full))


def normalize(ink: UInt8[np.ndarray, "h w"]) -> UInt8[np.ndarray, "28 28"]:
    """Turn the ink of one digit into an image as MNIST's makers did, with strokes of the width that MNIST's have.

    The longer side becomes 20 pixels, antialiased; the center of mass moves to the center of 28x28.

    Args:
        ink: 0 is paper; at least one pixel is above 0.

    Returns:
        The image, 0 is paper and 255 full ink.

    Source: Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, "Gradient-based learning applied to document recognition",
    Proceedings of the IEEE 86(11), 1998, section III.A.
    """
    strokes = adjust_strokes(_resize(_cut(ink), FINE * INK_SIDE))
    small = _resize(_cut(strokes), INK_SIDE).astype(np.float32)
    small *= 255 / small.max()
    return _center(small)


def is_normal(gray: UInt8[np.ndarray, "h w"]) -> bool:
    """Whether a picture already has the form that `normalize` produces, as all of MNIST's images do."""
    if gray.shape != (SIDE, SIDE) or gray.min() > 0 or not gray.any():
        return False
    index = np.arange(SIDE)
    centers = [index @ gray.sum(axis=axis) / gray.sum() for axis in (0, 1)]
    return max(_cut(gray).shape) == INK_SIDE and all(abs(center - CENTER) <= 0.5 for center in centers)


def adjust_strokes(ink: UInt8[np.ndarray, "h w"]) -> UInt8[np.ndarray, "h2 w2"]:
    """Thicken thin strokes and thin out thick ones, to the range of widths common in MNIST.

    Args:
        ink: the ink of one digit whose longer side is 80 pixels, 0 is paper.

    Returns:
        The ink with a margin of 8 pixels around it.
    """
    margin = 2 * FINE
    ink = cv2.copyMakeBorder(ink, margin, margin, margin, margin, cv2.BORDER_CONSTANT)
    width = stroke_width(ink > INK) / FINE
    change = np.clip(width, THINNEST, THICKEST) - width
    side = round(FINE * abs(change)) + 1
    if side <= 1:
        return ink
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    return cv2.dilate(ink, kernel) if change > 0 else cv2.erode(ink, kernel)


def _cut(ink: UInt8[np.ndarray, "h w"]) -> UInt8[np.ndarray, "rows columns"]:
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _resize(ink: UInt8[np.ndarray, "h w"], side: int) -> UInt8[np.ndarray, "rows columns"]:
    """Scale until the longer side has `side` pixels."""
    scale = side / max(ink.shape)
    height, width = (max(1, round(scale * length)) for length in ink.shape)
    return cv2.resize(ink, (width, height), interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)


def _center(ink: Float[np.ndarray, "rows columns"]) -> UInt8[np.ndarray, "28 28"]:
    """Place `ink` so that its center of mass is at pixel (14, 14), as in MNIST, or as close to it as it fits."""
    image = np.zeros((SIDE, SIDE), dtype=np.uint8)
    corner = []
    for axis, side in enumerate(ink.shape):
        profile = ink.sum(axis=1 - axis, dtype=float)
        center_of_mass = np.arange(side) @ profile / profile.sum()
        corner.append(int(np.clip(round(CENTER - center_of_mass), 0, SIDE - side)))
    top, left = corner
    image[top : top + ink.shape[0], left : left + ink.shape[1]] = ink.round()
    return image
