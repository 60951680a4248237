"""The optimizer and the learning rate that a recipe asks for."""

import torch
from torch import nn

from tenfold.recipes import Recipe


def make_optimizer(parameters: list[nn.Parameter], recipe: Recipe) -> torch.optim.Optimizer:
    """The recipe's optimizer; only weights decay, not biases and not BatchNorm's scale and shift.

    Sources: AdamW from Loshchilov and Hutter, "Decoupled Weight Decay Regularization", ICLR 2019; Adam from Kingma and
    Ba, ICLR 2015; Nesterov momentum as in Sutskever et al., ICML 2013.
    """
    groups = [
        {"params": [p for p in parameters if p.ndim > 1], "weight_decay": recipe.weight_decay},
        {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
    ]
    groups = [group for group in groups if group["params"]]
    fused = all(p.device.type in ("cpu", "cuda", "mps") for p in parameters)
    if recipe.optimizer == "sgd":
        nesterov = recipe.momentum > 0
        return torch.optim.SGD(groups, recipe.peak_lr, momentum=recipe.momentum, nesterov=nesterov, fused=fused)
    betas = (recipe.momentum, recipe.beta2)
    adam = torch.optim.AdamW if recipe.optimizer == "adamw" else torch.optim.Adam
    return adam(groups, recipe.peak_lr, betas=betas, fused=fused)


def learning_rate(recipe: Recipe, progress: float) -> float:
    """The learning rate at a point of the training.

    Args:
        recipe: gives the peak, the warmup and the schedule.
        progress: the fraction of all steps that is done, 0 to 1.

    Source: L. Smith and N. Topin, "Super-Convergence", 2017 (one-cycle).
    """
    if progress < recipe.warmup:
        return recipe.peak_lr * (0.04 + 0.96 * progress / recipe.warmup)
    if recipe.schedule == "constant":
        return recipe.peak_lr
    return recipe.peak_lr * (1 - progress) / (1 - recipe.warmup)
