"""How accurate ensembles are: `python -m benchmarks.ensembles studies/NAME ... --members 5 --draws 20`.

The pool consists of every finished run of the studies and every run named directly. Each draw takes some of them at
random and averages their probabilities on the test images. Writes `results/ensembles.json`.
"""

import argparse
import math
import statistics
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import publish
from benchmarks.records import save, spread, where
from benchmarks.studies import machines
from tenfold import TenfoldError
from tenfold.evaluation import average
from tenfold.jobs import evaluation_run
from tenfold.training.runs import Run

RESULTS = Path("results/ensembles.json")


def main() -> None:
    """Draw, evaluate, write the record, and rewrite the pages."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ensembles")
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER", help="of a study, or of a run")
    parser.add_argument("--members", type=int, default=5, help="runs of an ensemble")
    parser.add_argument("--draws", type=int, default=20, help="ensembles, no two of them the same")
    parser.add_argument("--seed", type=int, default=0, help="starts the random draws")
    options = parser.parse_args()
    try:
        results = record(options.folders, options.members, options.draws, options.seed)
    except TenfoldError as error:
        parser.error(str(error))
    save(RESULTS, results)
    publish.main()


def record(folders: list[Path], members: int, draws: int, seed: int) -> dict[str, Any]:
    """The pool, the ensembles drawn from it, and their figures.

    Raises:
        TenfoldError: if the pool is too small for so many different ensembles, or holds a run twice or one that cannot
            be evaluated.
    """
    measured = where()
    patterns = ("evaluation.json", "*/evaluation.json")
    runs = [Run(path.parent) for folder in folders for pattern in patterns for path in folder.glob(pattern)]
    runs.sort(key=lambda run: (label(run), run.recipe.seed))
    for previous, run in pairwise(runs):
        if run.recipe == previous.recipe:
            raise TenfoldError(f"{run.path}: same recipe and seed as {previous.path}; name one of the two studies")
    subsets = draw(len(runs), members, draws, seed)
    evaluations = evaluation_run.evaluate_paths([run.path for run in runs])
    pool = [
        {
            "run": f"{run.path.resolve().parent.name}/{run.path.name}",
            "accuracy": evaluation.accuracy,
            "accuracy_without_label_errors": evaluation.accuracy_without_label_errors,
            "train_seconds": run.history.train_seconds,
        }
        for run, evaluation in zip(runs, evaluations, strict=True)
    ]
    ensembles = []
    for subset in subsets:
        evaluation = average([evaluations[i] for i in subset])
        ensembles.append(
            {
                "members": [pool[i]["run"] for i in subset],
                "accuracy": evaluation.accuracy,
                "accuracy_without_label_errors": evaluation.accuracy_without_label_errors,
                "train_seconds": sum(runs[i].history.train_seconds for i in subset),
            }
        )
    recipes: dict[str, list[int]] = {}
    for run in runs:
        recipes.setdefault(label(run), []).append(run.recipe.seed)
    shared = [len(set(a) & set(b)) for a, b in combinations(subsets, 2)]
    return {
        "measured": measured,
        "trained": machines(runs),
        "members": members,
        "seed": seed,
        "n": draws,
        **figures(ensembles),
        "members_shared": statistics.mean(shared) if shared else None,
        "pool": {"n": len(runs), "recipes": recipes, **figures(pool), "runs": pool},
        "draws": ensembles,
    }


def draw(n: int, members: int, draws: int, seed: int) -> list[tuple[int, ...]]:
    """Choose different subsets of `range(n)` at random, without repeated members."""
    possible = math.comb(n, members) if members > 1 else 0
    if not 1 <= draws <= possible:
        raise TenfoldError(f"{n} finished runs give {possible} ensembles of {members}, not {draws}")
    generator = np.random.default_rng(seed)
    subsets: list[tuple[int, ...]] = []
    while len(subsets) < draws:
        subset = tuple(sorted(generator.choice(n, members, replace=False).tolist()))
        if subset not in subsets:
            subsets.append(subset)
    return subsets


def figures(rows: list[dict[str, Any]]) -> dict[str, float | None]:
    """Means of the accuracies with their standard deviations, and the median time."""
    accuracies = [spread(name, [row[name] for row in rows]) for name in ("accuracy", "accuracy_without_label_errors")]
    return accuracies[0] | accuracies[1] | {"seconds": statistics.median(row["train_seconds"] for row in rows)}


def label(run: Run) -> str:
    """The name of the recipe and its variant, from the name that the study gave the run's folder."""
    return run.path.name.removesuffix(f"-seed{run.recipe.seed}")


if __name__ == "__main__":
    main()
