"""Assessments of trained networks: figures, pictures, a report."""

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from tenfold import models
from tenfold.base.errors import TenfoldError
from tenfold.base.files import check_writable, write_atomically
from tenfold.data import Digits, load
from tenfold.evaluation import Evaluation, average, diagnose, evaluate
from tenfold.evaluation import robustness as measure_robustness
from tenfold.evaluation.assessment import Assessment
from tenfold.evaluation.attacks import attack, network_of
from tenfold.evaluation.unknown import unknown_inputs
from tenfold.jobs import interpretation_figures
from tenfold.models import Model, TorchModel
from tenfold.networks import Summary, summary
from tenfold.report.html import render
from tenfold.training import History, hold_out
from tenfold.training.runs import Run


def evaluate_paths(paths: Sequence[str | os.PathLike], data: str | None = None) -> list[Evaluation]:
    """Evaluate trained networks on the same test images; all are loaded before the first is evaluated.

    On the same machine, a run gives exactly the figures it gave after training.

    Args:
        paths: run folders, or files that `tenfold.models.load` reads.
        data: where the test images come from, see `tenfold.load`; by default, the data of the runs.

    Returns:
        An evaluation of each, in the order of the paths.

    Raises:
        TenfoldError: if a network has no usable weights, appears twice, or has different test images from the first.
    """
    return _evaluate_all(paths, data)[0]


def _evaluate_all(paths: Sequence[str | os.PathLike], data: str | None) -> tuple[list[Evaluation], Digits]:
    """The evaluations that `evaluate_paths` returns, and the test images."""
    seen: set[Path] = set()
    for path in paths:
        weights = Path(path, "model.safetensors") if Path(path).is_dir() else Path(path)
        if weights.resolve() in seen:
            raise TenfoldError(f"{path}: appears twice; name each model once")
        seen.add(weights.resolve())
    models, tests = zip(*(_model_and_test(path, data) for path in paths), strict=True)
    for path, test in zip(paths, tests, strict=True):
        if data is None and test.sha256() != tests[0].sha256():
            raise TenfoldError(f"{path}: has different test images from {paths[0]}; name the data for all with --data")
    found = [_evaluate(path, model, test) for path, model, test in zip(paths, models, tests, strict=True)]
    return found, tests[0]


def evaluate_validation(path: str | os.PathLike) -> Evaluation:
    """Evaluate a run's network on its validation images, the training images held out from it.

    Raises:
        TenfoldError: if there is no run folder, no images were held out, or the data have changed.
    """
    run = Run(path)
    _, validation = hold_out(run.load_digits()[0], run.recipe)
    if validation is None:
        raise TenfoldError(
            f"{path}: was trained on all images; hold some out with: tenfold train --set validation=5000"
        )
    torch.set_num_threads(run.environment["threads"])
    return evaluate(run.load_model(), validation)


def examine(
    path: str | os.PathLike,
    data: str | None = None,
    *,
    error_rate: float | None = None,
    interpret: str | os.PathLike | None = None,
    robustness: bool = False,
    mnist_c: str | os.PathLike | None = None,
    attacks: bool = False,
    unknown: bool = False,
    unknown_data: str | os.PathLike | None = None,
    report: str | os.PathLike | None = None,
) -> Assessment:
    """Evaluate a trained network, and measure whatever else is asked for.

    Args:
        path: a run folder, or a file that `tenfold.models.load` reads.
        data: where the test images come from, see `tenfold.load`; by default, the data of the run.
        error_rate: the error rate to allow in selective prediction, 0 to 1; None for no selective prediction.
        interpret: a folder for pictures of what the network looks at.
        robustness: whether to evaluate on corrupted, shifted, and rotated images as well.
        mnist_c: a folder with the published MNIST-C; by default, the test images are corrupted by tenfold.
        attacks: whether to attack the network with FGSM, PGD, and AutoAttack as well.
        unknown: whether to measure how well the model tells digits from other images as well.
        unknown_data: a folder of more such images.
        report: a file for the report, which shows all of this in HTML; its name ends in `.html`.

    Raises:
        TenfoldError: if there are no usable weights, the data or a folder cannot be used, an optional package is
            missing, or the error rate cannot be reached.
        OSError: if something cannot be written.
    """
    if report is not None:
        _check_report(path, Path(report))
    model, test = _model_and_test(path, data)
    if interpret is not None and not isinstance(model, TorchModel):
        raise TenfoldError(f"{path}: holds no layers to look into; name the run or the .safetensors file it came from")
    if attacks:
        network_of(model)  # the other measures may take minutes
    evaluation = _evaluate(path, model, test)
    others = unknown_inputs(model, test, unknown_data) if unknown else ()
    attacked = attack(model, test) if attacks else None
    run = Run(path) if Path(path).is_dir() else None
    held_out = error_rate is not None or (report is not None and run is not None and run.recipe.validation)
    found = Assessment(
        evaluation,
        test.source,
        validation=evaluate_validation(path) if held_out else None,
        diagnosis=diagnose(run.history, test.classes) if run else None,
        error_rate=error_rate,
    )
    if error_rate is not None and found.selection is None:
        raise TenfoldError(f"no threshold keeps the error rate at {error_rate:g} on the validation images")
    pictures = interpretation_figures.interpret(path, interpret, data) if interpret is not None else {}
    worse = measure_robustness(model, test, folder=mnist_c) if robustness else None
    found = replace(found, pictures=pictures, robustness=worse, attacks=attacked, unknown=others)
    if report is not None:
        calibration = run.load_evaluation() if run else {}
        if data is not None:  # known only for the run's own test images
            calibration.pop("uncalibrated_error", None)
        layers = summary(model.network) if isinstance(model, TorchModel) else Summary()
        write_atomically(
            report, render_report(run or Path(path), layers, test, run.history if run else None, found, calibration)
        )
    return found


