"""From gray levels to ink: decide which side is paper, even out the light, and separate ink from paper."""

import cv2
import numpy as np
from jaxtyping import Bool, Float, UInt8

from tenfold.base.constants import constants
from tenfold.imaging.components import drop_lines
from tenfold.imaging.stroke_width import stroke_width

shared = constants("ink")
SMALL = shared["SMALL"]  # pixels: the longer side of the reduced picture from which the light is estimated
WINDOW = shared["WINDOW"]  # stroke widths: the side of the window in which paper is sought
MIN_CONTRAST = shared["MIN_CONTRAST"]  # of 255: anything that differs less from the paper is not ink
NOISE = shared["NOISE"]  # standard deviations of the paper around its mean: anything that differs less is not ink
# Of the ink's level: pixels above WEAK are ink where they touch some above STRONG
WEAK = shared["WEAK"]
STRONG = shared["STRONG"]
FAINT = shared["FAINT"]  # of the ink's level: ruled lines are sought among pixels above this that are not noise


def invert_to_light_ink(gray: UInt8[np.ndarray, "h w"]) -> UInt8[np.ndarray, "h w"]:
    """Decide which side is paper, and invert the picture if the ink is the darker one.

    Ink is the minority: deviations from the median have their long tail on its side, whatever share of the picture it
    covers. A pixel counts only as far as it deviates from the median of both the picture and its surroundings, which
    leaves out shadows and edges; within narrow surroundings a steep shadow is straight, and its two sides cancel out.

    Returns:
        The picture with its ink lighter than the paper, 0 to 255.
    """
    small = _shrink(gray, SMALL)
    deviations = [small - np.float32(level) for level in (np.median(small), _median(small, min(small.shape) // 5))]
    deviation = np.where(np.abs(deviations[0]) < np.abs(deviations[1]), *deviations)
    return gray if (deviation**3).sum() >= 0 else 255 - gray


def find_ink(
    gray: UInt8[np.ndarray, "h w"], ruled: bool
) -> tuple[UInt8[np.ndarray, "h w"], Bool[np.ndarray, "h w"], Bool[np.ndarray, "h w"]]:
    """Remove the paper's own level, so that shadows and gradients vanish, and separate ink from paper.

    The paper's level at each pixel is a morphological opening of the picture, with a window wider than the strokes.
    Whatever exceeds it counts in proportion to the light that falls there. The window is first guessed from the size of
    the picture, then fitted to the strokes that the guess reveals; shadows, lines and noise are the faint ones there.

    Args:
        gray: light ink on darker paper.
        ruled: whether there may be ruled lines, which are not what the window is fitted to.

    Returns:
        The ink, from 0 (bare paper) to 255; and, as from `binarize`, where there is ink, and where at least faint ink.

    Source: background estimation as in R. C. Gonzalez and R. E. Woods, "Digital Image Processing", 9.6, "top-hat".
    """
    guess = min(gray.shape) / 3
    ink = _above_paper(gray, guess)
    mask, faint = binarize(ink)
    if WINDOW * stroke_width(mask) < guess:
        fitted = WINDOW * stroke_width(drop_lines(mask, faint) if ruled else mask, ink)
        if 0 < fitted < guess:
            ink = _above_paper(gray, fitted)
            mask, faint = binarize(ink)
    return ink, mask, faint


def binarize(ink: UInt8[np.ndarray, "h w"]) -> tuple[Bool[np.ndarray, "h w"], Bool[np.ndarray, "h w"]]:
    """Separate ink from paper with two thresholds: weak pixels are ink only where they are connected to strong ones.

    Returns:
        Where there is ink, and where there is at least faint ink, such as pale lines; nowhere if nothing stands out
        from the noise.

    Source: hysteresis as in J. Canny, "A computational approach to edge detection", PAMI 8(6), 1986, section VIII.
    """
    faint, weak, strong = _thresholds(ink)
    _, labels = cv2.connectedComponents((ink > weak).astype(np.uint8))
    found = np.zeros(labels.max() + 1, dtype=bool)
    found[labels[ink > strong]] = True
    found[0] = False
    return found[labels], ink > faint


def _thresholds(ink: UInt8[np.ndarray, "h w"]) -> tuple[float, float, float]:
    """The levels above which ink is faint, weak and strong; all 255 if there is no ink.

    The levels of paper and ink are the means on the two sides of Otsu's threshold. As long as what lies above it is
    only noise, the threshold is computed again from the levels above.
    """
    counts = np.bincount(ink.ravel(), minlength=256).astype(float)
    first = 0
    while counts[first:].any():
        first = _otsu(counts, first)
        paper, spread = _mean(counts, 0, first)
        level, _ = _mean(counts, first, 256)
        if level - paper > max(MIN_CONTRAST, NOISE * spread):
            faint, weak, strong = (paper + share * (level - paper) for share in (FAINT, WEAK, STRONG))
            _, spread = _mean(counts, 0, int(faint) + 1)
            return min(max(faint, paper + NOISE * spread), weak), weak, strong
    return 255.0, 255.0, 255.0


def _otsu(counts: Float[np.ndarray, "256"], first: int) -> int:
    """Otsu's threshold among the levels from `first` on: pixels at or above it are ink.

    Source: N. Otsu, "A threshold selection method from gray-level histograms", IEEE Transactions on Systems, Man, and
    Cybernetics 9(1), 1979.
    """
    levels = np.arange(first, 256)
    below = counts[first:].cumsum()
    sums = (counts[first:] * levels).cumsum()
    above = below[-1] - below
    between = (sums[-1] * below - sums * below[-1]) ** 2 / np.maximum(below * above, 1)
    return first + int(between.argmax()) + 1


def _mean(counts: Float[np.ndarray, "256"], first: int, last: int) -> tuple[float, float]:
    """Mean and standard deviation of the levels from `first` up to, but not including, `last`."""
    levels, weights = np.arange(first, last), counts[first:last]
    total = max(weights.sum(), 1)
    mean = levels @ weights / total
    return mean, float(np.sqrt((levels - mean) ** 2 @ weights / total))


def _above_paper(gray: UInt8[np.ndarray, "h w"], window: float) -> UInt8[np.ndarray, "h w"]:
    small = _shrink(gray, SMALL)
    side = int(window * max(small.shape) / max(gray.shape)) | 1
    if side > 1:
        kernel = cv2.getStructuringElement(cv2.MORPH_RECT, (side, side))
        small = cv2.blur(cv2.morphologyEx(small, cv2.MORPH_OPEN, kernel), (side, side))
    paper = cv2.resize(small, gray.shape[::-1], interpolation=cv2.INTER_LINEAR).astype(np.float32)
    return np.clip((gray - paper) * (255 / np.maximum(255 - paper, 1)), 0, 255).astype(np.uint8)


def _median(gray: UInt8[np.ndarray, "h w"], window: int) -> UInt8[np.ndarray, "h w"]:
    margin = window // 2
    padded = np.pad(gray, margin, mode="symmetric")
    return cv2.medianBlur(padded, 2 * margin + 1)[margin : margin + gray.shape[0], margin : margin + gray.shape[1]]


def _shrink(gray: UInt8[np.ndarray, "h w"], side: int) -> UInt8[np.ndarray, "rows columns"]:
    """Scale until the longer side has at most `side` pixels."""
    scale = side / max(gray.shape)
    if scale >= 1:
        return gray
    height, width = (max(1, round(scale * length)) for length in gray.shape)
    return cv2.resize(gray, (width, height), interpolation=cv2.INTER_AREA)
