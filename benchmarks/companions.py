"""What the ink network and the line network share: both are trained on drawings made on all cores."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import nn

import tenfold
from benchmarks.records import where
from tenfold.base.errors import TenfoldError
from tenfold.data import Digits, split
from tenfold.jobs.workers import scatter
from tenfold.networks import build
from tenfold.networks.storage import read_tensors, write_tensors
from tenfold.recipes import Recipe
from tenfold.training import ProgressBar, Training, run
from tenfold.training.devices import choose_device
from tenfold.training.tasks import Task

Job = TypeVar("Job")


def train(
    recipe: Recipe, weights: Path, make_task: Callable[[Digits, Digits], Task], start: Path | None = None
) -> nn.Module:
    """Train a network, or read the weights that an earlier call left.

    Args:
        recipe: the recipe.
        weights: the file for the weights; it is written at the end.
        make_task: draws the task with the digits to learn from and those that are held out.
        start: the file with the weights to start from; None for random ones. The network then gets the mean of these
            and of what it learned: that holds better on pictures unlike the drawings.

    Source: M. Wortsman et al., "Robust fine-tuning of zero-shot models", CVPR 2022, for the mean of weights.
    """
    torch.manual_seed(recipe.seed)
    network = build(recipe.network, **recipe.network_options)
    if weights.is_file():
        network.load_state_dict(read_tensors(weights)[0])
        return network.eval()
    before = read_tensors(start)[0] if start else None
    if before:
        network.load_state_dict(before)
    task = make_task(*split(tenfold.load()[0], recipe.validation))
    run(Training(network, task, recipe, choose_device()), [ProgressBar()])
    if before:
        for name, value in network.state_dict().items():
            if value.is_floating_point():
                value.lerp_(before[name].to(value), 0.5)
    write_tensors(weights, network.state_dict(), {})
    return network.cpu().eval()


def describe(recipe: Recipe, network: nn.Module) -> dict[str, Any]:
    """What a record says of a network."""
    parameters = sum(parameter.numel() for parameter in network.parameters())
    return {"recipe": recipe.to_toml(), "parameters": parameters, "measured": where()}


def on_all_cores(function: Callable[[Job], Any], jobs: Sequence[Job]) -> list[Any]:
    """The results of a function, in the order of the jobs; each runs on one core.

    Raises:
        TenfoldError: if one of them failed.
    """
    found = dict(scatter(function, jobs))
    for result in found.values():
        if isinstance(result, TenfoldError):
            raise result
    return [found[job] for job in jobs]
