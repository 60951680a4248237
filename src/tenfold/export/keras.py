"""Keras export: a model of the same layers, with the same weights."""

import math
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import UInt8
from torch import Tensor, nn

from tenfold.base.errors import TenfoldError
from tenfold.data import SIDE
from tenfold.export.graph import FromPixels
from tenfold.models import import_keras
from tenfold.networks.layers import Affine, FakeQuantizedReLU, Residual, ShiftMean, ShiftTTA

FILES = ("float32.keras", "float32.h5")
ACTIVATIONS = {nn.ReLU: "relu", nn.GELU: "gelu", nn.Sigmoid: "sigmoid", nn.Tanh: "tanh"}


def convert(graph: FromPixels, calibration: UInt8[np.ndarray, "n 28 28"]) -> tuple[bytes, ...]:
    """Build a Keras model with the same layers and the same weights.

    Args:
        graph: the network to convert.
        calibration: unused, because nothing is quantized.

    Returns:
        The contents of `FILES`, which hold only built-in Keras layers and no code.

    Raises:
        TenfoldError: if a package is missing, or Keras has no counterpart of a layer.
    """
    keras = import_keras("Keras")
    model = keras.Model(*connect(graph), name="tenfold")
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder, name) for name in FILES]
        for file in files:
            model.save(file)
        return tuple(file.read_bytes() for file in files)


def connect(graph: FromPixels) -> tuple[Any, Any]:
    """Connect Keras layers from pixels to logits; returns the input and the output."""
    from keras import Input, layers

    images = Input((SIDE, SIDE), dtype="uint8", name="images")
    pixels = layers.Reshape((SIDE, SIDE, 1))(images)  # channels come last in Keras
    return images, _apply(graph.network, _apply(graph.normalize, pixels))


def _apply(layer: nn.Module, x: Any) -> Any:
    """Apply Keras layers with the same function and weights as `layer` to `x`."""
    from keras import Input, Model, layers

    match layer:
        case ShiftTTA():
            inner = Input(x.shape[1:])
            logits = _chain(layer, inner)
            if isinstance(layer, ShiftMean):
                return layers.Average()(_shift(layer, Model(inner, logits), x))
            return _shift_tta(layer, Model(inner, layers.Activation("log_softmax")(logits)), x)
        case nn.Sequential():
            return _chain(layer, x)
        case Residual():
            return layers.ReLU()(layers.Add()([x, _apply(layer.residual, x)]))
        case Affine():
            return layers.Rescaling(layer.factor, layer.offset)(x)
        case nn.Conv2d():
            return _convolution(layer, x)
        case nn.BatchNorm2d():
            parts = {"scale": layer.weight is not None, "center": layer.bias is not None}
            batchnorm = layers.BatchNormalization(epsilon=layer.eps, **parts)
            weights = (layer.weight, layer.bias, layer.running_mean, layer.running_var)
            return _with_weights(batchnorm, x, *weights)
        case FakeQuantizedReLU():
            x = layers.ReLU(max_value=255 * layer.step)(x)
            x = layers.Rescaling(1 / layer.step, 2.0**23)(x)  # no float32 from here to twice that has a fraction
            return layers.Rescaling(layer.step)(layers.Rescaling(1.0, -(2.0**23))(x))
        case nn.Linear():
            return _with_weights(layers.Dense(layer.out_features), x, layer.weight.T, layer.bias)
        case nn.MaxPool2d() | nn.AvgPool2d():
            pooling = layers.MaxPooling2D if isinstance(layer, nn.MaxPool2d) else layers.AveragePooling2D
            return pooling(layer.kernel_size)(x)
        case nn.Flatten():  # in PyTorch's order, channel by channel
            return layers.Flatten()(layers.Permute((3, 1, 2))(x))
        case nn.Dropout():
            return layers.Dropout(layer.p)(x)
        case _ if type(layer) in ACTIVATIONS:
            return layers.Activation(ACTIVATIONS[type(layer)])(x)
    raise TenfoldError(f"Keras: there is no layer for {type(layer).__name__}")


def _chain(network: nn.Sequential, x: Any) -> Any:
    for layer in network:
        x = _apply(layer, x)
    return x


def _with_weights(layer: Any, x: Any, *weights: Tensor | None) -> Any:
    y = layer(x)  # this creates its variables
    layer.set_weights([weight.detach().numpy() for weight in weights if weight is not None])
    return y


def _convolution(layer: nn.Conv2d, x: Any) -> Any:
    from keras import layers

    options = {"strides": layer.stride, "use_bias": layer.bias is not None}
    if any(layer.padding):
        x = layers.ZeroPadding2D(layer.padding)(x)
    if layer.groups == 1:
        convolution = layers.Conv2D(layer.out_channels, layer.kernel_size, **options)
        return _with_weights(convolution, x, layer.weight.permute(2, 3, 1, 0), layer.bias)
    return _with_weights(
        layers.DepthwiseConv2D(layer.kernel_size, **options), x, layer.weight.permute(2, 3, 0, 1), layer.bias
    )


def _shift(layer: ShiftTTA, model: Any, x: Any) -> list[Any]:
    """What a model answers to the shifts, in layers that both file formats support: neither has edge padding."""
    from keras import layers

    last = SIDE - 1
    for axis in (0, 1):  # rows, then columns
        edges = [((0, last), (0, 0)), ((last, 0), (0, 0))]
        first, end = (layers.Cropping2D(edge if axis == 0 else edge[::-1])(x) for edge in edges)
        x = layers.Concatenate(axis=axis + 1)([first, x, end])
    return [model(layers.Cropping2D(((row, 2 - row), (column, 2 - column)))(x)) for row, column in layer.SHIFTS]


def _shift_tta(layer: ShiftTTA, model: Any, x: Any) -> Any:
    """Test-time augmentation without the logarithm that the file formats lack."""
    from keras import layers

    views = _shift(layer, model, x)
    total = views[0]
    for other in views[1:]:  # log(exp(a) + exp(b)) = a + softplus(b - a)
        total = layers.Add()([total, layers.Activation("softplus")(layers.Subtract()([other, total]))])
    return layers.Rescaling(1.0, -math.log(len(views)))(total)
