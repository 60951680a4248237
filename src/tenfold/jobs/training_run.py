"""One training run from recipe to report."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn

from tenfold import recipes
from tenfold.base.errors import InterruptedRun, TenfoldError
from tenfold.base.files import locked
from tenfold.base.refusal import Thresholds
from tenfold.data import Digits, load, locate
from tenfold.evaluation import apply_temperature, evaluate, fit_temperature
from tenfold.evaluation.assessment import Assessment
from tenfold.jobs import evaluation_run
from tenfold.networks import READER_NETWORKS, Network, build, summary
from tenfold.recipes import Recipe
from tenfold.training import (
    Callback,
    Checkpoint,
    CSVLogger,
    DivergedError,
    choose_device,
    fit,
    hold_out,
    runs,
    seed_everything,
)
from tenfold.training.runs import Run


def train(
    recipe: Recipe | str = "standard",
    *,
    data: str = "bundled",
    out: str | os.PathLike | None = None,
    force: bool = False,
    device: str | None = None,
    callbacks: Sequence[Callback] = (),
) -> Run:
    """Train a network from a recipe, evaluate it once on the test images, and write a run folder.

    Args:
        recipe: a `Recipe`, or the name of one.
        data: where the digits come from, see `tenfold.load`.
        out: the run folder; by default a new one in `runs/`.
        force: whether to replace an existing run.
        device: "cpu", "cuda" or "mps"; by default the fastest available.
        callbacks: called during training, see `tenfold.training.Callback`.

    Returns:
        The finished run.

    Raises:
        InterruptedRun: after Ctrl-C; the current weights and a checkpoint are in the run folder.
        DivergedError: if the loss became infinite, or ended far above that of blind guessing; the last finite weights
            are in the run folder.
        TenfoldError: if recipe, data, folder, or device cannot be used, or another process is writing to the folder.
        OSError: if the folder cannot be written.
    """
    recipe = recipes.load(recipe) if isinstance(recipe, str) else recipe
    digits = load(data)
    # find everything that can be wrong before touching a folder
    model, parts = _prepare(recipe, digits)
    environment = runs.describe_environment(locate(data), *digits, choose_device(device))
    path = Path(out) if out is not None else runs.free_path(recipe.name)
    with locked(path):
        run = Run.create(path, recipe, environment, force)
        return _train(run, model, parts, callbacks, resume=False)


def resume(path: str | os.PathLike, callbacks: Sequence[Callback] = ()) -> Run:
    """Resume an interrupted run, and reach the same weights as without the interruption.

    Recipe, data, device, and number of threads are the run's own.

    Args:
        path: the run folder.
        callbacks: called during training, see `tenfold.training.Callback`.

    Returns:
        The finished run.

    Raises:
        TenfoldError: if the run is finished or has no checkpoint, or its data have changed; or whatever `train` raises.
    """
    Run(path)  # leave anything alone that is not a run folder
    with locked(path):
        run = Run(path)
        if run.finished:
            run.clean_up()
            raise TenfoldError(f"{path}: this run is finished; there is nothing to resume")
        if not run.file("checkpoint.safetensors").is_file():
            raise TenfoldError(f"{path}: has no checkpoint to continue from; train again with --force")
        digits = run.load_digits()
        torch.set_num_threads(run.environment["threads"])
        model, parts = _prepare(run.recipe, digits)
        return _train(run, model, parts, callbacks, resume=True)


def _prepare(recipe: Recipe, digits: tuple[Digits, Digits]) -> tuple[Network, tuple[Digits, Digits | None, Digits]]:
    """The network with its initial weights, and the digits to train, validate, and test with."""
    if recipe.network in READER_NETWORKS:
        raise TenfoldError(
            f"recipe {recipe.name!r}: network {recipe.network!r} does not read single digits; train it in a checkout "
            "of tenfold, with `python -m benchmarks.shipped` for text lines or `python -m benchmarks.ink_model` for ink"
        )
    train_digits, test_digits = digits
    train_digits, validation = hold_out(train_digits, recipe)
    seed_everything(recipe.seed)
    options = {"classes": train_digits.classes} | recipe.network_options
    return build(recipe.network, **options), (train_digits, validation, test_digits)


def _train(
    run: Run,
    model: Network,
    parts: tuple[Digits, Digits | None, Digits],
    callbacks: Sequence[Callback],
    resume: bool,
) -> Run:
    train_digits, validation, test_digits = parts
    checkpoint = run.file("checkpoint.safetensors")
    try:
        history = fit(
            model,
            train_digits,
            run.recipe,
            validation=validation,
            callbacks=[CSVLogger(run.file("history.csv")), Checkpoint(checkpoint), *callbacks],
            device=run.environment["device"],
            resume=checkpoint if resume else None,
        )
    except DivergedError as error:
        run.save_model(model)
        run.save_reason(error.history.stopped or "diverged")
        raise
    if history.interrupted:
        run.save_model(model)
        run.save_reason(str(history.stopped))
        raise InterruptedRun(
            f"{history.stopped}; the weights so far are kept; continue with: tenfold train --resume {run.path}"
        )
    model.cpu()
    uncalibrated = evaluate(model, test_digits)
    temperature = calibrate(model, validation, run.recipe.temperature)
    held_out = evaluate(model, validation) if validation else None
    model.thresholds = Thresholds.calibrate(held_out.logits) if held_out else None
    run.save_model(model)
    evaluation = evaluate(model, test_digits) if temperature != 1 else uncalibrated
    calibration = {"temperature": temperature, "uncalibrated_error": uncalibrated.calibration_error}
    found = Assessment(evaluation, test_digits.source, validation=held_out)
    report = evaluation_run.render_report(run, summary(model), test_digits, history, found, calibration)
    run.save_evaluation(evaluation.to_dict() | calibration, report)
    return run


def calibrate(model: nn.Module, validation: Digits | None, temperature: float = 1.0) -> float:
    """Calibrate a trained network: divide its logits by a temperature, in place.

    Args:
        model: a network made by `tenfold.build`.
        validation: images to fit the temperature on, not used in training; None if there are none.
        temperature: the temperature to use without validation images.

    Returns:
        The temperature.
    """
    if validation is None:
        apply_temperature(model, temperature)
        return temperature
    total = 1.0
    for _ in range(5):
        # further steps matter only if the logits do not scale linearly, as in `ShiftTTA`
        step = fit_temperature((evaluation := evaluate(model, validation)).logits, evaluation.labels)
        apply_temperature(model, step)
        total *= step
        if abs(step - 1) < 0.01:
            break
    return total


def summarize(run: Run) -> dict[str, Any]:
    """A finished run as one flat record; accuracies are fractions, validation figures None if nothing was held out."""
    history, figures = run.history, run.load_evaluation()
    return {
        "run": str(run.path),
        "recipe": run.recipe.name,
        "seed": run.recipe.seed,
        "device": run.environment["device"],
        "parameters": sum(parameter.numel() for parameter in run.load_model().parameters()),
        "train_seconds": history.train_seconds,
        "validation_accuracy": history["validation_accuracy"][-1],
        "test_accuracy": figures["accuracy"],
        "test_accuracy_without_label_errors": figures.get("accuracy_without_label_errors"),  # older runs do not have it
        "test_loss": figures["loss"],
    }
