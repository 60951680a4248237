"""Scenes: paper with writing on it, as cameras, scanners and drawing programs show it; and where the writing is.

Everything that a reader must tell from writing is drawn: ruled and squared paper, boxes, print, the table around the
paper, shadows, folds of light, grain, compression. The mask of the ink is exact, whatever happens to the picture.
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Float, UInt8

from tenfold.synthesis import printing
from tenfold.synthesis.camera import Colors, cloud, compress, degrade, lay_on_table, shade
from tenfold.synthesis.pen import Canvas
from tenfold.synthesis.sheets import Sheet, write_lines, write_sheet
from tenfold.synthesis.writing import Alphabet, Character

SAMPLES = 2  # of the canvas for each pixel of the picture, along both axes, against aliasing
ROOM = 1.25  # the side of the canvas, in sides of the picture: even turned paper fills the picture
TYPICAL = 30.0  # pixels: the height of a digit at which pictures are segmented
CLEAN, FAR = 0.35, 0.2  # the share of flawless drawings and scans, and of pictures taken from far away


@dataclass(frozen=True)
class SceneCharacter:
    """A digit or a sign: its value, the center and the height of its box in pixels, and the number of its line."""

    value: str
    x: float
    y: float
    height: float
    line: int


@dataclass(frozen=True, eq=False)
class Scene:
    """A picture and its truth.

    Attributes:
        picture: red, green and blue, 0 to 255.
        ink: how much of each pixel is covered by ink, 0 to 255.
        characters: the digits and signs in it, in the order of writing; some may lie outside the picture.
    """

    picture: UInt8[np.ndarray, "side side 3"]
    ink: UInt8[np.ndarray, "side side"]
    characters: list[SceneCharacter]


def draw_scene(alphabet: Alphabet, random: np.random.Generator, side: int = 256) -> Scene:
    """Draw a random scene.

    Args:
        alphabet: what can be written.
        random: where the random numbers come from; the same state gives the same scene.
        side: the height and the width of the picture, in pixels.
    """
    clean = random.random() < CLEAN
    far = random.random() < FAR
    usual = min(0.8 * side, max(11.0, TYPICAL * math.exp(random.normal(0, 0.42))))
    height = math.exp(random.uniform(math.log(3), math.log(12))) if far else usual
    sheet = write_sheet(alphabet, SAMPLES * height, round(SAMPLES * ROOM * side), clean, random)
    return _take_picture(sheet, SAMPLES * height, side, clean, 0.05 if clean else 0.6 if far else 0.35, random)


def draw_lines(alphabet: Alphabet, random: np.random.Generator, side: int = 256, neat: bool = False) -> Scene:
    """Draw a random scene of text lines, with digits of about the height at which the ink network works best.

    Args:
        alphabet: what can be written.
        random: where the random numbers come from; the same state gives the same scene.
        side: the height and the width of the picture, in pixels.
        neat: whether digits and signs can be told apart and do not touch.
    """
    clean = random.random() < CLEAN / 2
    unit = SAMPLES * TYPICAL * math.exp(random.normal(0, 0.15))
    sheet = write_lines(alphabet, unit, round(SAMPLES * ROOM * side), random, neat)
    return _take_picture(sheet, unit, side, clean, 0.1, random)


def _take_picture(
    sheet: Sheet, unit: float, side: int, clean: bool, on_table: float, random: np.random.Generator
) -> Scene:
    """Color a sheet whose digits are `unit` pixels high, and photograph it, on a table with probability `on_table`."""
    colors = Colors.choose(clean, random)
    page = _color(sheet, colors, unit, clean, random)
    page, ink, characters = _look_at(page, sheet, colors, SAMPLES * side, clean, random.random() < on_table, random)
    if not clean:
        page = shade(page, random)
    page, ink = (cv2.resize(layer, (side, side), interpolation=cv2.INTER_AREA) for layer in (page, ink))
    if random.random() < (0.45 if clean else 0.15):  # chalk on a board, or a dark screen
        page = 255 - page
    picture = compress(degrade(page, colors.gray, clean, random), clean, random)
    return Scene(picture, np.clip(1.15 * 255 * ink, 0, 255).astype(np.uint8), characters)


def _print_on(sheet: Sheet, unit: float, random: np.random.Generator) -> list[Canvas]:
    """What is printed on a sheet, each in its own color."""
    side = len(sheet.ink)
    thick = SAMPLES * math.exp(random.normal(math.log(1.3), 0.45)) * min(1, unit / (10 * SAMPLES))
    layers = []
    kind = random.random()
    if kind < 0.3:
        layers.append(printing.rulings(side, sheet.pitch, sheet.foot, thick, random))
    elif kind < 0.47:
        pitch = max(5.0 * SAMPLES, sheet.pitch * float(random.choice((0.25, 0.5, 1, random.uniform(0.2, 1.2)))))
        layers.append(printing.squares(side, pitch, thick, random))
    if sheet.cells:
        layers.append(printing.boxes(side, sheet.cells, thick))
    elif random.random() < 0.12:
        corner, size = side * random.uniform(-0.2, 0.6, 2), unit * random.uniform((1, 1), (8, 4))
        layers.append(printing.boxes(side, [(*corner, *(corner + size))], thick * random.uniform(1, 2)))
    for chance, draw in (
        (0.12, lambda: printing.bars(side, unit, thick * random.uniform(0.8, 3), random)),
        (0.14, lambda: printing.small_print(side, unit, random)),
        (0.15, lambda: 0.6 * printing.fine_pattern((side, side), unit, random)),
        (0.02, lambda: printing.barcode(side, unit, random)),
    ):
        if random.random() < chance:
            layers.append(draw())
    return layers


def _color(
    sheet: Sheet, colors: Colors, unit: float, clean: bool, random: np.random.Generator
) -> Float[np.ndarray, "side side 3"]:
    """Color the paper, what is printed on it, and the ink."""
    shape = sheet.ink.shape
    page = np.empty((*shape, 3), np.float32)
    page[:] = colors.paper
    cover = sheet.ink
    if not clean:
        page *= 1 + 0.05 * random.random() * cloud((3, 3), shape, random)[..., None]
        if random.random() < 0.12:  # what shines through from the other side
            through = cv2.GaussianBlur(sheet.ink[:, ::-1], (0, 0), 1.5 * SAMPLES)
            page += 0.12 * random.random() * through[..., None] * (colors.ink - page)
        if random.random() < 0.5:
            cover = cover * (1 - random.uniform(0, 0.35) * cloud((8, 8), shape, random).clip(0))
        if random.random() < 0.25:  # pencil or chalk on rough paper
            grain = random.normal(0, 1, shape).astype(np.float32)
            blurred = cv2.GaussianBlur(grain, (0, 0), SAMPLES * random.uniform(0.3, 0.8))
            depth = blurred / blurred.std() * random.uniform(0.5, 1) + 0.3
            cover = cover * np.clip(1.1 - random.uniform(0.2, 0.7) * depth, 0, 1)
    printed = [] if clean and random.random() < 0.7 else _print_on(sheet, unit, random)
    layers = [(layer * random.uniform(0.6, 1), colors.choose_print(random)) for layer in printed]
    layers.insert(len(layers) - int(random.binomial(len(layers), 0.15)), (np.clip(cover, 0, 1), colors.ink))
    for layer, color in layers:  # some of the print lies over the ink
        page += layer[..., None] * (color - page)
    return page


def _look_at(
    page: Float[np.ndarray, "n n 3"],
    sheet: Sheet,
    colors: Colors,
    side: int,
    clean: bool,
    on_table: bool,
    random: np.random.Generator,
) -> tuple[Float[np.ndarray, "side side 3"], Canvas, list[SceneCharacter]]:
    """Show a page turned and in perspective, perhaps with a table around it or a frame at its edge."""
    size = len(page)
    angle = math.radians(random.normal(0, 3) if random.random() < (0.9 if clean else 0.5) else random.uniform(-18, 18))
    turn = np.array(((math.cos(angle), -math.sin(angle)), (math.sin(angle), math.cos(angle))))
    corners = np.array(((0, 0), (size, 0), (size, size), (0, size)), np.float32)
    seen = (corners - size / 2) @ (random.uniform(0.9, 1.05) * turn).T + side / 2
    seen += side * (random.uniform(-0.06, 0.06, 2) + random.uniform(-0.04, 0.04, (4, 2)))
    if on_table:
        for edge in random.choice(4, random.integers(1, 5), replace=False):
            seen[:, edge % 2] += (1 if edge < 2 else -1) * side * random.uniform(0.1, 0.5)
    view = cv2.getPerspectiveTransform(corners, seen.astype(np.float32))
    border = cv2.BORDER_CONSTANT if on_table else cv2.BORDER_REPLICATE
    page = cv2.warpPerspective(page, view, (side, side), flags=cv2.INTER_LINEAR, borderMode=border)
    ink = cv2.warpPerspective(sheet.ink, view, (side, side), flags=cv2.INTER_LINEAR)
    if on_table:
        paper = cv2.warpPerspective(np.ones((size, size), np.float32), view, (side, side), flags=cv2.INTER_LINEAR)
        page = lay_on_table(page, paper, colors, random)
    if random.random() < 0.1:
        _add_frame(page, ink, random)
    return page, ink, _move(sheet.characters, view)


def _add_frame(page: Float[np.ndarray, "side side 3"], ink: Canvas, random: np.random.Generator) -> None:
    """Darken a strip along some edges: the frame of a form, or the edge of a scan."""
    dark = page.mean() * random.uniform(0, 0.7)
    thick = max(1, round(SAMPLES * math.exp(random.normal(1.2, 0.7))))
    for quarter in random.choice(4, random.integers(1, 5), replace=False):
        inset = int(random.choice((0, random.uniform(0, 0.08) * len(page))))
        strip, over = (np.rot90(layer, quarter)[inset : inset + thick] for layer in (page, ink))
        strip += (1 - over[..., None].clip(0, 1)) * (dark - strip)


def _move(written: list[Character], view: Float[np.ndarray, "3 3"]) -> list[SceneCharacter]:
    """Where digits and signs on the canvas are in the picture."""
    if not written:
        return []
    ends = np.array([((one.left + one.right) / 2, y) for one in written for y in (one.top, one.bottom)], np.float32)
    tops, feet = np.split(cv2.perspectiveTransform(ends.reshape(-1, 2, 2), view).astype(float) / SAMPLES, 2, axis=1)
    middles, heights = ((tops + feet) / 2)[:, 0], np.linalg.norm(feet - tops, axis=2)[:, 0]
    return [
        SceneCharacter(one.value, x, y, height, one.line)
        for one, (x, y), height in zip(written, middles.tolist(), heights.tolist(), strict=True)
    ]
