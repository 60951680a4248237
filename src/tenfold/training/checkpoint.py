"""Checkpoints: everything that a training run needs to go on as if it had never stopped."""

import os
from typing import TYPE_CHECKING

import torch
from torch import nn

from tenfold.errors import TenfoldError
from tenfold.training.callbacks import Callback
from tenfold.training.history import History
from tenfold.weights import read_tensors, write_tensors

if TYPE_CHECKING:
    from tenfold.training.loop import Training


class Checkpoint(Callback):
    """Write a checkpoint before the first epoch and after every epoch, for `fit(resume=path)`.

    It holds the weights, the optimizer's state and the history. Random streams need no place in it: every epoch starts
    its own from the seed.

    Args:
        path: the safetensors file; each checkpoint replaces the one before.
    """

    def __init__(self, path: str | os.PathLike) -> None:
        self.path = path

    def on_train_begin(self, training: "Training") -> None:
        """Write the initial weights, so that an interrupted first epoch can be repeated."""
        self._write(training)

    def on_epoch_end(self, training: "Training") -> None:
        """Write where training stands."""
        self._write(training)

    def _write(self, training: "Training") -> None:
        tensors = {f"model/{name}": tensor for name, tensor in training.model.state_dict().items()}
        for index, moments in training.optimizer.state_dict()["state"].items():
            tensors |= {f"optimizer/{index}/{name}": tensor for name, tensor in moments.items()}
        write_tensors(self.path, tensors, {"history": training.history.to_csv()})


def load_checkpoint(path: str | os.PathLike, model: nn.Module, optimizer: torch.optim.Optimizer) -> History:
    """Put a model and its optimizer into the state of a checkpoint.

    Args:
        path: what `Checkpoint` wrote.
        model: the network that was trained, on its device.
        optimizer: a new optimizer of the same kind over the model's parameters.

    Returns:
        The history up to the checkpoint.

    Raises:
        TenfoldError: if the file is missing, damaged, or of another network.
        OSError: if the file cannot be read.
    """
    tensors, metadata = read_tensors(path)
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    moments: dict[int, dict[str, torch.Tensor]] = {}
    weights = {}
    try:
        for key, tensor in tensors.items():
            kind, _, name = key.partition("/")
            if kind == "model":
                weights[name] = tensor
            else:
                index, _, name = name.partition("/")
                parameter = parameters[int(index)]
                if tensor.shape == parameter.shape:
                    # fused optimizers walk through memory: moments must lie in it as their parameter does
                    tensor = torch.empty_like(parameter).copy_(tensor)
                moments.setdefault(int(index), {})[name] = tensor
        model.load_state_dict(weights)
        history = History.from_csv(metadata["history"].splitlines(), str(path))
    except (KeyError, IndexError, ValueError, RuntimeError):
        raise TenfoldError(
            f"{path}: does not fit this network and optimizer; resume with the run's own recipe"
        ) from None
    optimizer.load_state_dict({**optimizer.state_dict(), "state": moments})
    return history
