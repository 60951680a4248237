"""The training loop: the only place that updates weights."""

import copy
import math
import os
import random
import time
import warnings
from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float, Int64, UInt8
from torch import Tensor, nn

from tenfold import augment, preprocess, recipes
from tenfold.data import CLASSES, Digits, split, subset
from tenfold.errors import TenfoldError, TenfoldWarning
from tenfold.networks import Network, predict_logits
from tenfold.recipes import Recipe
from tenfold.training.callbacks import Callback
from tenfold.training.checkpoint import load_checkpoint
from tenfold.training.devices import autocast, capture_cuda_graph, choose_device, release_cuda_graph
from tenfold.training.history import History
from tenfold.training.optimization import make_optimizers, schedule

CHANCE_LOSS = math.log(CLASSES)  # the cross-entropy of a network that gives every digit a tenth
BLOWN_UP = 2 * CHANCE_LOSS  # fresh weights start near the chance loss; an epoch at twice of it was thrown out
FEWEST_STEPS = 8  # an epoch; with one, four epochs of a recipe would be over before anything is learned


class DivergedError(TenfoldError):
    """The loss became infinite or not a number, or ended far above that of blind guessing.

    Args:
        what: what happened, where, and with which learning rate.

    Attributes:
        history: the epochs before; `tenfold.evaluation.diagnose` reads it.
    """

    history: History

    def __init__(self, what: str) -> None:
        super().__init__(f"training diverged: {what}; try a lower learning rate")


