"""The optimizers and the learning rate schedule that a recipe asks for.

They are written out, not taken from `torch.optim`, so that the rule can be read here. Besides, the first use of
`torch.optim` loads PyTorch's compiler, which takes about as long as a whole run of the fastest recipe.
"""

import math
from abc import ABC, abstractmethod
from typing import assert_never

import torch
from jaxtyping import Float
from torch import Tensor, nn

from tenfold.recipes import Recipe

Moments = dict[str, Tensor]


class Optimizer(ABC):
    """Updates parameters from their gradients.

    Args:
        parameters: the parameters to update.
        peak_lr: the highest learning rate.
        names: names of the running means to keep for each parameter.
    """

    setting = "peak_lr"  # the recipe's name for that rate

    def __init__(self, parameters: list[nn.Parameter], peak_lr: float, *names: str) -> None:
        self.parameters = parameters
        self.peak_lr = peak_lr
        self.moments: list[Moments] = [{name: torch.zeros_like(p) for name in names} for p in parameters]
        self.steps = 0

    @torch.no_grad()
    def step(self, scale: float) -> None:
        """Update every parameter once, at `scale` times the peak learning rate."""
        self.steps += 1
        for parameter, moments in zip(self.parameters, self.moments, strict=True):
            if parameter.grad is not None:
                self.update(parameter, parameter.grad, moments, scale * self.peak_lr)

    @abstractmethod
    def update(self, parameter: nn.Parameter, gradient: Tensor, moments: Moments, lr: float) -> None:
        """Update one parameter and its moments, in place."""


class SGD(Optimizer):
    """Stochastic gradient descent with Nesterov momentum; weight decay is added to the gradient.

    Source: I. Sutskever et al., "On the importance of initialization and momentum in deep learning", ICML 2013.
    """

    def __init__(self, parameters: list[nn.Parameter], recipe: Recipe) -> None:
        super().__init__(parameters, recipe.peak_lr, "velocity")
        self.momentum, self.weight_decay = recipe.momentum, recipe.weight_decay

    def update(self, parameter: nn.Parameter, gradient: Tensor, moments: Moments, lr: float) -> None:
        """Step along the gradient plus the updated velocity times the momentum: Nesterov's look ahead."""
        gradient = gradient.add(parameter, alpha=self.weight_decay if decays(parameter) else 0.0)
        velocity = moments["velocity"].mul_(self.momentum).add_(gradient)
        parameter.sub_(gradient.add(velocity, alpha=self.momentum), alpha=lr)


class AdamW(Optimizer):
    """Adam with decoupled weight decay; with `decoupled=False`, plain Adam, whose decay is added to the gradient.

    Sources: I. Loshchilov and F. Hutter, "Decoupled Weight Decay Regularization", ICLR 2019, algorithm 2; D. Kingma and
    J. Ba, "Adam", ICLR 2015, algorithm 1.
    """

    EPSILON = 1e-8

    def __init__(self, parameters: list[nn.Parameter], recipe: Recipe, decoupled: bool = True) -> None:
        super().__init__(parameters, recipe.peak_lr, "mean", "square")
        self.beta1, self.beta2 = recipe.momentum, recipe.beta2
        self.weight_decay, self.decoupled = recipe.weight_decay, decoupled

    def update(self, parameter: nn.Parameter, gradient: Tensor, moments: Moments, lr: float) -> None:
        """Step along the mean gradient, divided by its root mean square, both corrected for their start at zero."""
        weight_decay = self.weight_decay if decays(parameter) else 0.0
        if self.decoupled:
            parameter.mul_(1 - lr * weight_decay)
        else:
            gradient = gradient.add(parameter, alpha=weight_decay)
        mean = moments["mean"].lerp_(gradient, 1 - self.beta1)
        square = moments["square"].mul_(self.beta2).addcmul_(gradient, gradient, value=1 - self.beta2)
        root = square.sqrt().div_(math.sqrt(1 - self.beta2**self.steps)).add_(self.EPSILON)
        parameter.addcdiv_(mean, root, value=-lr / (1 - self.beta1**self.steps))


