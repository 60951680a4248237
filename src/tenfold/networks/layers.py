"""The building blocks of the networks that PyTorch does not have."""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated

import torch
import torch.nn.functional as F
from jaxtyping import Float
from pydantic import Field
from torch import Tensor, nn

Size = int | tuple[int, int]  # one for both rows and columns, or one for each
# a thousand channels make a hundred million weights in the largest network, and take gigabytes to train
Channels = Annotated[int, Field(ge=1, le=1024)]


def block(
    channels_in: int, channels: int, kernel: Size = 3, stride: int = 1, padding: Size = 0, pool: bool = False
) -> list[nn.Module]:
    """A convolution, optional pooling, BatchNorm and ReLU: the block of the convolutional networks.

    Args:
        channels_in: channels of the input.
        channels: channels of the output.
        kernel: the side of the filters, or height and width.
        stride: the step between positions, in pixels.
        padding: zeros added on each side of the input.
        pool: whether to add 2x2 max pooling.
    """
    return [
        # BatchNorm subtracts the mean, so a bias before it would have no effect
        nn.Conv2d(channels_in, channels, kernel, stride, padding, bias=False),
        *([nn.MaxPool2d(2)] if pool else []),
        nn.BatchNorm2d(channels),
        nn.ReLU(),
    ]


def separable(channels_in: int, channels: int, padding: int = 0, pool: bool = False) -> list[nn.Module]:
    """A block with fake-quantized weights and a convolution in two parts: 3x3 within each channel, then 1x1 across all.

    Args:
        channels_in: channels of the input.
        channels: channels of the output.
        padding: zeros added on each side of the input.
        pool: whether to add 2x2 max pooling.

    Source: A. Howard et al., "MobileNets", 2017, section 3.1, where BatchNorm and ReLU also stand between the two.
    """
    return [
        FakeQuantizedConv2d(channels_in, channels_in, 3, padding=padding, groups=channels_in, bias=False),
        FakeQuantizedConv2d(channels_in, channels, 1, bias=False),
        *([nn.MaxPool2d(2)] if pool else []),
        nn.BatchNorm2d(channels),
        nn.ReLU(),
    ]


def in_integers(layers: Sequence[nn.Module]) -> list[nn.Module]:
    """The same layers with values of 8 bits between them, and without the parameters that these make superfluous.

    Filters within a channel scale it themselves, so a BatchNorm before them needs no scale of its own.
    """
    for norm in (layer for layer in layers if isinstance(layer, nn.BatchNorm2d) and layer.affine):
        del norm.weight  # None would do on a processor; on a GPU, PyTorch then computes no gradient for the bias
        norm.register_buffer("weight", torch.ones(norm.num_features), persistent=False)
    return [FakeQuantizedReLU() if isinstance(layer, nn.ReLU) else layer for layer in layers]


class UNet(nn.Module):
    """Halve the resolution step by step, then restore it, each time together with what was seen at that resolution.

    Args:
        channels: of the input.
        widths: channels at each resolution, the full one first.

    Source: O. Ronneberger et al., "U-Net: Convolutional Networks for Biomedical Image Segmentation", MICCAI 2015.
    """

    def __init__(self, channels: int, widths: Sequence[int]) -> None:
        super().__init__()
        self.down = nn.ModuleList(
            nn.Sequential(*block(before, width, padding=1), *block(width, width, padding=1))
            for before, width in pairwise((channels, *widths))
        )
        self.up = nn.ModuleList(
            nn.Sequential(*block(coarse + fine, fine, padding=1), *block(fine, fine, padding=1))
            for coarse, fine in pairwise(widths[::-1])
        )

    def forward(self, x: Float[Tensor, "batch channels h w"]) -> Float[Tensor, "batch width h w"]:
        """Height and width must be multiples of 2 to the power of the number of times that they are halved."""
        seen = [self.down[0](x)]
        for step in self.down[1:]:
            seen.append(step(F.max_pool2d(seen[-1], 2)))
        x = seen.pop()
        for step in self.up:
            x = step(torch.cat((F.interpolate(x, scale_factor=2.0), seen.pop()), dim=1))
        return x


