"""Callbacks that hand the figures of every epoch to TensorBoard, Weights & Biases, or MLflow."""

import os
from dataclasses import asdict
from typing import Any

from tenfold.base.extras import needed_by
from tenfold.training.callbacks import Callback
from tenfold.training.state import Training


class TensorBoard(Callback):
    """Write the recipe and the history of a run for TensorBoard, which `tensorboard --logdir FOLDER` shows.

    Args:
        folder: where the run's files go; each run needs its own, and runs in one folder are shown together.

    Raises:
        TenfoldError: if TensorBoard is missing.
    """

    def __init__(self, folder: str | os.PathLike) -> None:
        with needed_by("this callback"):
            from torch.utils.tensorboard import SummaryWriter
        self.writer = SummaryWriter(os.fspath(folder))

    def on_train_begin(self, training: Training) -> None:
        """Write the recipe."""
        self.writer.add_text("recipe", f"```\n{training.recipe.to_toml()}\n```")

    def on_epoch_end(self, training: Training) -> None:
        """Write the figures of the epoch."""
        for name, value in _figures(training).items():
            self.writer.add_scalar(name, value, len(training.history))
        self.writer.flush()

    def on_train_end(self, training: Training) -> None:
        """Close the file."""
        self.writer.close()


class WandB(Callback):
    """Send the recipe and the history of a run to Weights & Biases.

    Args:
        options: arguments of `wandb.init`, such as `project="digits"`, or `mode="offline"` to send nothing.

    Raises:
        TenfoldError: if `wandb` is missing.
    """

    def __init__(self, **options: Any) -> None:
        with needed_by("this callback"):
            import wandb
        self.init, self.options = wandb.init, options
        self.run: Any = None

    def on_train_begin(self, training: Training) -> None:
        """Open the run, with the recipe as its configuration."""
        self.run = self.init(config=asdict(training.recipe), **self.options)

    def on_epoch_end(self, training: Training) -> None:
        """Send the figures of the epoch."""
        self.run.log({"epoch": len(training.history), **_figures(training)})

    def on_train_end(self, training: Training) -> None:
        """Close the run; one that diverged counts as failed."""
        if self.run is not None:  # it is None if another callback stopped the training before it began
            self.run.finish(exit_code=int(training.history.diverged))


class MLflow(Callback):
    """Log the recipe and the history of a run to MLflow.

    Args:
        options: arguments of `mlflow.start_run`, such as `run_name="digits"`. As always, `mlflow.set_tracking_uri` says
            where runs go, and `mlflow.set_experiment` to which experiment.

    Raises:
        TenfoldError: if MLflow is missing.
    """

    def __init__(self, **options: Any) -> None:
        with needed_by("this callback"):
            import mlflow
        self.mlflow, self.options = mlflow, options
        self.run: Any = None

    def on_train_begin(self, training: Training) -> None:
        """Open the run, with the recipe as its parameters."""
        self.run = self.mlflow.start_run(**self.options)
        self.mlflow.log_params(asdict(training.recipe))

    def on_epoch_end(self, training: Training) -> None:
        """Log the figures of the epoch."""
        self.mlflow.log_metrics(_figures(training), step=len(training.history))

    def on_train_end(self, training: Training) -> None:
        """Close the run; one that diverged counts as failed."""
        if self.run is not None:  # it is None if another callback stopped the training before it began
            self.mlflow.end_run("FAILED" if training.history.diverged else "FINISHED")


def _figures(training: Training) -> dict[str, float]:
    """The last row of the history, without the epoch and what has no value."""
    return {name: value for name, value in training.history.rows[-1].items() if name != "epoch" and value is not None}
