"""Plots of how well a model reads."""

import numpy as np
from jaxtyping import Float
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.ticker import FuncFormatter, NullLocator

from tenfold.base.form import DIGITS
from tenfold.evaluation import Evaluation, Robustness
from tenfold.evaluation import reliability as reliability_bins
from tenfold.evaluation import risk_coverage as selections
from tenfold.evaluation.robustness import DEGREES, PIXELS
from tenfold.report.plots.style import FOUR_COLORS, INK, MUTED, PAPER, STYLE, TRAINING, VALIDATION, Figure, percent


@rc_context(STYLE)
def confusion_matrix(evaluation: Evaluation) -> Figure:
    """Plot how many images of each true digit or class (row) were read as which (column).

    Only the mistakes are colored, by their count; the diagonal, a hundred times larger, would drown them out.
    """
    counts = evaluation.confusion
    heat = mistake_heat(evaluation)[..., None]
    colors = (1 - heat) * np.array(to_rgb(PAPER)) + heat * np.array(to_rgb(VALIDATION))
    classes = evaluation.classes
    colors[np.diag_indices(len(classes))] = to_rgb("#eef2f5")
    side = max(6, 0.35 * len(classes))
    figure = Figure(figsize=(side, side + 0.2), layout="constrained")
    axes = figure.subplots()
    axes.imshow(colors)
    for (label, prediction), count in np.ndenumerate(counts):
        if count:
            weight = "normal" if label == prediction else "bold"
            axes.text(prediction, label, f"{count:,}", ha="center", va="center", weight=weight, size=9)
    kind = "digit" if classes == DIGITS else "class"
    axes.set(title="Confusion matrix", xlabel="read as", ylabel=f"true {kind}")
    axes.set_xticks(range(len(classes)), classes, rotation=90 if max(map(len, classes)) > 2 else 0)
    axes.set_yticks(range(len(classes)), classes)
    axes.set_xticks(np.arange(len(classes) + 1) - 0.5, minor=True)
    axes.set_yticks(np.arange(len(classes) + 1) - 0.5, minor=True)
    axes.grid(visible=False)
    axes.grid(visible=True, which="minor", axis="both", clip_on=False)
    axes.tick_params(which="minor", length=0)
    axes.spines[:].set_visible(False)
    return figure


def mistake_heat(evaluation: Evaluation) -> Float[np.ndarray, "classes classes"]:
    """How strongly to color each cell of the confusion matrix.

    Returns:
        0 on the diagonal and where there are no mistakes, up to 0.75 for the most frequent one. Dark text on vermilion
        of that opacity has a contrast above 4.5.
    """
    counts = evaluation.confusion.astype(float)
    np.fill_diagonal(counts, 0)
    # even a single mistake must be seen
    return np.where(counts > 0, 0.1 + 0.65 * counts / max(counts.max(), 1), 0)


@rc_context(STYLE)
def reliability(evaluation: Evaluation) -> Figure:
    """Plot accuracy against confidence, in bins of equal width with 95% intervals, and how many images each bin has.

    For a well-calibrated model, the points lie on the diagonal.
    """
    bins = [part for part in reliability_bins(evaluation.probabilities, evaluation.labels) if part.count]
    confidences, accuracies = [part.confidence for part in bins], np.array([part.accuracy for part in bins])
    reach = np.abs(np.array([part.interval for part in bins]) - accuracies[:, None]).T  # down, up
    figure = Figure(figsize=(4.4, 4.2), layout="constrained")
    top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    top.plot([0, 1], [0, 1], "--", color=MUTED, linewidth=1)
    top.errorbar(confidences, accuracies, reach, fmt="o", color=TRAINING, elinewidth=1.5, markeredgecolor="none")
    top.set(title="Reliability", ylabel="read correctly", xlim=(0, 1.03), ylim=(-0.03, 1.03))
    width = bins[0].high - bins[0].low
    bottom.bar([part.low + width / 2 for part in bins], [part.count for part in bins], 0.9 * width, color=TRAINING)
    bottom.set(xlabel="confidence", ylabel="images", yscale="log", ylim=(0.5, 3 * len(evaluation)))
    bottom.yaxis.set_major_formatter("{x:,.0f}")
    bottom.yaxis.set_minor_locator(NullLocator())
    bottom.tick_params(axis="x", pad=7)
    for axes in (top.xaxis, top.yaxis):
        axes.set_major_formatter(FuncFormatter(lambda value, _: percent(value, 0)))
    return figure


