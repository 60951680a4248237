"""Results as text for the terminal."""

import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tenfold.base.form import DIGITS

if TYPE_CHECKING:
    from tenfold.evaluation import Comparison, Evaluation, ModelResult, Pair, Robustness
    from tenfold.evaluation.assessment import Assessment
    from tenfold.evaluation.attacks import AttackResult
    from tenfold.evaluation.unknown import UnknownSet
    from tenfold.training.runs import Run

WIDEST = 26  # classes whose confusion matrix fits into a terminal
LISTED = 20  # pairs of classes to list of a larger one

# PyTorch is not loaded for the counts of a data set.


def print_data(facts: Mapping[str, Mapping[str, Any]]) -> None:
    """Print the source, the counts per class, the mean, and the checksum of each part of a data set."""
    classes = next(iter(facts.values()))["classes"]
    rows = [[name, *(f"{fact['counts'][label]:,}" for fact in facts.values())] for label, name in enumerate(classes)]
    rows.append(["all", *(f"{fact['images']:,}" for fact in facts.values())])
    print_table([one_of(classes), *facts], rows)
    for name, fact in facts.items():
        print(
            f"{name}: {fact['source']}\n"
            f"  pixels from 0 to 1: mean {fact['mean']:.4f}, standard deviation {fact['std']:.4f}\n"
            f"  sha256 {fact['sha256']}"
        )


def print_training(run: "Run", summary: Mapping[str, Any]) -> None:
    """Print how a run went; the summary is from `tenfold.jobs.training_run.summarize`."""
    low, high = run.load_evaluation()["interval"]
    print(f"trained {summary['parameters']:,} parameters in {summary['train_seconds']:.1f} s on {summary['device']}")
    print(
        f"test loss {summary['test_loss']:.4f}, test accuracy {summary['test_accuracy']:.2%} "
        f"(95% interval {low:.2%} to {high:.2%})"
    )
    print(f"report: {run.file('report.html')}")


def print_assessment(found: "Assessment") -> None:
    """Print everything measured on a model or an ensemble."""
    from tenfold.evaluation import leave_out

    evaluation = found.evaluation
    print(evaluation)
    print(f"test images: {found.test_images}")
    if found.members:
        print("the mean of:")
        for path, accuracy in found.members.items():
            print(f"  {path}: accuracy {accuracy:.2%}")
    print(f"expected calibration error {evaluation.calibration_error:.2%}")
    if found.diagnosis:
        print(f"training: {found.diagnosis}")
    for share in (0.005, 0.01):
        rest = leave_out(evaluation.probabilities, evaluation.labels, share)
        print(f"leaving out the least confident {share:.1%} of the images leaves {1 - rest.error:.2%} right")
    if found.selection:
        chosen, left = found.selection
        print(
            f"accepting only readings of at least {chosen.threshold:.2%} confidence, "
            f"a threshold chosen on {chosen.n:,} validation images, keeps {left.coverage if left else 0:.2%}"
        )
        if left:
            low, high = left.interval
            print(f"  {left.error:.3%} of these are misread (95% interval {low:.3%} to {high:.3%})")
    _print_scores(evaluation)
    for file, description in found.pictures.items():
        print(f"{file}: {description}")
    if found.robustness:
        _print_robustness(found.robustness)
    if found.attacks:
        _print_attacks(found.attacks)
    if found.unknown:
        _print_unknown(found.unknown)


def _print_scores(evaluation: "Evaluation") -> None:
    names = evaluation.classes
    print_table(
        [one_of(names), "precision", "95% interval", "recall", "95% interval", "F1", "support"],
        [
            [
                names[row.digit],
                *(_percent(row.precision), _range(row.precision_interval)),
                *(_percent(row.recall), _range(row.recall_interval)),
                *(_percent(row.f1), f"{row.support:,}"),
            ]
            for row in evaluation.per_class
        ],
    )
    if len(names) > WIDEST:
        print("the most frequent mistakes:")
        mistakes = Counter((names[one.label], names[one.prediction]) for one in evaluation.mistakes).most_common(LISTED)
        print_table(["true", "read as", "images"], [[*pair, str(count)] for pair, count in mistakes])
    else:
        print(f"confusion matrix, a row for each true {one_of(names)}:")
        rows = zip(names, evaluation.confusion, strict=True)
        print_table(["", *names], [[name, *map(str, row)] for name, row in rows])
    if evaluation.label_errors:
        print("test images with label errors:")
        print_table(
            ["image", "label", "read as", "probability"],
            [
                [str(answer.index), str(answer.label), str(answer.prediction), f"{answer.probability:.1%}"]
                for answer in evaluation.label_error_answers
            ],
        )


def _print_robustness(worse: "Robustness") -> None:
    from tenfold.evaluation.robustness import DEGREES, PIXELS

    print(f"corrupted images: {worse.source}")
    rows = [
        [name, _percent(one.accuracy), _range(one.interval)]
        for name, one in {"clean": worse.clean, **worse.corrupted}.items()
    ]
    print_table(
        ["corruption", "accuracy", "95% interval"], [*rows, ["mean of the corruptions", _percent(worse.mean), ""]]
    )
    print("accuracy after shifts by pixels:")
    shifts = [[direction, *map(_percent, accuracies)] for direction, accuracies in worse.shifts.items()]
    print_table(["", *map(str, PIXELS)], shifts)
    print("accuracy after rotations by degrees, counterclockwise:")
    print_table([f"{degrees:g}" for degrees in DEGREES], [[f"{accuracy:.1%}" for accuracy in worse.rotations]])


