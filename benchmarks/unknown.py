"""How well models tell digits from other images: `python -m benchmarks.unknown RUN…`. Writes `results/unknown.json`.

The reader's network is measured beside the runs. Needs Debian's package `dataset-fashion-mnist`.
"""

import argparse
from pathlib import Path
from typing import Any

import tenfold
from benchmarks import records
from tenfold import models
from tenfold.evaluation.unknown import FASHION, unknown_inputs
from tenfold.training.runs import Run

RESULTS = Path("results/unknown.json")


def main() -> None:
    """Measure, and write the record."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.unknown")
    parser.add_argument("runs", type=Path, nargs="+", metavar="RUN", help="made by tenfold train, one of each recipe")
    options = parser.parse_args()
    if not FASHION.is_file():
        parser.error(f"{FASHION} is missing; install Debian's dataset-fashion-mnist")
    measured: dict[str, Any] = {run.recipe.name: run.load_model() for run in map(Run, options.runs)}
    measured["shipped reader"] = models.load(models.SHIPPED / "reader-int8.tflite")
    test = tenfold.load()[1]
    rows = {name: [one.to_dict() for one in unknown_inputs(model, test)] for name, model in measured.items()}
    records.save(RESULTS, {"measured": records.where(), "rows": rows})


def table(results: dict[str, Any]) -> str:
    """AUROC of every score, for every model and set, and how much of the set is accepted with 95% of the digits."""
    rows: dict[str, list[str]] = {}
    columns = ["images"]
    for model, sets in results["rows"].items():
        columns += [f"{model}: {score}" for score in sets[0]["scores"]]
        for one in sets:
            cells = [f"{100 * found['auroc']:.2f} ({100 * found['fpr95']:.1f})" for found in one["scores"].values()]
            rows.setdefault(f"{one['name']}, {one['kind']} ({one['n']:,})", []).extend(cells)
    note = "AUROC in %; in parentheses, the percentage accepted at the threshold that accepts 95% of the test digits."
    return records.table(
        columns, [(name, *cells) for name, cells in rows.items()], note, records.place(results["measured"])
    )


if __name__ == "__main__":
    main()