def examine_ensemble(paths: Sequence[str | os.PathLike], data: str | None = None) -> Assessment:
    """Evaluate several trained networks as an ensemble, with the mean of their probabilities.

    Args:
        paths: run folders, or files that `tenfold.models.load` reads.
        data: where the test images come from, see `tenfold.load`; by default, the data of the runs.

    Raises:
        TenfoldError: if there are fewer than two, or a network has no usable weights, appears twice, or has
            different test images from the first.
    """
    if len(paths) < 2:
        raise TenfoldError("an ensemble needs two runs or more")
    evaluations, test = _evaluate_all(paths, data)
    members = {str(path): one.accuracy for path, one in zip(paths, evaluations, strict=True)}
    return Assessment(average(evaluations), test.source, members)


def render_report(
    source: Run | Path,
    layers: Summary,
    test: Digits,
    history: History | None,
    found: Assessment,
    calibration: Mapping[str, Any],
) -> str:
    """Write the report of a run, or of a file.

    Args:
        source: the run, which gives recipe and environment, or the file.
        layers: the network's layers; empty if unknown.
        test: the test images.
        history: the training history; None for a file.
        found: the assessment to show.
        calibration: the temperature, and the calibration error on the test images before it; None if unknown.
    """
    if isinstance(source, Run):
        title, recipe = f"{source.recipe.name}, seed {source.recipe.seed}", source.recipe
        environment = source.environment
    else:
        content = source.read_bytes()
        title, recipe = source.name, None
        environment = {"file": str(source), "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    return render(
        title=title,
        recipe=recipe,
        environment=environment,
        history=history,
        found=found,
        temperature=calibration.get("temperature", 1.0),  # older runs do not have it
        uncalibrated_error=calibration.get("uncalibrated_error"),
        test=test,
        layers=layers,
    )


def _check_report(path: str | os.PathLike, report: Path) -> None:
    """Check, before anything is measured, that the report can be written."""
    if not Path(path).is_file():
        Run(path).load_evaluation()
    if report.is_dir():
        raise TenfoldError(f"{report}: is a folder; name the report's file, such as {report / 'report.html'}")
    if report.suffix != ".html":
        raise TenfoldError(f"{report}: a report is written in HTML; name it {report.stem}.html")
    if report.exists() and not report.is_file():
        raise TenfoldError(f"{report}: is not a regular file; name another")
    check_writable(Path(os.path.realpath(report)).parent)


def _model_and_test(path: str | os.PathLike, data: str | None) -> tuple[Model, Digits]:
    """A trained model and its test images."""
    model = models.load(path)
    own = data is None and Path(path).is_dir()
    _, test = Run(path).load_digits() if own else load(data or "bundled")
    return model, test


def _evaluate(path: str | os.PathLike, model: Model, test: Digits) -> Evaluation:
    """Use as many threads as the run was trained with, which makes its figures bit-identical."""
    if Path(path).is_dir():
        torch.set_num_threads(Run(path).environment["threads"])
    return evaluate(model, test)
