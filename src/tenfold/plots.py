"""Pictures of digits, of training and of mistakes.

Every function returns a matplotlib `Figure`; in Jupyter it shows itself as the value of a cell, and
`figure.savefig("curves.png")` writes it to a file. Nothing here touches pyplot's global state.
"""

import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float, Int64, UInt8
from matplotlib import colormaps, rc_context
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, to_rgb
from matplotlib.figure import Figure as MatplotlibFigure
from matplotlib.patheffects import withStroke
from matplotlib.ticker import FuncFormatter, MaxNLocator, NullLocator

from tenfold.data import CLASSES, SIDE, Digits
from tenfold.evaluation import Answer, Evaluation, Robustness
from tenfold.evaluation import reliability as reliability_bins
from tenfold.evaluation import risk_coverage as selections
from tenfold.evaluation.robustness import DEGREES, PIXELS
from tenfold.training import History

# Blue and vermilion are told apart with every kind of color vision (Okabe and Ito, "Color Universal Design", 2008).
INK, MUTED, RULE, PAPER = "#20262d", "#59636e", "#dde2e7", "#ffffff"
TRAINING, VALIDATION = "#0072b2", "#d55e00"
FOUR_COLORS = (TRAINING, VALIDATION, "#009e73", "#8f4a75")
STYLE: dict[Any, Any] = {
    # a light card, so that a figure is as legible on a dark page
    "figure.facecolor": PAPER,
    "figure.dpi": 100,
    "figure.constrained_layout.w_pad": 0.12,
    "figure.constrained_layout.h_pad": 0.12,
    "savefig.dpi": 150,
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans", "sans-serif"],
    "font.size": 10,
    "text.color": INK,
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titlepad": 10,
    "axes.facecolor": "none",
    "axes.edgecolor": RULE,
    "axes.labelcolor": MUTED,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "grid.color": RULE,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "lines.linewidth": 2,
    "lines.markersize": 5,
    "legend.frameon": False,
    "legend.fontsize": 9,
    "legend.handlelength": 1.4,
    "legend.handletextpad": 0.5,
    "legend.columnspacing": 1.2,
    "image.interpolation": "nearest",
}


class Figure(MatplotlibFigure):
    """A matplotlib figure that a notebook shows without `%matplotlib inline`."""

    def _repr_png_(self) -> bytes:
        png = io.BytesIO()
        self.savefig(png, format="png", dpi=self.dpi)
        return png.getvalue()


def percent(fraction: float, digits: int = 2) -> str:
    """Write a fraction as a percentage, with a no-break space before the sign."""
    return f"{100 * fraction:.{digits}f}\u00a0%"


def confidence(probability: float) -> str:
    """Write a probability as a whole percentage; no model is so sure that it may say 100 %."""
    return percent(probability, 0) if probability < 0.995 else ">99\u00a0%"


def panels(history: History) -> list[str]:
    """What `curves` can draw of a history: a learning rate is a curve from the second epoch on."""
    return ["loss", "accuracy", "learning rate"][: 3 if len(history) > 1 else 2]


@rc_context(STYLE)
def curves(history: History, only: str | None = None) -> Figure:
    """Draw loss, accuracy and learning rate by epoch, for training and validation where there is one.

    Args:
        history: any number of epochs; the legend states the values after the last one.
        only: one of `panels(history)`, to draw it alone.
    """
    shown = [only] if only else panels(history)
    figure = Figure(figsize=(3.7 * len(shown), 3), layout="constrained")
    for panel, axes in zip(shown, figure.subplots(1, len(shown), squeeze=False)[0], strict=True):
        axes.set_title(panel.capitalize(), pad=26)  # the legend goes below, where it hides no point
        axes.set_xlabel("epoch")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        if panel == "learning rate":
            _line(axes, history, "learning_rate", "at the end of the epoch", TRAINING, "")
            axes.set_ylim(bottom=0)
        else:
            text = " {:.4f}" if panel == "loss" else " {:.2%}"
            _line(axes, history, panel, "training", TRAINING, text)
            _line(axes, history, f"validation_{panel}", "validation", VALIDATION, text)
        if panel == "accuracy":
            axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:.4g}\u00a0%"))
        if axes.lines:
            axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, borderaxespad=0.2, borderpad=0.2)
    return figure


