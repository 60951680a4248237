"""Train the network that finds ink, and measure it: `python -m benchmarks.ink_model`, about an hour on two cores.

Its scenes are drawn with MNIST's training digits, except for some that are held out: with these, the scenes to measure
on are drawn. Writes `runs/ink.safetensors` and `results/ink.json`. The reader does not use this network yet.
"""

from functools import partial
from pathlib import Path

import numpy as np
import torch

import tenfold
from benchmarks.records import save, where
from tenfold import recipes
from tenfold.base.errors import TenfoldError
from tenfold.data import Digits, split
from tenfold.jobs.workers import scatter
from tenfold.networks import build
from tenfold.networks.storage import write_tensors
from tenfold.training import ProgressBar, Training, run
from tenfold.training.ink_task import InkMasks, Scenes, draw_scenes

WEIGHTS, RESULTS = Path("runs/ink.safetensors"), Path("results/ink.json")
SCENES, MEASURED, CHUNK = 16_000, 500, 500


def main() -> None:
    """Draw, train and measure."""
    recipe = recipes.load("ink")
    learned, held_out = split(tenfold.load()[0], recipe.validation)
    task = InkMasks(draw(learned, range(SCENES)), draw(held_out, range(SCENES, SCENES + MEASURED)), recipe)
    torch.manual_seed(recipe.seed)
    network = build(recipe.network, **recipe.network_options)
    run(Training(network, task, recipe, torch.device("cpu")), [ProgressBar()])
    WEIGHTS.parent.mkdir(exist_ok=True)
    write_tensors(WEIGHTS, network.state_dict(), {})
    loss, f1 = task.validate(network)
    parameters = sum(parameter.numel() for parameter in network.parameters())
    save(RESULTS, {"measured": where(), "scenes": SCENES, "parameters": parameters, "loss": loss, "f1": f1})


def draw(digits: Digits, seeds: range) -> Scenes:
    """Draw scenes on all cores."""
    chunks = [seeds[start : start + CHUNK] for start in range(0, len(seeds), CHUNK)]
    found = dict(scatter(partial(draw_scenes, digits), chunks))
    drawn: list[Scenes] = []
    for chunk in chunks:
        scenes = found[chunk]
        if isinstance(scenes, TenfoldError):
            raise scenes
        drawn.append(scenes)
    return Scenes(*(np.concatenate(parts) for parts in zip(*((one.pictures, one.inks) for one in drawn), strict=True)))


if __name__ == "__main__":
    main()
