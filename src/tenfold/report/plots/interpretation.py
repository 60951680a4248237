"""Plots of what a network looks at."""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float, UInt8
from matplotlib import colormaps, rc_context
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.patheffects import withStroke

from tenfold.data import CLASSES, SIDE, Digits
from tenfold.evaluation import Evaluation
from tenfold.report.plots.style import INK, PAPER, RULE, STYLE, TRAINING, VALIDATION, Figure, bare

# On white paper, blue speaks for a digit or asks for ink, and vermilion the reverse.
SIGNED = LinearSegmentedColormap.from_list("signed", [VALIDATION, PAPER, TRAINING]).with_extremes(bad=RULE)
# Ten colors that differ in lightness as well; a number in the middle of each class does not depend on them.
CLASS_COLORS = colormaps["tab10"](np.arange(CLASSES))
WIDTH = 5.6  # inches, so that the text can still be read on a phone


@rc_context(STYLE)
def first_filters(
    filters: Float[np.ndarray, "filters height width"], after: Float[np.ndarray, "filters height width"] | None = None
) -> Figure:
    """Show the weights of the first layer: blue asks for ink, vermilion for paper; the largest weight has full color.

    Args:
        filters: from `tenfold.evaluation.interpretation.first_filters`; ten of 28x28 pixels are taken for the
            templates of the ten digits, and labeled.
        after: the same filters after training, to be shown beside them.
    """
    templates = filters.shape == (CLASSES, SIDE, SIDE)
    columns = 5 if len(filters) == CLASSES else min(8 if after is None else 4, len(filters))
    rows = -(-len(filters) // columns)
    panels = [filters] if after is None else [filters, after]
    width = WIDTH / len(panels)
    height = width / columns * rows + 0.3 if after is None else 0.8 * width / columns * rows + 0.9  # 0.8: the margins
    figure = Figure(figsize=(WIDTH, height), layout="constrained")
    for number, (axes, shown) in enumerate(zip(figure.subplots(1, len(panels), squeeze=False)[0], panels, strict=True)):
        strongest = np.abs(shown).max()
        picture = axes.imshow(_tiles(shown, columns), cmap=SIGNED, vmin=-strongest, vmax=strongest)
        title = (
            "Templates of the ten digits"
            if templates
            else f"{len(shown)} filters of {shown.shape[1]} × {shown.shape[2]}"
        )
        bare(axes, title if after is None else ("before training", "after training")[number])
        side = "right" if after is None else "bottom"
        ticks = [-strongest, 0, strongest]
        bar = figure.colorbar(picture, ax=axes, location=side, ticks=ticks, format="%.2f", aspect=30, pad=0.02)
        bar.outline.set_visible(False)
    if templates:
        for digit in range(CLASSES):
            row, column = divmod(digit, columns)
            figure.axes[0].text(column * (SIDE + 1) + 1, row * (SIDE + 1) + 1, str(digit), va="top", weight="bold")
    return figure


@rc_context(STYLE)
def feature_maps(image: UInt8[np.ndarray, "28 28"], maps: Sequence[Float[np.ndarray, "_ _ _"]]) -> Figure:
    """Show the feature maps of an image: dark where a channel responds, each layer on its own scale.

    Args:
        image: the image.
        maps: from `tenfold.evaluation.interpretation.feature_maps`, `(channels, height, width)` for each layer; more
            than 16 channels would be too small to see, so only the first 16 are shown.
    """
    columns, most = 8, 16
    rows = [-(-min(len(layer), most) // columns) for layer in maps]
    figure = Figure(figsize=(WIDTH, 1.4 + WIDTH / columns * sum(rows) + 0.4 * len(rows)), layout="constrained")
    grid = figure.add_gridspec(len(maps) + 1, 1, height_ratios=[2, *rows])
    axes = figure.add_subplot(grid[0])
    axes.imshow(image, cmap="gray_r", vmin=0, vmax=255)
    bare(axes, "Image")
    axes.set_anchor("W")
    for number, layer in enumerate(maps, start=1):
        axes = figure.add_subplot(grid[number])
        # About 60x60 pixels each, so that the lines between the maps of all layers are equally thin.
        fine = layer[:most].repeat(-(-60 // len(layer[0])), axis=1).repeat(-(-60 // len(layer[0, 0])), axis=2)
        axes.imshow(_tiles(fine, columns, gap=3), cmap=colormaps["gray_r"].with_extremes(bad=RULE))
        size = " × ".join(map(str, layer.shape[1:]))
        bare(axes, f"Layer {number}: {min(len(layer), most)} of {len(layer)} feature maps, {size}")
        axes.set_anchor("W")
    return figure


@rc_context(STYLE)
def saliency(digits: Digits, drops: Sequence[Float[np.ndarray, "28 28"]]) -> Figure:
    """Show images overlaid with what a network looks at: blue speaks for the label, vermilion against it.

    Args:
        digits: the images.
        drops: one for each image, from `tenfold.evaluation.interpretation.occlusion`; each has its own scale.
    """
    columns = min(5, len(digits))
    rows = -(-len(digits) // columns)
    figure = Figure(figsize=(WIDTH / 5 * columns, 1.5 * rows), layout="constrained")
    for place, (image, label, drop) in enumerate(zip(digits.images, digits.labels, drops, strict=True), start=1):
        axes = figure.add_subplot(rows, columns, place)
        strongest = _overlay(axes, image, drop)
        axes.set_title(digits.classes[label], loc="center", pad=4)
        axes.set_xlabel(f"up to {strongest:.1f} nats", size=9, labelpad=3)
    return figure


@rc_context(STYLE)
def saliency_methods(digits: Digits, maps: Mapping[str, Sequence[Float[np.ndarray, "28 28"]]]) -> Figure:
    """Show saliency maps by several methods: a row for each, a column for each image; every map has its own scale.

    Args:
        digits: the images.
        maps: by method, one for each image, from `tenfold.evaluation.interpretation.saliency` or `occlusion`.
    """
    figure = Figure(figsize=(1.3 * WIDTH, 0.62 * len(maps)), layout="constrained")
    for line, (method, found) in zip(figure.subplots(len(maps), len(digits), squeeze=False), maps.items(), strict=True):
        for axes, image, one in zip(line, digits.images, found, strict=True):
            _overlay(axes, image, one)
        line[0].set_ylabel(method, rotation=0, ha="right", va="center", size=8)
    return figure


def _overlay(axes: Axes, image: UInt8[np.ndarray, "28 28"], drop: Float[np.ndarray, "28 28"]) -> float:
    """Draw a saliency map over a pale image; returns the largest absolute value in it."""
    strongest = max(float(np.abs(drop).max()), 1e-9)
    axes.imshow(image, cmap="gray_r", vmin=0, vmax=640)  # pale, so that the colors on top stand out
    axes.imshow(drop, cmap=SIGNED, vmin=-strongest, vmax=strongest, alpha=np.abs(drop) / strongest)
    bare(axes, "")
    return strongest


@rc_context(STYLE)
def plane(points: Mapping[str, Float[np.ndarray, "n 2"]], evaluation: Evaluation) -> Figure:
    """Plot digits as points in the plane, colored by class, with the misread ones marked.

    Args:
        points: by method, from `tenfold.evaluation.interpretation.plane`.
        evaluation: the answers to the same images.
    """
    wrong = evaluation.predictions != evaluation.labels
    figure = Figure(figsize=(WIDTH, 0.9 * WIDTH * len(points)), layout="constrained")
    for axes, (method, where) in zip(figure.subplots(len(points), squeeze=False)[:, 0], points.items(), strict=True):
        for digit in np.unique(evaluation.labels):
            members = where[evaluation.labels == digit]
            axes.scatter(*members.T, s=9, color=CLASS_COLORS[digit % CLASSES], alpha=0.6, linewidths=0)
            outline = [withStroke(linewidth=3, foreground=PAPER)]
            middle = np.median(members, axis=0)
            axes.text(
                *middle,
                evaluation.classes[digit],
                size=16,
                weight="bold",
                ha="center",
                va="center",
                path_effects=outline,
            )
        label = f"misread: {wrong.sum():,} of {len(wrong):,}"
        axes.scatter(*where[wrong].T, s=60, facecolors="none", edgecolors=INK, linewidths=1.4, label=label)
        axes.legend(loc="lower right")
        bare(axes, method)
    return figure


@rc_context(STYLE)
def extremes(digits: Digits, found: Mapping[int, tuple[int, int]]) -> Figure:
    """Show the most typical and the oddest image of each class, with its index in `digits`.

    Args:
        digits: the images.
        found: from `tenfold.evaluation.interpretation.extremes`.
    """
    columns = min(5, len(found))
    rows = -(-len(found) // columns)
    figure = Figure(figsize=(max(2.4, WIDTH / 5 * columns), 2.5 * rows), layout="constrained")
    for place, (digit, indices) in enumerate(found.items()):
        row, column = divmod(place, columns)
        for which, name in enumerate(("most typical", "oddest")):
            axes = figure.add_subplot(2 * rows, columns, (2 * row + which) * columns + column + 1)
            axes.imshow(digits.images[indices[which]], cmap="gray_r", vmin=0, vmax=255)
            axes.set_xlabel(f"#{indices[which]}", size=9, labelpad=3)
            axes.set(xticks=[], yticks=[])
            axes.spines[:].set_visible(True)
            if which == 0:
                axes.set_title(digits.classes[digit], loc="center", pad=4)
            if column == 0:
                axes.set_ylabel(name)
    return figure


def _tiles(
    pictures: Float[np.ndarray, "n height width"], columns: int, gap: int = 1
) -> Float[np.ndarray, "rows columns"]:
    """Lay pictures side by side, separated by lines of NaN."""
    n, height, width = pictures.shape
    rows = -(-n // columns)
    tiles = np.full((rows * columns, height + gap, width + gap), np.nan, dtype=np.float32)
    tiles[:n, :height, :width] = pictures
    rows_first = tiles.reshape(rows, columns, height + gap, width + gap).swapaxes(1, 2)
    return rows_first.reshape(rows * (height + gap), columns * (width + gap))[:-gap, :-gap]
