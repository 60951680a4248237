"""Plots of attacks and of unknown inputs."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import UInt8
from matplotlib import rc_context
from matplotlib.axes import Axes

from tenfold.evaluation.attacks import ATTACKS, AttackResult
from tenfold.evaluation.unknown import UnknownSet
from tenfold.report.plots.evaluation import accuracy_curves
from tenfold.report.plots.style import FOUR_COLORS, INK, STYLE, VALIDATION, Figure, bare
from tenfold.training.adversarial import Norm

NORMS: dict[Norm, str] = {"Linf": "L∞", "L2": "L2"}
SHOWN = 10  # images of a set


@rc_context(STYLE)
def attack_curves(result: AttackResult, norm: Norm) -> Figure:
    """Plot the accuracy against the size of the changes that are allowed by a norm, a curve for each attack."""
    figure, axes = accuracy_curves(f"Attacks, {NORMS[norm]}", "largest change, ε")
    for name, marker, color in zip(ATTACKS, "o^s", FOUR_COLORS, strict=False):
        found = result.find(name, norm)
        points = [(0.0, result.clean.accuracy), *((one.epsilon, one.accuracy.accuracy) for one in found)]
        axes.plot(*zip(*points, strict=True), marker=marker, color=color, label=name, markeredgecolor="none")
    axes.legend(loc="upper right")
    return figure


@rc_context(STYLE)
def adversarial_images(result: AttackResult) -> Figure:
    """Show the first image of each class with its class, and as AutoAttack leaves it, with the class read."""
    attacked = [one for norm in NORMS for one in result.find("AutoAttack", norm)]
    rows = [("as it is", result.clean_images, result.labels)]
    rows += [(f"{NORMS[one.norm]}, {one.epsilon:g}", one.images, one.readings) for one in attacked]
    figure = Figure(figsize=(7.4, 0.95 * len(rows)), layout="constrained")
    grid = figure.subplots(len(rows), len(result.labels), squeeze=False)
    for line, (name, images, readings) in zip(grid, rows, strict=True):
        for axes, image, reading, label in zip(line, images, readings, result.labels, strict=True):
            _show(axes, image)
            axes.set_xlabel(str(reading), size=9, labelpad=2, color=INK if reading == label else VALIDATION)
        line[0].set_ylabel(name, rotation=0, ha="right", va="center")
    return figure


@rc_context(STYLE)
def unknown_images(sets: Sequence[UnknownSet]) -> Figure:
    """Show the first ten images of each set."""
    figure = Figure(figsize=(7.4, 0.75 * len(sets)), layout="constrained")
    for line, one in zip(figure.subplots(len(sets), SHOWN, squeeze=False), sets, strict=True):
        for place, axes in enumerate(line):
            _show(axes, one.images[place] if place < len(one.images) else np.zeros((28, 28), np.uint8))
        line[0].set_ylabel(one.name, rotation=0, ha="right", va="center")
    return figure


def _show(axes: Axes, image: UInt8[np.ndarray, "28 28"]) -> None:
    axes.imshow(image, cmap="gray_r", vmin=0, vmax=255)
    bare(axes, "")
