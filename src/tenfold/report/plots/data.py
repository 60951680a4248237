"""Plots of a data set."""

import numpy as np
from matplotlib import rc_context
from matplotlib.ticker import MaxNLocator

from tenfold.data import CLASSES, SIDE, Digits
from tenfold.report.plots.style import STYLE, TRAINING, Figure


@rc_context(STYLE)
def samples(digits: Digits, per_class: int = 10) -> Figure:
    """Show the first images of every class, one row per class; a class without images has an empty row.

    Args:
        digits: the images.
        per_class: the number of images of each class.
    """
    grid = np.zeros((CLASSES, per_class, SIDE, SIDE), dtype=np.uint8)
    for digit in range(CLASSES):
        images = digits.images[digits.labels == digit][:per_class]
        grid[digit, : len(images)] = images
    figure = Figure(figsize=(0.55 * per_class + 0.6, 0.55 * CLASSES + 0.4), layout="constrained")
    axes = figure.subplots()
    # one large image: a hundred axes would take a second to draw
    axes.imshow(grid.swapaxes(1, 2).reshape(CLASSES * SIDE, per_class * SIDE), cmap="gray_r", vmin=0, vmax=255)
    axes.set(
        title="Samples" if digits.source == "memory" else f"Samples from {digits.source}",
        xticks=[],
        yticks=SIDE * np.arange(CLASSES) + SIDE / 2,
        yticklabels=range(CLASSES),
    )
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)
    return figure


@rc_context(STYLE)
def class_histogram(digits: Digits) -> Figure:
    """Plot how many images there are of each class."""
    counts = digits.counts()
    figure = Figure(figsize=(7, 3.3), layout="constrained")
    axes = figure.subplots()
    bars = axes.bar(range(CLASSES), counts, color=TRAINING, width=0.7)
    axes.bar_label(bars, [f"{count:,}" for count in counts], padding=3, size=9)
    axes.set_title(f"How often each digit occurs in {len(digits):,} images")
    axes.set(xlabel="digit", ylabel="images", xticks=range(CLASSES))
    axes.yaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.yaxis.set_major_formatter("{x:,.0f}")
    axes.spines["left"].set_visible(False)
    return figure


@rc_context(STYLE)
def mean_and_variance(digits: Digits) -> Figure:
    """Show the mean and the variance of every pixel, for each class; a class without images stays empty.

    Pixels go from 0 to 1, so a variance is at most 0.25, where half of the images have full ink and half have none.
    """
    mean, variance = np.full((2, SIDE, CLASSES, SIDE), np.nan)
    for digit in np.unique(digits.labels):
        pixels = digits.images[digits.labels == digit] / np.float32(255)
        mean[:, digit] = pixels.mean(axis=0)
        variance[:, digit] = pixels.var(axis=0)
    figure = Figure(figsize=(7, 2.5), layout="constrained")
    for axes, title, strip, cmap, top in zip(
        figure.subplots(2, 1), ("Mean", "Variance"), (mean, variance), ("gray_r", "Blues"), (1, 0.25), strict=True
    ):
        image = axes.imshow(strip.reshape(SIDE, CLASSES * SIDE), cmap=cmap, vmin=0, vmax=top)
        axes.set(title=title, yticks=[], xticks=SIDE * np.arange(CLASSES) + SIDE / 2, xticklabels=range(CLASSES))
        axes.grid(visible=False)
        axes.spines[:].set_visible(False)
        bar = figure.colorbar(image, ax=axes, ticks=[0, top], pad=0.01, aspect=8)
        bar.outline.set_visible(False)
    return figure
