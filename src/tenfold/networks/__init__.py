"""Every network, each on one screen, and `build(name)`.

All take standardized images `(batch, 1, 28, 28)` and return logits `(batch, 10)`, or one for each of the classes that
there are instead of the ten digits.
"""

import inspect
from collections.abc import Callable
from typing import Annotated, Any, Literal

import torch
from jaxtyping import Float
from pydantic import ConfigDict, Field, ValidationError, validate_call
from torch import Tensor, nn

from tenfold.base.errors import TenfoldError, nearest, require_type
from tenfold.base.form import CLASSES, DIGITS, MEAN, MOST_CLASSES, STD
from tenfold.base.refusal import Thresholds
from tenfold.base.settings import Fraction, explain
from tenfold.networks.layers import (
    Affine,
    Channels,
    Residual,
    ShiftTTA,
    block,
)
from tenfold.networks.microcontrollers import integer_cnn, tiny
from tenfold.networks.overview import Summary as Summary
from tenfold.networks.overview import summary as summary
from tenfold.networks.reading import ink_unet, text_line_cnn


class Network(nn.Sequential):
    """Layers in order, with the name and the options that `build` made them from.

    Attributes:
        name: a key of `NETWORKS` or `READER_NETWORKS`.
        options: the options passed to that network's function.
        classes: the names of the classes, in the order of the logits.
        thresholds: the scores an answer must reach to count as a digit; None until calibrated on held-out digits.
    """

    def __init__(self, name: str, options: dict[str, Any], *layers: nn.Module) -> None:
        super().__init__(*layers)
        self.name = name
        self.options = options
        self.classes = DIGITS
        self.thresholds: Thresholds | None = None


def softmax(classes: int = CLASSES) -> list[nn.Module]:
    """Softmax regression: one weight per pixel and class, no hidden layer.

    Source: LeCun et al., "Gradient-based learning applied to document recognition", 1998, section III.C.1; 12% error
    there, about 8% with softmax.
    """
    return [
        nn.Flatten(),  # (batch, 784)
        nn.Linear(784, classes),
    ]


