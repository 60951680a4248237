"""Accuracy and training time on an NVIDIA GPU: `python -m benchmarks.gpu`. Writes `results/gpu.json`.

As in `benchmarks.speed`, the clock runs from the images in memory to the last weight update. All runs are in one
process, the first of them to start the GPU's libraries, which takes seconds, and left out.
"""

import statistics
import time
from pathlib import Path
from typing import Any

import tenfold
from benchmarks import records
from benchmarks.records import points, save, spread, where
from tenfold import recipes
from tenfold.data import Digits

RESULTS = Path("results/gpu.json")
RUNS = {"fast": 10, "brisk": 5, "standard": 3}  # seeds for each recipe


def main() -> None:
    """Train, evaluate, and write the record."""
    train, test = tenfold.load()
    run("fast", 0, train, test)
    rows = {name: [run(name, seed, train, test) for seed in range(count)] for name, count in RUNS.items()}
    save(RESULTS, {"measured": where("cuda"), "rows": rows})


def run(name: str, seed: int, train: Digits, test: Digits) -> dict[str, float]:
    """The seconds that a recipe trains, and the test accuracy."""
    import torch

    recipe = recipes.load(name, {"seed": seed})
    tenfold.seed_everything(seed)
    network = tenfold.build(recipe.network, **recipe.network_options)
    started = time.perf_counter()
    tenfold.fit(network, train, recipe, device="cuda")
    torch.cuda.synchronize()
    return {"seconds": time.perf_counter() - started, "accuracy": tenfold.evaluate(network, test).accuracy}


def table(results: dict[str, Any]) -> str:
    """A row for each recipe, for `benchmarks.publish`."""
    rows = []
    for name, runs in results["rows"].items():
        accuracy = spread("accuracy", [run["accuracy"] for run in runs])
        seconds = statistics.median(run["seconds"] for run in runs)
        reached = points(accuracy["accuracy"], accuracy["accuracy_sd"], 2)
        rows.append((f"`{name}`", f"{reached} ({len(runs)})", f"{seconds:.2f} s"))
    columns = ("recipe", "test accuracy in %, mean ± sd (n)", "training time, median")
    return records.table(columns, rows, records.place(results["measured"]))


if __name__ == "__main__":
    main()