class Affine(nn.Module):
    """Multiply by one number and add another, both fixed."""

    def __init__(self, factor: float, offset: float) -> None:
        super().__init__()
        self.factor, self.offset = factor, offset

    def forward(self, x: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
        """Multiply and add."""
        return self.factor * x + self.offset


class Residual(nn.Module):
    """Two convolutions whose output is added to their input.

    Args:
        channels: of input and output alike.

    Source: K. He et al., "Deep Residual Learning for Image Recognition", CVPR 2016, figure 2.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.residual = nn.Sequential(
            *block(channels, channels, padding=1),
            nn.Conv2d(channels, channels, 3, padding=1, bias=False),
            nn.BatchNorm2d(channels),
        )

    def forward(self, x: Float[Tensor, "batch channels height width"]) -> Float[Tensor, "batch channels height width"]:
        """Add the residual, then ReLU."""
        return F.relu(x + self.residual(x))


class ShiftTTA(nn.Sequential):
    """Layers with test-time augmentation: the image, and the image shifted by one pixel in each of four directions.

    In evaluation, the logits are the logarithms of the mean of the five probabilities. A network with strides and
    pooling answers a little differently after a shift, and the mean is right more often than the answer to the image
    alone. In training, the layers see each image once.

    Source: averaging over translated copies from A. Krizhevsky et al., "ImageNet Classification with Deep
    Convolutional Neural Networks", NeurIPS 2012, section 4.1.
    """

    SHIFTS = ((1, 1), (0, 1), (2, 1), (1, 0), (1, 2))  # the first row and column to keep, of an image padded by one

    def forward(self, x: Float[Tensor, "batch 1 height width"]) -> Float[Tensor, "batch classes"]:
        """Run once in training, on five shifts in evaluation."""
        if self.training:
            return super().forward(x)
        height, width = x.shape[2:]
        padded = F.pad(x, (1, 1, 1, 1), mode="replicate")
        views = torch.cat([padded[:, :, row : row + height, column : column + width] for row, column in self.SHIFTS])
        return self.mean(super().forward(views).unflatten(0, (len(self.SHIFTS), -1)))

    def mean(self, logits: Float[Tensor, "5 batch classes"]) -> Float[Tensor, "batch classes"]:
        """The logarithms of the mean probabilities."""
        return logits.log_softmax(dim=2).logsumexp(dim=0) - math.log(len(self.SHIFTS))


class ShiftMean(ShiftTTA):
    """Layers with test-time augmentation like `ShiftTTA`, but with the mean of the logits, which integers can hold."""

    def mean(self, logits: Float[Tensor, "5 batch classes"]) -> Float[Tensor, "batch classes"]:
        """The mean logits."""
        return logits.mean(dim=0)


class FakeQuantizedConv2d(nn.Conv2d):
    """A convolution with fake quantization: computes with weights rounded to 8 bits, learns as if they were not."""

    def forward(self, input: Float[Tensor, "batch channels_in h w"]) -> Float[Tensor, "batch channels h2 w2"]:  # noqa: A002
        """Convolve with the rounded weights."""
        return self._conv_forward(input, round_to_int8(self.weight), self.bias)


class FakeQuantizedLinear(nn.Linear):
    """A linear layer with fake quantization: computes with weights rounded to 8 bits, learns as if they were not."""

    def forward(self, input: Float[Tensor, "batch features_in"]) -> Float[Tensor, "batch features"]:  # noqa: A002
        """Multiply by the rounded weights."""
        return F.linear(input, round_to_int8(self.weight), self.bias)


class FakeQuantizedReLU(nn.Module):
    """ReLU with fake quantization: rounds to 8 bits, and learns as if it only cut off what is negative or too high.

    Attributes:
        step: the distance between two values, of which there are 256. It is a power of two, so that rounding means the
            same in bfloat16.
    """

    step = 1 / 64

    def forward(self, x: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
        """Cut off and round."""
        x = F.hardtanh(x, 0.0, 255 * self.step)
        rounded = (x / self.step).round() * self.step
        return x + (rounded - x).detach() if self.training else rounded


def round_to_int8(weight: Float[Tensor, "channels ..."]) -> Float[Tensor, "channels ..."]:
    """Round weights to -127 to 127 times a step size of each output channel; gradients pass through unchanged.

    Source: B. Jacob et al., "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only
    Inference", CVPR 2018, section 3.
    """
    step = weight.detach().flatten(1).abs().amax(dim=1).clamp(min=1e-12) / 127
    zero = torch.zeros_like(step, dtype=torch.int32)
    return torch.fake_quantize_per_channel_affine(weight, step, zero, axis=0, quant_min=-127, quant_max=127)
