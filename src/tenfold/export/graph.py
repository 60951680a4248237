"""What is exported: a network from raw pixels to logits, in layers that every converter knows."""

import copy

import torch
from jaxtyping import Float, UInt8
from torch import Tensor, nn

from tenfold.base.errors import TenfoldError
from tenfold.data.preprocess import MEAN, STD
from tenfold.networks.layers import Affine, FakeQuantizedConv2d, FakeQuantizedLinear, round_to_int8


class FromPixels(nn.Module):
    """A network with the normalization before it.

    Attributes:
        normalize: `preprocess.to_tensor` in one step, pixels from 0 to 255 to standardized ones.
        network: a copy for inference, whose 8-bit weights are rounded once and for all.
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.normalize = Affine(1 / (255 * STD), -MEAN / STD)
        self.network = _rounded(copy.deepcopy(network)).eval()
        # of a channels-last network, the LiteRT converter mixes up the axes in a sum
        self.eval().to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]

    def forward(self, images: UInt8[Tensor, "n rows columns"]) -> dict[str, Float[Tensor, "n ..."]]:
        """Read raw pixels; the name of the output becomes that in the file."""
        return {"logits": self.network(self.normalize(images.unsqueeze(1).to(torch.float32)))}


class LinesFromPixels(FromPixels):
    """Likewise the network that reads rows."""

    def forward(self, images: UInt8[Tensor, "n 40 columns"]) -> dict[str, Float[Tensor, "n answers 11"]]:
        """Read raw pixels; the answers of each row in order."""
        return {"logits": super().forward(images)["logits"].transpose(1, 2)}


def cannot_convert(name: str, error: BaseException) -> TenfoldError:
    """What to say of a network that a converter refuses; the first cause names the operation."""
    while error.__cause__ is not None:
        error = error.__cause__
    reason = str(error).strip().splitlines() or [type(error).__name__]
    return TenfoldError(f"{name}: the network cannot be converted ({reason[0][:150]})")


def _rounded(network: nn.Module) -> nn.Module:
    """Make layers that round their weights at each call plain ones with the rounded weights."""
    for layer in network.modules():
        if isinstance(layer, FakeQuantizedConv2d | FakeQuantizedLinear):
            layer.weight.data = round_to_int8(layer.weight.data)
            layer.__class__ = type(layer).__base__  # type: ignore[assignment]  # nn.Conv2d or nn.Linear
    return network
