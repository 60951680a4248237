"""From ink to connected components, without specks."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Bool, UInt8

from tenfold.base.constants import constants
from tenfold.base.errors import TenfoldError
from tenfold.imaging.stroke_width import weighted_median

shared = constants("components")
SURE = shared["SURE"]  # of the typical probability of ink: a component below is a bit of a box or a ruled line
SPECK = shared["SPECK"]  # of the height of the digits: smaller components are specks
POINT = 0.06  # of the height of the digits: what is smaller is not even a point
# Of the narrower width: how far two strokes of one digit, one above the other, must overlap
OVERLAP = shared["OVERLAP"]
GAP = shared["GAP"]  # of the height of the digits: the largest gap in a broken digit
TALLEST = shared["TALLEST"]  # of the height of the digits: the height of the tallest broken digit
SMALLEST = shared["SMALLEST"]  # pixels: smaller components are specks at any scale
# No page of writing has more components, or more pixels in all their boxes together: 12 times the largest page
MOST_COMPONENTS = shared["MOST_COMPONENTS"]
MOST_COVERED = shared["MOST_COVERED"]


@dataclass(frozen=True, eq=False)
class Component:
    """A piece of ink: its place in the picture and its pixels.

    Attributes:
        x: the leftmost column of its box.
        y: the topmost row of its box.
        mask: where there is ink in the box.
    """

    x: int
    y: int
    mask: Bool[np.ndarray, "height width"]

    @property
    def width(self) -> int:
        """The width in pixels."""
        return self.mask.shape[1]

    @property
    def height(self) -> int:
        """The height in pixels."""
        return self.mask.shape[0]

    @property
    def right(self) -> int:
        """The first column to the right of it."""
        return self.x + self.width

    @property
    def bottom(self) -> int:
        """The first row below it."""
        return self.y + self.height

    @property  # not cached: Python 3.11 locks cached properties, and a fork could inherit a lock that is never released
    def area(self) -> int:
        """The number of ink pixels."""
        return int(np.count_nonzero(self.mask))


def join(components: Sequence[Component]) -> Component:
    """Join the ink of several components into one."""
    x, y = min(component.x for component in components), min(component.y for component in components)
    mask = np.zeros(
        (max(component.bottom for component in components) - y, max(component.right for component in components) - x),
        dtype=bool,
    )
    for component in components:
        mask[component.y - y : component.bottom - y, component.x - x : component.right - x] |= component.mask
    return Component(x, y, mask)


def trim(x: int, y: int, mask: Bool[np.ndarray, "h w"]) -> Component:
    """Cut the part of a picture that starts at (x, y) down to its ink; there must be some."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    top, left = rows[0], columns[0]
    return Component(x + int(left), y + int(top), mask[top : rows[-1] + 1, left : columns[-1] + 1])


def find_components(mask: Bool[np.ndarray, "h w"], ink: UInt8[np.ndarray, "h w"]) -> list[Component]:
    """Find the connected components of ink, leaving out specks, and those that are much less probably ink.

    Args:
        mask: where there is ink.
        ink: how probably each pixel is ink, 0 to 255.

    Raises:
        TenfoldError: if there are too many, or their boxes overlap too much, to be writing.
    """
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    x, y, width, height, area = stats[1:].T
    sure = np.bincount(labels.ravel(), ink.ravel(), len(stats))[1:] / area  # the mean of each component
    is_speck = np.maximum(width, height) < max(SPECK * weighted_median(height, area), SMALLEST)
    kept = np.flatnonzero(~is_speck & (sure >= SURE * weighted_median(sure, area)))
    covered = int((width[kept].astype(np.int64) * height[kept]).sum())
    if len(kept) > MOST_COMPONENTS or covered > MOST_COVERED:
        raise too_dense(f"{len(kept):,} connected components besides specks")
    components = []
    for index in kept:
        rows, across = slice(y[index], y[index] + height[index]), slice(x[index], x[index] + width[index])
        components.append(Component(int(x[index]), int(y[index]), labels[rows, across] == index + 1))
    return components


def find_specks(mask: Bool[np.ndarray, "h w"], components: Sequence[Component]) -> list[Component]:
    """Find the ink around components that is in none of them, but large enough to be a point."""
    reach = 2 * max(component.height for component in components)
    corners = np.array([((one.x, one.y), (one.right, one.bottom)) for one in components])
    left, top = np.maximum(0, corners[:, 0].min(axis=0) - reach).tolist()
    right, bottom = (corners[:, 1].max(axis=0) + reach).tolist()
    rest = mask[top:bottom, left:right].astype(np.uint8)
    for one in components:
        rest[one.y - top : one.bottom - top, one.x - left : one.right - left][one.mask] = 0
    count, labels, stats, _ = cv2.connectedComponentsWithStats(rest)
    height = typical_height(components)
    return [
        Component(left + x, top + y, labels[y : y + high, x : x + wide] == label)
        for label, (x, y, wide, high, _) in zip(range(1, count), stats[1:].tolist(), strict=True)
        if max(SMALLEST, POINT * height) <= max(wide, high) < SPECK * height
    ]


def join_strokes(components: list[Component]) -> list[Component]:
    """Join broken strokes: components one above the other, a small gap apart, together about as high as a digit."""
    height = typical_height(components)
    groups: list[list[Component]] = []
    left, top, right, bottom = boxes = np.zeros((4, len(components)))  # of each group, sorted by `top`
    for component in sorted(components, key=lambda component: component.y):
        count = len(groups)
        first = int(np.searchsorted(top[:count], component.bottom - TALLEST * height - 1))  # earlier ones end too high
        near = slice(first, count)
        both = np.minimum(right[near], component.right) - np.maximum(left[near], component.x)
        fits = (
            (both >= OVERLAP * np.minimum(right[near] - left[near], component.width))
            & (component.y - bottom[near] < GAP * height)
            & (np.maximum(bottom[near], component.bottom) - top[near] < TALLEST * height)
        )
        if fits.any():
            index = first + int(fits.argmax())
            groups[index].append(component)
            left[index], right[index] = min(left[index], component.x), max(right[index], component.right)
            bottom[index] = max(bottom[index], component.bottom)
        else:
            groups.append([component])
            boxes[:, count] = component.x, component.y, component.right, component.bottom
    return [join(group) if len(group) > 1 else group[0] for group in groups]


def typical_height(components: Sequence[Component]) -> float:
    """The median height of components in pixels, weighted by their ink so that many specks carry no weight."""
    return weighted_median(
        np.array([component.height for component in components]), np.array([component.area for component in components])
    )


def too_dense(what: str) -> TenfoldError:
    """The error for a picture that cannot be writing because it holds too much; `what` says too much of what."""
    return TenfoldError(f"too dense to be writing ({what}); crop it to what is to be read")
