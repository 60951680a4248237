"""Which images are worth learning from: `python -m benchmarks.pruning`.

Trains on a part of the training images, chosen at random, or by how hard they are for networks that have not seen them,
and writes `results/pruning.json`. The number of steps is always the same, and so is the share of every class.
"""

import statistics
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, Int64
from scipy.special import softmax

import tenfold
from benchmarks import records
from tenfold import recipes
from tenfold.data import Digits
from tenfold.training import out_of_fold, seed_everything

RESULTS = Path("results/pruning.json")
RECIPE = "benchmarks/ablation-baseline.toml"
SEEDS = 5
SHARES = (0.05, 0.2)
KINDS = {"at random": "chosen at random", "easiest": "the easiest", "hardest": "the hardest"}


def main() -> None:
    """Choose, train, test once each, and write the record."""
    train, test = tenfold.load()
    recipe = replace(recipes.load(RECIPE), validation=0)
    difficulty = 1 - softmax(out_of_fold(train, recipe), axis=1)[np.arange(len(train)), train.labels]
    rows: dict[str, dict[str, Any]] = {}
    for share in (*SHARES, 1.0):
        for kind in KINDS if share < 1 else ("at random",):
            accuracies = []
            for seed in range(SEEDS):
                random = np.random.default_rng(seed).random(len(train))
                orders = {"at random": random, "easiest": difficulty, "hardest": -difficulty}
                part = train[choose(train, orders[kind], share)]
                changed = replace(recipe, seed=seed, epochs=recipe.epochs / share)
                seed_everything(seed)
                model = tenfold.build(recipe.network, **recipe.network_options)
                tenfold.fit(model, part, changed)
                accuracies.append(tenfold.evaluate(model, test).accuracy)
            rows[f"{share:.0%} {kind}"] = {"images": len(part), "n": SEEDS, **records.spread("accuracy", accuracies)}
            print(share, kind, f"{statistics.mean(accuracies):.4f}", flush=True)
    records.save(RESULTS, {"measured": records.where(), "recipe": recipe.to_toml(), "rows": rows})


def choose(digits: Digits, order: Float[np.ndarray, " n"], share: float) -> Int64[np.ndarray, " chosen"]:
    """The indices of the images of every class that come first in an order."""
    members = [np.flatnonzero(digits.labels == label) for label in range(len(digits.classes))]
    return np.concatenate([some[np.argsort(order[some])][: round(share * len(some))] for some in members])


def table(record: dict[str, Any]) -> str:
    """The table of test accuracy by how many images are kept, and which."""
    cells: dict[str, dict[str, str]] = {}
    for name, row in record["rows"].items():
        kind = name.partition(" ")[2]
        value = records.points(row["accuracy"], row["accuracy_sd"], 2)
        cells.setdefault(f"{row['images']:,}", {})[kind] = value
    rows = [(images, *(found.get(kind, "") for kind in KINDS)) for images, found in cells.items()]
    settings = "settings of the [ablation](ablation.md)"
    note = f"Test accuracy in %, mean ± sd of {SEEDS} seeds, {settings}, as many steps for each."
    return records.table(("images", *KINDS.values()), rows, note, records.place(record["measured"]))


if __name__ == "__main__":
    main()
