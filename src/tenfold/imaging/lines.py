"""Lines of writing: parts of ink beside one another."""

import math
from collections.abc import Sequence

import numpy as np

from tenfold.imaging import Component
from tenfold.imaging.components import join, typical_height

TALL = 0.6  # heights of a line; parts as high show where it stands
LOWEST = 0.4  # heights of a line, below which a part is no digit by itself but a dot, a dash or a bit of a digit
SLOPE = 0.6  # heights of a line; from one digit to the next a line rises or falls by less
NEAR = 0.7  # likewise; bits belong to the line at such a distance
SLANTS = np.linspace(-0.3, 0.9, 13)  # columns for each row


class Line:
    """Parts beside one another, from left to right.

    Args:
        components: the parts.

    Attributes:
        components: likewise.
        width: from its leftmost to its rightmost column, in pixels.
        height: that is typical of its digits, in pixels.
        middle: the row in the middle of its digits.
    """

    def __init__(self, components: Sequence[Component]) -> None:
        self.components = components
        self.width = max(component.right for component in components) - min(component.x for component in components)
        self.height = typical_height(components)
        digits = sorted((component for component in components if component.height >= TALL * self.height), key=_center)
        self.middle = float(np.median([_middle(component) for component in digits]))
        bottoms = [component.bottom for component in digits]
        self._centers = np.array([_center(component) for component in digits])
        self._feet = np.array([np.median(bottoms[max(0, i - 1) : i + 2]) for i in range(len(bottoms))])

    def reach(self, component: Component) -> float:
        """How far the top of a part is above the foot of the line there: of a digit about 1, of a comma 0.3."""
        foot = np.interp(_center(component), self._centers, self._feet)
        return float(foot - component.y) / self.height


def find_lines(components: Sequence[Component]) -> list[list[Component]]:
    """Group parts into lines of writing, from top to bottom, each from left to right.

    Every part follows the one on its left that is closest in height above the page, so lines may slope and bend.
    """
    height = typical_height(components)
    lines: list[list[Component]] = []
    ends = np.zeros(len(components))  # the middle of the last part of each line
    for component in sorted(
        (component for component in components if component.height >= LOWEST * height), key=_center
    ):
        drops = np.abs(ends[: len(lines)] - _middle(component))
        nearest = int(drops.argmin()) if lines else 0
        if lines and drops[nearest] < SLOPE * max(height, component.height):
            lines[nearest].append(component)
        else:
            nearest = len(lines)
            lines.append([component])
        ends[nearest] = _middle(component)
    bits: list[list[Component]] = [[] for _ in lines]
    numbers = np.repeat(np.arange(len(lines)), [len(line) for line in lines])  # the line of each of these
    left, top, right, bottom = np.array([(p.x, p.y, p.right, p.bottom) for line in lines for p in line]).T
    for component in components:
        if component.height < LOWEST * height:
            aside = np.maximum(np.maximum(component.x - right, left - component.right), 0)
            down = np.maximum(np.maximum(component.y - bottom, top - component.bottom), 0)
            nearest = int((aside**2 + down**2).argmin())  # of equally near ones that in the first line
            if math.hypot(aside[nearest], down[nearest]) < NEAR * height:
                bits[numbers[nearest]].append(component)
    lines = [sorted(line + some, key=_center) for line, some in zip(lines, bits, strict=True)]
    return sorted(lines, key=lambda line: float(np.median([_middle(component) for component in line])))


def find_slant(line: Sequence[Component]) -> float:
    """How far writing leans: columns to the right for each row up, such that most ink stands in few columns.

    Source: in the manner of A. Vinciarelli and J. Luettin, "A new normalization technique for cursive handwritten
    words", Pattern Recognition Letters 22, 2001.
    """
    rows, columns = np.nonzero(join(line).mask)
    columns = columns.astype(np.float32)
    leaning = [
        np.bincount(np.round(columns + slant * rows - slant.clip(max=0) * rows.max()).astype(int)) for slant in SLANTS
    ]
    return float(SLANTS[np.argmax([(counts.astype(float) ** 2).sum() for counts in leaning])])


def _center(component: Component) -> float:
    return component.x + component.width / 2


def _middle(component: Component) -> float:
    return component.y + component.height / 2
