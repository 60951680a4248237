"""The graph to export: a network from raw pixels to logits, in layers that every converter knows."""

import copy

import torch
from jaxtyping import Float, UInt8
from torch import Tensor, nn

from tenfold.base.errors import TenfoldError
from tenfold.data import SIDE
from tenfold.data.preprocess import MEAN, STD
from tenfold.networks.layers import Affine, FakeQuantizedConv2d, FakeQuantizedLinear, round_to_int8


class FromPixels(nn.Module):
    """A network preceded by the normalization.

    Attributes:
        normalize: `preprocess.to_tensor` in one step, from pixels of 0 to 255 to standardized ones.
        network: a copy for inference, with fake-quantized weights rounded once and for all.
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.normalize = Affine(1 / (255 * STD), -MEAN / STD)
        self.network = _rounded(copy.deepcopy(network)).eval()
        # the LiteRT converter confuses the axes of a sum in a channels-last network
        self.eval().to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]

    def forward(self, images: UInt8[Tensor, "n rows columns"]) -> dict[str, Float[Tensor, "n ..."]]:
        """Turn raw pixels into logits; the file's output gets the key as its name."""
        return {"logits": self.network(self.normalize(images.unsqueeze(1).to(torch.float32)))}


class LinesFromPixels(FromPixels):
    """A network that reads text lines, preceded by the normalization."""

    def forward(self, images: UInt8[Tensor, "n 40 columns"]) -> dict[str, Float[Tensor, "n answers 21"]]:
        """Turn raw pixels into logits, for each text line from left to right."""
        return {"logits": super().forward(images)["logits"].transpose(1, 2)}


class InkFromPixels(nn.Module):
    """A network that finds ink, from pictures to the probability of ink.

    Attributes:
        network: a copy for inference.
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.normalize = Affine(1 / 64, -2.0)
        self.network = copy.deepcopy(network)
        self.eval().to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]

    def forward(self, images: UInt8[Tensor, "n h w 3"]) -> dict[str, Float[Tensor, "n h w"]]:
        """Turn raw pixels into the probability that each is covered by ink."""
        return {"ink": self.network(self.normalize(images.to(torch.float32).permute(0, 3, 1, 2))).sigmoid().squeeze(1)}


def multiplications(graph: FromPixels) -> int:
    """How many multiplications by a weight it takes to read an image."""
    counts = []

    def count(layer: nn.Module, _: tuple[Tensor, ...], output: Tensor) -> None:
        counts.append(output.numel() * next(layer.parameters())[0].numel())

    layers = [layer for layer in graph.network.modules() if isinstance(layer, nn.Conv2d | nn.Linear)]
    hooks = [layer.register_forward_hook(count) for layer in layers]
    with torch.inference_mode():
        graph(torch.zeros(1, SIDE, SIDE, dtype=torch.uint8))
    for hook in hooks:
        hook.remove()
    return sum(counts)


def cannot_convert(name: str, error: BaseException) -> TenfoldError:
    """The error for a network that a converter refuses; its root cause names the operation."""
    while error.__cause__ is not None:
        error = error.__cause__
    reason = str(error).strip().splitlines() or [type(error).__name__]
    return TenfoldError(f"{name}: the network cannot be converted ({reason[0][:150]})")


def _rounded(network: nn.Module) -> nn.Module:
    """Turn fake-quantized layers into plain ones with the rounded weights."""
    for layer in network.modules():
        if isinstance(layer, FakeQuantizedConv2d | FakeQuantizedLinear):
            layer.weight.data = round_to_int8(layer.weight.data)
            layer.__class__ = type(layer).__base__  # type: ignore[assignment]  # nn.Conv2d or nn.Linear
    return network