class Training:
    """A training run in progress, as callbacks see it.

    Attributes:
        model: the network, on `device`.
        optimizers: each updates its own part of the weights.
        recipe: what was asked for.
        history: a row for every finished epoch.
        validation: images held out, or None.
        device: where the work is done.
        batch_size: images a step.
        steps_per_epoch: updates of the weights in a whole epoch.
        steps: updates of the weights in all.
        precision: the context in which the model runs a step.
    """

    def __init__(
        self, model: nn.Module, train: Digits, validation: Digits | None, recipe: Recipe, device: torch.device
    ) -> None:
        self.model = model.to(device)
        self.optimizers = make_optimizers(self.model, recipe)
        self.recipe = recipe
        self.history = History()
        self.validation = validation
        self.device = device
        self.precision = autocast(device, recipe.precision)
        self.pixels = preprocess.reshape(train.images).to(device)  # (n, 1, 28, 28) uint8, a quarter of float32
        self.labels = torch.tensor(train.labels, dtype=torch.int64, device=device)
        self.batch_size = recipe.batch_size
        if recipe.batch_size > len(train):
            self.batch_size = max(2, len(train) // FEWEST_STEPS)
            warn(
                f"{train.source}: {len(train):,} images to train on are fewer than the batch size of "
                f"{recipe.batch_size:,}; a step sees {self.batch_size:,} instead"
            )
        self.steps_per_epoch = len(train) // self.batch_size  # a last, smaller batch would disturb BatchNorm
        self.steps = max(1, round(recipe.epochs * self.steps_per_epoch))
        if device.type == "cuda" and isinstance(model, Network):  # of other modules we do not know that it is possible
            capture_cuda_graph(model, self.batch_size, self.precision)

    def schedule(self, step: int) -> float:
        """The learning rate of a step, counted from 0 over all epochs, as a fraction of its peak."""
        return schedule(self.recipe, (step + 0.5) / self.steps)

    def learning_rate(self, step: int) -> float:
        """The learning rate of a step; with Muon its own, which most of the weights follow."""
        return self.schedule(step) * self.optimizers[0].peak_lr

    def stop(self, reason: str) -> None:
        """End the training after this epoch."""
        self.history.stopped = reason


def warn(message: str) -> None:
    """Warn of a recipe that does not fit the data."""
    warnings.warn(message, TenfoldWarning, stacklevel=3)


def seed_everything(seed: int) -> None:
    """Start the random streams of Python, NumPy and PyTorch (on every device) from `seed`."""
    random.seed(seed)
    np.random.seed(seed % 2**32)  # noqa: NPY002  # libraries still draw from the global generator
    torch.manual_seed(seed)


def fit(
    model: nn.Module,
    train: Digits,
    recipe: Recipe | str = "standard",
    *,
    validation: Digits | None = None,
    callbacks: Sequence[Callback] = (),
    device: str | None = None,
    resume: str | os.PathLike | None = None,
) -> History:
    """Train a network, in place.

    The same seed, data and number of threads give bit-identical weights on the same CPU. Ctrl-C (or stopping a
    notebook cell) ends the training cleanly: the model keeps what it learned so far.

    Args:
        model: any module that takes standardized images `(batch, 1, 28, 28)` and returns logits `(batch, 10)`.
        train: the training digits.
        recipe: a `Recipe`, or the name of one.
        validation: digits to measure on after every epoch; by default `recipe.validation` of the training digits are
            held out for it.
        callbacks: called in order, see `Callback`.
        device: "cpu", "cuda" or "mps"; by default the fastest there is.
        resume: a checkpoint file, to go on from where it was written.

    Returns:
        The history; `history.stopped` says why, if training ended before the last epoch.

    Raises:
        DivergedError: if the loss is no longer finite, and the model then has the weights of the last good epoch; or if
            it ended far above that of blind guessing, with most of the training images misread.
        TenfoldError: if the recipe does not fit the data, or there is no such device.
    """
    recipe = recipes.load(recipe) if isinstance(recipe, str) else recipe
    train, validation = hold_out(train, recipe, validation)
    if len(train) < 2:
        raise TenfoldError("training needs at least 2 images")
    if isinstance(model, Network):
        model.thresholds = None  # what was calibrated for other weights
    started = time.perf_counter()
    training = Training(model, train, validation, recipe, choose_device(device))
    setup_seconds = time.perf_counter() - started
    try:
        if resume is not None:
            load_checkpoint(resume, training)
        for callback in callbacks:
            callback.on_train_begin(training)
        for epoch in range(len(training.history) + 1, math.ceil(training.steps / training.steps_per_epoch) + 1):
            last_good = copy.deepcopy(training.model.state_dict())
            try:
                row = train_epoch(training, epoch, callbacks)
                validated = validate(training)
            except DivergedError as error:
                training.model.load_state_dict(last_good)
                training.stop(f"diverged in epoch {epoch}")
                training.history.diverged = True
                error.history = training.history
                raise
            row["seconds"] += setup_seconds if epoch == 1 else 0.0
            training.history.append(epoch, **row, **validated)
            for callback in callbacks:
                callback.on_epoch_end(training)
            if training.history.stopped:
                break
        _check_end(training.history)
    except KeyboardInterrupt:
        training.stop(f"interrupted in epoch {len(training.history) + 1}")
        training.history.interrupted = True
    finally:
        release_cuda_graph(model)
        for callback in callbacks:
            callback.on_train_end(training)
    return training.history


def _check_end(history: History) -> None:
    """Refuse a training that ended far from anything.

    A loss above that of blind guessing alone is no divergence: softmax regression at a high learning rate is merely far
    too sure of itself, and a temperature mends that. Neither is a low accuracy, which may be one of too few steps: but
    then the loss is near that of fresh weights. No training that learns anything ends with both.
    """
    loss, accuracy = history["loss"][-1] or 0.0, history["accuracy"][-1] or 0.0
    if loss > BLOWN_UP and accuracy < 0.5:
        error = DivergedError(
            f"it ended at a loss of {loss:.3g}, where blind guessing has {CHANCE_LOSS:.2f}, and an accuracy of "
            f"{accuracy:.0%}"
        )
        error.history = history
        raise error


def _not_finite(where: str, rate: float) -> DivergedError:
    return DivergedError(
        f"the loss is not finite at {where}, with learning rate {rate:.3g}; the weights from before this epoch are kept"
    )


def hold_out(train: Digits, recipe: Recipe, validation: Digits | None = None) -> tuple[Digits, Digits | None]:
    """Divide training digits as a recipe wants; what is divided already stays as it is.

    Where the recipe would take more than half of the digits for validation, it gets a sixth, with a warning: recipes
    are made for MNIST's 60,000, and people bring some hundreds.

    Returns:
        The digits to train on, and those to validate on, if any.

    Raises:
        TenfoldError: if there are not enough.
    """
    if validation is None and recipe.validation > 0:
        count = recipe.validation
        if count > len(train) // 2:
            count = max(1, len(train) // 6)
            warn(
                f"{train.source}: {len(train):,} images are too few to hold out {recipe.validation:,} of them for "
                f"validation; {count:,} are held out instead"
            )
        train, validation = split(train, count)
    if recipe.train_images > len(train):
        raise TenfoldError(f"train_images = {recipe.train_images}: there are only {len(train)} to train on")
    return subset(train, recipe.train_images) if recipe.train_images else train, validation


def train_epoch(training: Training, epoch: int, callbacks: Sequence[Callback]) -> dict[str, float]:
    """Show every training image once, in random order, and update the weights after each batch.

    The last epoch of a recipe with a fraction of one ends early.
    """
    started = time.perf_counter()
    # every epoch has its own random stream, so that a resumed run draws the same numbers as an uninterrupted one
    torch.manual_seed(training.recipe.seed * 1_000_003 + epoch)
    order = torch.randperm(len(training.labels)).to(training.device)
    first_step = (epoch - 1) * training.steps_per_epoch
    steps = min(training.steps_per_epoch, training.steps - first_step)
    losses = torch.empty(steps, device=training.device)
    correct = torch.zeros((), dtype=torch.int64, device=training.device)
    training.model.train()
    for step, batch in enumerate(order[: steps * training.batch_size].split(training.batch_size)):
        scale = training.schedule(first_step + step)
        losses[step], hits = train_step(training, training.pixels[batch], training.labels[batch], scale)
        correct += hits
        for callback in callbacks:
            callback.on_step_end(training)
        if training.device.type == "cpu" and not losses[step].isfinite():
            break  # on a GPU, looking at every loss would mean waiting for it
    loss = losses[: step + 1].mean().item()
    seconds = time.perf_counter() - started
    if not math.isfinite(loss):
        step = int(torch.nonzero(~torch.isfinite(losses))[0])
        raise _not_finite(f"step {step + 1} of {steps} in epoch {epoch}", training.learning_rate(first_step + step))
    accuracy = correct.item() / (steps * training.batch_size)
    rate = training.learning_rate(first_step + step)
    return {"loss": loss, "accuracy": accuracy, "learning_rate": rate, "seconds": seconds}


def train_step(
    training: Training,
    pixels: UInt8[Tensor, "batch 1 28 28"],
    labels: Int64[Tensor, " batch"],
    scale: float,
) -> tuple[Float[Tensor, ""], Int64[Tensor, ""]]:
    """One step of gradient descent on one batch.

    Args:
        training: model, optimizers and recipe.
        pixels: the images.
        labels: their digits.
        scale: the learning rate as a fraction of its peak.

    Returns:
        The cross-entropy of the batch before the update, without label smoothing, and how many were right.
    """
    recipe = training.recipe
    inputs = preprocess.normalize(preprocess.astype(pixels))  # (batch, 1, 28, 28) from 0 to 1
    inputs, labels = augment.other_forms(inputs, labels, recipe.forms)
    others = round(recipe.non_digits * len(inputs))
    unreadable = augment.non_digits(inputs[:others]) if others else None
    inputs = augment.well_cut(inputs, recipe.cuts)
    if unreadable is not None:
        inputs = torch.cat((inputs, unreadable))  # (batch + others, 1, 28, 28)
    if recipe.pen:
        inputs = augment.rewrite(inputs, recipe.pen)
    if recipe.augments:
        limits = (recipe.rotation, recipe.scale, recipe.shear, recipe.shift, recipe.elastic)
        inputs = augment.distort(inputs, *limits)
    if recipe.mixture:
        inputs = augment.mix(inputs, recipe.mixture)
    with training.precision:
        logits = training.model(preprocess.standardize(inputs))  # (batch + others, 10)
    log_probabilities, unsure = F.log_softmax(logits.float(), dim=1).split((len(labels), others))
    cross_entropy = F.nll_loss(log_probabilities, labels)
    smoothing = recipe.label_smoothing
    loss = (1 - smoothing) * cross_entropy - smoothing * log_probabilities.mean()
    if others:
        loss = loss - recipe.non_digits * unsure.mean()  # no class may be likelier than another
    training.model.zero_grad()
    loss.backward()
    for optimizer in training.optimizers:
        optimizer.step(scale)
    return cross_entropy.detach(), (log_probabilities.argmax(dim=1) == labels).sum()


def validate(training: Training) -> dict[str, float | None]:
    """Loss and accuracy on the validation digits; None where there are none."""
    if training.validation is None:
        return {"validation_loss": None, "validation_accuracy": None}
    logits = predict_logits(training.model, preprocess.to_tensor(training.validation.images))
    labels = torch.tensor(training.validation.labels, dtype=torch.int64)
    loss = F.cross_entropy(logits, labels).item()
    if not math.isfinite(loss):
        epoch = len(training.history) + 1
        last_step = min(epoch * training.steps_per_epoch, training.steps) - 1
        raise _not_finite(f"the end of epoch {epoch}", training.learning_rate(last_step))
    accuracy = (logits.argmax(dim=1) == labels).float().mean().item()
    return {"validation_loss": loss, "validation_accuracy": accuracy}
