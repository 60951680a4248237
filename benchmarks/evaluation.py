"""Calibration and robustness of models: `python -m benchmarks.evaluation studies/evaluation`.

Measures the calibration of every finished run of the study, and its accuracy on the test images with the 15 corruptions
of MNIST-C. Writes `results/evaluation.json`; recipes that were measured before stay in it.
"""

import argparse
import json
import statistics
from pathlib import Path
from typing import Any

import tenfold
from benchmarks import publish
from benchmarks.ensembles import label
from benchmarks.records import save, spread, where
from benchmarks.studies import machines
from tenfold.data import Digits
from tenfold.evaluation import leave_out
from tenfold.evaluation.corruptions import CORRUPTIONS, corrupt
from tenfold.training.runs import Run

RESULTS = Path("results/evaluation.json")
LEFT_OUT = 0.005  # the fraction of the images left out in selective prediction


def main() -> None:
    """Evaluate, write the record, and rewrite the pages."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.evaluation")
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="made by tenfold study")
    options = parser.parse_args()
    results = record(options.folder)
    earlier = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.is_file() else {"rows": {}, "runs": {}}
    save(RESULTS, results | {key: earlier[key] | results[key] for key in ("rows", "runs")})
    publish.main()


def record(folder: Path) -> dict[str, Any]:
    """The figures of every run, and their means by recipe."""
    _, test = tenfold.load()
    measured = where()
    worse = {name: Digits(corrupt(test.images, name), test.labels) for name in CORRUPTIONS}
    runs = sorted((Run(path.parent) for path in folder.glob("*/evaluation.json")), key=lambda run: run.recipe.seed)
    figures: dict[str, list[dict[str, Any]]] = {}
    for run in runs:
        figures.setdefault(label(run), []).append(examine(run, test, worse))
        print(f"{run.path}: {figures[label(run)][-1]['corrupted']:.2%}", flush=True)
    return {
        "measured": measured,
        "left_out": LEFT_OUT,
        "rows": {
            recipe: {"trained": machines([run for run in runs if label(run) == recipe]), **summarize(found)}
            for recipe, found in figures.items()
        },
        "runs": figures,
    }


def examine(run: Run, test: Digits, worse: dict[str, Digits]) -> dict[str, Any]:
    """One run's figures on the test images and for each corruption; `corrupted` is the mean over the corruptions."""
    model = run.load_model()
    evaluation = tenfold.evaluate(model, test)
    corruptions = {name: tenfold.evaluate(model, digits).accuracy for name, digits in worse.items()}
    return {
        "seed": run.recipe.seed,
        "train_seconds": run.history.train_seconds,
        "accuracy": evaluation.accuracy,
        "uncalibrated_error": run.load_evaluation()["uncalibrated_error"],
        "calibration_error": evaluation.calibration_error,
        "selective_accuracy": 1 - leave_out(evaluation.probabilities, evaluation.labels, LEFT_OUT).error,
        "corrupted": statistics.mean(corruptions.values()),
        "corruptions": corruptions,
    }


def summarize(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """Means and standard deviations over seeds, and the median time of training."""
    names = ("accuracy", "uncalibrated_error", "calibration_error", "selective_accuracy", "corrupted")
    corruptions = {
        name: spread("accuracy", [run["corruptions"][name] for run in runs]) for name in runs[0]["corruptions"]
    }
    seconds = statistics.median(run["train_seconds"] for run in runs)
    figures = {key: value for name in names for key, value in spread(name, [run[name] for run in runs]).items()}
    return {"n": len(runs), "seconds": seconds, **figures, "corruptions": corruptions}


if __name__ == "__main__":
    main()
