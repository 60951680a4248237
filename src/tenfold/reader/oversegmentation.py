"""Over-segmentation: ink is cut wherever digits may touch, along paths from top to bottom that cross little of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from jaxtyping import Float, Int

from tenfold.base.constants import constants
from tenfold.imaging import Component
from tenfold.imaging.components import trim
from tenfold.imaging.lines import LOWEST
from tenfold.imaging.stroke_width import stroke_width

shared = constants("oversegmentation")
CUT_WIDTH = shared["CUT_WIDTH"]  # heights of the line: narrower components are not cut
DASH = shared["DASH"]  # stroke widths: a lower component is a dash, not digits side by side
CUT_STROKES = shared["CUT_STROKES"]  # stroke widths: a cut crosses less ink than this
CUT_DISTANCE = shared["CUT_DISTANCE"]  # heights of the line: the least distance between two cuts
VALLEY = shared["VALLEY"]  # heights of the line: a valley is the deepest column this far around, ...
DIP = shared["DIP"]  # ... and at least this deep
PATH = shared["PATH"]  # pixels of ink: what a pixel of paper costs a path
ASIDE = shared["ASIDE"]  # pixels of ink: what a step aside costs it


@dataclass(frozen=True)
class Piece:
    """Ink that is not cut any further.

    Attributes:
        component: the ink.
        crossed: how much ink the cut on its left crosses, in stroke widths; 0 if there is no cut.
    """

    component: Component
    crossed: float


def split(component: Component, height: float, slant: float) -> list[Piece]:
    """Over-segment a connected component: cut it wherever digits may touch.

    Args:
        component: a component of a line.
        height: the typical height of the line's digits, in pixels.
        slant: how far the line's writing leans, in columns to the right for each row up.

    Returns:
        The pieces from left to right; too many rather than too few, so several may be one digit.
    """
    if component.width < CUT_WIDTH * height or component.height < LOWEST * height:
        return [Piece(component, 0.0)]
    stroke = max(stroke_width(component.mask), 1.0)
    if component.height < DASH * stroke:
        return [Piece(component, 0.0)]
    offsets = np.round(slant * np.arange(component.height)).astype(int)  # these set leaning strokes upright
    offsets -= offsets.min()
    upright = np.zeros((component.height, component.width + offsets.max()), np.float32)
    places = np.arange(component.width) + offsets[:, None]  # (rows, columns): where each pixel goes
    np.put_along_axis(upright, places, component.mask, axis=1)
    valleys, seams = _valley_to_valley(upright, height), _seams(upright, height)
    paths = np.array([*valleys, *seams], dtype=int).reshape(-1, component.height)
    inked = np.take_along_axis(upright, paths.T, axis=1).sum(axis=0) / stroke
    cuts = _apart(paths, np.lexsort((inked, np.arange(len(paths)) >= len(valleys))), inked, height)
    crossed = [0.0, *inked[cuts].tolist()]
    edges = np.sort(paths[cuts], axis=0)  # (cuts, rows)
    starts = np.zeros((component.height, upright.shape[1] + 1), np.int32)  # how many cuts are at a pixel
    np.add.at(starts, (np.arange(component.height), edges), 1)
    number = np.take_along_axis(starts.cumsum(axis=1, out=starts), places, axis=1)  # (rows, columns): a pixel's piece
    first = [0, *(edges - offsets).min(axis=1).clip(0, component.width)]
    last = [*(edges - offsets).max(axis=1).clip(0, component.width), component.width]
    pieces = []
    for piece, (ink, left, right) in enumerate(zip(crossed, first, last, strict=True)):
        mask = component.mask[:, left:right] & (number[:, left:right] == piece)
        if mask.any():
            pieces.append(Piece(trim(component.x + int(left), component.y, mask), ink))
    return pieces


def _apart(
    paths: Int[np.ndarray, "n h"], order: Int[np.ndarray, " n"], inked: Float[np.ndarray, " n"], height: float
) -> list[int]:
    """Choose paths that cross little ink, in the given order, each far from those chosen; return them left to right."""
    distance = CUT_DISTANCE * height
    means = paths.mean(axis=1)
    chosen = np.zeros(0, int)
    for path in order[inked[order] < CUT_STROKES]:
        near = chosen[np.abs(means[chosen] - means[path]) <= distance + 1e-6]  # paths are no closer than their means
        if (np.abs(paths[near] - paths[path]).mean(axis=1) > distance).all():
            chosen = np.append(chosen, path)
    return sorted(chosen.tolist(), key=lambda path: float(means[path]))


def _seams(ink: Float[np.ndarray, "h w"], height: float) -> list[Int[np.ndarray, " h"]]:
    """Paths from top to bottom that cross less ink than their neighbors."""
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
    """Straight paths from a dip in the top of the outline to one in its bottom, where two curves may touch."""
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


def _path_costs(cost: Float[np.ndarray, "h w"]) -> Float[np.ndarray, "h w"]:
    """The cost of the best path from the first row to each pixel."""
    total = np.pad(cost, ((0, 0), (1, 1)), constant_values=np.inf)
    for above, row in pairwise(total):
        row[1:-1] += np.minimum(above[1:-1], np.minimum(above[:-2], above[2:]) + ASIDE)
    return total[:, 1:-1]


def _trace(
    down: Float[np.ndarray, "h w"], up: Float[np.ndarray, "h w"], columns: Sequence[int]
) -> Int[np.ndarray, "paths h"]:
    """The best path through each of these columns of the middle row, as its column in every row."""
    rows, width = down.shape
    paths = np.empty((len(columns), rows), dtype=int)
    paths[:, rows // 2] = columns
    for step, total in ((-1, down), (1, up)):
        for row in range(rows // 2 + step, rows if step > 0 else -1, step):
            near = np.clip(paths[:, row - step, None] + (0, -1, 1), 0, width - 1)
            best = (total[row][near] + (0, ASIDE, ASIDE)).argmin(axis=1)
            paths[:, row] = near[np.arange(len(near)), best]
    return paths
