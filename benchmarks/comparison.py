"""The record of a comparison of all models: `python -m benchmarks.comparison comparisons/NAME ...`.

Takes the folders that `tenfold compare` made, one for each seed, and writes `results/comparison.json`. A model that
does not depend on the seed needs to be only in the first.
"""

import argparse
import json
from pathlib import Path
from typing import Any

from benchmarks import publish
from benchmarks.records import save, spread, where

RESULTS = Path("results/comparison.json")


def main() -> None:
    """Write the record, and rewrite the pages."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.comparison")
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER", help="made by tenfold compare")
    options = parser.parse_args()
    for folder in options.folders:
        if not (folder / "comparison.json").is_file():
            parser.error(f"{folder}: has no comparison.json; let tenfold compare finish first")
    results = record([json.loads((folder / "comparison.json").read_text()) for folder in options.folders])
    save(RESULTS, results)
    publish.main()


def record(comparisons: list[dict[str, Any]]) -> dict[str, Any]:
    """Mean error of every model over the comparisons; times, sizes and pairs are those of the first."""
    by_model: dict[str, list[dict[str, Any]]] = {}
    for row in (row for comparison in comparisons for row in comparison["rows"]):
        by_model.setdefault(row["model"], []).append(row)
    rows = {}
    for model, found in by_model.items():
        rows[model] = {
            "kind": found[0]["kind"],
            "n": len(found),
            **spread("error", [row["error"] for row in found]),
            "interval": found[0]["interval"],
            **{key: found[0][key] for key in ("bytes", "train_seconds", "predict_us")},
        }
    return {
        "measured": where() | {"threads": 1},  # each model has one core
        "rows": dict(sorted(rows.items(), key=lambda item: item[1]["error"])),
        "pairs": comparisons[0]["pairs"],
    }


if __name__ == "__main__":
    main()
