"""A plot that compares many models."""

import math
from collections.abc import Sequence

from matplotlib import rc_context
from matplotlib.ticker import FuncFormatter, NullLocator

from tenfold.evaluation import ModelResult
from tenfold.report.plots.style import PAPER, STYLE, TRAINING, VALIDATION, Figure, label_points

KINDS = {"network": (TRAINING, "networks"), "classical": (VALIDATION, "classical models")}
TICKS = (0.0001, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
RADIUS = 12.0  # of the largest model, in points


@rc_context(STYLE)
def ranking(rows: Sequence[ModelResult]) -> Figure:
    """Plot each model's error against its training time; the area of a point shows the size of the model's file.

    Args:
        rows: the rows of a comparison, at least one.
    """
    figure = Figure(figsize=(7.6, 5.2), layout="constrained")
    axes = figure.subplots()
    largest = max(row.bytes for row in rows)
    points = []
    for row in rows:
        error = max(row.error, 1e-4)  # a logarithmic axis has no zero
        radius = max(RADIUS * (row.bytes / largest) ** 0.5, 2.0)
        color, _ = KINDS[row.kind]
        axes.scatter(row.train_seconds, error, math.pi * radius**2, color=color, alpha=0.7, edgecolors=PAPER)
        points.append((row.model.replace("_", " "), row.train_seconds, error, radius))
    axes.set(xscale="log", yscale="log", xlabel="training, seconds on one core", ylabel="test images misread")
    axes.set_title("Error against time to train; the area is the size of the file", pad=24)
    axes.margins(0.12)
    low, high = axes.get_ylim()
    axes.set_yticks([tick for tick in TICKS if low <= tick <= high])
    axes.yaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter("{x:,g}")
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:.3g}%"))
    keys = [axes.scatter([], [], 40, color=color, alpha=0.7, label=label) for color, label in KINDS.values()]
    axes.legend(handles=keys, loc="lower left", bbox_to_anchor=(0, 1), ncols=2, borderaxespad=0.2, borderpad=0.2)
    label_points(axes, points)
    return figure
