"""What each idea in the recipe `fast` is worth, and what others would be.

    python -m benchmarks.ideas --seeds 10
    python -m benchmarks.ideas --seeds 10 --only "no distortions" "SiLU instead of ReLU"

One at a time, every idea is undone or replaced by an alternative. All runs train on 55,000 images and are judged by
their mistakes on the 5,000 held out, never on the test images. Within a round, which has one seed, the variants follow
one another in random order, so that their times can be compared. Writes `results/ideas.json`; with `--only`, the other
rows stay, and differences and time ratios refer to runs of the unchanged recipe in the same call.
"""

import argparse
import json
import random
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from torch import nn

import tenfold
from benchmarks import alterations
from benchmarks.records import save, where
from tenfold import recipes
from tenfold.data import Digits
from tenfold.training import Callback

RESULTS = Path("results/ideas.json")
BASE = "as it is"
Idea = dict[str, Any] | Callable[[nn.Sequential, Digits], list[Callback]]  # other values in the recipe, or code

IDEAS: dict[str, Idea] = {
    BASE: {},
    "AdamW for all weights": {"optimizer": "adamw", "warmup": 0.1},
    "SGD with Nesterov momentum for all weights": {"optimizer": "sgd", "peak_lr": 0.1, "momentum": 0.9, "warmup": 0.1},
    "Muon's learning rate 0.1": {"muon_lr": 0.1},
    "Muon's learning rate 0.2": {"muon_lr": 0.2},
    "Muon's momentum 0.8": {"muon_momentum": 0.8},
    "Muon without a fixed norm, learning rate 0.02": lambda *_: [alterations.FreeMuon(0.02)],
    "Muon without a fixed norm, learning rate 0.1": lambda *_: [alterations.FreeMuon(0.1)],
    "Muon with two Newton-Schulz steps": lambda *_: [alterations.TwoNewtonSchulzSteps()],
    "a constant learning rate": {"schedule": "constant"},
    "warmup over a tenth of the steps": {"warmup": 0.1},
    "the mean of the weights of the last 15% of the steps": lambda *_: [alterations.MeanWeights()],
    "no label smoothing": {"label_smoothing": 0.0},
    "label smoothing 0.05": {"label_smoothing": 0.05},
    "no distortions": {"augment.rotation": 0.0, "augment.scale": 0.0, "augment.shift": 0.0},
    "elastic distortion, 0.7 pixels": {"augment.elastic": 0.7},
    "images of 20x20 in the first half of the steps": alterations.resize,
    "batches of 128": {"batch_size": 128},
    "batches of 256": {"batch_size": 256},
    "32 channels in the first layer": {"network_options.stem": 32},
    "8 channels in the first layer": {"network_options.stem": 8},
    "frozen whitening filters in the first layer": alterations.whiten,
    "stride 3 in the first layer": alterations.long_stride,
    "2x2 filters in the last two convolutions": alterations.small_filters,
    "one convolution more (deep_cnn)": {"network": "deep_cnn"},
    "filters that begin as the identity": alterations.identity_filters,
    "a last layer that begins at zero": alterations.zero_last_layer,
    "BatchNorm with a fixed scale": alterations.fix_scales,
    "pooling after BatchNorm and ReLU": alterations.pool_late,
    "SiLU instead of ReLU": alterations.silu,
    "Dropout 0.1": {"network_options.dropout": 0.1},
    "0.2 epochs": {"epochs": 0.2},
    "0.5 epochs": {"epochs": 0.5},
    "float32": {"precision": "float32"},
}


def main() -> None:
    """Run the rounds and write the results."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ideas")
    parser.add_argument("--seeds", type=int, default=10, help="rounds, each with its own seed")
    parser.add_argument(
        "--only", nargs="+", metavar="NAME", choices=IDEAS, help="some ideas, beside the recipe as it is"
    )
    options = parser.parse_args()
    if options.seeds < 2:
        parser.error("a standard error needs at least 2 seeds")
    asked = options.only or list(IDEAS)
    names = [name for name in IDEAS if name in asked or name == BASE]
    train, _ = tenfold.load()
    train, validation = tenfold.split(train, 5000)
    runs: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
    for seed in range(-1, options.seeds):  # the first round warms up and does not count
        order = random.Random(seed).sample(names, len(names))
        outcomes = {name: run(IDEAS[name], max(seed, 0), train, validation) for name in order}
        for name in names if seed >= 0 else ():
            difference = outcomes[name]["mistakes"] - outcomes[BASE]["mistakes"]
            ratio = outcomes[name]["seconds"] / outcomes[BASE]["seconds"]
            runs[name].append({"seed": seed, **outcomes[name], "difference": difference, "time_ratio": ratio})
        print(f"round {seed + 1}/{options.seeds}", file=sys.stderr, flush=True)
    results: dict[str, Any] = {"recipe": "fast", "measured": where(), "rows": {}}
    if options.only and RESULTS.is_file():
        results = json.loads(RESULTS.read_text())
    for name in names:
        if name in asked or name not in results["rows"]:
            results["rows"][name] = summarize(runs[name]) | ({"measured": where()} if options.only else {})
    results["rows"] = {name: results["rows"][name] for name in IDEAS if name in results["rows"]}
    save(RESULTS, results)


def run(idea: Idea, seed: int, train: Digits, validation: Digits) -> dict[str, float]:
    """Train once with an idea: mistakes on the validation images, and seconds, including the idea's preparations."""
    recipe = recipes.load("fast", {"seed": seed} | (idea if isinstance(idea, dict) else {}))
    tenfold.seed_everything(seed)
    model = tenfold.build(recipe.network, **recipe.network_options)
    started = time.perf_counter()
    callbacks = idea(model, train) if callable(idea) else []
    seconds = time.perf_counter() - started
    history = tenfold.fit(model, train, recipe, validation=validation, callbacks=callbacks)
    mistakes = round((1 - (history["validation_accuracy"][-1] or 0.0)) * len(validation))
    return {"mistakes": mistakes, "seconds": round(seconds + history.train_seconds, 3)}


def summarize(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """Means over the seeds, the difference's standard error, and the median of the time ratio."""
    differences = [run["difference"] for run in runs]
    return {
        "n": len(runs),
        "mistakes": statistics.mean(run["mistakes"] for run in runs),
        "difference": statistics.mean(differences),
        "difference_se": statistics.stdev(differences) / len(differences) ** 0.5,
        "time_ratio": statistics.median(run["time_ratio"] for run in runs),
        "runs": runs,
    }


if __name__ == "__main__":
    main()