def mlp(width: Channels = 256, dropout: Fraction = 0.2, classes: int = CLASSES) -> list[nn.Module]:
    """A multilayer perceptron with two hidden layers.

    Args:
        width: units in the first hidden layer; the second has half as many.
        dropout: the fraction of hidden units set to zero in training.
        classes: how many there are to tell apart.

    Source: LeCun et al., "Gradient-based learning applied to document recognition", 1998, section III.C.3; ReLU and
    Dropout came later (Srivastava et al., "Dropout", JMLR 15, 2014).
    """
    return [
        nn.Flatten(),  # (batch, 784)
        nn.Linear(784, width),
        nn.ReLU(),
        nn.Dropout(dropout),
        nn.Linear(width, max(1, width // 2)),  # (batch, 128)
        nn.ReLU(),
        nn.Dropout(dropout),
        nn.Linear(max(1, width // 2), classes),
    ]


def lenet5(classes: int = CLASSES) -> list[nn.Module]:
    """LeNet-5, with a linear output layer, and a second convolution that sees all six maps, as is usual today.

    Source: LeCun et al., "Gradient-based learning applied to document recognition", Proceedings of the IEEE 86(11),
    1998, section II.B and figure 2.
    """
    return [
        nn.Conv2d(1, 6, 5, padding=2),  # (batch, 6, 28, 28): the paper pads MNIST to 32x32
        nn.Tanh(),
        nn.AvgPool2d(2),  # (batch, 6, 14, 14)
        nn.Conv2d(6, 16, 5),  # (batch, 16, 10, 10)
        nn.Tanh(),
        nn.AvgPool2d(2),  # (batch, 16, 5, 5)
        nn.Conv2d(16, 120, 5),  # (batch, 120, 1, 1)
        nn.Tanh(),
        nn.Flatten(),  # (batch, 120)
        nn.Linear(120, 84),
        nn.Tanh(),
        nn.Linear(84, classes),
    ]


def cnn(stem: Channels = 32, width: Channels = 32, dropout: Fraction = 0.1, classes: int = CLASSES) -> list[nn.Module]:
    """A small convolutional network: four convolutions with BatchNorm and ReLU, one pooling, Dropout, one linear layer.

    Two choices keep it fast: the first convolution has stride 2, since most of the work would be at full resolution,
    and pooling comes before BatchNorm and ReLU, leaving them a quarter of the values.

    Args:
        stem: channels of the first convolution.
        width: channels of the second; the third and fourth have twice as many.
        dropout: the fraction of the features set to zero in training.
        classes: how many there are to tell apart.

    Sources: BatchNorm before ReLU from Ioffe and Szegedy, "Batch Normalization", ICML 2015; strided convolutions from
    Springenberg et al., "Striving for Simplicity: The All Convolutional Net", 2014; Dropout from Srivastava et al.,
    "Dropout", JMLR 15, 2014.
    """
    return [
        *block(1, stem, kernel=5, stride=2),  # (batch, 32, 12, 12)
        *block(stem, width, pool=True),  # (batch, 32, 5, 5)
        *block(width, 2 * width, padding=1),  # (batch, 64, 5, 5)
        *block(2 * width, 2 * width),  # (batch, 64, 3, 3)
        nn.Flatten(),  # (batch, 576)
        nn.Dropout(dropout),
        nn.Linear(2 * width * 9, classes),
    ]


def deep_cnn(width: Channels = 32, classes: int = CLASSES) -> list[nn.Module]:
    """The default: `cnn` with one more convolution before the pooling, where extra depth helped most.

    Args:
        width: channels of the first two convolutions; the third has one and a half times as many, the last two twice.
        classes: how many there are to tell apart.

    Sources: BatchNorm from Ioffe and Szegedy, "Batch Normalization", ICML 2015; stacked 3x3 convolutions from Simonyan
    and Zisserman, "Very Deep Convolutional Networks for Large-Scale Image Recognition", 2014.
    """
    return [
        *block(1, width, kernel=5, stride=2),  # (batch, 32, 12, 12)
        *block(width, width, padding=1),  # (batch, 32, 12, 12)
        *block(width, width * 3 // 2, padding=1, pool=True),  # (batch, 48, 6, 6)
        *block(width * 3 // 2, 2 * width),  # (batch, 64, 4, 4)
        *block(2 * width, 2 * width),  # (batch, 64, 2, 2)
        nn.Flatten(),  # (batch, 256)
        nn.Linear(2 * width * 4, classes),
    ]


def shift_tta_cnn(width: Channels = 32, classes: int = CLASSES) -> list[nn.Module]:
    """The most accurate: `deep_cnn` with test-time augmentation, the mean over five shifts of an image.

    Args:
        width: channels of the first two convolutions.
        classes: how many there are to tell apart.

    Source: averaging over translated copies from A. Krizhevsky et al., "ImageNet Classification with Deep Convolutional
    Neural Networks", NeurIPS 2012, section 4.1.
    """
    return [ShiftTTA(*deep_cnn(width, classes))]


def resnet(width: Channels = 32, classes: int = CLASSES) -> list[nn.Module]:
    """ResNet-lite: `deep_cnn` with residual blocks in place of its second and fourth convolutions.

    Args:
        width: channels of the first convolution and block; the later layers have twice as many.
        classes: how many there are to tell apart.

    Source: residual blocks from K. He et al., "Deep Residual Learning for Image Recognition", CVPR 2016.
    """
    return [
        *block(1, width, kernel=5, stride=2),  # (batch, 32, 12, 12)
        Residual(width),
        *block(width, 2 * width, padding=1, pool=True),  # (batch, 64, 6, 6)
        Residual(2 * width),
        *block(2 * width, 2 * width),  # (batch, 64, 4, 4)
        nn.Flatten(),  # (batch, 1024)
        nn.Linear(2 * width * 16, classes),
    ]


def strided_cnn(width: Channels = 32, hidden: Channels = 128, classes: int = CLASSES) -> list[nn.Module]:
    """Two strided convolutions and a hidden layer: small, because an attack on a training batch takes many runs.

    Args:
        width: channels of the first convolution; the second has twice as many.
        hidden: units of the hidden layer.
        classes: how many there are to tell apart.

    Source: E. Wong, L. Rice, J. Z. Kolter, "Fast is better than free: Revisiting adversarial training", ICLR 2020, for
    half the width.
    """
    return [
        nn.Conv2d(1, width, 4, stride=2, padding=1),  # (batch, 32, 14, 14)
        nn.ReLU(),
        nn.Conv2d(width, 2 * width, 4, stride=2, padding=1),  # (batch, 64, 7, 7)
        nn.ReLU(),
        nn.Flatten(),  # (batch, 3136)
        nn.Linear(2 * width * 49, hidden),  # (batch, 128)
        nn.ReLU(),
        nn.Linear(hidden, classes),
    ]


def adjustable_cnn(
    stem: Channels = 32,
    width: Channels = 32,
    depth: Annotated[int, Field(ge=1, le=5)] = 4,
    activation: Literal["relu", "gelu", "sigmoid", "tanh"] = "relu",
    batchnorm: bool = True,
    dropout: Fraction = 0.1,
    inputs: Literal["standardized", "scaled", "raw"] = "standardized",
    classes: int = CLASSES,
) -> list[nn.Module]:
    """`cnn` with its design choices as options, to measure what each is worth; the defaults give `cnn`.

    Args:
        stem: channels of the first convolution.
        width: channels of the second; later ones have twice as many.
        depth: the number of convolutions.
        activation: what follows each of them.
        batchnorm: whether BatchNorm comes before the activation; without it, the convolutions have a bias.
        dropout: the fraction of the features set to zero in training.
        inputs: what the first convolution sees: standardized pixels, pixels from 0 to 1, or pixels from 0 to 255.
        classes: how many there are to tell apart.

    Sources: BatchNorm from Ioffe and Szegedy, "Batch Normalization", ICML 2015; Dropout from Srivastava et al.,
    "Dropout", JMLR 15, 2014; GELU from D. Hendrycks and K. Gimpel, "Gaussian Error Linear Units", 2016.
    """
    blocks = [
        block(1, stem, kernel=5, stride=2),  # (batch, 32, 12, 12)
        block(stem, width, pool=True),  # (batch, 32, 5, 5)
        block(width, 2 * width, padding=1),  # (batch, 64, 5, 5)
        block(2 * width, 2 * width),  # (batch, 64, 3, 3)
        block(2 * width, 2 * width),  # (batch, 64, 1, 1)
    ][:depth]
    features = [stem * 144, width * 25, 2 * width * 25, 2 * width * 9, 2 * width][len(blocks) - 1]
    layers = [layer for one in blocks for layer in one]
    if not batchnorm:
        layers = [layer for layer in layers if not isinstance(layer, nn.BatchNorm2d)]
        for layer in layers:
            if isinstance(layer, nn.Conv2d):
                layer.bias = nn.Parameter(torch.zeros(layer.out_channels))
    activations = {"relu": nn.ReLU, "gelu": nn.GELU, "sigmoid": nn.Sigmoid, "tanh": nn.Tanh}
    layers = [activations[activation]() if isinstance(layer, nn.ReLU) else layer for layer in layers]
    undo = {"standardized": (), "scaled": (Affine(STD, MEAN),), "raw": (Affine(255 * STD, 255 * MEAN),)}
    return [*undo[inputs], *layers, nn.Flatten(), nn.Dropout(dropout), nn.Linear(features, classes)]


NETWORKS: dict[str, Callable[..., list[nn.Module]]] = {
    function.__name__: function
    for function in (
        softmax,
        mlp,
        lenet5,
        cnn,
        deep_cnn,
        shift_tta_cnn,
        resnet,
        strided_cnn,
        tiny,
        integer_cnn,
        adjustable_cnn,
    )
}
READER_NETWORKS: dict[str, Callable[..., list[nn.Module]]] = {
    function.__name__: function for function in (text_line_cnn, ink_unet)
}


def build(name: str, *, classes: Any = DIGITS, **options: Any) -> Network:
    """Make a network with fresh random weights from PyTorch's global generator.

    Args:
        name: one of `NETWORKS`, or one of `READER_NETWORKS`, for whole text lines and pictures.
        classes: the names of the classes to tell apart, a sequence of 2 to 62, such as `train.classes`.
        options: arguments of that network's function, such as `width` or `dropout`.

    Returns:
        In training mode and channels last; one of `NETWORKS` takes images `(batch, 1, 28, 28)` to logits
        `(batch, classes)`.

    Raises:
        TenfoldError: if there is no such network, it has no such option, or there are no such classes.

    Example:
        >>> tenfold.build("cnn", width=16)(torch.zeros(2, 1, 28, 28)).shape
        torch.Size([2, 10])
        >>> tenfold.build("cnn", classes=("circle", "square", "triangle"))(torch.zeros(2, 1, 28, 28)).shape
        torch.Size([2, 3])
    """
    require_type(name, str, "a network is named by a string, such as 'cnn'")
    known = NETWORKS | READER_NETWORKS
    if name not in known:
        raise TenfoldError(f"there is no network {name!r}{nearest(name, NETWORKS)}")
    if not isinstance(classes, tuple | list) or not all(isinstance(one, str) and one for one in classes):
        raise TenfoldError(f"classes are their names, such as train.classes, not {classes!r}")
    if not 2 <= len(set(classes)) == len(classes) <= MOST_CLASSES:
        raise TenfoldError(f"a network needs 2 to {MOST_CLASSES} classes with different names")
    outputs = {"classes": len(classes)} if name in NETWORKS else {}  # the others are for digits and ink only
    try:
        layers = validate_call(config=ConfigDict(strict=True))(known[name])(**options, **outputs)
    except ValidationError as error:
        raise TenfoldError(f"network {name!r}: {explain(error, inspect.signature(known[name]).parameters)}") from None
    # one layout everywhere: another would sum in a different order and change the last bits of the logits
    network = Network(name, options, *layers)
    network.classes = tuple(classes)
    return network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]


@torch.inference_mode()
def predict_logits(
    model: nn.Module, images: Float[Tensor, "n 1 28 28"], batch_size: int = 1000
) -> Float[Tensor, "n classes"]:
    """Run a network in evaluation mode and float32, in batches, to bound the memory.

    Args:
        model: a network; its mode is restored afterwards.
        images: standardized images, on any device.
        batch_size: images at a time; bit-identical results need the same number.

    Returns:
        Logits on the CPU, float32.
    """
    training = model.training
    device = next(model.parameters()).device
    model.eval()
    try:
        return torch.cat([model(batch.to(device)).float().cpu() for batch in images.split(batch_size)])
    finally:
        model.train(training)
