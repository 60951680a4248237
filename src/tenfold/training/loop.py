"""The training loop: the only place that updates weights."""

import copy
import math
import os
import random
import time
import warnings
from collections.abc import Sequence
from itertools import islice
from numbers import Integral, Real
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn

from tenfold import recipes
from tenfold.base.errors import TenfoldError, TenfoldWarning, require_type
from tenfold.base.form import DIGITS
from tenfold.data import Digits, split, subset, to_digits
from tenfold.networks import Network
from tenfold.recipes import Recipe
from tenfold.training.adversarial import harden
from tenfold.training.callbacks import Callback
from tenfold.training.checkpoint import load_checkpoint
from tenfold.training.devices import choose_device, release_cuda_graph
from tenfold.training.history import History
from tenfold.training.state import DivergedError, Training
from tenfold.training.tasks import SingleDigits

MNIST = 60_000  # training images, for which recipes are made


def seed_everything(seed: int) -> None:
    """Start the random streams of Python, NumPy, and PyTorch (on every device) from `seed`.

    Example:
        >>> import tenfold, torch
        >>> tenfold.seed_everything(0)
        >>> first = torch.rand(3)
        >>> tenfold.seed_everything(0)
        >>> torch.equal(torch.rand(3), first)
        True
    """
    require_type(seed, Integral, "a seed is an integer")
    random.seed(int(seed))
    np.random.seed(seed % 2**32)  # noqa: NPY002  # libraries still draw from the global generator
    torch.manual_seed(seed)


def fit(
    model: nn.Module,
    train: Any,
    recipe: Recipe | str = "standard",
    *,
    validation: Any = None,
    callbacks: Sequence[Callback] = (),
    device: str | None = None,
    resume: str | os.PathLike | None = None,
) -> History:
    """Train a network, in place.

    The same seed, data, and number of threads give bit-identical weights on the same CPU. Ctrl-C (or stopping a
    notebook cell) ends the training cleanly: the model keeps what it has learned so far.

    Args:
        model: any module that takes standardized images `(batch, 1, 28, 28)` and returns logits `(batch, 10)`, or one
            for each of the classes that the training data have instead of digits.
        train: the training digits: `Digits`, a pair of images and labels (arrays or tensors), or a map-style data set
            of such pairs, such as torchvision's; see `tenfold.data.to_digits`.
        recipe: a `Recipe`, or the name of one.
        validation: digits of any such kind to validate on after every epoch; by default, `recipe.validation` of the
            training digits are held out.
        callbacks: called in order, see `Callback`.
        device: "cpu", "cuda" or "mps"; by default the fastest available.
        resume: a checkpoint file from which to continue.

    Returns:
        The history; if training ended before the last epoch, `history.stopped` says why.

    Raises:
        DivergedError: if the loss is no longer finite; the model then has the weights of the last good epoch. Or if the
            loss ends far above that of blind guessing, with most of the training images misread.
        TenfoldError: if the recipe or the network does not fit the data, or there is no such device.

    Example:
        >>> import tenfold
        >>> from tenfold import recipes
        >>> train, test = tenfold.load()
        >>> recipe = recipes.load("quick", {"epochs": 2, "batch_size": 50, "validation": 100})
        >>> history = tenfold.fit(tenfold.build("cnn", width=8), train[:500], recipe)
        >>> history["epoch"]
        [1, 2]
    """
    require_type(model, nn.Module, "fit needs a network, such as tenfold.build() makes")
    train = to_digits(train)
    recipe = recipes.load(recipe) if isinstance(recipe, str) else recipe
    require_type(recipe, Recipe, "a recipe is a name or what tenfold.recipes.load() returns")
    if train.classes != DIGITS and (recipe.augment.letterforms or recipe.augment.negatives):
        raise TenfoldError(
            f"recipe {recipe.name!r}: augment.letterforms and augment.negatives are for digits; set them to 0.0 for "
            f"the classes of {train.source}, or take another recipe"
        )
    if isinstance(model, Network) and len(model.classes) != len(train.classes):
        raise TenfoldError(
            f"this network tells {len(model.classes)} classes apart, and {train.source} has {len(train.classes)}; "
            "build it with classes=train.classes"
        )
    if validation is not None:
        if isinstance(validation, Real):
            raise TenfoldError("validation is for digits; how many images to hold out is set in the recipe")
        validation = to_digits(validation, classes=train.classes)
    train, validation = hold_out(train, recipe, validation)
    if len(train) < 2:
        raise TenfoldError("training needs at least 2 images")
    if missing := np.flatnonzero(train.counts() == 0).tolist():
        names = ", ".join(train.classes[label] for label in missing)
        warnings.warn(
            f"{train.source}: no images of {names}, so the network cannot learn to read them",
            TenfoldWarning,
            stacklevel=2,
        )
    if isinstance(model, Network):
        model.classes = train.classes
        model.thresholds = None  # they were calibrated for other weights
    started = time.perf_counter()
    chosen = choose_device(device)
    training = Training(model, SingleDigits(train, validation, recipe, chosen, model), recipe, chosen)
    return run(training, callbacks, resume, time.perf_counter() - started)


