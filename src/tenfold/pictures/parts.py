"""From ink to parts: connected pieces of ink, without ruled lines, frames, blots and specks."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Bool, Int

from tenfold.pictures.strokes import stroke_width, weighted_median

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


@dataclass(frozen=True, eq=False)
class Part:
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


def join(parts: Sequence[Part]) -> Part:
    """The ink of several parts as one."""
    x, y = min(part.x for part in parts), min(part.y for part in parts)
    mask = np.zeros((max(part.bottom for part in parts) - y, max(part.right for part in parts) - x), dtype=bool)
    for part in parts:
        mask[part.y - y : part.bottom - y, part.x - x : part.right - x] |= part.mask
    return Part(x, y, mask)


def trim(x: int, y: int, mask: Bool[np.ndarray, "h w"]) -> Part:
    """The ink in a piece of the picture that starts at (x, y); there must be some."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    top, left = rows[0], columns[0]
    return Part(x + int(left), y + int(top), mask[top : rows[-1] + 1, left : columns[-1] + 1])


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
    height = typical_height(find_parts(mask & (level == 0) & (upright.T == 0)))
    if height <= WRITING * stroke:
        return mask
    lines = _long(level, SHORTEST * height)
    lines_up = _long(upright, max(SHORTEST * height, 0.0 if lines.any() else EDGE_TO_EDGE * len(mask))).T
    return mask & ~lines & ~lines_up


def find_parts(mask: Bool[np.ndarray, "h w"]) -> list[Part]:
    """The connected pieces of ink."""
    count, labels, boxes, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    parts = []
    for label in range(1, count):
        x, y, width, height = (int(value) for value in boxes[label, :4])
        parts.append(Part(x, y, labels[y : y + height, x : x + width] == label))
    return parts


def drop_clutter(parts: list[Part]) -> list[Part]:
    """Drop specks, what is left of ruled lines, and frames around other parts."""
    height = typical_height(parts)
    strokes = np.array([stroke_width(part.mask) for part in parts])
    stroke = weighted_median(strokes, np.array([part.area for part in parts])) if parts else 0.0
    kept = []
    for part, width in zip(parts, strokes, strict=True):
        long, short = max(part.width, part.height), min(part.width, part.height)
        is_speck = long < max(SPECK * height, SMALLEST)
        is_line = long > SHORTEST * height and short < SPECK * long
        is_bit_of_a_line = width < THIN * stroke and short < BIT * height
        if not (is_speck or is_line or is_bit_of_a_line or _is_frame(part, parts)):
            kept.append(part)
    return kept


def join_strokes(parts: list[Part]) -> list[Part]:
    """Join broken strokes: parts one above the other with a small gap, together about as high as other digits."""
    height = typical_height(parts)
    joined: list[Part] = []
    for part in sorted(parts, key=lambda part: part.y):
        for index, above in enumerate(joined):
            both = min(above.right, part.right) - max(above.x, part.x)
            if (
                both >= OVERLAP * min(above.width, part.width)
                and part.y - above.bottom < GAP * height
                and max(part.bottom, above.bottom) - above.y < TALLEST * height
            ):
                joined[index] = join([above, part])
                break
        else:
            joined.append(part)
    return joined


def typical_height(parts: Sequence[Part]) -> float:
    """The median height of parts, weighted by their ink, so that many specks do not count."""
    if not parts:
        return 0.0
    return weighted_median(np.array([part.height for part in parts]), np.array([part.area for part in parts]))


def _is_frame(part: Part, parts: Sequence[Part]) -> bool:
    """Whether ink runs along the edges of its box only, and other parts lie within."""
    y, x = max(1, part.height // 6), max(1, part.width // 6)
    inside = part.mask[y:-y, x:-x]
    if inside.sum() > (1 - FRAME) * part.area:
        return False
    return any(
        other.height > SPECK * part.height
        and part.x <= other.x
        and part.y <= other.y
        and other.right <= part.right
        and other.bottom <= part.bottom
        for other in parts
        if other is not part
    )


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
