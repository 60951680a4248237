"""The records of studies: `python -m benchmarks.studies studies/NAME ...`.

Takes the folders that `tenfold study` made, and writes `results/study-NAME.json` for each, named after the folder.
"""

import argparse
import json
import statistics
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks import publish
from benchmarks.records import save, spread
from tenfold import TenfoldError
from tenfold.jobs import study
from tenfold.training.runs import Run


def main() -> None:
    """Write the records, and rewrite the pages."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.studies")
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER", help="made by tenfold study")
    options = parser.parse_args()
    try:
        records = [record(folder) for folder in options.folders]
    except TenfoldError as error:
        parser.error(str(error))
    for results in records:
        save(Path(f"results/study-{results['study']}.json"), results)
    publish.main()


def record(folder: Path) -> dict[str, Any]:
    """All runs of a study, including failed ones, the figures of every recipe, and where the runs were trained.

    Raises:
        TenfoldError: if the study is not finished.
    """
    path = folder / "study.json"
    if not path.is_file():
        raise TenfoldError(f"{folder}: has no study.json; let tenfold study finish first")
    content = json.loads(path.read_text())
    outcomes = []
    for outcome in content["runs"]:
        name = Path(outcome["run"]).name  # where the folder was then is nobody's concern
        outcomes.append(outcome | {"run": name, "reason": (outcome["reason"] or "").replace(outcome["run"], name)})
    groups: dict[str, list[dict[str, Any]]] = {}
    for outcome in outcomes:
        groups.setdefault(outcome["recipe"], []).append(outcome)
    return {
        "study": folder.resolve().name,
        "measured": machines([Run(folder / outcome["run"]) for outcome in finished(outcomes)]),
        "rows": {group: summarize(folder, runs) for group, runs in groups.items()},
        "summary": content["summary"],
        "validation_summary": study.summarize(
            [study.Outcome(**outcome) for outcome in outcomes], "validation_accuracy"
        ),
        "runs": outcomes,
    }


def summarize(folder: Path, outcomes: list[dict[str, Any]]) -> dict[str, Any]:
    """Mean accuracies and median time of the runs of one recipe, and the recipe in full."""
    done = finished(outcomes)
    first = Run(folder / done[0]["run"]) if done else None
    return {
        "n": len(done),
        "failed": len(outcomes) - len(done),
        "parameters": count_parameters(first) if first else None,
        **spread("accuracy", [outcome["test_accuracy"] for outcome in done]),
        **spread(
            "accuracy_without_label_errors", [outcome.get("test_accuracy_without_label_errors") for outcome in done]
        ),
        **spread("validation_accuracy", [outcome["validation_accuracy"] for outcome in done]),
        "seconds": statistics.median(outcome["train_seconds"] for outcome in done) if done else None,
        "recipe": {key: value for key, value in asdict(first.recipe).items() if key != "seed"} if first else None,
    }


def finished(outcomes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The runs that did not fail."""
    return [outcome for outcome in outcomes if outcome["status"] == "finished"]


def count_parameters(run: Run) -> int:
    """The number of parameters of a run's network."""
    return sum(parameter.numel() for parameter in run.load_model().parameters())


def machines(runs: list[Run]) -> list[dict[str, Any]]:
    """The machines and versions that runs were trained with, each with the day of its last run."""
    found: dict[tuple, dict[str, Any]] = {}
    for run in sorted(runs, key=lambda run: run.environment["started"]):
        keys = ("processor", "device", "threads", "torch", "numpy", "python")
        facts = {key: run.environment[key] for key in keys}
        found[tuple(facts.values())] = {"date": run.environment["started"][:10]} | facts
    return list(found.values())


if __name__ == "__main__":
    main()
