"""The networks for microcontrollers, trained with rounded weights from the first step."""

from torch import nn

from tenfold.base.form import CLASSES
from tenfold.networks.layers import (
    Channels,
    FakeQuantizedConv2d,
    FakeQuantizedLinear,
    ShiftMean,
    in_integers,
    separable,
)


def tiny(width: Channels = 46, classes: int = CLASSES) -> list[nn.Module]:
    """For microcontrollers: few parameters, and 8-bit weights from the first training step.

    Separable convolutions, and a weighted sum over positions for each channel instead of a large linear layer, allow
    many channels with few parameters: 1,498 at width 12; at width 46, 9,936 weights.

    Args:
        width: channels of every convolution.
        classes: how many there are to tell apart.

    Sources: fake quantization from B. Jacob et al., "Quantization and Training of Neural Networks", CVPR 2018;
    separable convolutions from A. Howard et al., "MobileNets", 2017; the sum over positions from S. Chen et al.,
    "MobileFaceNets", 2018, section 3.2.
    """
    return [
        FakeQuantizedConv2d(1, width, 5, stride=2, bias=False),  # (batch, 46, 12, 12)
        nn.BatchNorm2d(width),
        nn.ReLU(),
        *separable(width, width, padding=1),  # (batch, 46, 12, 12)
        *separable(width, width, padding=1, pool=True),  # (batch, 46, 6, 6)
        *separable(width, width),  # (batch, 46, 4, 4)
        FakeQuantizedConv2d(width, width, 4, groups=width, bias=False),  # (batch, 46, 1, 1)
        nn.BatchNorm2d(width),
        nn.Flatten(),  # (batch, 46)
        FakeQuantizedLinear(width, classes),
    ]


def integer_cnn(width: Channels = 22, classes: int = CLASSES) -> list[nn.Module]:
    """For the smallest microcontrollers: it computes in integers, with few values in memory at a time.

    `tiny` with values of 8 bits between the layers from the first training step on, fewer channels where there are many
    positions, and test-time augmentation, which takes time but no memory: 744 parameters at width 4.

    Args:
        width: channels of the first convolution; the later ones have 1.5, 2.5, and 3.5 times as many.
        classes: how many there are to tell apart.

    Sources: as for `tiny`, and for the shifts as for `shift_tta_cnn`.
    """
    second, third, last = width * 3 // 2, width * 5 // 2, width * 7 // 2
    layers = [
        FakeQuantizedConv2d(1, width, 5, stride=2, bias=False),  # (batch, 22, 12, 12)
        nn.BatchNorm2d(width),
        nn.ReLU(),
        *separable(width, second, padding=1),  # (batch, 33, 12, 12)
        *separable(second, third, padding=1, pool=True),  # (batch, 55, 6, 6)
        *separable(third, last, pool=True),  # (batch, 77, 2, 2)
        FakeQuantizedConv2d(last, last, 2, groups=last, bias=False),  # (batch, 77, 1, 1)
        nn.BatchNorm2d(last, affine=False),
        nn.Flatten(),  # (batch, 77)
        FakeQuantizedLinear(last, classes),
    ]
    return [ShiftMean(*in_integers(layers))]
