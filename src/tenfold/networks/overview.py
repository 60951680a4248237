"""A network's layers as a table."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from tenfold.base.errors import require_type


@dataclass(frozen=True)
class Layer:
    """One row of `summary`: a layer's type, its output shape without the batch, and its number of parameters."""

    layer: str
    output_shape: tuple[int, ...]
    parameters: int


class Summary(list[Layer]):
    """The rows of `summary`; `print` shows them as a table."""

    def __str__(self) -> str:
        rows = [(row.layer, str(row.output_shape), f"{row.parameters:,}") for row in self]
        rows = [("layer", "output shape", "parameters"), *rows]
        rows.append(("total", "", f"{sum(row.parameters for row in self):,}"))
        widths = [max(len(row[column]) for row in rows) for column in range(3)]
        return "\n".join(f"{a:<{widths[0]}}  {b:<{widths[1]}}  {c:>{widths[2]}}" for a, b, c in rows)


def summary(model: nn.Module) -> Summary:
    """List the layers of a network with output shapes and parameter counts.

    Args:
        model: a network for images `(batch, 1, 28, 28)`.

    Returns:
        One row for every layer that contains no other layers, in the order in which they run.

    Raises:
        TenfoldError: if it is no network.

    Example:
        >>> print(tenfold.summary(tenfold.build("softmax")))
        layer    output shape  parameters
        Flatten  (784,)                 0
        Linear   (10,)              7,850
        total                       7,850
    """
    require_type(model, nn.Module, "summary needs a network, such as tenfold.build() makes")
    rows = Summary()

    def record(layer: nn.Module, _: tuple[Tensor, ...], output: Tensor) -> None:
        count = sum(parameter.numel() for parameter in layer.parameters())
        rows.append(Layer(type(layer).__name__, tuple(output.shape[1:]), count))

    leaves = [layer for layer in model.modules() if not any(layer.children())]
    hooks = [layer.register_forward_hook(record) for layer in leaves]
    training = model.training
    try:
        device = next(model.parameters()).device
        with torch.inference_mode():
            model.eval()(torch.zeros(1, 1, 28, 28, device=device))
    finally:
        model.train(training)
        for hook in hooks:
            hook.remove()
    return rows