def _print_attacks(attacks: "AttackResult") -> None:
    print(f"under attack, on the first {attacks.n:,} test images; accuracy without: {attacks.clean.accuracy:.2%}")
    rows = [
        [one.attack, one.norm, f"{one.epsilon:g}", _percent(one.accuracy.accuracy), _range(one.accuracy.interval)]
        for one in attacks.attacked
    ]
    print_table(["attack", "norm", "epsilon", "accuracy", "95% interval"], rows)


def _print_unknown(sets: Sequence["UnknownSet"]) -> None:
    print("how well scores tell digits from unknown inputs; FPR: the share accepted where 95% of the digits are")
    rows = [
        [one.name, one.kind, f"{len(one.images):,}", score, *map(_percent, vars(figures).values())]
        for one in sets
        for score, figures in one.separations.items()
    ]
    print_table(["inputs", "kind", "images", "score", "AUROC", "AUPR in", "AUPR out", "FPR"], rows)


def print_comparison(paths: Sequence[Path], evaluations: Sequence["Evaluation"], comparison: "Comparison") -> None:
    """Print the accuracies of two models, and the images that they read differently."""
    for path, one in zip(paths, evaluations, strict=True):
        print(f"{path}: {one}")
    print(comparison)
    if comparison.differences:
        names = evaluations[0].classes
        print("images that they read differently:")
        print_table(
            ["image", "label", "first", "second"],
            [
                [str(one.index), *(names[x] for x in (one.label, one.first, one.second))]
                for one in comparison.differences
            ],
        )


def print_study(summary: Sequence[Mapping[str, Any]]) -> None:
    """Print the comparison of a study's groups, from `tenfold.jobs.study.summarize`."""
    print_table(
        ["recipe", "n", "mean", "sd", "difference", "95% of the mean", "95% of the difference", "p"],
        [
            [
                *(row["recipe"], str(row["n"])),
                *map(_points, (row["mean"], row["sd"], row["difference"])),
                *map(_span, (row["interval"], row["difference_interval"])),
                "-" if row["p"] is None else f"{row['p']:.2g}",
            ]
            for row in summary
        ],
    )
    print("test accuracies in percent; differences from the first recipe, paired by seed")


def print_search(found: Mapping[str, Any]) -> None:
    """Print the best values of a search, from `tenfold.jobs.search.run`."""
    states = Counter(trial["state"] for trial in found["trials"])
    print(", ".join(f"{count} trials {state}" for state, count in states.items()))
    print(f"best validation accuracy {found['validation_accuracy']:.2%} with:")
    for key, value in found["best"].items():
        print(f"  {key} = {value:.4g}" if isinstance(value, float) else f"  {key} = {value}")


def print_models(rows: Sequence["ModelResult"], pairs: Sequence["Pair"]) -> None:
    """Print the results of a comparison, fewest mistakes first, and whether each model is better than the next."""
    p = {(pair.first, pair.second): pair.p for pair in pairs}
    following = [row.model for row in rows[1:]]
    print_table(
        ["model", "error %", "95% interval", "training s", "reading µs", "kB", "p, better than the next"],
        [
            [
                *(
                    row.model,
                    f"{100 * row.error:.2f}",
                    "{:.2f} to {:.2f}".format(*(100 * bound for bound in row.interval)),
                ),
                *(f"{row.train_seconds:,.1f}", f"{row.predict_us:,.0f}", f"{row.bytes / 1000:,.0f}"),
                f"{p[row.model, after]:.2g}" if after else "",
            ]
            for row, after in zip_longest(rows, following)
        ],
    )
    print(
        "test images misread; seconds to train and microseconds to read an image on one core; p by McNemar's exact test"
    )


def print_exports(files: Sequence[Mapping[str, Any]]) -> None:
    """Print what `export` wrote, and how each file compares with the network."""
    n, reference = files[0]["n"], files[0]["reference_accuracy"]
    print_table(
        ["file", "bytes", "gzipped", "accuracy", "different", "largest difference", "µs an image", "images a second"],
        [
            [
                Path(file["file"]).name,
                *(f"{file['bytes']:,}", f"{file['compressed_bytes']:,}", _percent(file["accuracy"])),
                *(str(file["different"]), f"{file['max_difference']:.1e}"),
                *(f"{file['latency_us']:.0f}", f"{file['throughput']:,.0f}"),
            ]
            for file in files
        ],
    )
    print(
        f"different: how many of {n:,} test images the file reads differently from the network, whose accuracy is\n"
        f"{reference:.2%}; largest difference: of a probability; times: on one core, single images and batches of 256"
    )
    print(f"files in {Path(files[0]['file']).parent}")


def one_of(classes: Sequence[str]) -> str:
    """What one of the classes is called: a digit, or else just a class."""
    return "digit" if tuple(classes) == DIGITS else "class"


def print_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a right-aligned table, as wide as the terminal; 120 characters if there is none."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    table = Table(*header, box=SIMPLE_HEAD)
    for column in table.columns:
        column.justify = "right"
    for row in rows:
        table.add_row(*row)
    Console(width=None if sys.stdout.isatty() else 120).print(table)


def _percent(fraction: float | None) -> str:
    return "-" if fraction is None else f"{fraction:.2%}"


def _points(fraction: float | None) -> str:
    return "-" if fraction is None else f"{100 * fraction:.3f}"


def _range(interval: tuple[float, float] | None) -> str:
    return "-" if interval is None else f"{interval[0]:.2%} to {interval[1]:.2%}"


def _span(interval: tuple[float, float] | None) -> str:
    return "-" if interval is None else f"{_points(interval[0])} to {_points(interval[1])}"
