"""Text lines cut out of a page, as images that a network reads whole."""

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import UInt8

from tenfold.base.constants import constants
from tenfold.base.form import LINE_SIDE
from tenfold.imaging import Page
from tenfold.imaging.lines import Line

shared = constants("strips")
MARGIN = shared["MARGIN"]  # heights of the line, on both sides
FAINT = shared["FAINT"]  # of 255: a line whose strongest ink is fainter is not brought to full ink


@dataclass(frozen=True, eq=False)
class Strip:
    """A text line as an image, level even if the line slopes.

    Attributes:
        image: its ink from 0 to 255; the digits are about 20 rows high and in the middle.
        left: the column of the page at which the image begins.
        scale: how many of its columns make up one column of the page.
    """

    image: UInt8[np.ndarray, "40 columns"]
    left: int
    scale: float


def stretch(strip: Strip, factor: float) -> Strip:
    """Make a strip wider, or narrower with a factor below 1."""
    columns = strip.image.shape[1]
    wide = max(1, round(factor * columns))
    how = cv2.INTER_AREA if wide < columns else cv2.INTER_LINEAR
    return Strip(
        cv2.resize(strip.image, (wide, LINE_SIDE), interpolation=how), strip.left, strip.scale * wide / columns
    )


def ink_of(line: Line, page: Page) -> UInt8[np.ndarray, "rows columns"]:
    """The ink of a page without the components that belong to other lines or to none; they may reach into this line."""
    ink = page.ink.copy()
    for other in {*page.components} - {*line.components}:
        ink[other.y : other.bottom, other.x : other.right][other.mask] = 0
    return ink


def cut_strip(ink: UInt8[np.ndarray, "rows columns"], line: Line, digit: float) -> Strip:
    """Cut a text line out of a page.

    Args:
        ink: the ink of the page, 0 to 255, as `ink_of` gives it.
        line: the line.
        digit: the height of the line's digits, in pixels of the page.
    """
    height = max(2, round(2 * digit))
    margin = round(MARGIN * digit)
    left = min(component.x for component in line.components) - margin
    width = max(component.right for component in line.components) + margin - left
    columns = left + np.arange(width)
    rows = np.rint(line.middle(columns) - height / 2).astype(int) + np.arange(height)[:, None]  # (height, width)
    inside = (rows >= 0) & (rows < len(ink)) & (columns >= 0) & (columns < ink.shape[1])
    around = np.where(inside, ink[rows.clip(0, len(ink) - 1), columns.clip(0, ink.shape[1] - 1)], 0)
    around = around.astype(np.uint8)
    scale = LINE_SIDE / height
    size = (max(1, round(scale * width)), LINE_SIDE)
    image = cv2.resize(around, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    return Strip(cv2.convertScaleAbs(image, alpha=255 / max(image.max(), FAINT)), left, scale)
