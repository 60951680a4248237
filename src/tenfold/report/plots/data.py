"""Plots of a data set."""

from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from tenfold.base.form import DIGITS
from tenfold.data import SIDE, Digits
from tenfold.report.plots.style import STYLE, TRAINING, Figure


@rc_context(STYLE)
def samples(digits: Digits, per_class: int = 10) -> Figure:
    """Show the first images of every class, one row per class; a class without images has an empty row.

    Args:
        digits: the images.
        per_class: the number of images of each class.
    """
    classes = len(digits.classes)
    grid = np.zeros((classes, per_class, SIDE, SIDE), dtype=np.uint8)
    for label in range(classes):
        images = digits.images[digits.labels == label][:per_class]
        grid[label, : len(images)] = images
    figure = Figure(figsize=(0.55 * per_class + 0.6, 0.55 * classes + 0.4), layout="constrained")
    axes = figure.subplots()
    # one large image: a hundred axes would take a second to draw
    axes.imshow(grid.swapaxes(1, 2).reshape(classes * SIDE, per_class * SIDE), cmap="gray_r", vmin=0, vmax=255)
    axes.set(
        title="Samples" if digits.source == "memory" else f"Samples from {digits.source}",
        xticks=[],
        yticks=SIDE * np.arange(classes) + SIDE / 2,
        yticklabels=digits.classes,
    )
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)
    return figure


@rc_context(STYLE)
def class_histogram(digits: Digits) -> Figure:
    """Plot how many images there are of each class."""
    counts = digits.counts()
    kind = "digit" if digits.classes == DIGITS else "class"
    figure = Figure(figsize=(max(7, 0.35 * len(counts)), 3.3), layout="constrained")
    axes = figure.subplots()
    bars = axes.bar(range(len(counts)), counts, color=TRAINING, width=0.7)
    if len(counts) <= len(DIGITS):  # more have no room for a number each
        axes.bar_label(bars, [f"{count:,}" for count in counts], padding=3, size=9)
    axes.set_title(f"How often each {kind} occurs in {len(digits):,} images")
    axes.set(xlabel=kind, ylabel="images")
    _name_ticks(axes, np.arange(len(counts)), digits)
    axes.yaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.yaxis.set_major_formatter("{x:,.0f}")
    axes.spines["left"].set_visible(False)
    return figure


@rc_context(STYLE)
def mean_and_variance(digits: Digits) -> Figure:
    """Show the mean and the variance of every pixel, for each class; a class without images stays empty.

    Pixels go from 0 to 1, so a variance is at most 0.25, where half of the images have full ink and half have none.
    """
    classes = len(digits.classes)
    mean, variance = np.full((2, SIDE, classes, SIDE), np.nan)
    for label in np.unique(digits.labels):
        pixels = digits.images[digits.labels == label] / np.float32(255)
        mean[:, label] = pixels.mean(axis=0)
        variance[:, label] = pixels.var(axis=0)
    figure = Figure(figsize=(max(7, 0.5 * classes), 2.5), layout="constrained")
    for axes, title, strip, cmap, top in zip(
        figure.subplots(2, 1), ("Mean", "Variance"), (mean, variance), ("gray_r", "Blues"), (1, 0.25), strict=True
    ):
        image = axes.imshow(strip.reshape(SIDE, classes * SIDE), cmap=cmap, vmin=0, vmax=top)
        axes.set(title=title, yticks=[])
        _name_ticks(axes, SIDE * np.arange(classes) + SIDE / 2, digits)
        axes.grid(visible=False)
        axes.spines[:].set_visible(False)
        bar = figure.colorbar(image, ax=axes, ticks=[0, top], pad=0.01, aspect=8)
        bar.outline.set_visible(False)
    return figure


def _name_ticks(axes: Axes, places: np.ndarray, digits: Digits) -> None:
    """Write the names of the classes along the x axis, words aslant."""
    aslant: dict[str, Any] = {"rotation": 40, "ha": "right"} if max(map(len, digits.classes)) > 2 else {}
    axes.set_xticks(places, digits.classes, **aslant)
