"""A network in integers only, as a microcontroller computes it: the plan, and the reference that runs it in NumPy.

Weights have 8 bits, and so have the values between stages, which are never negative. Between a convolution within each
channel and the one across channels that follows, values have 16 bits.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Int, UInt8
from torch import Tensor, nn

from tenfold.base.errors import TenfoldError
from tenfold.data import CLASSES, SIDE
from tenfold.export.graph import FromPixels
from tenfold.models.base import batches
from tenfold.networks.layers import FakeQuantizedReLU, ShiftMean

ONE = 1 << 16  # a score of this stands for a logit of 1
HIGHEST = 255  # of 8 bits
SHORT, LONG = (1 << 15) - 1, (1 << 31) - 1  # the highest of 16 and of 32 bits
CENTERED: tuple[tuple[int, int], ...] = ((1, 1),)  # where the image begins in one padded by one, as in ShiftTTA


@dataclass(frozen=True)
class Filters:
    """Filters, and what becomes of their sums: `(sum * factor + (bias << up) + half) >> shift`, in 64 bits.

    Attributes:
        weights: from -127 to 127, `(channels out, rows, columns, channels in)`; with one channel in, and more of them
            in the input, each filter sees a channel of its own.
        factors: 16 bits for each channel out.
        biases: 16 bits for each channel out.
        up: by how many bits a bias is shifted.
        shift: by how many bits all is shifted back; half is half of that power of two.
    """

    weights: Int[np.ndarray, "out rows columns in"]
    factors: Int[np.ndarray, " out"]
    biases: Int[np.ndarray, " out"]
    up: int
    shift: int

    def scale(self, sums: Int[np.ndarray, "*n out"]) -> Int[np.ndarray, "*n out"]:
        """Turn sums into what the next filters see."""
        return (sums * self.factors + (self.biases << self.up) + ((1 << self.shift) >> 1)) >> self.shift


@dataclass(frozen=True)
class Stage:
    """A convolution with what surrounds it; a linear layer is one whose filters are as large as its input.

    Attributes:
        size: rows of the input, and columns.
        channels: of the input.
        stride: the step between positions.
        padding: zeros on each side of the input.
        pool: the side of the squares of positions of which only the highest sum counts; 1 if there are none.
        depthwise: filters within each channel, to 16 bits; then `dense` sees one position of what they give.
        dense: filters across all channels, to 8 bits without a sign, or to scores in the last stage.
    """

    size: int
    channels: int
    stride: int
    padding: int
    pool: int
    depthwise: Filters | None
    dense: Filters

    @property
    def kernel(self) -> int:
        """The side of the filters that see the input."""
        return (self.depthwise or self.dense).weights.shape[1]

    @property
    def positions(self) -> int:
        """Rows of sums, and columns, before pooling."""
        return (self.size + 2 * self.padding - self.kernel) // self.stride + 1


@dataclass(frozen=True)
class Plan:
    """A network in integers.

    Attributes:
        stages: in order; the last gives the scores.
        shifts: where the image begins in one padded by one, once for each pass through the stages; scores are summed.
    """

    stages: tuple[Stage, ...]
    shifts: tuple[tuple[int, int], ...]


def scores(plan: Plan, images: UInt8[np.ndarray, "n 28 28"]) -> Int[np.ndarray, "n 10"]:
    """What the C code computes, to the last bit.

    Args:
        plan: the network.
        images: uint8, 255 is ink.

    Returns:
        The scores of the ten digits: logits times 65,536.
    """
    return np.concatenate([_scores(plan, batch) for batch in batches(images)])


def _scores(plan: Plan, images: UInt8[np.ndarray, "n 28 28"]) -> Int[np.ndarray, "n 10"]:
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1)), "edge")[..., None].astype(np.int64)
    total = np.zeros((len(images), CLASSES), np.int64)
    for row, column in plan.shifts:
        x = padded[:, row : row + SIDE, column : column + SIDE]
        for stage in plan.stages:
            x = _run(stage, x, last=stage is plan.stages[-1])
        total += x.reshape(total.shape)
    return total


def _run(stage: Stage, x: Int[np.ndarray, "n h w channels"], last: bool) -> Int[np.ndarray, "n h2 w2 out"]:
    pad = (stage.padding, stage.padding)
    windows = np.lib.stride_tricks.sliding_window_view(
        np.pad(x, ((0, 0), pad, pad, (0, 0))), (stage.kernel, stage.kernel), axis=(1, 2)
    )[:, :: stage.stride, :: stage.stride]  # (n, rows, columns, channels, kernel, kernel)
    if stage.depthwise:
        sums = np.einsum("nyxcij,cij->nyxc", windows, stage.depthwise.weights[..., 0])
        windows = stage.depthwise.scale(sums).clip(-SHORT, SHORT)[..., None, None]
    # floating-point numbers of 64 bits hold such sums exactly, and are multiplied much faster
    flat = windows.reshape(*windows.shape[:3], -1).astype(np.float64)
    weights = stage.dense.weights.transpose(3, 1, 2, 0).reshape(flat.shape[-1], -1)
    sums = (flat @ weights.astype(np.float64)).astype(np.int64)
    side = stage.positions // stage.pool
    squares = sums[:, : side * stage.pool, : side * stage.pool].reshape(
        len(x), side, stage.pool, side, stage.pool, sums.shape[-1]
    )
    found = stage.dense.scale(squares.max(axis=(2, 4)))
    return found if last else found.clip(0, HIGHEST)


def plan(graph: FromPixels, calibration: UInt8[np.ndarray, "n 28 28"]) -> Plan:
    """Plan how to compute a network in integers.

    Args:
        graph: the network.
        calibration: training images, which set the range of 8 bits wherever the network was not trained with one.

    Raises:
        TenfoldError: if there is no plan for a layer, or a sum might not fit into 32 bits.
    """
    layers, shifts = list(graph.network.children()), CENTERED
    if isinstance(layers[0], ShiftMean):
        layers, shifts = list(layers[0]), ShiftMean.SHIFTS
    normalize = graph.normalize
    with torch.inference_mode():
        walk = _Walk(layers, normalize(torch.tensor(calibration, dtype=torch.float32).unsqueeze(1)))
        stages = []
        step, offset = normalize.factor, normalize.offset
        while walk.layers:
            stage, step = _stage(walk, step, offset, len(shifts) / ONE)
            stages.append(stage)
            offset = 0.0
    return Plan(tuple(stages), shifts)


class _Walk:
    """The layers that have no plan yet, and the values that go into the first of them."""

    def __init__(self, layers: list[nn.Module], x: Tensor) -> None:
        self.layers, self.x = [layer for layer in layers if not isinstance(layer, nn.Dropout)], x

    def take(self, *kinds: type[nn.Module]) -> Any:
        """Apply the next layer and return it, if it is of one of these kinds."""
        if not self.layers or not isinstance(self.layers[0], kinds):
            return None
        layer = self.layers.pop(0)
        self.x = layer(self.x)
        return layer

    def need(self, *kinds: type[nn.Module]) -> Any:
        """Apply the next layer and return it; it must be of one of these kinds."""
        if layer := self.take(*kinds):
            return layer
        found = type(self.layers[0]).__name__ if self.layers else "nothing"
        wanted = " or ".join(kind.__name__ for kind in kinds)
        raise TenfoldError(f"C: there is no code for a network that has {found} where {wanted} could be")


def _stage(walk: _Walk, step: float, offset: float, last: float) -> tuple[Stage, float]:
    """The next layers as one stage.

    Args:
        walk: the layers.
        step: the real value that 1 in the input stands for.
        offset: the real value that 0 stands for.
        last: the real value that 1 in the scores shall stand for.

    Returns:
        The stage, and the real value that 1 in its output stands for.
    """
    channels, size = walk.x.shape[1], walk.x.shape[2] if walk.x.ndim == 4 else 1
    walk.take(nn.Flatten)
    layer = first = walk.need(nn.Conv2d, nn.Linear)
    stride, padding = (first.stride[0], first.padding[0]) if isinstance(first, nn.Conv2d) else (1, 0)
    if padding and offset:
        raise TenfoldError("C: there is no code for a first convolution with padding; black is no zero there")
    highest, depthwise, side = HIGHEST, None, size
    if isinstance(first, nn.Conv2d) and first.groups > 1:
        norm = walk.take(nn.BatchNorm2d)
        sixteen = (
            2 * (float(walk.x.abs().max()) or 1.0) / SHORT
        )  # twice what these images need: there are bits to spare
        depthwise = _filters(first, norm, (1, first.kernel_size[0]), (step, offset, highest), sixteen)
        walk.take(nn.Flatten)
        layer = walk.need(nn.Conv2d, nn.Linear)
        step, offset, highest, side = sixteen, 0.0, SHORT, 1
    pool, norm = walk.take(nn.MaxPool2d), walk.take(nn.BatchNorm2d)
    out = last
    if walk.layers:
        relu = walk.need(nn.ReLU, FakeQuantizedReLU)
        out = relu.step if isinstance(relu, FakeQuantizedReLU) else (float(walk.x.max()) or 1.0) / HIGHEST
    side = layer.kernel_size[0] if isinstance(layer, nn.Conv2d) else side
    dense = _filters(layer, norm, (channels, side), (step, offset, highest), out)
    return Stage(size, channels, stride, int(padding), pool.kernel_size if pool else 1, depthwise, dense), out


def _filters(layer: Any, norm: Any, shape: tuple[int, int], given: tuple[float, float, int], out: float) -> Filters:
    """Filters in integers, with the BatchNorm behind them.

    Args:
        layer: a convolution or a linear layer.
        norm: the BatchNorm, if any.
        shape: the channels that a filter sees, and its rows.
        given: the real values that 1 and 0 in the input stand for, and the highest integer there.
        out: the real value that 1 in the output shall stand for.
    """
    step, offset, highest = given
    weight = layer.weight.detach().reshape(-1, shape[0], shape[1], shape[1]).double().numpy()
    size = np.abs(weight).max(axis=(1, 2, 3)).clip(1e-12) / 127
    integers = np.round(weight / size[:, None, None, None]).astype(np.int64)
    gain, bias = np.ones(len(weight)), _or(layer.bias, np.zeros(len(weight)))
    if norm is not None:
        mean, variance = norm.running_mean.double().numpy(), norm.running_var.double().numpy()
        gain = _or(norm.weight, gain) / np.sqrt(variance + norm.eps)
        bias = _or(norm.bias, 0.0) + gain * (bias - mean)
    bias = (bias + gain * offset * size * integers.sum(axis=(1, 2, 3))) / out
    factor = gain * size * step / out

    shift = int(np.log2(SHORT / np.abs(factor).max().clip(1e-9)))
    up = max(0, int(np.ceil(np.log2(np.abs(bias).max().clip(1e-9) * 2.0**shift / SHORT))))
    largest = np.abs(integers).sum(axis=(1, 2, 3)) * highest
    if max(largest.max(), (largest * np.abs(factor) + np.abs(bias)).max()) > LONG:
        raise TenfoldError(f"C: the sums of {layer} may need more than 32 bits; choose a narrower network")
    return Filters(
        integers.transpose(0, 2, 3, 1),
        np.round(factor * 2.0**shift).astype(np.int64),
        np.round(bias * 2.0 ** (shift - up)).astype(np.int64),
        up,
        shift,
    )


def _or(parameter: Tensor | None, default: Any) -> Any:
    """A parameter that a layer may lack."""
    return default if parameter is None else parameter.detach().double().numpy()
