"""Synthetic pages of handwriting: MNIST digits on paper, photographed.

    python -m benchmarks.pages FOLDER

writes some of them for inspection.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from jaxtyping import Float, UInt8
from PIL import Image

from tenfold.data import Digits
from tenfold.reader import Reading

INKS = ((25, 25, 35), (30, 40, 120), (90, 40, 40), (70, 70, 75))  # black, blue, red, pencil
FEWEST, MOST = 10, 60  # digits on a page
KINDS = ("plain", "ruled", "squared", "boxed", "table", "shadow")
TURN = 15.0  # degrees, at most


@dataclass(frozen=True)
class DrawnPage:
    """A page and its truth.

    Attributes:
        picture: the photograph.
        labels: the labels of the digits, in reading order.
        boxes: left, top, right and bottom of each digit, in pixels.
    """

    picture: UInt8[np.ndarray, "height width 3"]
    labels: UInt8[np.ndarray, " n"]
    boxes: Float[np.ndarray, "n 4"]


@dataclass(frozen=True)
class Score:
    """How many digits there were, how many were found and read correctly, and how many were invented."""

    digits: int
    right: int
    invented: int


def draw_page(digits: Digits, seed: int, kind: str, height: int = 900, width: int = 1200) -> DrawnPage:
    """Put random digits on paper, and photograph it, turned by up to 15 degrees and in perspective.

    Args:
        digits: the digits to choose from.
        seed: starts the random numbers.
        kind: one of `KINDS`: the paper (with a box around every digit in "boxed"), plain paper on a darker table, or
            plain paper in a hard shadow.
        height: the height of the picture in pixels.
        width: the width of the picture in pixels.
    """
    random = np.random.default_rng(seed)
    side = random.uniform(0.055, 0.09) * height  # of the 28x28 images, on the page
    gap = side * random.uniform(1.2, 1.7)  # between lines
    rows = int((height - 2 * side) / gap)
    columns = int((width - 2 * side) / (side * 1.05))
    count = min(int(random.integers(FEWEST, MOST + 1)), rows * columns)
    chosen = random.choice(len(digits), count, replace=False)
    cells = np.sort(random.choice(rows * columns, count, replace=False))
    ink = np.zeros((height, width), np.float32)
    corners = []
    for index, cell in zip(chosen, cells, strict=True):
        size = int(side * random.uniform(0.9, 1.1))
        x = int(side + (cell % columns) * side * 1.05 + random.uniform(-0.05, 0.05) * side)
        y = int(side + (cell // columns) * gap + random.uniform(-0.1, 0.1) * side)
        image = cv2.resize(digits.images[index], (size, size), interpolation=cv2.INTER_CUBIC) / np.float32(255)
        ink[y : y + size, x : x + size] = np.maximum(ink[y : y + size, x : x + size], image)
        corners.append([[x, y], [x + size, y], [x, y + size], [x + size, y + size]])
    page = _paper(random, height, width, gap, side, kind)
    if kind == "boxed":
        _draw_boxes(random, page, corners)
    pen = np.array(INKS[random.integers(len(INKS))], np.float32)
    strength = random.uniform(0.75, 1) * (1 - random.uniform(0, 0.3) * _clouds(random, height, width, 3))
    page += (ink * strength)[..., None] * (pen - page)
    page, moved = _photograph(random, page, np.array(corners, np.float32), kind)
    boxes = np.concatenate([moved.min(axis=1), moved.max(axis=1)], axis=1)
    return DrawnPage(page, digits.labels[chosen], boxes.astype(float))


def compare(page: DrawnPage, readings: list[Reading]) -> Score:
    """Match each reading to the digit whose box contains its center, each digit at most once."""
    free = set(range(len(page.labels)))
    right = invented = 0
    for reading in readings:
        if reading.label is None:
            continue
        x, y, width, height = reading.box
        center = np.array([x + width / 2, y + height / 2])
        inside = [i for i in free if (page.boxes[i, :2] <= center).all() and (center <= page.boxes[i, 2:]).all()]
        if not inside:
            invented += 1
            continue
        middles = (page.boxes[inside, :2] + page.boxes[inside, 2:]) / 2
        nearest = inside[int(np.linalg.norm(middles - center, axis=1).argmin())]
        free.remove(nearest)
        right += int(reading.label == page.labels[nearest])
    return Score(len(page.labels), right, invented)


def _paper(random: np.random.Generator, height: int, width: int, gap: float, side: float, kind: str) -> np.ndarray:
    """Tinted, textured paper: ruled, squared or plain."""
    paper = random.uniform(215, 250) + random.uniform(-8, 8, 3).astype(np.float32)
    page = np.broadcast_to(paper, (height, width, 3)).astype(np.float32)
    page = np.ascontiguousarray(page + (6 * _clouds(random, height, width, 2) - 3)[..., None])
    line = page * random.uniform(0.6, 0.85, 3).astype(np.float32)
    thick = int(random.integers(1, 3))
    if kind in ("ruled", "squared"):
        for y in np.arange(2.05 * side, height, gap):  # digits stand on the lines
            page[int(y) : int(y) + thick] = line[int(y) : int(y) + thick]
    if kind == "squared":
        for x in np.arange(side / 2, width, gap):
            page[:, int(x) : int(x) + thick] = line[:, int(x) : int(x) + thick]
    return page


def _draw_boxes(random: np.random.Generator, page: np.ndarray, corners: list[list[list[int]]]) -> None:
    """Print a box around every digit."""
    color = (page[0, 0] * random.uniform(0.4, 0.85, 3)).tolist()
    thick = int(random.integers(1, 3))
    for start, *_, end in corners:
        cv2.rectangle(page, start, end, color, thick)


def _photograph(
    random: np.random.Generator, page: np.ndarray, points: np.ndarray, kind: str
) -> tuple[UInt8[np.ndarray, "height width 3"], np.ndarray]:
    """Turn a page and apply perspective, shadow, uneven light, blur, noise, and JPEG; the points move with it."""
    height, width = page.shape[:2]
    frame = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    angle = np.radians(random.uniform(-TURN, TURN))
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    middle, size = np.array((width, height)) / 2, (random.uniform(0.5, 0.7) if kind == "table" else 0.8)
    seen = size * (frame - middle) @ turn + middle  # small enough that no digit is turned out of the picture
    seen += random.uniform(-0.03, 0.03, (4, 2)) * (width, height)
    view = cv2.getPerspectiveTransform(frame, seen.astype(np.float32))
    if kind == "table":
        table = (
            np.full_like(page, random.uniform(20, 140, 3)) * (0.8 + 0.4 * _clouds(random, height, width, 3))[..., None]
        )
        page = cv2.warpPerspective(
            page, view, (width, height), table, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_TRANSPARENT
        )
    else:
        page = cv2.warpPerspective(page, view, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    y, x = np.mgrid[:height, :width].astype(np.float32) / max(height, width)
    angle = random.uniform(0, 2 * np.pi)
    across = (x - random.uniform(0.2, 0.8)) * np.cos(angle) + (y - random.uniform(0.2, 0.6)) * np.sin(angle)
    light = 1 - random.uniform(0, 0.3) * (across + 0.5)
    sharp = random.uniform(80, 300) if kind == "shadow" else random.uniform(10, 80)
    light -= random.uniform(0, 0.35) / (1 + np.exp(-across * sharp)) * (1.4 if kind == "shadow" else 1)
    page = cv2.GaussianBlur(page * light[..., None].astype(np.float32), (0, 0), random.uniform(0.4, 1.2))
    page = page + random.normal(0, random.uniform(1, 6), page.shape)
    encoded = cv2.imencode(
        ".jpg", np.clip(page, 0, 255).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, int(random.integers(60, 96))]
    )[1]
    return np.asarray(cv2.imdecode(encoded, cv2.IMREAD_COLOR)), cv2.perspectiveTransform(points, view)


def _clouds(random: np.random.Generator, height: int, width: int, octaves: int) -> Float[np.ndarray, "height width"]:
    """Smooth noise from 0 to 1."""
    total = np.zeros((height, width), np.float32)
    for octave in range(octaves):
        coarse = random.random((4 * 4**octave, 5 * 4**octave), np.float32)
        total += cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC) / 2**octave
    return np.clip((total - total.min()) / (np.ptp(total) + 1e-6), 0, 1)


def main() -> None:
    """Write a few pages."""
    import tenfold

    parser = argparse.ArgumentParser(prog="python -m benchmarks.pages", description=__doc__)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    for seed, kind in enumerate(KINDS):
        Image.fromarray(draw_page(tenfold.load()[1], seed, kind).picture).save(folder / f"{kind}.png")


if __name__ == "__main__":
    main()