@rc_context(STYLE)
def risk_coverage(evaluation: Evaluation, most: float = 0.05) -> Figure:
    """Plot the error rate of the remaining readings as the least confident ones are left out.

    Args:
        evaluation: the model's answers.
        most: the largest fraction of the images to leave out, 0 to 1.
    """
    curve = selections(evaluation.probabilities, evaluation.labels)
    figure = Figure(figsize=(4.4, 4.2), layout="constrained")
    axes = figure.subplots()
    left_out, errors = [1 - left.coverage for left in curve], [left.error for left in curve]
    axes.plot(left_out, errors, color=TRAINING)
    axes.set(title="Risk against coverage", xlabel="least confident images left out", ylabel="misread among the rest")
    shown = [error for share, error in zip(left_out, errors, strict=True) if share <= most]
    axes.tick_params(axis="x", pad=7)
    axes.set(xlim=(0, most), ylim=(0, 1.1 * max(shown) or 0.01))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:.3g}%"))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:.3g}%"))
    return figure


@rc_context(STYLE)
def robustness(result: Robustness) -> Figure:
    """Plot the accuracy on each corruption, with its 95% interval, and on the clean images as a line."""
    names = list(result.corrupted)
    accuracies = np.array([one.accuracy for one in result.corrupted.values()])
    low, high = np.array([one.interval for one in result.corrupted.values()]).T
    figure = Figure(figsize=(5, 6.2), layout="constrained")
    axes = figure.subplots()
    errors = (accuracies - low, high - accuracies)
    style = {"ecolor": INK, "elinewidth": 1, "capsize": 2}
    axes.barh(names, accuracies, color=TRAINING, height=0.65, xerr=errors, error_kw=style)
    for place, accuracy in enumerate(accuracies):
        axes.text(1.03, place, percent(accuracy, 1), ha="left", va="center", size=9)
    axes.axvline(result.clean.accuracy, color=VALIDATION, linestyle="--", linewidth=1.5)
    axes.text(1.03, -1, percent(result.clean.accuracy, 1), ha="left", va="center", size=9, color=VALIDATION)
    axes.text(result.clean.accuracy - 0.015, -1, "clean", ha="right", va="center", size=9, color=VALIDATION)
    axes.set_title(f"Mean over {len(names)} corruptions: {percent(result.mean)}")
    axes.set(xlim=(0, 1), ylim=(len(names) - 0.4, -1.5), xlabel="accuracy")
    axes.set_yticks(range(len(names)), [name.replace("_", " ") for name in names])
    axes.tick_params(axis="y", labelcolor=INK)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: percent(value, 0)))
    axes.grid(visible=False, axis="y")
    axes.grid(visible=True, axis="x")
    axes.spines["left"].set_visible(False)
    return figure


@rc_context(STYLE)
def shifts(result: Robustness) -> Figure:
    """Plot the accuracy against shifts by whole pixels, a curve for each direction."""
    figure, axes = accuracy_curves("Shifts", "pixels")
    for (direction, accuracies), marker, color in zip(result.shifts.items(), "<>^v", FOUR_COLORS, strict=True):
        axes.plot(PIXELS, accuracies, marker=marker, color=color, label=direction, markeredgecolor="none")
    axes.legend(loc="lower left")
    return figure


@rc_context(STYLE)
def rotations(result: Robustness) -> Figure:
    """Plot the accuracy against rotations."""
    figure, axes = accuracy_curves("Rotations", "degrees, counterclockwise")
    axes.plot(DEGREES, result.rotations, "o-", color=TRAINING, markeredgecolor="none")
    axes.set_xticks(range(-45, 46, 15))
    return figure


def accuracy_curves(title: str, xlabel: str) -> tuple[Figure, Axes]:
    """Axes for curves of the accuracy."""
    figure = Figure(figsize=(4.4, 3.4), layout="constrained")
    axes = figure.subplots()
    axes.set(title=title, xlabel=xlabel, ylabel="accuracy", ylim=(0, 1.02))
    axes.tick_params(axis="x", pad=7)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: percent(value, 0)))
    return figure, axes