def _line(axes: Axes, history: History, column: str, label: str, color: str, text: str) -> None:
    """Draw one column of the history, if it has values."""
    points = [(row["epoch"], row[column]) for row in history.rows if row[column] is not None]
    if points:
        epochs, values = zip(*points, strict=True)
        label += text.format(values[-1]).replace("%", "\u00a0%")
        style = "o-" if color == TRAINING else "s--"  # black and white print shows the difference too
        axes.plot(epochs, values, style, color=color, label=label, markeredgecolor="none")


@rc_context(STYLE)
def confusion_matrix(evaluation: Evaluation) -> Figure:
    """Draw how many images of each true digit (row) were read as which digit (column).

    Only the mistakes are colored, by their count: the diagonal, a hundred times larger, would hide them.
    """
    counts = evaluation.confusion
    heat = mistake_heat(evaluation)[..., None]
    colors = (1 - heat) * np.array(to_rgb(PAPER)) + heat * np.array(to_rgb(VALIDATION))
    colors[np.diag_indices(CLASSES)] = to_rgb("#eef2f5")
    figure = Figure(figsize=(6, 6.2), layout="constrained")
    axes = figure.subplots()
    axes.imshow(colors)
    for (label, prediction), count in np.ndenumerate(counts):
        if count:
            weight = "normal" if label == prediction else "bold"
            axes.text(prediction, label, f"{count:,}", ha="center", va="center", weight=weight, size=9)
    axes.set(title="Confusion matrix", xlabel="read as", ylabel="true digit")
    axes.set(xticks=range(CLASSES), yticks=range(CLASSES))
    axes.set_xticks(np.arange(CLASSES + 1) - 0.5, minor=True)
    axes.set_yticks(np.arange(CLASSES + 1) - 0.5, minor=True)
    axes.grid(visible=False)
    axes.grid(visible=True, which="minor", axis="both")
    axes.tick_params(which="minor", length=0)
    axes.spines[:].set_visible(False)
    return figure


def mistake_heat(evaluation: Evaluation) -> Float[np.ndarray, "10 10"]:
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
def mistakes(evaluation: Evaluation, digits: Digits, count: int = 25) -> Figure:
    """Draw misclassified images, the most confident mistakes first, each with its index in `digits`.

    Args:
        evaluation: of `digits`.
        digits: the images.
        count: how many to draw at most.
    """
    return _gallery(evaluation.mistakes[:count], digits, f"No mistakes among {len(evaluation):,} images")


@rc_context(STYLE)
def contested(evaluation: Evaluation, digits: Digits) -> Figure:
    """Draw the test images whose labels human raters contest, each with its label and what was read.

    Args:
        evaluation: of `digits`.
        digits: the images; MNIST's own test set, of which such labels are known.
    """
    return _gallery(evaluation.contested_answers, digits, "No contested labels are known of these images", "label")


def _gallery(answers: list[Answer], digits: Digits, nothing: str, given: str = "true") -> Figure:
    """Draw images with their labels and readings, or write `nothing`."""
    if not answers:
        figure = Figure(figsize=(6, 1.2))
        figure.text(0.5, 0.5, nothing, ha="center", va="center", size=12)
        return figure
    columns = min(5, len(answers))
    rows = -(-len(answers) // columns)
    # a single column would be too narrow for its title
    figure = Figure(figsize=(max(2.4, 1.9 * columns), 2.2 * rows), layout="constrained")
    for place, answer in enumerate(answers, start=1):
        axes = figure.add_subplot(rows, columns, place)
        axes.imshow(digits.images[answer.index], cmap="gray_r", vmin=0, vmax=255)
        title = f"{given} {answer.label} read {answer.prediction}, {confidence(answer.probability)}"
        axes.set_title(title, loc="center", size=9, weight="normal", pad=4)
        axes.set_xlabel(f"#{answer.index}", size=8, labelpad=3)
        axes.set(xticks=[], yticks=[])
        axes.spines[:].set_visible(True)
    return figure


@rc_context(STYLE)
def reliability(evaluation: Evaluation) -> Figure:
    """Draw accuracy against confidence, in bins of equal width with 95 % intervals, and how many images each bin has.

    Where a model can be believed, the points lie on the diagonal.
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
    """Draw how many of the remaining images are misread when the least confident readings are left out.

    Args:
        evaluation: any.
        most: the largest share of the images to leave out, 0 to 1.
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
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:.3g}\u00a0%"))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:.3g}\u00a0%"))
    return figure


