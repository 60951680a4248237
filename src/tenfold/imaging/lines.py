"""Text lines: connected components side by side."""

import math
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Shaped

from tenfold.base.constants import constants
from tenfold.imaging import Component
from tenfold.imaging.components import join, typical_height

shared = constants("lines")
TALL = shared["TALL"]  # heights of the line: components at least this high show where it stands
LOWEST = shared["LOWEST"]  # heights of the line: a lower component is not a digit but a dot, a dash or a bit of a digit
SLOPE = shared["SLOPE"]  # heights of the line: from one digit to the next, a line rises or falls by less
NEAR = shared["NEAR"]  # heights of the line: bits within this distance belong to it
SLANTS = np.linspace(*shared["SLANTS"])  # columns to the right for each row up


class Line:
    """A text line.

    Args:
        components: its connected components, from left to right.

    Attributes:
        components: its connected components, from left to right.
        width: from its leftmost to its rightmost column, in pixels.
        height: the typical height of its digits, in pixels.
        slope: how many rows it falls for each column to the right.
    """

    def __init__(self, components: Sequence[Component]) -> None:
        self.components = components
        self.width = max(component.right for component in components) - min(component.x for component in components)
        self.height = typical_height(components)
        digits = sorted((component for component in components if component.height >= TALL * self.height), key=_center)
        bottoms = [component.bottom for component in digits]
        self._centers = np.array([_center(component) for component in digits])
        middles = np.array([_middle(component) for component in digits])
        self.slope = _slope(self._centers, middles)
        self._start = float(np.median(middles - self.slope * self._centers))
        self._feet = np.array([np.median(bottoms[max(0, i - 1) : i + 2]) for i in range(len(bottoms))])

    def middle(self, x: Shaped[np.ndarray, "..."] | float) -> Float[np.ndarray, "..."]:
        """The row through the middle of its digits, at columns of the page."""
        return np.asarray(self._start + self.slope * x)

    def reach(self, component: Component) -> float:
        """How far a component reaches above the foot of the line, in heights: a digit about 1, a comma 0.3."""
        foot = np.interp(_center(component), self._centers, self._feet)
        return float(foot - component.y) / self.height


def find_lines(components: Sequence[Component]) -> list[list[Component]]:
    """Group connected components into text lines.

    Every component joins the line whose last component is closest to it vertically, so lines may slope and bend.

    Returns:
        The lines from top to bottom, the components of each from left to right.
    """
    height = typical_height(components)
    lines: list[list[Component]] = []
    ends = np.zeros(len(components))  # the middle row of the last component of each line
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
    numbers = np.repeat(np.arange(len(lines)), [len(line) for line in lines])  # the line that each of these is in
    left, top, right, bottom = np.array([(p.x, p.y, p.right, p.bottom) for line in lines for p in line]).T
    for component in components:
        if component.height < LOWEST * height:
            aside = np.maximum(np.maximum(component.x - right, left - component.right), 0)
            down = np.maximum(np.maximum(component.y - bottom, top - component.bottom), 0)
            nearest = int((aside**2 + down**2).argmin())  # among equally near ones, that of the first line
            if math.hypot(aside[nearest], down[nearest]) < NEAR * height:
                bits[numbers[nearest]].append(component)
    lines = [sorted(line + some, key=_center) for line, some in zip(lines, bits, strict=True)]
    return sorted(lines, key=lambda line: float(np.median([_middle(component) for component in line])))


def find_slant(line: Sequence[Component]) -> float:
    """How far the writing leans, in columns to the right for each row up: the slant that packs the ink most tightly.

    Source: in the manner of A. Vinciarelli and J. Luettin, "A new normalization technique for cursive handwritten
    words", Pattern Recognition Letters 22, 2001.
    """
    rows, columns = np.nonzero(join(line).mask)
    columns = columns.astype(np.float32)
    leaning = [
        np.bincount(np.round(columns + slant * rows - slant.clip(max=0) * rows.max()).astype(int)) for slant in SLANTS
    ]
    return float(SLANTS[np.argmax([(counts.astype(float) ** 2).sum() for counts in leaning])])


def _slope(x: Float[np.ndarray, " n"], y: Float[np.ndarray, " n"]) -> float:
    """The slope of the straight line that fits best, by least squares; 0 through a single point."""
    aside = x - x.mean()
    return float(aside @ (y - y.mean()) / max(aside @ aside, 1.0))


def _center(component: Component) -> float:
    return component.x + component.width / 2


def _middle(component: Component) -> float:
    return component.y + component.height / 2
