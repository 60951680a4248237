"""The optimizers and the learning rate that a recipe asks for."""

from collections.abc import Iterable

import torch
from jaxtyping import Float
from torch import Tensor, nn

from tenfold.recipes import Recipe


class Muon(torch.optim.Optimizer):
    """Momentum whose update is made orthogonal, for the filters of convolutions.

    The momentum of a layer, as a matrix with a row for every filter, is replaced by the nearest matrix whose singular
    values are all 1: no direction in the weights dominates an update. Before it, the layer's weights are scaled to a
    fixed norm; under BatchNorm their norm has no effect except to shrink later updates.

    Args:
        filters: weights `(channels, ...)`, of layers that BatchNorm follows.
        lr: the learning rate: the length of an update, relative to the weights'.
        momentum: the share of the last update's momentum that is kept.

    Sources: K. Jordan et al., "Muon: An optimizer for hidden layers in neural networks", 2024; weight normalization as
    in K. Jordan's CIFAR-10 Airbench, 2024.
    """

    def __init__(self, filters: Iterable[nn.Parameter], lr: float, momentum: float) -> None:
        super().__init__(filters, {"lr": lr, "momentum": momentum})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """Update every filter bank from its gradient."""
        for group in self.param_groups:
            for filters in group["params"]:
                state = self.state[filters]
                if not state:
                    state["momentum"] = torch.zeros_like(filters)
                state["momentum"].mul_(group["momentum"]).add_(filters.grad)
                lookahead = filters.grad.add(state["momentum"], alpha=group["momentum"])  # Nesterov's
                filters.mul_(len(filters) ** 0.5 / filters.norm())
                filters.add_(orthogonalize(lookahead.flatten(1)).view_as(filters), alpha=-group["lr"])


def orthogonalize(matrix: Float[Tensor, "rows columns"], steps: int = 3) -> Float[Tensor, "rows columns"]:
    """Bring all singular values of a matrix near 1 by a Newton-Schulz iteration, which needs only products.

    Source: the fifth-order polynomial of K. Jordan et al., "Muon", 2024. After a few steps the singular values lie
    roughly between 0.5 and 1.5, which is near enough for an update.
    """
    a, b, c = 3.4445, -4.7750, 2.0315
    tall = matrix.shape[0] > matrix.shape[1]
    x = matrix.T if tall else matrix
    x = x / (x.norm() + 1e-7)
    for _ in range(steps):
        gram = x @ x.T
        x = torch.addmm(x, torch.addmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)  # a x + (b gram + c gram²) x
    return x.T if tall else x


def make_optimizers(model: nn.Module, recipe: Recipe) -> list[torch.optim.Optimizer]:
    """Make the optimizers of a recipe; each has its peak learning rate in the groups' `peak_lr`.

    Only weights decay, not biases and not BatchNorm's scale and shift.

    Sources: AdamW from Loshchilov and Hutter, "Decoupled Weight Decay Regularization", ICLR 2019; Adam from Kingma and
    Ba, ICLR 2015; Nesterov momentum as in Sutskever et al., ICML 2013.
    """
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizers: list[torch.optim.Optimizer] = []
    if recipe.optimizer == "muon":
        filters = [parameter for parameter in parameters if parameter.ndim == 4]
        parameters = [parameter for parameter in parameters if parameter.ndim != 4]
        if filters:
            optimizers.append(Muon(filters, recipe.muon_lr, recipe.muon_momentum))
    groups = [
        {"params": [p for p in parameters if p.ndim > 1], "weight_decay": recipe.weight_decay},
        {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
    ]
    groups = [group for group in groups if group["params"]]
    if recipe.optimizer == "sgd":
        nesterov = recipe.momentum > 0
        optimizers.append(torch.optim.SGD(groups, recipe.peak_lr, recipe.momentum, nesterov=nesterov, fused=True))
    else:
        adam = torch.optim.Adam if recipe.optimizer == "adam" else torch.optim.AdamW
        optimizers.append(adam(groups, recipe.peak_lr, (recipe.momentum, recipe.beta2), fused=True))
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            group["peak_lr"] = group["lr"]
    return optimizers


def schedule(recipe: Recipe, progress: float) -> float:
    """The learning rate at a point of the training, as a fraction of its peak.

    Args:
        recipe: gives the warmup and the schedule.
        progress: the fraction of all steps that is done, 0 to 1.

    Source: L. Smith and N. Topin, "Super-Convergence", 2017 (one-cycle).
    """
    if progress < recipe.warmup:
        return 0.04 + 0.96 * progress / recipe.warmup
    if recipe.schedule == "constant":
        return 1.0
    return (1 - progress) / (1 - recipe.warmup)