@rc_context(STYLE)
def samples(digits: Digits, per_class: int = 10) -> Figure:
    """Draw the first images of every class, a row for each; a class without images has an empty row."""
    grid = np.zeros((CLASSES, per_class, SIDE, SIDE), dtype=np.uint8)
    for digit in range(CLASSES):
        images = digits.images[digits.labels == digit][:per_class]
        grid[digit, : len(images)] = images
    figure = Figure(figsize=(0.55 * per_class + 0.6, 0.55 * CLASSES + 0.4), layout="constrained")
    axes = figure.subplots()
    # one large image: a hundred axes would take a second to draw
    axes.imshow(grid.swapaxes(1, 2).reshape(CLASSES * SIDE, per_class * SIDE), cmap="gray_r", vmin=0, vmax=255)
    axes.set(
        title=f"Samples from {digits.source}",
        xticks=[],
        yticks=SIDE * np.arange(CLASSES) + SIDE / 2,
        yticklabels=range(CLASSES),
    )
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)
    return figure


@rc_context(STYLE)
def class_histogram(digits: Digits) -> Figure:
    """Draw how many images there are of each class."""
    counts = digits.counts()
    figure = Figure(figsize=(7, 3.3), layout="constrained")
    axes = figure.subplots()
    bars = axes.bar(range(CLASSES), counts, color=TRAINING, width=0.7)
    axes.bar_label(bars, [f"{count:,}" for count in counts], padding=3, size=9)
    axes.set(title=f"{len(digits):,} images", xlabel="digit", ylabel="images", xticks=range(CLASSES))
    axes.yaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.yaxis.set_major_formatter("{x:,.0f}")
    axes.spines["left"].set_visible(False)
    return figure


@rc_context(STYLE)
def mean_and_variance(digits: Digits) -> Figure:
    """Draw the mean and the variance of every pixel, for each class; a class without images stays empty.

    Pixels are taken from 0 to 1, so a variance is at most 0.25: where half of the images have ink and half have none.
    """
    mean, variance = np.full((2, SIDE, CLASSES, SIDE), np.nan)
    for digit in np.unique(digits.labels):
        pixels = digits.images[digits.labels == digit] / np.float32(255)
        mean[:, digit] = pixels.mean(axis=0)
        variance[:, digit] = pixels.var(axis=0)
    figure = Figure(figsize=(9.5, 2.9), layout="constrained")
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


# Against white paper blue is for, vermilion against: a digit, or a filter's input.
SIGNED = LinearSegmentedColormap.from_list("signed", [VALIDATION, PAPER, TRAINING])
# Ten colors that differ in lightness too; a number at the middle of each class does not rely on them.
CLASS_COLORS = colormaps["tab10"](np.arange(CLASSES))