def run(
    training: Training,
    callbacks: Sequence[Callback] = (),
    resume: str | os.PathLike | None = None,
    setup_seconds: float = 0.0,
) -> History:
    """Train to the last epoch, whatever the task.

    Args:
        training: a run that has not begun.
        callbacks: called in order, see `Callback`.
        resume: a checkpoint file from which to continue.
        setup_seconds: time already spent on preparations, added to that of the first epoch.

    Returns:
        The history; if training ended before the last epoch, `history.stopped` says why.

    Raises:
        DivergedError: if the loss is no longer finite; the model then has the weights of the last good epoch. Or if the
            loss ends far above that of blind guessing, with most of the training examples misread.
        TenfoldError: if the checkpoint is missing, damaged, or from another network or optimizer.
    """
    steps_per_epoch = training.task.steps_per_epoch
    try:
        if resume is not None:
            load_checkpoint(resume, training)
        for callback in callbacks:
            callback.on_train_begin(training)
        for epoch in range(len(training.history) + 1, math.ceil(training.steps / steps_per_epoch) + 1):
            last_good = copy.deepcopy(training.model.state_dict())
            try:
                row = train_epoch(training, epoch, callbacks)
                validated = validate(training)
            except DivergedError:
                training.model.load_state_dict(last_good)
                training.stop(f"diverged in epoch {epoch}")
                training.history.diverged = True
                raise
            row["seconds"] += setup_seconds if epoch == 1 else 0.0
            training.history.append(epoch, **row, **validated)
            for callback in callbacks:
                callback.on_epoch_end(training)
            if training.history.stopped:
                break
        _check_end(training)
    except KeyboardInterrupt:
        training.stop(f"interrupted in epoch {len(training.history) + 1}")
        training.history.interrupted = True
    finally:
        release_cuda_graph(training.model)
        for callback in callbacks:
            callback.on_train_end(training)
    return training.history


def _check_end(training: Training) -> None:
    """Raise DivergedError if training ended with both a high loss and a low accuracy.

    A loss above that of blind guessing is not enough: softmax regression at a high learning rate is merely far too
    confident, which a temperature mends. Neither is a low accuracy, which may come from too few steps; but then the
    loss is near that of fresh weights. No training that learns anything ends with both.
    """
    history, chance = training.history, training.task.chance_loss
    loss, accuracy = history["loss"][-1] or 0.0, history["accuracy"][-1] or 0.0
    if chance is not None and loss > 2 * chance and accuracy < 0.5:
        raise DivergedError(
            f"it ended at a loss of {loss:.3g}, where blind guessing has {chance:.2f}, and an accuracy of "
            f"{accuracy:.0%}",
            training,
        )


def _not_finite(where: str, training: Training) -> DivergedError:
    return DivergedError(f"the loss is not finite at {where}; the weights from before this epoch are kept", training)


