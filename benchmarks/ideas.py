"""What each idea in the recipe `fast` is worth: `python -m benchmarks.ideas --seeds 10`.

Every idea is taken back, or an alternative put in its place, one at a time. All runs train on 55,000 images and are
judged by their mistakes on the 5,000 held out, never by the test images. Within a round of one seed the variants follow
one another, so that their times can be compared. Writes `results/ideas.json`.
"""

import argparse
import json
import statistics
import sys
from pathlib import Path
from typing import Any

import tenfold
from benchmarks.speed import where
from tenfold import recipes

RESULTS = Path("results/ideas.json")
BASE = "as it is"
VARIANTS: dict[str, dict[str, Any]] = {
    BASE: {},
    "AdamW for all weights": {"optimizer": "adamw", "warmup": 0.1},
    "SGD with Nesterov momentum for all weights": {"optimizer": "sgd", "peak_lr": 0.1, "momentum": 0.9, "warmup": 0.1},
    "Muon's learning rate 0.1": {"muon_lr": 0.1},
    "Muon's learning rate 0.2": {"muon_lr": 0.2},
    "Muon's momentum 0.8": {"muon_momentum": 0.8},
    "a constant learning rate": {"schedule": "constant"},
    "warmup over a tenth of the steps": {"warmup": 0.1},
    "no label smoothing": {"label_smoothing": 0.0},
    "label smoothing 0.05": {"label_smoothing": 0.05},
    "no distortions": {"rotation": 0.0, "scale": 0.0, "shift": 0.0},
    "elastic distortion, 0.7 pixels": {"elastic": 0.7},
    "batches of 128": {"batch_size": 128},
    "batches of 256": {"batch_size": 256},
    "32 channels in the first layer": {"network_options.stem": 32},
    "8 channels in the first layer": {"network_options.stem": 8},
    "one convolution more (deep_cnn)": {"network": "deep_cnn"},
    "Dropout 0.1": {"network_options.dropout": 0.1},
    "0.2 epochs": {"epochs": 0.2},
    "0.5 epochs": {"epochs": 0.5},
    "float32": {"precision": "float32"},
}


def main() -> None:
    """Run the rounds and write the results."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ideas")
    parser.add_argument("--seeds", type=int, default=10, help="rounds, each with its own seed")
    options = parser.parse_args()
    train, _ = tenfold.load()
    train, validation = tenfold.split(train, 5000)
    runs: dict[str, list[dict[str, float]]] = {name: [] for name in VARIANTS}
    for seed in range(-1, options.seeds):  # the first round warms up and does not count
        for name, changes in VARIANTS.items():
            recipe = recipes.load("fast", {"seed": max(seed, 0)} | changes)
            tenfold.seed_everything(recipe.seed)
            model = tenfold.build(recipe.network, **recipe.network_options)
            history = tenfold.fit(model, train, recipe, validation=validation)
            if seed >= 0:
                mistakes = round((1 - (history["validation_accuracy"][-1] or 0.0)) * len(validation))
                runs[name].append({"mistakes": mistakes, "seconds": round(history.train_seconds, 3)})
        print(f"round {seed + 1}/{options.seeds}", file=sys.stderr, flush=True)
    rows = {}
    for name, results in runs.items():
        pairs = list(zip(results, runs[BASE], strict=True))
        differences = [run["mistakes"] - base["mistakes"] for run, base in pairs]
        rows[name] = {
            "n": len(results),
            "mistakes": statistics.mean(run["mistakes"] for run in results),
            "difference": statistics.mean(differences),
            "difference_se": statistics.stdev(differences) / len(differences) ** 0.5,
            "time_ratio": statistics.median(run["seconds"] / base["seconds"] for run, base in pairs),
            "runs": results,
        }
    RESULTS.write_text(json.dumps({"recipe": "fast", "measured": where(), "rows": rows}, indent=1) + "\n")


if __name__ == "__main__":
    main()
