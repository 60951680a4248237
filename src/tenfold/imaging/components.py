"""From ink to parts: connected pieces of ink, without ruled lines, frames, blots and specks."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Bool, Int

from tenfold.base.errors import TenfoldError
from tenfold.imaging.strokes import stroke_width, stroke_widths, weighted_median

EDGE_TO_EDGE = 0.95  # of the picture; an upright line is as long where there are no level ones: else it may be a 1
STRAIGHT = 8  # stroke widths; strokes of digits run level for less
SHORTEST = 1.5  # heights of the writing; of a ruled line
WRITING = 1.5  # stroke widths; what is left without lines is higher, or else it is the ends of a dash
THICKEST = 0.05  # of its length; of a ruled line
FRAME = 0.8  # of the part's ink; this much near the edges of its box makes it a frame if something is inside
SPECK = 0.12  # of the height of the digits; smaller parts are specks
THIN, BIT = 0.5, 0.25  # of the typical stroke width and height; what is as thin and as small is a bit of a ruled line
OVERLAP = 0.5  # of the width of the narrower of two parts one above the other
GAP, TALLEST = 0.25, 1.8  # of the height of the digits: between two parts of one digit, and that they may have together
SMALLEST = 6  # pixels; likewise
MOST_PARTS = 5000  # no page of writing has more ...
MOST_COVERED = 50_000_000  # pixels, of the boxes of all parts together; of a page, 12 times as many as it has at most


@dataclass(frozen=True, eq=False)
class Component:
    """Some ink: its place in the picture and its pixels.

    Attributes:
        x: the leftmost column.
        y: the topmost row.
        mask: where there is ink in the box that starts there.
    """

    x: int
    y: int
    mask: Bool[np.ndarray, "height width"]

    @property
    def width(self) -> int:
        """In pixels."""
        return self.mask.shape[1]

    @property
    def height(self) -> int:
        """In pixels."""
        return self.mask.shape[0]

    @property
    def right(self) -> int:
        """The first column after it."""
        return self.x + self.width

    @property
    def bottom(self) -> int:
        """The first row below it."""
        return self.y + self.height

    @property  # a cached one has a lock in Python 3.11, which a fork while a thread reads would find locked forever
    def area(self) -> int:
        """How many pixels are ink."""
        return int(np.count_nonzero(self.mask))


def join(components: Sequence[Component]) -> Component:
    """The ink of several parts as one."""
    x, y = min(component.x for component in components), min(component.y for component in components)
    mask = np.zeros(
        (max(component.bottom for component in components) - y, max(component.right for component in components) - x),
        dtype=bool,
    )
    for component in components:
        mask[component.y - y : component.bottom - y, component.x - x : component.right - x] |= component.mask
    return Component(x, y, mask)


def trim(x: int, y: int, mask: Bool[np.ndarray, "h w"]) -> Component:
    """The ink in a piece of the picture that starts at (x, y); there must be some."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    top, left = rows[0], columns[0]
    return Component(x + int(left), y + int(top), mask[top : rows[-1] + 1, left : columns[-1] + 1])


def drop_lines(mask: Bool[np.ndarray, "h w"], faint: Bool[np.ndarray, "h w"]) -> Bool[np.ndarray, "h w"]:
    """Erase ruled lines and forms, and leave the strokes that cross them.

    A line is thin, straight, and longer than what is written on it is high. Of a pale one only bits count as ink, but
    in the faint ink it is whole.

    Args:
        mask: where there is ink.
        faint: likewise, and where there is only a little.
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
    """The connected components of ink, without specks, what is left of ruled lines, and frames around others.

    Raises:
        TenfoldError: if there are so many, or they lie over one another so much, that they cannot be writing.
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
    if len(kept) > MOST_PARTS or covered > MOST_COVERED:
        raise too_dense(f"{len(kept):,} connected components that are no specks")
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
            if is_inside.sum() > (height[index] > SPECK * component.height):  # it lies within itself, too
                continue
        components.append(component)
    return components


def join_strokes(components: list[Component]) -> list[Component]:
    """Join broken strokes: parts one above the other with a small gap, together about as high as other digits."""
    height = typical_height(components)
    groups: list[list[Component]] = []
    left, top, right, bottom = boxes = np.zeros((4, len(components)))  # of each group; sorted by `top`
    for component in sorted(components, key=lambda component: component.y):
        count = len(groups)
        first = int(np.searchsorted(top[:count], component.bottom - TALLEST * height - 1))  # those before are too high
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
    """The median height of parts, weighted by their ink, so that many specks do not count."""
    return weighted_median(
        np.array([component.height for component in components]), np.array([component.area for component in components])
    )


def too_dense(what: str) -> TenfoldError:
    """The error that a picture cannot be writing, because there is more of something in it than in any."""
    return TenfoldError(f"too dense to be writing ({what}); crop it to what is to be read")


def _is_hollow(component: Component) -> bool:
    """Whether ink runs along the edges of its box only."""
    y, x = max(1, component.height // 6), max(1, component.width // 6)
    return bool(component.mask[y:-y, x:-x].sum() <= (1 - FRAME) * component.area)


def _straight_strokes(mask: Bool[np.ndarray, "h w"], stroke: float) -> Int[np.ndarray, "h w"]:
    """Number the level strokes, without what crosses them; 0 is all else."""
    ink = mask.astype(np.uint8)
    run = round(max(STRAIGHT * stroke, mask.shape[1] / 25, 24))
    closed = cv2.morphologyEx(ink, cv2.MORPH_CLOSE, np.ones((1, round(stroke) + 1), np.uint8))  # faint lines have gaps
    straight = cv2.morphologyEx(closed, cv2.MORPH_OPEN, np.ones((1, run), np.uint8))
    if not straight.any():
        return np.zeros(mask.shape, np.int32)
    straight = cv2.dilate(np.pad(straight, 1), np.ones((3, 3), np.uint8))  # a line that slopes is a chain of runs
    _, labels, boxes, _ = cv2.connectedComponentsWithStats(straight)
    widths, areas = boxes[1:, 2], boxes[1:, 4]
    long = widths >= widths.max(initial=0) / 2
    thickness = max(1, round(areas[long].sum() / max(widths[long].sum(), 1)) - 2)  # less what the dilation added
    labels = labels[1:-1, 1:-1]
    high = cv2.morphologyEx(ink, cv2.MORPH_OPEN, np.ones((2 * thickness + 1, 1), np.uint8))
    labels[(high > 0) | ~mask] = 0
    return labels


def _long(strokes: Int[np.ndarray, "h w"], shortest: float) -> Bool[np.ndarray, "h w"]:
    """Where strokes are longer than this, and thin."""
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