def hold_out(train: Digits, recipe: Recipe, validation: Digits | None = None) -> tuple[Digits, Digits | None]:
    """Split training digits as a recipe asks; digits that come with a validation set are not split again.

    If the recipe would take more than half of the digits for validation, it gets a sixth, with a warning: recipes are
    made for MNIST's 60,000 images, and people may bring a few hundred. A recipe that would take more than half of
    MNIST's is refused.

    Args:
        train: the training digits.
        recipe: gives `validation`, `train_images`, and `labels`.
        validation: digits to validate on, if they are already split.

    Returns:
        The digits to train on, and those to validate on, if any.

    Raises:
        TenfoldError: if there are fewer digits than the recipe's `train_images`, or `validation` asks for too many,
            or there are fewer `labels` than classes, or more than digits.
    """
    if validation is None and recipe.validation > 0:
        count = recipe.validation
        if count > len(train) // 2:
            if count > MNIST // 2:
                raise TenfoldError(
                    f"validation = {count}: leaves too few of {len(train)} images to train on; choose at most "
                    f"{len(train) // 2}"
                )
            count = max(1, len(train) // 6)
            warnings.warn(
                f"{train.source}: {len(train):,} images are too few to hold out {recipe.validation:,} of them for "
                f"validation; {count:,} are held out instead",
                TenfoldWarning,
                stacklevel=2,
            )
        train, validation = split(train, count)
    if recipe.train_images > len(train):
        raise TenfoldError(
            f"train_images = {recipe.train_images}: only {len(train)} are left to train on; choose fewer"
        )
    train = subset(train, recipe.train_images) if recipe.train_images else train
    if recipe.labels and not len(train.classes) <= recipe.labels <= len(train):
        raise TenfoldError(
            f"labels = {recipe.labels}: choose {len(train.classes)}, one of every class, to {len(train)}, or 0 for all"
        )
    return train, validation


def train_epoch(training: Training, epoch: int, callbacks: Sequence[Callback]) -> dict[str, float]:
    """Show every training example once, in random order, and update the weights after each batch.

    If the recipe asks for a fraction of an epoch, the last epoch ends early.

    Args:
        training: the run in progress.
        epoch: the number of the epoch, from 1.
        callbacks: called after every step.

    Returns:
        `loss` in nats, `accuracy` as a fraction, `learning_rate` of the last step, and `seconds`.

    Raises:
        DivergedError: if the loss is no longer finite.
    """
    started = time.perf_counter()
    # every epoch has its own random stream, so that a resumed run draws the same numbers as an uninterrupted one
    torch.manual_seed(training.recipe.seed * 1_000_003 + epoch)
    first_step = (epoch - 1) * training.task.steps_per_epoch
    steps = min(training.task.steps_per_epoch, training.steps - first_step)
    losses = torch.empty(steps, device=training.device)
    correct = torch.zeros((), dtype=torch.int64, device=training.device)
    training.model.train()
    for step, batch in enumerate(islice(training.task.batches(), steps)):
        losses[step], hits = train_step(training, batch, training.schedule(first_step + step))
        correct += hits
        for callback in callbacks:
            callback.on_step_end(training)
        if training.device.type == "cpu" and not losses[step].isfinite():
            break  # on a GPU, checking every loss would mean waiting for it
    loss = losses[: step + 1].mean().item()
    seconds = time.perf_counter() - started
    if not math.isfinite(loss):
        step = int(torch.nonzero(~torch.isfinite(losses))[0])
        raise _not_finite(f"step {step + 1} of {steps} in epoch {epoch}", training)
    accuracy = correct.item() / (steps * training.task.batch_size)
    rate = training.learning_rate(first_step + step)
    return {"loss": loss, "accuracy": accuracy, "learning_rate": rate, "seconds": seconds}


def train_step(training: Training, batch: Any, scale: float) -> tuple[Float[Tensor, ""], Int64[Tensor, ""]]:
    """One step of gradient descent on one batch.

    Args:
        training: model, task, and optimizers.
        batch: a batch from the task.
        scale: the learning rate as a fraction of its peak.

    Returns:
        The loss of the batch before the update, without regularization, and how many of its examples were right.
    """
    inputs, targets = training.task.augment(batch)
    inputs = inputs.to(training.device)  # lines and scenes are varied on the CPU
    attack = training.recipe.attack
    if attack.epsilon:
        epsilon = attack.epsilon * min(1, (len(training.history) + 1) / attack.ramp)
        with training.precision:
            inputs = harden(training.model, inputs, targets, epsilon, attack.steps)
    with training.precision:
        logits = training.model(inputs)
    loss, plain, correct = training.task.loss(logits.float(), targets)
    training.model.zero_grad()
    loss.backward()
    for optimizer in training.optimizers:
        optimizer.step(scale)
    return plain.detach(), correct


def validate(training: Training) -> dict[str, float | None]:
    """Loss and accuracy on the held-out examples; None if there are none.

    Raises:
        DivergedError: if the loss is not finite.
    """
    if not training.task.has_validation:
        return {"validation_loss": None, "validation_accuracy": None}
    loss, accuracy = training.task.validate(training.model)
    if not math.isfinite(loss):
        raise _not_finite(f"the end of epoch {len(training.history) + 1}", training)
    return {"validation_loss": loss, "validation_accuracy": accuracy}
