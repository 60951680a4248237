"""Train, export and measure the network that reads text lines; `benchmarks.shipped` puts it into the package.

Its lines are drawn with MNIST's training digits. Some of these are held out, for the lines that it is measured on.
"""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import UInt8
from torch import nn

import tenfold
from benchmarks import companions
from tenfold import recipes
from tenfold.base.form import LINE_COLUMNS, LINE_SIDE, LINE_SIGNS
from tenfold.data import CLASSES, Digits, split
from tenfold.export import litert
from tenfold.export.graph import LinesFromPixels
from tenfold.imaging.strips import Strip
from tenfold.models import LineModel, load_for_lines
from tenfold.reader.text_line import LineReading
from tenfold.recipes import Recipe
from tenfold.training.text_line_task import Example, TextLines, draw_examples

RECIPE = recipes.load("text_lines")
# For a trained network whose lines have changed
FURTHER = recipes.load("text_lines", {"epochs": 6, "muon_lr": 0.005, "peak_lr": 0.001})
LINES, FURTHER_LINES, MEASURED = 64_000, 24_000, 2_000
CHUNK = 2_000  # lines per job
CALIBRATION = 256
SIGNATURES = {f"c{columns}": (1, LINE_SIDE, columns) for columns in LINE_COLUMNS}
DESCRIPTION = (
    f"Text lines: images, uint8 (1, 40, n), 255 is ink, to logits, float32 (1, n/2, 21): digits, {LINE_SIGNS}, and none"
)


def train(weights: Path, recipe: Recipe, start: Path | None) -> nn.Module:
    """Draw text lines and train on them, or read the weights that an earlier call left.

    Args:
        weights: the file for the weights; it is written at the end.
        recipe: `RECIPE`, or `FURTHER`.
        start: the file with the weights to start from; None for random ones.
    """
    count = FURTHER_LINES if start else LINES

    def draw_task(learned: Digits, held_out: Digits) -> TextLines:
        return TextLines(draw(learned, count, 0), draw(held_out, MEASURED, LINES), recipe)

    return companions.train(recipe, weights, draw_task, start)


def export(network: nn.Module) -> bytes:
    """The network as an 8-bit LiteRT file."""
    learned, _ = split(tenfold.load()[0], RECIPE.validation)
    calibration = to_images(draw(learned, CALIBRATION, first_seed=0))
    return litert.convert(LinesFromPixels(network), calibration, SIGNATURES, DESCRIPTION)[-1]


def evaluate() -> dict[str, Any]:
    """The fraction of drawn lines of held-out digits whose digits the shipped network reads correctly."""
    _, held_out = split(tenfold.load()[0], RECIPE.validation)
    unseen = draw(held_out, MEASURED, first_seed=LINES)
    return {"held_out_lines": len(unseen), "right": measure(unseen, load_for_lines())}


def measure(examples: Sequence[Example], model: LineModel) -> float:
    """The fraction of lines whose digits the network alone reads correctly, by its likeliest answer in each column."""
    lines = [LineReading(Strip(example.image, 0, 1.0), model).seen for example in examples]
    read = ["".join(str(seen.answer[:CLASSES].argmax()) for seen in line) for line in lines]
    right = [digits == "".join(filter(str.isdigit, one.text)) for digits, one in zip(read, examples, strict=True)]
    return sum(right) / len(right)


def to_images(examples: Sequence[Example]) -> UInt8[np.ndarray, "n 40 128"]:
    """The left end of each strip, as much as the network takes at once; short strips are padded with background."""
    images = np.zeros((len(examples), LINE_SIDE, max(LINE_COLUMNS)), np.uint8)
    for image, example in zip(images, examples, strict=True):
        image[:, : example.image.shape[1]] = example.image[:, : max(LINE_COLUMNS)]
    return images


def draw(digits: Digits, count: int, first_seed: int) -> list[Example]:
    """Draw text lines on all cores."""
    chunk = min(CHUNK, count)
    seeds = range(first_seed, first_seed + count // chunk)
    drawn: list[list[Example]] = companions.on_all_cores(partial(draw_chunk, digits, chunk), seeds)
    return [example for examples in drawn for example in examples]


def draw_chunk(digits: Digits, count: int, seed: int) -> list[Example]:
    """Draw a chunk of text lines on one core."""
    import cv2

    cv2.setNumThreads(1)
    return draw_examples(digits, count, seed)
