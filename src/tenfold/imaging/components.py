"""From ink to connected components, without ruled lines, frames, blots and specks."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Bool, Int

from tenfold.base.constants import constants
from tenfold.base.errors import TenfoldError
from tenfold.imaging.stroke_width import stroke_width, stroke_widths, weighted_median

shared = constants("components")
# Of the picture's height: the shortest upright line if none is level, since it may be a 1
EDGE_TO_EDGE = shared["EDGE_TO_EDGE"]
STRAIGHT = shared["STRAIGHT"]  # stroke widths: the strokes of digits run straight for less
SHORTEST = shared["SHORTEST"]  # heights of the writing: the shortest ruled line
# Stroke widths: writing is higher; if what remains without lines is not, it is the ends of a dash
WRITING = shared["WRITING"]
THICKEST = shared["THICKEST"]  # of its length: the thickest ruled line
# Of a component's ink: with this much near the edges of its box, and something inside, it is a frame
FRAME = shared["FRAME"]
SPECK = shared["SPECK"]  # of the height of the digits: smaller components are specks
# Of the typical stroke width and height: anything thinner and shorter is a bit of a ruled line
THIN = shared["THIN"]
BIT = shared["BIT"]
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


def drop_lines(mask: Bool[np.ndarray, "h w"], faint: Bool[np.ndarray, "h w"]) -> Bool[np.ndarray, "h w"]:
    """Erase ruled lines and printed boxes, and leave the strokes that cross them.

    A ruled line is thin, straight, and longer than the writing on it is high. Only bits of a pale line count as ink,
    but among the faint ink it is whole.

    Args:
        mask: where there is ink.
        faint: where there is at least faint ink.

    Returns:
        The mask without the lines.
    """
    stroke = stroke_width(mask)
    level, upright = _straight_strokes(faint, stroke), _straight_strokes(faint.T, stroke)
    if not (level.any() or upright.any()):
        return mask
    rest = mask & (level == 0) & (upright.T == 0)
    _, _, stats, _ = cv2.connectedComponentsWithStats(rest.astype(np.uint8))
    height = weighted_median(stats[1:, cv2.CC_STAT_HEIGHT], stats[1:, cv2.CC_STAT_AREA])
    if height <= WRITING * stroke:
        return mask
    lines = _long(level, SHORTEST * height)
    lines_up = _long(upright, max(SHORTEST * height, 0.0 if lines.any() else EDGE_TO_EDGE * len(mask))).T
    return mask & ~lines & ~lines_up


def find_components(mask: Bool[np.ndarray, "h w"]) -> list[Component]:
    """Find the connected components of ink, leaving out specks, remnants of ruled lines, and frames around others.

    Args:
        mask: where there is ink.

    Raises:
        TenfoldError: if there are too many, or their boxes overlap too much, for writing.
    """
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    x, y, width, height, area = stats[1:].T
    strokes = stroke_widths(mask, labels)
    typical = weighted_median(height, area)
    long, short = np.maximum(width, height), np.minimum(width, height)
    is_speck = long < max(SPECK * typical, SMALLEST)
    is_line = (long > SHORTEST * typical) & (short < SPECK * long)
    is_bit_of_a_line = (strokes < THIN * weighted_median(strokes, area)) & (short < BIT * typical)
    kept = np.flatnonzero(~(is_speck | is_line | is_bit_of_a_line))
    covered = int((width[kept].astype(np.int64) * height[kept]).sum())
    if len(kept) > MOST_COMPONENTS or covered > MOST_COVERED:
        raise too_dense(f"{len(kept):,} connected components besides specks")
    by_column = np.argsort(x, kind="stable")
    columns = x[by_column]
    components = []
    for index in kept:
        rows, across = slice(y[index], y[index] + height[index]), slice(x[index], x[index] + width[index])
        component = Component(int(x[index]), int(y[index]), labels[rows, across] == index + 1)
        if _is_hollow(component):
            within = by_column[np.searchsorted(columns, component.x) : np.searchsorted(columns, component.right)]
            is_inside = (
                (height[within] > SPECK * component.height)
                & (component.y <= y[within])
                & (x[within] + width[within] <= component.right)
                & (y[within] + height[within] <= component.bottom)
            )
            if is_inside.sum() > (height[index] > SPECK * component.height):  # it also lies within itself
                continue
        components.append(component)
    return components


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


def _is_hollow(component: Component) -> bool:
    """Whether nearly all the ink runs along the edges of the component's box."""
    y, x = max(1, component.height // 6), max(1, component.width // 6)
    return bool(component.mask[y:-y, x:-x].sum() <= (1 - FRAME) * component.area)


def _straight_strokes(mask: Bool[np.ndarray, "h w"], stroke: float) -> Int[np.ndarray, "h w"]:
    """Number the horizontal strokes, without what crosses them; everything else is 0."""
    ink = mask.astype(np.uint8)
    run = round(max(STRAIGHT * stroke, mask.shape[1] / 25, 24))
    closed = cv2.morphologyEx(ink, cv2.MORPH_CLOSE, np.ones((1, round(stroke) + 1), np.uint8))  # faint lines have gaps
    straight = cv2.morphologyEx(closed, cv2.MORPH_OPEN, np.ones((1, run), np.uint8))
    if not straight.any():
        return np.zeros(mask.shape, np.int32)
    straight = cv2.dilate(np.pad(straight, 1), np.ones((3, 3), np.uint8))  # a sloping line is a chain of runs
    _, labels, boxes, _ = cv2.connectedComponentsWithStats(straight)
    widths, areas = boxes[1:, 2], boxes[1:, 4]
    long = widths >= widths.max(initial=0) / 2
    thickness = max(1, round(areas[long].sum() / max(widths[long].sum(), 1)) - 2)  # minus what the dilation added
    labels = labels[1:-1, 1:-1]
    high = cv2.morphologyEx(ink, cv2.MORPH_OPEN, np.ones((2 * thickness + 1, 1), np.uint8))
    labels[(high > 0) | ~mask] = 0
    return labels


def _long(strokes: Int[np.ndarray, "h w"], shortest: float) -> Bool[np.ndarray, "h w"]:
    """Where strokes are thin and longer than `shortest` pixels."""
    rows, columns = np.nonzero(strokes)
    numbers = strokes[rows, columns]
    count = int(strokes.max()) + 1
    first, last = np.full(count, strokes.shape[1]), np.zeros(count, int)
    np.minimum.at(first, numbers, columns)
    np.maximum.at(last, numbers, columns)
    lengths = last - first + 1
    chosen = (lengths > shortest) & (np.bincount(numbers, minlength=count) < THICKEST * lengths**2)
    chosen[0] = False
    return chosen[strokes]
