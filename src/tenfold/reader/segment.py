"""From parts of ink to digits: lines in order, and in each the division into digits that the network reads best.

Source: over-segmentation, and the best path through the graph of candidates, as in Y. LeCun, L. Bottou, Y. Bengio,
P. Haffner, "Gradient-based learning applied to document recognition", Proceedings of the IEEE 86(11), 1998, section V.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from jaxtyping import Float, Int, UInt8

from tenfold.data import CLASSES
from tenfold.models import Model
from tenfold.pictures import Page, Part
from tenfold.pictures.parts import join, trim, typical_height
from tenfold.pictures.strokes import stroke_width

TALL = 0.6  # heights of a line; parts as high show where it stands
LOWEST = 0.35  # heights of a line, below which a part is no digit by itself but a dot, a dash or a bit of a digit
WIDEST = 1.5  # likewise; no digit is wider
SLOPE = 0.6  # likewise; from one digit to the next a line rises or falls by less
NEAR = 0.7  # likewise; bits belong to the line at such a distance
MOST_PIECES = 6  # of one digit
CUT_WIDTH = 0.5  # heights of a line; narrower parts are not cut
CUT_STROKES = 5.0  # a cut crosses less ink
CUT_DISTANCE = 0.1  # heights of a line, between two cuts
VALLEY, DIP = 0.25, 0.1  # heights of a line: how far around a column is the deepest, and how deep it must be
PATH, ASIDE = 0.02, 0.3  # what a pixel of paper and a step aside cost a cut, in pixels of ink
SLANTS = np.linspace(-0.3, 0.9, 13)  # columns for each row

# How far an answer is from none, in nats, for what is as likely a digit as not; how fast doubt fades on both sides.
HALF_SURE, STEEP = 1.0, 0.5

# What speaks against a division, in the unit of the network's own surprise, the negative logarithm of a probability.
DOUBT = 0.01  # added to the score of a digit, so that none is impossible
DIGIT = 0.1  # every digit
CROSSED, ENOUGH = 0.5, 2.0  # every stroke width that a cut crosses, up to two
JOINED = 0.3  # every two pieces of a digit that do not touch
GAP = 3.0  # the gap between them, in heights of the line
WIDE = 3.0  # a digit's width beyond its height, in heights
LOW, REACH = 10.0, 0.6  # what the top of a digit lacks to this height above the foot of the line, in heights of it
UNREAD = 1.0  # ink that belongs to no digit, ...
UNREAD_SIZE = 2.0  # ... and its size, in heights of the line


@dataclass(frozen=True, eq=False)
class Digit:
    """What the network saw and said.

    Attributes:
        part: the ink, of the page.
        image: likewise, as an image like those of MNIST.
        answer: the network's, the logarithms of the probabilities of the ten digits.
    """

    part: Part
    image: UInt8[np.ndarray, "28 28"]
    answer: Float[np.ndarray, "10"]


@dataclass(frozen=True)
class Piece:
    """Ink that is not divided further; `crossed` is what the cut on its left crosses, in stroke widths, 0 if none."""

    part: Part
    crossed: float


def classify(images: UInt8[np.ndarray, "n 28 28"], model: Model) -> Float[np.ndarray, "n 10"]:
    """The logarithms of the probabilities of the ten digits for each image, by the softmax of the logits."""
    logits = model.logits(images)
    logits = logits - logits.max(axis=1, keepdims=True)
    return logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))


def score(answer: Float[np.ndarray, "10"]) -> float:
    """How much the network sees a digit, from 0 to 1, by how far its answer is from that of no idea at all.

    The distance is the divergence (Kullback and Leibler's, in nats) of even probabilities from those of the answer,
    which training makes small for all that is no digit. Unlike the largest probability it is high also for what may be
    a 4 or a 9.

    Args:
        answer: the logarithms of the probabilities of the ten digits.
    """
    distance = -float(answer.mean()) - math.log(CLASSES)
    return 1 / (1 + math.exp(STEEP * (HALF_SURE - distance)))


class Line:
    """Parts beside one another, from left to right.

    Args:
        parts: the parts.

    Attributes:
        parts: likewise.
        height: that is typical of its digits, in pixels.
    """

    def __init__(self, parts: Sequence[Part]) -> None:
        self.parts = parts
        self.height = typical_height(parts)
        digits = sorted((part for part in parts if part.height >= TALL * self.height), key=_center)
        bottoms = [part.bottom for part in digits]
        self._centers = [_center(part) for part in digits]
        self._feet = [float(np.median(bottoms[max(0, i - 1) : i + 2])) for i in range(len(bottoms))]

    def reach(self, part: Part) -> float:
        """How far the top of a part is above the foot of the line there: of a digit about 1, of a comma 0.3."""
        foot = np.interp(_center(part), self._centers, self._feet)
        return float(foot - part.y) / self.height


def read_lines(page: Page, model: Model) -> list[list[Digit]]:
    """Divide a page into lines and digits.

    Returns:
        The digits of each line from left to right, lines from top to bottom.
    """
    lines = [Line(parts) for parts in find_lines(page.parts)]
    pieces = []
    for line in lines:
        slant = find_slant(line.parts)
        pieces.append([piece for part in line.parts for piece in split(part, line.height, slant)])
    groups = [candidates(some, line.height) for some, line in zip(pieces, lines, strict=True)]
    parts = [part for group in groups for part in group.values()]
    images = np.array([page.image(part) for part in parts], dtype=np.uint8).reshape(-1, 28, 28)
    seen = iter([Digit(*each) for each in zip(parts, images, classify(images, model), strict=True)])
    found = []
    for some, group, line in zip(pieces, groups, lines, strict=True):
        digits = {place: next(seen) for place in group}
        found.append(best_path(some, digits, line))
    return [line for line in found if line]


def find_lines(parts: Sequence[Part]) -> list[list[Part]]:
    """Group parts into lines of writing, from top to bottom, each from left to right.

    Every part follows the one on its left that is closest in height above the page, so lines may slope and bend.
    """
    height = typical_height(parts)
    lines: list[list[Part]] = []
    for part in sorted((part for part in parts if part.height >= LOWEST * height), key=_center):
        drops = [abs(_middle(line[-1]) - _middle(part)) for line in lines]
        if drops and min(drops) < SLOPE * max(height, part.height):
            lines[int(np.argmin(drops))].append(part)
        else:
            lines.append([part])
    bits: list[list[Part]] = [[] for _ in lines]
    for part in parts:
        if part.height < LOWEST * height:
            distances = [min(_distance(part, other) for other in line) for line in lines]
            if min(distances) < NEAR * height:
                bits[int(np.argmin(distances))].append(part)
    lines = [sorted(line + some, key=_center) for line, some in zip(lines, bits, strict=True)]
    return sorted(lines, key=lambda line: float(np.median([_middle(part) for part in line])))


def find_slant(line: Sequence[Part]) -> float:
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


def split(part: Part, height: float, slant: float) -> list[Piece]:
    """Cut a part wherever digits may touch: along paths from top to bottom that cross little ink.

    Args:
        part: of a line.
        height: the typical height of the line's digits.
        slant: of the line.

    Returns:
        Pieces from left to right; too many, which `best_path` joins again.
    """
    if part.width < CUT_WIDTH * height or part.height < LOWEST * height:
        return [Piece(part, 0.0)]
    offsets = np.round(slant * np.arange(part.height)).astype(int)  # that put leaning strokes upright
    offsets -= offsets.min()
    upright = np.zeros((part.height, part.width + offsets.max()), np.float32)
    places = np.arange(part.width) + offsets[:, None]  # (rows, columns): where each pixel is, upright
    np.put_along_axis(upright, places, part.mask, axis=1)
    valleys, seams = _valley_to_valley(upright, height), _seams(upright, height)
    paths = np.array([*valleys, *seams], dtype=int).reshape(-1, part.height)
    stroke = max(stroke_width(part.mask), 1.0)
    inked = np.take_along_axis(upright, paths.T, axis=1).sum(axis=0) / stroke
    cuts: list[int] = []
    for cut in np.lexsort((inked, np.arange(len(paths)) >= len(valleys))):  # first the lines between valleys
        far = all(np.abs(paths[cut] - paths[other]).mean() > CUT_DISTANCE * height for other in cuts)
        if inked[cut] < CUT_STROKES and far:
            cuts.append(int(cut))
    cuts.sort(key=lambda cut: float(paths[cut].mean()))
    number = (places >= np.sort(paths[cuts], axis=0)[:, :, None]).sum(axis=0)  # (rows, columns): the piece of a pixel
    crossed = [0.0, *inked[cuts].tolist()]
    masks = [part.mask & (number == piece) for piece in range(len(crossed))]
    return [Piece(trim(part.x, part.y, mask), ink) for mask, ink in zip(masks, crossed, strict=True) if mask.any()]


def _seams(ink: Float[np.ndarray, "h w"], height: float) -> list[Int[np.ndarray, " h"]]:
    """Paths from top to bottom that cross less ink than those around."""
    cost = ink + np.float32(PATH)
    down, up = _path_costs(cost), _path_costs(cost[::-1])[::-1]
    through = (down + up - cost)[len(ink) // 2]
    reach = max(1, round(CUT_DISTANCE * height))
    least: list[int] = []
    for column in range(reach, len(through) - reach):
        is_least = through[column] == through[column - reach : column + reach + 1].min()
        if is_least and (not least or column - least[-1] > reach):
            least.append(column)
    return list(_trace(down, up, least))


def _valley_to_valley(ink: Float[np.ndarray, "h w"], height: float) -> list[Int[np.ndarray, " h"]]:
    """Straight lines from where the outline dips at the top to where it rises at the bottom: there two curves touch."""
    rows, columns = ink.shape
    tops = np.where(ink.any(axis=0), ink.argmax(axis=0), rows)
    bottoms = np.where(ink.any(axis=0), ink[::-1].argmax(axis=0), rows)
    reach = max(1, round(VALLEY * height))
    ends = []
    for depth in (tops, bottoms):
        found = []
        for column in range(reach, columns - reach):
            left, right = depth[column - reach : column], depth[column + 1 : column + reach + 1]
            deep = depth[column] >= max(left.max(), right.max()) and depth[column] > left[-1]
            if deep and depth[column] - max(left.min(), right.min()) > DIP * height:
                found.append(column)
        ends.append(found)
    return [
        np.round(np.linspace(top, bottom, rows)).astype(int)
        for top in ends[0]
        for bottom in ends[1]
        if abs(top - bottom) < reach
    ]


def candidates(pieces: Sequence[Piece], height: float) -> dict[tuple[int, int], Part]:
    """All runs of pieces that might be a digit, by the first piece and the one after the last."""
    found = {}
    for first in range(len(pieces)):
        for last in range(first + 1, min(first + MOST_PIECES, len(pieces)) + 1):
            part = join([piece.part for piece in pieces[first:last]])
            if part.width > WIDEST * height:
                break
            if part.height >= LOWEST * height and not _are_two(pieces[first:last], height):
                found[first, last] = part
    return found


def best_path(pieces: Sequence[Piece], digits: dict[tuple[int, int], Digit], line: Line) -> list[Digit]:
    """The division into digits and unread ink that surprises least."""
    least = [0.0] + [np.inf] * len(pieces)
    steps: list[tuple[int, Digit | None]] = [(0, None)] * (len(pieces) + 1)
    for last in range(1, len(pieces) + 1):
        options: list[tuple[float, int, Digit | None]] = [(_unread(pieces[last - 1].part, line.height), last - 1, None)]
        for first in range(max(0, last - MOST_PIECES), last):
            if digit := digits.get((first, last)):
                after = pieces[last].crossed if last < len(pieces) else 0.0
                cut = CROSSED * (min(pieces[first].crossed, ENOUGH) + min(after, ENOUGH)) / 2
                surprise = -math.log(score(digit.answer) * math.exp(digit.answer.max()) + DOUBT)
                unlikely = _unlikely(pieces[first:last], digit.part, line)
                options.append((DIGIT + cut + surprise + unlikely, first, digit))
        costs = [cost + least[first] for cost, first, _ in options]
        best = int(np.argmin(costs))
        least[last], steps[last] = costs[best], options[best][1:]
    path: list[Digit] = []
    last = len(pieces)
    while last:
        last, digit = steps[last]
        if digit:
            path.append(digit)
    return path[::-1]


def _are_two(pieces: Sequence[Piece], height: float) -> bool:
    """Whether neighbors are far apart, or both high and side by side."""
    for left, right in pairwise(pieces):
        gap = right.part.x - left.part.right
        if right.crossed:
            continue
        if gap > 0.3 * height:
            return True
        if min(left.part.height, right.part.height) > 0.6 * height and -gap < 0.3 * min(
            left.part.width, right.part.width
        ):
            return True
    return False


def _unlikely(pieces: Sequence[Piece], whole: Part, line: Line) -> float:
    """What speaks against a digit by its shape and place and by the gaps between its pieces."""
    cost = WIDE * max(0.0, whole.width / whole.height - 1) + LOW * max(0.0, REACH - line.reach(whole))
    for left, right in pairwise(pieces):
        if not right.crossed:
            cost += JOINED + GAP * max(0.0, (right.part.x - left.part.right) / line.height)
    return cost


def _unread(part: Part, height: float) -> float:
    """What speaks against leaving a piece unread."""
    return UNREAD + UNREAD_SIZE * max(part.height, part.width) / height


def _path_costs(cost: Float[np.ndarray, "h w"]) -> Float[np.ndarray, "h w"]:
    """The least cost of a path from the first row to each pixel."""
    total = np.pad(cost, ((0, 0), (1, 1)), constant_values=np.inf)
    for above, row in pairwise(total):
        row[1:-1] += np.minimum(above[1:-1], np.minimum(above[:-2], above[2:]) + ASIDE)
    return total[:, 1:-1]


def _trace(
    down: Float[np.ndarray, "h w"], up: Float[np.ndarray, "h w"], columns: Sequence[int]
) -> Int[np.ndarray, "paths h"]:
    """The cheapest path through each of these columns of the middle row: its column in each row."""
    rows, width = down.shape
    paths = np.empty((len(columns), rows), dtype=int)
    paths[:, rows // 2] = columns
    for step, total in ((-1, down), (1, up)):
        for row in range(rows // 2 + step, rows if step > 0 else -1, step):
            near = np.clip(paths[:, row - step, None] + (0, -1, 1), 0, width - 1)
            best = (total[row][near] + (0, ASIDE, ASIDE)).argmin(axis=1)
            paths[:, row] = near[np.arange(len(near)), best]
    return paths


def _center(part: Part) -> float:
    return part.x + part.width / 2


def _middle(part: Part) -> float:
    return part.y + part.height / 2


def _distance(part: Part, other: Part) -> float:
    """Between two boxes, 0 if they overlap."""
    right = max(part.x - other.right, other.x - part.right, 0)
    down = max(part.y - other.bottom, other.y - part.bottom, 0)
    return math.hypot(right, down)
