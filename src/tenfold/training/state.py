"""A training run in progress, as the loop, its callbacks and checkpoints see it."""

import torch
from torch import nn

from tenfold.base.errors import TenfoldError
from tenfold.networks import Network
from tenfold.networks.layers import FakeQuantizedConv2d
from tenfold.recipes import Recipe
from tenfold.training.devices import autocast, capture_cuda_graph
from tenfold.training.history import History
from tenfold.training.optimization import make_optimizers, schedule
from tenfold.training.tasks import Task


class DivergedError(TenfoldError):
    """The loss became infinite or not a number, or ended far above that of blind guessing.

    Args:
        what: what happened, and where.
        training: the run, whose recipe says which learning rates to lower.

    Attributes:
        history: the epochs so far, for `tenfold.evaluation.diagnose`.
    """

    def __init__(self, what: str, training: "Training") -> None:
        rates = [f"{optimizer.setting} (it is {optimizer.peak_lr:g})" for optimizer in reversed(training.optimizers)]
        super().__init__(f"training diverged: {what}; try a lower {' or '.join(rates)}")
        self.history = training.history


class Training:
    """A training run in progress.

    Args:
        model: the network.
        task: what it learns.
        recipe: how it learns.
        device: where it trains.

    Attributes:
        model: the network, on `device`.
        optimizers: each updates its own part of the weights.
        task: what the network learns: the batches, the loss, the validation examples.
        recipe: how it learns.
        history: a row for every finished epoch.
        device: where it trains.
        steps: the number of weight updates in all epochs.
        precision: the context in which the model runs a step.
    """

    def __init__(self, model: nn.Module, task: Task, recipe: Recipe, device: torch.device) -> None:
        self.model = model.to(device)
        if device.type == "cuda":
            # the layout of tensor cores, which compute in bfloat16; PyTorch's annotations leave the argument out
            self.model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.optimizers = make_optimizers(self.model, recipe)
        self.task = task
        self.recipe = recipe
        self.history = History()
        self.device = device
        self.precision = autocast(device, recipe.precision)
        self.steps = max(1, round(recipe.epochs * task.steps_per_epoch))
        if device.type == "cuda" and task.input_shape and _is_capturable(model):
            capture_cuda_graph(model, task.input_shape, self.precision)

    def schedule(self, step: int) -> float:
        """The learning rate of a step, counted from 0 over all epochs, as a fraction of its peak."""
        return schedule(self.recipe, (step + 0.5) / self.steps)

    def learning_rate(self, step: int) -> float:
        """The learning rate of a step; with Muon, that of the filters, which are most of the weights."""
        return self.schedule(step) * self.optimizers[0].peak_lr

    def stop(self, reason: str) -> None:
        """End the training after the current epoch."""
        self.history.stopped = reason


def _is_capturable(model: nn.Module) -> bool:
    """Whether a CUDA graph can hold the model: unknown modules may depend on values, and rounding weights does."""
    return isinstance(model, Network) and not any(isinstance(layer, FakeQuantizedConv2d) for layer in model.modules())
