"""How many non-digits are refused: `python -m benchmarks.refusal [--model MODEL]`.

The non-digits are Fashion-MNIST (from Debian's package `dataset-fashion-mnist`, or the path given with `--fashion`) and
pictures of scribbles, letters, and dots, drawn here and never trained on. Also finds the threshold that refuses 0.7% of
the digits held out by the recipe `reader`, which is how thresholds are calibrated. Writes `results/refusal.json`.
"""

import argparse
import contextlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cv2
import matplotlib
import numpy as np
from jaxtyping import UInt8
from PIL import Image, ImageDraw, ImageFont

import tenfold
from benchmarks.records import save, where
from tenfold import recipes
from tenfold.base.errors import NoDigitsError, TenfoldError
from tenfold.base.refusal import Thresholds
from tenfold.data import read_idx, split
from tenfold.evaluation.unknown import FASHION
from tenfold.imaging import picture_to_image
from tenfold.reader import Reader

RESULTS = Path("results/refusal.json")
DRAWN = 2000  # pictures of each kind
SIDE = 200  # pixels of a drawing
LETTERS = "ACEFHJKMNPRTUVWXYadefhkmnrtvwx"  # that no digit looks like

Drawing = UInt8[np.ndarray, "200 200"]


def main() -> None:
    """Measure, and write the record."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.refusal")
    parser.add_argument("--model", type=Path, help="a run folder or a file; by default what comes with tenfold")
    parser.add_argument("--fashion", type=Path, metavar="FILE", default=FASHION, help="its test images")
    options = parser.parse_args()
    reader = Reader(options.model)
    if reader.thresholds is None:
        raise TenfoldError(f"{reader.name}: has no thresholds, because it was never calibrated")
    train, test = tenfold.load()
    shown = {"MNIST's test digits": test.images, "Fashion-MNIST": read_idx(options.fashion)}
    results: dict[str, Any] = {"measured": {**where(), "model": reader.name}, "threshold": reader.thresholds.alone}
    results["refused"] = {name: refused(reader, images) for name, images in shown.items()}
    for name, draw in {"scribbles": scribble, "letters": letter, "dots": dots}.items():
        results["refused"][name] = refused_drawings(reader, drawings(draw))
    _, held_out = split(train, recipes.load("reader").validation)
    calibrated = Thresholds.calibrate(reader.model.logits(held_out.images))
    results["held_out"] = {"images": len(held_out), "threshold": calibrated.alone}
    save(RESULTS, results)


def refused(reader: Reader, images: UInt8[np.ndarray, "n 28 28"]) -> float:
    """The fraction of images in which the reader sees no digit."""
    return float(np.mean([reading.label is None for reading in reader.read_images(images)]))


def refused_drawings(reader: Reader, pictures: Sequence[Drawing]) -> float:
    """The fraction of drawings in which the reader sees no digit, or no writing at all."""
    images = []
    for picture in pictures:
        with contextlib.suppress(NoDigitsError):
            images.append(picture_to_image(picture))
    read = len(images) * (1 - refused(reader, np.stack(images))) if images else 0.0
    return 1 - read / len(pictures)


def drawings(draw: Callable[[np.random.Generator], Drawing]) -> list[Drawing]:
    """Random drawings from a seed, dark on light."""
    random = np.random.default_rng(0)
    return [255 - draw(random) for _ in range(DRAWN)]


def scribble(random: np.random.Generator) -> Drawing:
    """A scribble: a wandering pen whose direction turns a little at random at every step."""
    angles = random.uniform(0, 2 * np.pi) + random.normal(0, 0.6, 40).cumsum()
    steps = np.stack((np.cos(angles), np.sin(angles)), axis=1).cumsum(axis=0)
    steps -= steps.min(axis=0)
    points = 20 + steps * (SIDE - 40) / steps.max()
    return _stroke(points, random)


def letter(random: np.random.Generator) -> Drawing:
    """A printed letter, slanted and turned."""
    fonts = sorted(Path(matplotlib.get_data_path(), "fonts", "ttf").glob("DejaVuS*.ttf"))
    fonts = [font for font in fonts if "Display" not in font.name]  # which has few letters
    font = ImageFont.truetype(str(fonts[random.integers(len(fonts))]), 120)
    picture = Image.new("L", (SIDE, SIDE))
    text = LETTERS[random.integers(len(LETTERS))]
    ImageDraw.Draw(picture).text((SIDE / 2, SIDE / 2), text, 255, font, "mm")
    slant, turn = random.uniform(-0.1, 0.3), random.uniform(-0.15, 0.15)
    matrix = np.array([[np.cos(turn), np.sin(turn) + slant], [-np.sin(turn), np.cos(turn)]])
    shift = SIDE / 2 * (1 - matrix.sum(axis=1))
    return cv2.warpAffine(np.asarray(picture), np.c_[matrix, shift], (SIDE, SIDE))


def dots(random: np.random.Generator) -> Drawing:
    """One to four blots."""
    drawing = np.zeros((SIDE, SIDE), np.uint8)
    for x, y in random.integers(30, SIDE - 30, (random.integers(1, 5), 2)):
        axes = random.integers(4, 25, 2)
        cv2.ellipse(drawing, (int(x), int(y)), (int(axes[0]), int(axes[1])), 0, 0, 360, 255, -1, cv2.LINE_AA)
    return drawing


def _stroke(points: np.ndarray, random: np.random.Generator) -> Drawing:
    drawing = np.zeros((SIDE, SIDE), np.uint8)
    thick = int(random.integers(5, 18))
    return cv2.polylines(drawing, [np.round(points * 16).astype(np.int32)], False, 255, thick, cv2.LINE_AA, 4)


if __name__ == "__main__":
    main()
