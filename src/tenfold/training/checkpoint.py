"""Checkpoints: everything that a training run needs to continue as if it had never stopped."""

import os

from torch import Tensor

from tenfold.base.errors import TenfoldError
from tenfold.networks.storage import read_tensors, write_tensors
from tenfold.training.callbacks import Callback
from tenfold.training.history import History
from tenfold.training.state import Training


class Checkpoint(Callback):
    """Write a checkpoint before the first epoch and after every epoch, for `fit(resume=path)`.

    It holds the weights, the optimizers' state, the images' losses if the recipe chooses by them, and the history.
    Random streams need not be stored: every epoch starts its own from the seed.

    Args:
        path: the safetensors file; each checkpoint replaces the one before.
    """

    def __init__(self, path: str | os.PathLike) -> None:
        self.path = path

    def on_train_begin(self, training: Training) -> None:
        """Write the initial weights, so that an interrupted first epoch can be repeated."""
        self._write(training)

    def on_epoch_end(self, training: Training) -> None:
        """Write the current state."""
        self._write(training)

    def _write(self, training: Training) -> None:
        write_tensors(self.path, _tensors(training), {"history": training.history.to_csv()})


def load_checkpoint(path: str | os.PathLike, training: Training) -> None:
    """Put a training run into the state stored in a checkpoint.

    Args:
        path: the file that `Checkpoint` wrote.
        training: a run with the same recipe that has not begun.

    Raises:
        TenfoldError: if the file is missing, damaged, or from another network or optimizer.
        OSError: if the file cannot be read.
    """
    stored, metadata = read_tensors(path)
    current = _tensors(training)
    if "history" not in metadata or {k: t.shape for k, t in stored.items()} != {k: t.shape for k, t in current.items()}:
        raise TenfoldError(f"{path}: does not fit this network and optimizer; resume with the run's own recipe")
    for name, tensor in current.items():
        tensor.copy_(stored[name])
    training.history = History.from_csv(metadata["history"].splitlines(), str(path))
    for optimizer in training.optimizers:
        optimizer.steps = len(training.history) * training.task.steps_per_epoch


def _tensors(training: Training) -> dict[str, Tensor]:
    """Every tensor that training changes, by name; the tensors themselves, not copies."""
    tensors = {f"model/{name}": tensor for name, tensor in training.model.state_dict().items()}
    for number, optimizer in enumerate(training.optimizers):
        for index, moments in enumerate(optimizer.moments):
            tensors |= {f"optimizer/{number}/{index}/{name}": tensor for name, tensor in moments.items()}
    return tensors if training.task.losses is None else tensors | {"task/losses": training.task.losses}
