"""Networks under attack: `python -m benchmarks.attacks RUN…`. Writes `results/attacks.json`.

Every run reads all test images, and the first 1,000 of them under attack, as `tenfold evaluate RUN --attacks` does.
Recipes that were measured before stay in the record.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import tenfold
from benchmarks import records
from benchmarks.records import points, save, where
from tenfold.data import Digits
from tenfold.evaluation.attacks import PUBLISHED, attack
from tenfold.training.devices import choose_device
from tenfold.training.runs import Run

RESULTS = Path("results/attacks.json")


def main() -> None:
    """Attack, and write the record."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.attacks")
    parser.add_argument("runs", type=Path, nargs="+", metavar="RUN", help="made by tenfold train, one of each recipe")
    options = parser.parse_args()
    rows = json.loads(RESULTS.read_text(encoding="utf-8"))["rows"] if RESULTS.is_file() else {}
    for run in map(Run, options.runs):
        rows[run.recipe.name] = examine(run, tenfold.load()[1])
        save(RESULTS, {"measured": where(choose_device().type), "rows": rows})


def examine(run: Run, test: Digits) -> dict[str, Any]:
    """One run's accuracy on all test images, and on the first of them under attack."""
    model = run.load_model().to(choose_device())
    evaluation = tenfold.evaluate(model, test)
    return {
        "seed": run.recipe.seed,
        "train_seconds": run.history.train_seconds,
        "all": {"n": len(test), "accuracy": evaluation.accuracy, "interval": evaluation.interval},
        **attack(model, test).to_dict(),
    }


def table(results: dict[str, Any]) -> str:
    """What is still read correctly under each attack, a column for every recipe, for `benchmarks.publish`.

    The recipe that trained for the shortest time comes first.
    """
    found = dict(sorted(results["rows"].items(), key=lambda one: one[1]["train_seconds"]))
    first = next(iter(found.values()))
    by_attack = [
        {(one["attack"], one["norm"], one["epsilon"]): one for one in row["attacked"]} for row in found.values()
    ]
    rows = [
        (f"all {first['all']['n']:,}, clean", *(_percent(row["all"], 2) for row in found.values())),
        (f"first {first['n']:,}, clean", *(_percent(row["clean"]) for row in found.values())),
    ]
    for attack_name, norm, epsilon in by_attack[0]:
        if norm == "Linf" or epsilon in PUBLISHED["L2"]:
            name = f"{attack_name}, {norm.replace('Linf', 'L∞')} {epsilon:g}"
            rows.append((name, *(_percent(row[attack_name, norm, epsilon]) for row in by_attack)))
    seconds = ", ".join(f"`{name}` {row['train_seconds']:,.0f} seconds" for name, row in found.items())
    return records.table(
        ("test images", *found),
        rows,
        "Read correctly, in percent, with 95% intervals; one seed each.",
        f"Training took {seconds}.",
        records.place(results["measured"]),
    )


def _percent(found: dict[str, Any], digits: int = 1) -> str:
    low, high = found["interval"]
    return f"{points(found['accuracy'], None, digits)} ({points(low, None, digits)} to {points(high, None, digits)})"


if __name__ == "__main__":
    main()