@rc_context(STYLE)
def first_filters(filters: Float[np.ndarray, "filters height width"]) -> Figure:
    """Draw the weights of the first layer: blue asks for ink, vermilion for paper; the strongest weight is full color.

    Args:
        filters: from `tenfold.evaluation.interpretation.first_filters`.
    """
    columns = 5 if len(filters) == CLASSES else min(8, len(filters))
    strongest = np.abs(filters).max()
    figure = Figure(figsize=(1.05 * columns, 1.05 * -(-len(filters) // columns) + 0.5), layout="constrained")
    axes = figure.subplots()
    picture = axes.imshow(_tiles(filters, columns), cmap=SIGNED, vmin=-strongest, vmax=strongest)
    _bare(axes, f"{len(filters)} filters of {filters.shape[1]} × {filters.shape[2]} pixels")
    bar = figure.colorbar(picture, ax=axes, ticks=[-strongest, 0, strongest], format="%.2f", aspect=30, pad=0.02)
    bar.outline.set_visible(False)
    return figure


@rc_context(STYLE)
def feature_maps(
    image: UInt8[np.ndarray, "28 28"], maps: Sequence[Float[np.ndarray, "channels height width"]]
) -> Figure:
    """Draw what each layer makes of an image: dark where a channel responds, each layer on its own scale.

    Args:
        image: the digit.
        maps: from `tenfold.evaluation.interpretation.feature_maps`.
    """
    columns = 16
    rows = [-(-len(layer) // columns) for layer in maps]
    figure = Figure(figsize=(9, 1.6 + 0.56 * sum(rows) + 0.4 * len(rows)), layout="constrained")
    grid = figure.add_gridspec(len(maps) + 1, 1, height_ratios=[2, *rows])
    axes = figure.add_subplot(grid[0])
    axes.imshow(image, cmap="gray_r", vmin=0, vmax=255)
    _bare(axes, "Image")
    axes.set_anchor("W")
    for number, layer in enumerate(maps, start=1):
        axes = figure.add_subplot(grid[number])
        axes.imshow(_tiles(layer, columns), cmap=colormaps["gray_r"].with_extremes(bad=RULE))
        size = " × ".join(map(str, layer.shape[1:]))
        _bare(axes, f"Layer {number}: {len(layer)} channels of {size}")
        axes.set_anchor("W")
    return figure


@rc_context(STYLE)
def saliency(digits: Digits, drops: Sequence[Float[np.ndarray, "28 28"]]) -> Figure:
    """Draw images under what a network looks at: blue speaks for the label, vermilion against it.

    Args:
        digits: the images.
        drops: from `tenfold.evaluation.interpretation.occlusion`, one for each; each has its own scale.
    """
    columns = min(5, len(digits))
    rows = -(-len(digits) // columns)
    figure = Figure(figsize=(max(2.4, 1.8 * columns), 2.1 * rows), layout="constrained")
    for place, (image, label, drop) in enumerate(zip(digits.images, digits.labels, drops, strict=True), start=1):
        axes = figure.add_subplot(rows, columns, place)
        strongest = max(float(np.abs(drop).max()), 1e-9)
        axes.imshow(image, cmap="gray_r", vmin=0, vmax=640)  # pale, so that the colors above it are seen
        axes.imshow(drop, cmap=SIGNED, vmin=-strongest, vmax=strongest, alpha=np.abs(drop) / strongest)
        _bare(axes, "")
        axes.set_title(f"{label}: up to {strongest:.1f} nats", loc="center", size=9, weight="normal", pad=4)
    return figure


@rc_context(STYLE)
def plane(points: Mapping[str, Float[np.ndarray, "n 2"]], evaluation: Evaluation) -> Figure:
    """Draw digits as points of a plane, in the color of their class; the misread ones are marked.

    Args:
        points: by method, from `tenfold.evaluation.interpretation.plane`.
        evaluation: of the same images.
    """
    wrong = evaluation.predictions != evaluation.labels
    figure = Figure(figsize=(5.4 * len(points), 5.4), layout="constrained")
    for axes, (method, where) in zip(figure.subplots(1, len(points), squeeze=False)[0], points.items(), strict=True):
        for digit in np.unique(evaluation.labels):
            members = where[evaluation.labels == digit]
            axes.scatter(*members.T, s=9, color=CLASS_COLORS[digit], alpha=0.6, linewidths=0)
            outline = [withStroke(linewidth=3, foreground=PAPER)]
            middle = np.median(members, axis=0)
            axes.text(*middle, str(digit), size=16, weight="bold", ha="center", va="center", path_effects=outline)
        label = f"misread: {wrong.sum():,} of {len(wrong):,}"
        axes.scatter(*where[wrong].T, s=60, facecolors="none", edgecolors=INK, linewidths=1.4, label=label)
        axes.legend(loc="lower right")
        _bare(axes, method)
    return figure


@rc_context(STYLE)
def extremes(digits: Digits, found: Mapping[int, tuple[int, int]]) -> Figure:
    """Draw the most typical and the oddest image of each class, with its index in `digits`.

    Args:
        digits: the images.
        found: from `tenfold.evaluation.interpretation.extremes`.
    """
    figure = Figure(figsize=(max(3.0, 1.05 * len(found) + 0.8), 2.9), layout="constrained")
    grid = figure.subplots(2, len(found), squeeze=False)
    for row, name in enumerate(("most typical", "oddest")):
        for axes, (digit, indices) in zip(grid[row], found.items(), strict=True):
            axes.imshow(digits.images[indices[row]], cmap="gray_r", vmin=0, vmax=255)
            axes.set_xlabel(f"#{indices[row]}", size=8, labelpad=3)
            axes.set(xticks=[], yticks=[])
            axes.spines[:].set_visible(True)
            if row == 0:
                axes.set_title(str(digit), loc="center", pad=4)
        grid[row, 0].set_ylabel(name)
    return figure


@rc_context(STYLE)
def doubtful_labels(out_of_fold: Evaluation, digits: Digits, indices: Int64[np.ndarray, " doubtful"]) -> Figure:
    """Draw images whose label looks wrong, each with its label and what was read, at most 25.

    Args:
        out_of_fold: of `digits`, by networks that were not trained on them.
        digits: the images.
        indices: of the doubtful ones, from `tenfold.evaluation.interpretation.doubtful_labels`.
    """
    mistakes = {mistake.index: mistake for mistake in out_of_fold.mistakes}
    shown = [mistakes[index] for index in indices[:25].tolist()]
    return _gallery(shown, digits, f"No doubtful labels among {len(digits):,} images", "label")


def _tiles(pictures: Float[np.ndarray, "n height width"], columns: int) -> Float[np.ndarray, "rows columns"]:
    """Lay pictures side by side, with lines without a value between them."""
    n, height, width = pictures.shape
    rows = -(-n // columns)
    tiles = np.full((rows * columns, height + 1, width + 1), np.nan, dtype=np.float32)
    tiles[:n, :height, :width] = pictures
    rows_first = tiles.reshape(rows, columns, height + 1, width + 1).swapaxes(1, 2)
    return rows_first.reshape(rows * (height + 1), columns * (width + 1))[:-1, :-1]


def _bare(axes: Axes, title: str) -> None:
    """Leave only the title of a picture's axes."""
    axes.set(title=title, xticks=[], yticks=[])
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)


@rc_context(STYLE)
def robustness(result: Robustness) -> Figure:
    """Draw the accuracy on each corruption, with its 95 % interval, and on the clean images as a line."""
    names = list(result.corrupted)
    accuracies = np.array([one.accuracy for one in result.corrupted.values()])
    low, high = np.array([one.interval for one in result.corrupted.values()]).T
    figure = Figure(figsize=(7, 5.2), layout="constrained")
    axes = figure.subplots()
    errors = (accuracies - low, high - accuracies)
    style = {"ecolor": INK, "elinewidth": 1, "capsize": 2}
    axes.barh(names, accuracies, color=TRAINING, height=0.65, xerr=errors, error_kw=style)
    for place, accuracy in enumerate(accuracies):
        axes.text(1.03, place, percent(accuracy, 1), ha="left", va="center", size=9)
    axes.axvline(result.clean.accuracy, color=VALIDATION, linestyle="--", linewidth=1.5)
    axes.text(1.03, -1, percent(result.clean.accuracy, 1), ha="left", va="center", size=9, color=VALIDATION)
    axes.text(result.clean.accuracy - 0.015, -1, "clean", ha="right", va="center", size=9, color=VALIDATION)
    axes.set_title(f"Mean accuracy over {len(names)} corruptions: {percent(result.mean)}")
    axes.set(xlim=(0, 1), ylim=(len(names) - 0.4, -1.5), xlabel="accuracy")
    axes.set_yticks(range(len(names)), [name.replace("_", " ") for name in names])
    axes.tick_params(axis="y", labelcolor=INK)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: percent(value, 0)))
    axes.grid(visible=False, axis="y")
    axes.grid(visible=True, axis="x")
    axes.spines["left"].set_visible(False)
    return figure


@rc_context(STYLE)
def stability(result: Robustness) -> Figure:
    """Draw the accuracy against shifts in four directions, and against rotations."""
    figure = Figure(figsize=(8, 3.4), layout="constrained")
    shifts, rotations = figure.subplots(1, 2, sharey=True)
    for (direction, accuracies), marker, color in zip(result.shifts.items(), "<>^v", FOUR_COLORS, strict=True):
        shifts.plot(PIXELS, accuracies, marker=marker, color=color, label=direction, markeredgecolor="none")
    shifts.set_title("Shifts")
    shifts.set(xlabel="pixels", ylabel="accuracy", ylim=(0, 1.02))
    shifts.yaxis.set_major_formatter(FuncFormatter(lambda value, _: percent(value, 0)))
    shifts.legend(loc="lower left")
    rotations.plot(DEGREES, result.rotations, "o-", color=TRAINING, markeredgecolor="none")
    rotations.set_title("Rotations")
    rotations.set(xlabel="degrees, counterclockwise", xticks=range(-45, 46, 15))
    return figure
