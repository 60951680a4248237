"""Accuracy and training time of tenfold's recipes and of well-known ones, in alternation.

    python -m benchmarks.speed --seeds 10
    python -m benchmarks.speed --seeds 30 --only fast

Every run is a process of its own. A round runs each contender once with the same seed; ratios are taken within a round.
`results/speed.json` is written after every round, and the rows of contenders not in the call stay. At the end, README
and `docs/` are rewritten from it.
"""

import argparse
import importlib.util
import json
import os
import resource
import statistics
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks import publish
from benchmarks.records import save, spread, where

RESULTS = Path("results/speed.json")
BASELINE = "train_mnist_fast"
RECIPES = ("fast", "brisk", "standard", "thorough")
REFERENCES = (BASELINE, "train_mnist_fast-bf16", "pytorch-example", "pytorch-example-14", "keras-convnet")
MOST_ROUNDS = {"pytorch-example": 3, "pytorch-example-14": 1, "keras-convnet": 1}  # these take minutes


def main() -> None:
    """Run the rounds and write the results."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed")
    parser.add_argument("--seeds", type=int, default=10, help="rounds, each with its own seed")
    parser.add_argument("--only", nargs="+", metavar="NAME", choices=RECIPES + REFERENCES, help="some contenders")
    parser.add_argument("--run", nargs=2, metavar=("NAME", "SEED"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.run:
        print(json.dumps(run_once(options.run[0], int(options.run[1]))))
        return
    names = [name for name in RECIPES + REFERENCES if not options.only or name in options.only or name == BASELINE]
    if "keras-convnet" in names and importlib.util.find_spec("keras") is None:
        print("keras-convnet left out: Keras is not installed", file=sys.stderr)
        names.remove("keras-convnet")
    results = json.loads(RESULTS.read_text()) if RESULTS.is_file() else {"rows": {}}
    runs: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
    for seed in range(options.seeds):
        round_names = [name for name in names if seed < MOST_ROUNDS.get(name, options.seeds)]
        for name in round_names:
            runs[name].append({"seed": seed} | run_process(name, seed))
            print(f"round {seed + 1}/{options.seeds}  {name}  {runs[name][-1]}", file=sys.stderr, flush=True)
        for name in round_names:
            runs[name][-1]["ratio"] = runs[name][-1]["seconds"] / runs[BASELINE][-1]["seconds"]
        results["baseline"] = BASELINE
        results["rows"] |= {name: summarize(rows) for name, rows in runs.items()}
        save(RESULTS, results)
    publish.main()


def run_process(name: str, seed: int) -> dict[str, float]:
    """One run in a fresh process, so that no contender benefits or suffers from another."""
    command = [sys.executable, "-m", "benchmarks.speed", "--run", name, str(seed)]
    environment = os.environ | {"KERAS_BACKEND": os.environ.get("KERAS_BACKEND", "tensorflow")}
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, env=environment).stdout)  # noqa: S603


def run_once(name: str, seed: int) -> dict[str, float]:
    """Train once; accuracy on the test images with the final weights, seconds of training, peak memory."""
    import tenfold
    from benchmarks import references
    from tenfold import recipes

    train, test = tenfold.load()
    if name in RECIPES:
        recipe = recipes.load(name, {"seed": seed})
        tenfold.seed_everything(seed)
        model = tenfold.build(recipe.network, **recipe.network_options)
        seconds = tenfold.fit(model, train, recipe).train_seconds
        accuracy = tenfold.evaluate(model.cpu(), test).accuracy
    else:
        contender = {
            BASELINE: partial(references.train_mnist_fast, bfloat16=False),
            "train_mnist_fast-bf16": partial(references.train_mnist_fast, bfloat16=True),
            "pytorch-example": partial(references.pytorch_example, epochs=1),
            "pytorch-example-14": partial(references.pytorch_example, epochs=14),
            "keras-convnet": partial(references.keras_convnet, epochs=15),
        }[name]
        seconds, predict = contender(train.images, train.labels, seed)
        accuracy = float((predict(test.images) == test.labels).mean())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"accuracy": accuracy, "seconds": round(seconds, 3), "peak_mb": round(peak)}


def summarize(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """Mean and standard deviation of the accuracy, median of time and ratio, and where it was measured."""
    return {
        "n": len(runs),
        **spread("accuracy", [run["accuracy"] for run in runs]),
        "seconds": statistics.median(run["seconds"] for run in runs),
        "ratio": statistics.median(run["ratio"] for run in runs),
        "peak_mb": max(run["peak_mb"] for run in runs),
        "measured": where(),
        "runs": runs,
    }


if __name__ == "__main__":
    main()
