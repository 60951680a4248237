"""Callbacks, called while a network trains. Write your own by overriding methods of `Callback`."""

import os
import time

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from tenfold.base.errors import TenfoldError
from tenfold.base.files import write_atomically
from tenfold.networks.storage import save
from tenfold.training.history import History
from tenfold.training.state import Training


class Callback:
    """Methods that `fit` calls; each does nothing unless overridden.

    Every method gets the `Training`, with its model, optimizers, recipe, history, and `stop(reason)`.
    """

    def on_train_begin(self, training: Training) -> None:
        """Before the first step."""

    def on_step_end(self, training: Training) -> None:
        """After every update of the weights."""

    def on_epoch_end(self, training: Training) -> None:
        """After every epoch, when its row is in `training.history`."""

    def on_train_end(self, training: Training) -> None:
        """After the last step, even if training was stopped, was interrupted, or diverged."""


class EarlyStopping(Callback):
    """Stop when the validation loss has not improved for several epochs.

    Args:
        patience: epochs without improvement after which to stop.
        min_delta: by how much the loss must fall to count as an improvement, in nats.

    Raises:
        TenfoldError: when training begins without validation images.
    """

    def __init__(self, patience: int = 3, min_delta: float = 0.0) -> None:
        self.patience = patience
        self.min_delta = min_delta

    def on_train_begin(self, training: Training) -> None:
        """Check that there is something to watch."""
        if not training.task.has_validation:
            raise TenfoldError("early stopping needs validation images; set the recipe's validation above 0")

    def on_epoch_end(self, training: Training) -> None:
        """Stop when the best epoch is too long ago."""
        best, best_epoch = float("inf"), 0
        for epoch, loss in enumerate(_numbers(training.history, "validation_loss"), start=1):
            if loss < best - self.min_delta:
                best, best_epoch = loss, epoch
        if len(training.history) - best_epoch >= self.patience:
            training.stop(f"validation loss has not improved since epoch {best_epoch}")


class BestCheckpoint(Callback):
    """Keep the weights of the epoch with the highest validation accuracy.

    Args:
        path: the safetensors file to write; `tenfold.restore` reads it.

    Raises:
        TenfoldError: when training begins without validation images.
    """

    def __init__(self, path: str | os.PathLike) -> None:
        self.path = path

    def on_train_begin(self, training: Training) -> None:
        """Check that there is something to compare, and that the file can be written."""
        if not training.task.has_validation:
            raise TenfoldError("the best checkpoint needs validation images; set the recipe's validation above 0")
        if not len(training.history):
            save(training.model, self.path)  # if this fails, better now than after an epoch

    def on_epoch_end(self, training: Training) -> None:
        """Save when no earlier epoch was as good."""
        *earlier, latest = _numbers(training.history, "validation_accuracy")
        if latest > max(earlier, default=-1.0):
            save(training.model, self.path)


class CSVLogger(Callback):
    """Write the history to a CSV file after every epoch.

    Args:
        path: the file; each epoch rewrites it.
    """

    def __init__(self, path: str | os.PathLike) -> None:
        self.path = path

    def on_epoch_end(self, training: Training) -> None:
        """Write all epochs so far."""
        write_atomically(self.path, training.history.to_csv())


class ProgressBar(Callback):
    """Show progress on standard error: a bar with rate and time left, and a line for every finished epoch.

    If standard error is not a terminal, only the lines are written.
    """

    REFRESH_SECONDS = 0.1

    def __init__(self) -> None:
        self.console = Console(stderr=True)
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.completed}/{task.total} steps"),
            TextColumn("{task.fields[rate]:,.0f} images/s"),
            TimeRemainingColumn(),
        )
        # refreshed by hand, because rich refreshes from a thread, which would slow the training
        self.progress = Progress(*columns, console=self.console, auto_refresh=False, transient=True)

    def on_train_begin(self, training: Training) -> None:
        """Start the bar."""
        self.epochs = f"{training.recipe.epochs:g}"
        self.first = self.steps = len(training.history) * training.task.steps_per_epoch
        self.started = self.refreshed = time.perf_counter()
        self.task = self.progress.add_task("training", total=training.steps, completed=self.steps, rate=0.0)
        if self.console.is_terminal:
            self.progress.start()

    def on_step_end(self, training: Training) -> None:
        """Move the bar, at most ten times a second."""
        self.steps += 1
        now = time.perf_counter()
        if now - self.refreshed < self.REFRESH_SECONDS or not self.console.is_terminal:
            return
        self.refreshed = now
        rate = (self.steps - self.first) * training.task.batch_size / (now - self.started)
        epoch = f"epoch {len(training.history) + 1}/{self.epochs}"
        self.progress.update(self.task, completed=self.steps, description=epoch, rate=rate, refresh=True)

    def on_epoch_end(self, training: Training) -> None:
        """Write the epoch's line."""
        row = training.history.rows[-1]
        line = f"epoch {row['epoch']:>2}/{self.epochs}  loss {row['loss']:.4f}  accuracy {row['accuracy']:.2%}"
        if row["validation_accuracy"] is not None:
            line += f"  validation loss {row['validation_loss']:.4f}  accuracy {row['validation_accuracy']:.2%}"
        self.console.print(f"{line}  {row['seconds']:.1f} s", highlight=False, soft_wrap=True)

    def on_train_end(self, training: Training) -> None:
        """Remove the bar."""
        if self.console.is_terminal:
            self.progress.stop()


def _numbers(history: History, column: str) -> list[float]:
    """A column without the epochs that have no value."""
    return [value for value in history[column] if value is not None]
