"""Ideas that need code instead of a recipe value: each alters a `cnn` before its training, or during it.

Each function takes the network and the training digits, and returns the callbacks to train with.
"""

from dataclasses import replace
from functools import partial
from unittest import mock

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tenfold.data import Digits, preprocess
from tenfold.training import Callback, Training, optimization


def whiten(model: nn.Sequential, train: Digits) -> list[Callback]:
    """Freeze the first filters: the leading principal components of training patches, scaled to equal variance.

    Source: K. Jordan, "94% on CIFAR-10 in 3.29 Seconds on a Single GPU", 2024.
    """
    first = model[0]
    assert isinstance(first, nn.Conv2d)
    patches = F.unfold(preprocess.to_tensor(train.images[:1000]), first.kernel_size, stride=first.stride)
    variances, components = torch.linalg.eigh(patches.transpose(0, 1).flatten(1).cov())  # in columns, ascending
    filters = (components / (variances + 0.01).sqrt()).T.flip(0)[: len(first.weight)]  # (channels, 25)
    first.weight.data.copy_(filters.view_as(first.weight))
    first.weight.requires_grad_(False)
    return []


def zero_last_layer(model: nn.Sequential, _: Digits) -> list[Callback]:
    """Start with a last layer of zeros, so that all logits are 0 before the first step."""
    last = model[-1]
    assert isinstance(last, nn.Linear)
    nn.init.zeros_(last.weight)
    nn.init.zeros_(last.bias)
    return []


def identity_filters(model: nn.Sequential, _: Digits) -> list[Callback]:
    """Start the first filters of every later convolution as the identity, one channel each; the rest stay random."""
    for convolution in convolutions(model)[1:]:
        nn.init.dirac_(convolution.weight.data[: convolution.in_channels])
    return []


def fix_scales(model: nn.Sequential, _: Digits) -> list[Callback]:
    """Fix BatchNorm's scales at 1."""
    for layer in model:
        if isinstance(layer, nn.BatchNorm2d):
            layer.weight.requires_grad_(False)
    return []


def silu(model: nn.Sequential, _: Digits) -> list[Callback]:
    """Replace every ReLU by SiLU."""
    for index, layer in enumerate(model):
        if isinstance(layer, nn.ReLU):
            model[index] = nn.SiLU()
    return []


def pool_late(model: nn.Sequential, _: Digits) -> list[Callback]:
    """Put BatchNorm and ReLU before the pooling, the usual order."""
    index = find(model, nn.MaxPool2d)
    model.insert(index + 2, model.pop(index))
    return []


def small_filters(model: nn.Sequential, _: Digits) -> list[Callback]:
    """Make the last two convolutions 2x2 without padding, which still go from 5x5 to 3x3 positions."""
    for old in convolutions(model)[2:]:
        new = nn.Conv2d(old.in_channels, old.out_channels, 2, bias=False)
        model[list(model).index(old)] = new.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return []


def long_stride(model: nn.Sequential, _: Digits) -> list[Callback]:
    """Use stride 3 in the first convolution; padding in the last keeps 3x3 positions for the linear layer."""
    convolutions(model)[0].stride, convolutions(model)[-1].padding = (3, 3), (1, 1)
    return []


def resize(model: nn.Sequential, _: Digits) -> list[Callback]:
    """Train on small images first; an extra pooling fits their positions to the linear layer."""
    model.insert(find(model, nn.Flatten), nn.AdaptiveMaxPool2d(3))
    return [SmallFirst()]


class SmallFirst(Callback):
    """Shrinks the images to 20x20 for the first half of the steps."""

    def on_train_begin(self, training: Training) -> None:
        """Insert the shrinking before the network."""
        self.left = training.steps
        shrink = partial(F.interpolate, size=(20, 20), mode="bilinear")
        self.hook = training.model.register_forward_pre_hook(lambda _, inputs: shrink(inputs[0]))

    def on_step_end(self, training: Training) -> None:
        """Count steps, and remove the shrinking at half-time."""
        self.left -= 1
        if self.left == training.steps // 2:
            self.hook.remove()


class MeanWeights(Callback):
    """Averages the weights and BatchNorm's statistics over the last 15% of the steps."""

    def on_train_begin(self, training: Training) -> None:
        """Start the sums."""
        self.left, self.count = training.steps, 0
        self.weights = [tensor for tensor in training.model.state_dict().values() if tensor.is_floating_point()]
        self.means = [torch.zeros_like(tensor) for tensor in self.weights]

    def on_step_end(self, training: Training) -> None:
        """Add to the sums; after the last step, while the clock still runs, use the means."""
        self.left -= 1
        if self.left < 0.15 * training.steps:
            self.count += 1
            for mean, tensor in zip(self.means, self.weights, strict=True):
                mean.lerp_(tensor, 1 / self.count)
                if self.left == 0:
                    tensor.copy_(mean)


class FreeMuon(Callback):
    """Muon without the filters' fixed norm.

    Args:
        lr: its learning rate, no longer relative to the length of the filters.
    """

    class Muon(optimization.Muon):
        """Muon that turns the filters and lets them grow."""

        def update(self, parameter: nn.Parameter, gradient: Tensor, moments: dict[str, Tensor], lr: float) -> None:
            """Subtract the orthogonalized momentum without scaling the filters."""
            velocity = moments["velocity"].mul_(self.momentum).add_(gradient)
            lookahead = gradient.add(velocity, alpha=self.momentum)
            parameter.sub_(optimization.orthogonalize(lookahead.flatten(1)).view_as(parameter), alpha=lr)

    def __init__(self, lr: float) -> None:
        self.lr = lr

    def on_train_begin(self, training: Training) -> None:
        """Replace the recipe's optimizer by it."""
        filters = training.optimizers[0].parameters
        training.optimizers[0] = self.Muon(filters, replace(training.recipe, muon_lr=self.lr))


class TwoNewtonSchulzSteps(Callback):
    """Muon with two Newton-Schulz steps, for one run."""

    def __init__(self) -> None:
        self.patch = mock.patch.object(optimization, "orthogonalize", partial(optimization.orthogonalize, steps=2))

    def on_train_begin(self, training: Training) -> None:
        """Switch to two steps."""
        self.patch.start()

    def on_train_end(self, training: Training) -> None:
        """Switch back to three."""
        self.patch.stop()


def convolutions(model: nn.Sequential) -> list[nn.Conv2d]:
    """The convolutions of a network, in order."""
    return [layer for layer in model if isinstance(layer, nn.Conv2d)]


def find(model: nn.Sequential, kind: type[nn.Module]) -> int:
    """The position of the first layer of a kind."""
    return next(index for index, layer in enumerate(model) if isinstance(layer, kind))
