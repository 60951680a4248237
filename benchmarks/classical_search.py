"""The hyperparameters of the classical models, chosen on validation images.

    python -m benchmarks.classical_search
    python -m benchmarks.classical_search --models knn rbf_svm --images 50000

Every candidate, a recipe with some values changed, learns the same training images and is judged by its mistakes on the
same 10,000 others; the test images are not used. Writes `results/classical-search.json`; with `--models`, the other
rows stay. The chosen values are copied into the recipes in `tenfold/classical/recipes` by hand, with their reasons.
"""

import argparse
import json
import os
import sys
import time
from dataclasses import dataclass
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import tenfold
from benchmarks.records import save, where
from tenfold import TenfoldError
from tenfold.classical import Classifier, recipes
from tenfold.data import subset
from tenfold.jobs.workers import scatter

RESULTS = Path("results/classical-search.json")
VALIDATION = 10_000

GRIDS: dict[str, dict[str, list]] = {
    "naive_bayes": {"model_options.binarize": [0.2, 0.5], "model_options.alpha": [0.01, 0.1, 1.0]},
    "logistic_regression": {"model_options.C": [0.01, 0.1, 1.0]},
    "linear_svm": {"model_options.C": [0.001, 0.01, 0.1]},
    "nystroem_svm": {"nystroem_gamma": [0.01, 0.03], "model_options.C": [0.1, 1.0, 10.0]},
    "polynomial_svm": {"pca": [40, 80], "model_options.degree": [3, 4, 5], "model_options.C": [1.0, 10.0]},
    "rbf_svm": {"pca": [40, 60, 80], "model_options.gamma": [0.02, 0.03, 0.05]},
    "virtual_svm": {"pca": [40, 60], "model_options.gamma": [0.02, 0.05, 0.1]},
    "hog_svm": {"pca": [100, 200], "model_options.gamma": [0.05, 0.1, 0.2]},
    "knn": {"model_options.n_neighbors": [1, 3, 5], "model_options.weights": ["uniform", "distance"]},
    "knn_deskewed": {"pca": [0, 30, 40, 60], "model_options.n_neighbors": [1, 3, 5]},
    "random_forest": {"model_options.max_features": ["sqrt", 0.1], "model_options.min_samples_leaf": [1, 2]},
    "extra_trees": {"model_options.max_features": ["sqrt", 0.1, 0.2], "model_options.min_samples_leaf": [1, 2]},
    "boosting": {"model_options.l2_regularization": [0.0, 1.0]},
}


@dataclass(frozen=True)
class Candidate:
    """A recipe with some values changed."""

    recipe: str
    changes: dict[str, Any]


def main() -> None:
    """Try the candidates, and write their results and the best one for each recipe."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.classical_search")
    parser.add_argument("--models", nargs="+", metavar="NAME", choices=GRIDS, default=list(GRIDS))
    parser.add_argument("--images", type=int, default=20_000, help="training images, 50,000 at most; default 20,000")
    parser.add_argument("--processes", type=int, help="candidates at a time; by default one for each core")
    options = parser.parse_args()
    if not 100 <= options.images <= 50_000:
        parser.error(f"--images {options.images}: choose 100 to 50,000; the other {VALIDATION:,} are to validate on")
    rows = search(options.models, options.images, options.processes)
    kept = json.loads(RESULTS.read_text())["rows"] if RESULTS.is_file() else {}
    rows = {name: (kept | rows)[name] for name in GRIDS if name in kept | rows}
    save(RESULTS, {"rows": rows})
    for name in options.models:
        row = rows[name]
        print(f"{name:20} {row['error']:.2%}  {row['chosen']}")


def search(models: list[str], images: int, processes: int | None) -> dict[str, dict[str, Any]]:
    """Try every candidate of some recipes; the one with the fewest mistakes is chosen; of several, the fastest."""
    candidates = [
        Candidate(name, dict(zip(GRIDS[name], values, strict=True)))
        for name in models
        for values in product(*GRIDS[name].values())
    ]
    tried: dict[str, list[dict[str, Any]]] = {name: [] for name in models}
    outcomes = scatter(partial(measure, images=images), candidates, processes=processes)
    for number, (candidate, outcome) in enumerate(outcomes, start=1):
        if isinstance(outcome, TenfoldError):
            raise outcome
        tried[candidate.recipe].append({"changes": candidate.changes, **outcome})
        print(f"{number}/{len(candidates)} {candidate.recipe}", file=sys.stderr, flush=True)
    measured = where() | {"images": images, "validation_images": VALIDATION, "processes": processes or os.cpu_count()}
    rows = {}
    for name, trials in tried.items():
        trials.sort(key=lambda trial: (trial["mistakes"], trial["fit_seconds"]))
        best = trials[0]
        error = best["mistakes"] / VALIDATION
        rows[name] = {"chosen": best["changes"], "error": error, "measured": measured, "candidates": trials}
    return rows


def split(images: int) -> tuple[tenfold.Digits, tenfold.Digits]:
    """Some training images, and those to validate on; the validation images are always the same."""
    train, validation = tenfold.split(tenfold.load()[0], VALIDATION)
    return subset(train, images), validation


def measure(candidate: Candidate, images: int) -> dict[str, float]:
    """Train a candidate on one core: its mistakes on the validation images, and the seconds for fitting and reading."""
    train, validation = split(images)
    classifier = Classifier(recipes.load(candidate.recipe, candidate.changes))
    started = time.perf_counter()
    classifier.fit(train, threads=1)
    fitted = time.perf_counter()
    mistakes = int((classifier.predict(validation.images) != validation.labels).sum())
    seconds = {"fit_seconds": fitted - started, "predict_seconds": time.perf_counter() - fitted}
    return {"mistakes": mistakes, **{key: round(value, 3) for key, value in seconds.items()}}


if __name__ == "__main__":
    main()