class Muon(Optimizer):
    """Momentum with orthogonalized updates, for the filters of convolutions.

    The momentum of a layer, seen as a matrix with a row for every filter, is replaced by the nearest matrix whose
    singular values are all 1, so that no direction in the weights dominates an update. Before each update, the layer's
    weights are scaled to a fixed norm; under BatchNorm, a growing norm would only shrink later updates.

    Sources: K. Jordan et al., "Muon: An optimizer for hidden layers in neural networks", 2024; the fixed norm from
    K. Jordan's CIFAR-10 Airbench, 2024.
    """

    setting = "muon_lr"

    def __init__(self, filters: list[nn.Parameter], recipe: Recipe) -> None:
        super().__init__(filters, recipe.muon_lr, "velocity")
        self.momentum = recipe.muon_momentum

    def update(self, parameter: nn.Parameter, gradient: Tensor, moments: Moments, lr: float) -> None:
        """Scale the filters `(channels, ...)` to a mean norm of 1, then subtract the orthogonalized momentum."""
        velocity = moments["velocity"].mul_(self.momentum).add_(gradient)
        lookahead = gradient.add(velocity, alpha=self.momentum)  # Nesterov's, as in SGD
        parameter.mul_(len(parameter) ** 0.5 / parameter.norm())
        parameter.sub_(orthogonalize(lookahead.flatten(1)).view_as(parameter), alpha=lr)


def orthogonalize(matrix: Float[Tensor, "rows columns"], steps: int = 3) -> Float[Tensor, "rows columns"]:
    """Bring all singular values of a matrix near 1 by a Newton-Schulz iteration, which needs only matrix products.

    After a few steps the singular values lie roughly between 0.5 and 1.5, close enough for an update.

    Args:
        matrix: any matrix but zero.
        steps: the number of iterations.

    Source: the fifth-order polynomial of K. Jordan et al., "Muon", 2024.
    """
    a, b, c = 3.4445, -4.7750, 2.0315
    tall = matrix.shape[0] > matrix.shape[1]
    x = matrix.T if tall else matrix
    x = x / (x.norm() + 1e-7)
    for _ in range(steps):
        gram = x @ x.T
        x = torch.addmm(x, torch.addmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)  # a x + (b gram + c gram²) x
    return x.T if tall else x


def decays(parameter: nn.Parameter) -> bool:
    """Whether weight decay applies to a parameter: to weights, but not to biases or BatchNorm's scale and shift."""
    return parameter.ndim > 1


def make_optimizers(model: nn.Module, recipe: Recipe) -> list[Optimizer]:
    """Make the optimizers of a recipe; together they update every parameter of the model that requires a gradient."""
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    if recipe.optimizer == "sgd":
        return [SGD(parameters, recipe)]
    if recipe.optimizer == "adam":
        return [AdamW(parameters, recipe, decoupled=False)]
    if recipe.optimizer == "adamw":
        return [AdamW(parameters, recipe)]
    if recipe.optimizer != "muon":
        assert_never(recipe.optimizer)
    filters = [parameter for parameter in parameters if parameter.ndim == 4]
    rest = [parameter for parameter in parameters if parameter.ndim != 4]
    return [Muon(filters, recipe), AdamW(rest, recipe)] if filters else [AdamW(rest, recipe)]


def schedule(recipe: Recipe, progress: float) -> float:
    """The learning rate at a point of a run, as a fraction of its peak.

    Args:
        recipe: gives the warmup and the schedule.
        progress: the fraction of all steps done, 0 to 1.

    Source: L. Smith and N. Topin, "Super-Convergence", 2017 (one-cycle).
    """
    if progress < recipe.warmup:
        return 0.04 + 0.96 * progress / recipe.warmup
    if recipe.schedule == "constant":
        return 1.0
    return (1 - progress) / (1 - recipe.warmup)
