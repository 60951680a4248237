"""Train, export and measure the network that finds ink; `benchmarks.shipped` puts it into the package.

Its scenes are drawn with MNIST's training digits. Some of these are held out, for the scenes that it is measured on.
"""

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from torch import nn

import tenfold
from benchmarks import companions
from tenfold import recipes
from tenfold.data import Digits, split
from tenfold.export import litert, quietly_on_one_core
from tenfold.export.graph import InkFromPixels
from tenfold.imaging.ink import TILES, look
from tenfold.recipes import Recipe
from tenfold.training.ink_task import InkMasks, Scenes, draw_scenes

RECIPE = recipes.load("ink")
FURTHER = recipes.load("ink", {"epochs": 4, "peak_lr": 0.0012})  # for a trained network whose scenes have changed
SCENES, FURTHER_SCENES, MEASURED, CHUNK = 16_000, 8_000, 500, 500
CALIBRATION = 24
SIGNATURES = {f"t{side}": (1, side, side, 3) for side in TILES}
DESCRIPTION = "Ink: pictures, uint8 (1, side, side, 3), to the probability of ink, float32 (1, side, side)"


def train(weights: Path, recipe: Recipe, start: Path | None) -> nn.Module:
    """Draw scenes and train on them, or read the weights that an earlier call left.

    Args:
        weights: the file for the weights; it is written at the end.
        recipe: `RECIPE`, or `FURTHER`.
        start: the file with the weights to start from; None for random ones.
    """
    count = FURTHER_SCENES if start else SCENES

    def draw_task(learned: Digits, held_out: Digits) -> InkMasks:
        return InkMasks(draw(learned, range(count)), draw(held_out, range(SCENES, SCENES + MEASURED)), recipe)

    return companions.train(recipe, weights, draw_task, start)


def export(network: nn.Module) -> bytes:
    """The network as an 8-bit LiteRT file."""
    learned, _ = split(tenfold.load()[0], RECIPE.validation)
    calibration = draw_scenes(learned, range(CALIBRATION), max(TILES)).pictures
    with quietly_on_one_core():
        return litert.convert(InkFromPixels(network), calibration, SIGNATURES, DESCRIPTION)[-1]


def evaluate() -> dict[str, Any]:
    """How much of the ink in drawn scenes the shipped network finds, and how much of what it finds is ink."""
    _, held_out = split(tenfold.load()[0], RECIPE.validation)
    scenes = draw(held_out, range(SCENES, SCENES + MEASURED))
    found = np.stack([look(picture) for picture in scenes.pictures]) > 127
    there = scenes.inks > 127
    hits = float((found & there).sum())
    return {"scenes": len(there), "precision": hits / float(found.sum()), "recall": hits / float(there.sum())}


def draw(digits: Digits, seeds: range) -> Scenes:
    """Draw scenes on all cores."""
    chunks = [seeds[start : start + CHUNK] for start in range(0, len(seeds), CHUNK)]
    drawn: list[Scenes] = companions.on_all_cores(partial(draw_scenes, digits), chunks)
    pictures, inks = zip(*((one.pictures, one.inks) for one in drawn), strict=True)
    return Scenes(np.concatenate(pictures), np.concatenate(inks))
