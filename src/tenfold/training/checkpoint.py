"""Checkpoints: everything that a training run needs to go on as if it had never stopped."""

import os
from collections.abc import Sequence
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
        for number, optimizer in enumerate(training.optimizers):
            for index, moments in optimizer.state_dict()["state"].items():
                tensors |= {f"optimizer/{number}/{index}/{name}": tensor for name, tensor in moments.items()}
        write_tensors(self.path, tensors, {"history": training.history.to_csv()})


def load_checkpoint(path: str | os.PathLike, model: nn.Module, optimizers: Sequence[torch.optim.Optimizer]) -> History:
    """Put a model and its optimizers into the state of a checkpoint.

    Args:
        path: what `Checkpoint` wrote.
        model: the network that was trained, on its device.
        optimizers: new ones of the same kinds over the model's parameters.

    Returns:
        The history up to the checkpoint.

    Raises:
        TenfoldError: if the file is missing, damaged, or of another network.
        OSError: if the file cannot be read.
    """
    tensors, metadata = read_tensors(path)
    weights: dict[str, torch.Tensor] = {}
    states: list[dict[int, dict[str, torch.Tensor]]] = [{} for _ in optimizers]
    try:
        for key, tensor in tensors.items():
            kind, _, name = key.partition("/")
            if kind == "model":
                weights[name] = tensor
            else:
                number, index, name = name.split("/")
                groups = optimizers[int(number)].param_groups
                parameter = [parameter for group in groups for parameter in group["params"]][int(index)]
                if tensor.shape == parameter.shape:
                    # fused optimizers walk through memory: moments must lie in it as their parameter does
                    tensor = torch.empty_like(parameter).copy_(tensor)
                states[int(number)].setdefault(int(index), {})[name] = tensor
        model.load_state_dict(weights)
        history = History.from_csv(metadata["history"].splitlines(), str(path))
    except (KeyError, IndexError, ValueError, RuntimeError):
        raise TenfoldError(
            f"{path}: does not fit this network and optimizer; resume with the run's own recipe"
        ) from None
    for optimizer, state in zip(optimizers, states, strict=True):
        optimizer.load_state_dict({**optimizer.state_dict(), "state": state})
    return history
