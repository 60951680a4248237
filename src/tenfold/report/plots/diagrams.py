"""Diagrams of how a network works, drawn from real numbers."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.colors import Colormap, ListedColormap
from matplotlib.patches import ConnectionPatch, FancyArrowPatch, FancyBboxPatch, Rectangle

from tenfold.report.plots.interpretation import SIGNED
from tenfold.report.plots.style import INK, MUTED, PAPER, RULE, STYLE, TRAINING, VALIDATION, Figure, bare

WIDTH = 6.4  # inches
TWO_TONES = ListedColormap(["#e3eef5", "#f4ede8"])  # pale, so that dark text stands out


@rc_context(STYLE)
def convolution(
    image: Float[np.ndarray, "height width"], weights: Float[np.ndarray, "size size"], row: int, column: int
) -> Figure:
    """Show how a filter makes one number of its feature map: window times weights, added up.

    Args:
        image: the pixels, 1 is ink.
        weights: the filter, square; its window moves one pixel at a time.
        row: the row in the feature map of the number to show.
        column: the column in the feature map of the number to show.
    """
    size = len(weights)
    windows = np.lib.stride_tricks.sliding_window_view(image, (size, size))
    sums = (windows * weights).sum(axis=(2, 3))
    figure = Figure(figsize=(WIDTH, 2.5), layout="constrained")
    left, pixels, filters, right = figure.subplots(1, 4, width_ratios=(1.5, 1, 1, 1.5))
    left.imshow(image, cmap="gray_r", vmin=0, vmax=1)
    _frame(left, column - 0.5, row - 0.5, size)
    bare(left, "image")
    _numbers(pixels, windows[row, column], "{:.1f}", "gray_r", (0.0, 1.0))
    bare(pixels, "window")
    strongest = np.abs(weights).max()
    _numbers(filters, weights, "{:+.0f}", SIGNED, (-strongest, strongest))
    bare(filters, "× filter")
    strongest = np.abs(sums).max()
    right.imshow(sums, cmap=SIGNED, vmin=-strongest, vmax=strongest)
    _frame(right, column - 0.5, row - 0.5, 1)
    bare(right, f"feature map: {sums[row, column]:+.1f}")
    for y in (-0.5, size - 0.5):
        figure.add_artist(
            ConnectionPatch(
                (column + size - 0.5, row + y), (-0.5, y), "data", "data", axesA=left, axesB=pixels, color=VALIDATION
            )
        )
    return figure


@rc_context(STYLE)
def pooling(values: Float[np.ndarray, "height width"]) -> Figure:
    """Show max pooling: the largest of every 2x2 numbers is kept.

    Args:
        values: a small feature map of even height and width.
    """
    height, width = values.shape
    pooled = values.reshape(height // 2, 2, width // 2, 2).max(axis=(1, 3))
    blocks = (np.indices(pooled.shape).sum(axis=0) % 2).astype(float)  # a checkerboard
    figure = Figure(figsize=(WIDTH * 0.7, 2.5), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(2, 1))
    kept = np.zeros(values.shape, dtype=bool)
    for i, j in np.ndindex(pooled.shape):
        kept[2 * i : 2 * i + 2, 2 * j : 2 * j + 2].flat[values[2 * i : 2 * i + 2, 2 * j : 2 * j + 2].argmax()] = True
    for axes, numbers, colors, bold in (
        (left, values, blocks.repeat(2, axis=0).repeat(2, axis=1), kept),
        (right, pooled, blocks, pooled == pooled),
    ):
        axes.imshow(colors, cmap=TWO_TONES, vmin=0, vmax=1)
        for (i, j), number in np.ndenumerate(numbers):
            weight, color = ("bold", VALIDATION) if bold[i, j] else ("normal", INK)
            axes.text(j, i, f"{number:.1f}", ha="center", va="center", weight=weight, color=color, size=10)
    bare(left, f"feature map, {height} × {width}")
    bare(right, f"pooled, {height // 2} × {width // 2}")
    return figure


@rc_context(STYLE)
def receptive_field(side: int, layers: Sequence[tuple[str, int, int, int]]) -> Figure:
    """Show, in one dimension, the pixels and the numbers in between on which one number at the end depends.

    Args:
        side: pixels in a row of the image.
        layers: name, window, stride, and padding of each layer, in order.
    """
    sizes = [side]
    for _, window, stride, padding in layers:
        sizes.append((sizes[-1] + 2 * padding - window) // stride + 1)
    seen = {sizes[-1] // 2}
    fields, edges = [seen], []
    for depth in range(len(layers) - 1, -1, -1):
        _, window, stride, padding = layers[depth]
        pairs = [(unit, unit * stride - padding + step) for unit in sorted(seen) for step in range(window)]
        pairs = [(unit, below) for unit, below in pairs if 0 <= below < sizes[depth]]
        edges.append(pairs)
        seen = {below for _, below in pairs}
        fields.append(seen)
    fields, edges = fields[::-1], edges[::-1]

    figure = Figure(figsize=(WIDTH, 0.62 * len(sizes) + 0.4), layout="constrained")
    axes = figure.subplots()
    reach = [np.linspace(-1, 1, size) * size / side if size > 1 else np.zeros(1) for size in sizes]
    # Spread every layer over the width of the image, or the deep ones would be too narrow to see.
    reach = [where * (0.35 + 0.65 * len(where) / side) / max(abs(where).max(), 1e-9) for where in reach]
    for depth, (where, field) in enumerate(zip(reach, fields, strict=True)):
        colors = [VALIDATION if unit in field else RULE for unit in range(len(where))]
        axes.scatter(where, [depth] * len(where), s=42, c=colors, marker="s", zorder=3)
        name = "image" if depth == 0 else layers[depth - 1][0]
        axes.text(-1.06, depth, name, ha="right", va="center", size=9)
        axes.text(1.06, depth, f"{len(field)} of {sizes[depth]}", va="center", size=9, color=MUTED)
    for depth, pairs in enumerate(edges):
        for above, below in pairs:
            axes.plot(
                [reach[depth][below], reach[depth + 1][above]], [depth, depth + 1], color=VALIDATION, lw=0.6, alpha=0.6
            )
    axes.set(xlim=(-1.6, 1.35), ylim=(-0.5, len(sizes) - 0.5))
    bare(axes, "")
    return figure


@rc_context(STYLE)
def network(stages: Sequence[tuple[str, tuple[int, ...]]]) -> Figure:
    """Show the shapes of the numbers on their way through a network.

    Args:
        stages: for each step its name and the shape of its result: (channels, height, width) or (numbers,).
    """
    figure = Figure(figsize=(WIDTH, 2.6), layout="constrained")
    axes = figure.subplots()
    x = 0.0
    for place, (name, shape) in enumerate(stages):
        sheets, height = (min(shape[0], 8) if len(shape) == 3 else 1), shape[1] if len(shape) == 3 else 0
        side = 3 + 0.75 * height  # otherwise, deep maps would be too small to see
        tall, wide = (side, side) if height else (4 + 2.6 * np.log2(shape[0]), 2.2)
        depth = 0.9 * (sheets - 1) * (shape[0] / 64 if height else 0) ** 0.5
        steps = np.linspace(depth, 0, sheets)
        for step in steps:
            color = TRAINING if place else INK
            axes.add_patch(
                Rectangle((x + step, -tall / 2 + step), wide, tall, facecolor=PAPER, edgecolor=color, linewidth=1)
            )
        middle = x + (wide + depth) / 2
        axes.text(middle, -16.5, "×".join(map(str, shape)), ha="center", va="top", size=8, weight="bold")
        axes.text(middle, -20, name, ha="center", va="top", size=8, color=MUTED, linespacing=1.3)
        if place < len(stages) - 1:
            start, gap = x + wide + depth, max(8.5, 17 - wide - depth)
            arrow: dict[str, Any] = {"arrowstyle": "-|>", "mutation_scale": 9, "color": MUTED, "linewidth": 1}
            axes.add_patch(FancyArrowPatch((start + 0.8, 0), (start + gap - 0.8, 0), **arrow))
            x = start + gap
    axes.set(xlim=(-1, x + 9), ylim=(-29, 22), aspect="equal")
    bare(axes, "")
    return figure


@rc_context(STYLE)
def gradient_descent(learning_rates: Sequence[float], steps: int = 8) -> Figure:
    """Show steps downhill in the valley w² for several learning rates.

    Args:
        learning_rates: one panel each; above 1 the steps grow.
        steps: how many steps to take from w = -0.9.
    """
    figure = Figure(figsize=(WIDTH, 2.3), layout="constrained")
    weights = np.linspace(-1.6, 1.6, 100)
    for axes, rate in zip(figure.subplots(1, len(learning_rates), sharey=True), learning_rates, strict=True):
        path = -0.9 * (1 - 2 * rate) ** np.arange(steps + 1)  # the slope of w² is 2w
        axes.plot(weights, weights**2, color=MUTED, linewidth=1)
        axes.plot(path, path**2, "o-", color=VALIDATION, linewidth=1, markersize=4)
        axes.plot(path[:1], path[:1] ** 2, "o", color=INK, markersize=6)
        axes.set(xlim=(-1.6, 1.6), ylim=(-0.1, 2.4), xlabel="weight", xticks=[], yticks=[])
        axes.set_title(f"learning rate {rate:g}", size=10)
        axes.grid(visible=False)
    figure.axes[0].set_ylabel("loss")
    return figure


@rc_context(STYLE)
def backpropagation() -> Figure:
    """Show a network of one hidden layer: results run forward, slopes of the loss run backward."""
    figure = Figure(figsize=(WIDTH, 2.5), layout="constrained")
    axes = figure.subplots()
    boxes = ("linear\nW₁, b₁", "ReLU", "linear\nW₂, b₂", "softmax,\nloss")
    forward = ("pixels x", "sums a", "features h", "logits z", "loss L")
    backward = ("", "∂L/∂a", "∂L/∂h", "p − y", "1")
    formulas = ("∂L/∂W₁ =\nxᵀ · ∂L/∂a", "∂L/∂a = ∂L/∂h\nwhere a > 0", "∂L/∂W₂ =\nhᵀ · (p − y)", "")
    arrow: dict[str, Any] = {"arrowstyle": "-|>", "mutation_scale": 10, "linewidth": 1.4}
    for place, (above, below) in enumerate(zip(forward, backward, strict=True)):
        start, end = 2.6 * place - 1.65, 2.6 * place - 0.75  # between two boxes
        axes.add_patch(FancyArrowPatch((start, 0.25), (end, 0.25), color=TRAINING, **arrow))
        axes.text((start + end) / 2, 0.62, above, ha="center", color=TRAINING, size=9)
        if below:
            axes.add_patch(FancyArrowPatch((end, -0.25), (start, -0.25), color=VALIDATION, **arrow))
            axes.text((start + end) / 2, -0.62, below, ha="center", va="top", color=VALIDATION, size=9)
    for place, (name, formula) in enumerate(zip(boxes, formulas, strict=True)):
        style: dict[str, Any] = {"boxstyle": "round,pad=0.1", "facecolor": PAPER, "edgecolor": INK}
        axes.add_patch(FancyBboxPatch((2.6 * place - 0.55, -0.45), 1.1, 0.9, **style))
        axes.text(2.6 * place, 0, name, ha="center", va="center", size=9, linespacing=1.4)
        axes.text(2.6 * place, -1.2, formula, ha="center", va="top", size=9, color=VALIDATION, linespacing=1.4)
    axes.text(-1.8, 1.3, "forward: compute, and remember →", color=TRAINING, size=10)
    axes.text(9.8, 1.3, "← backward: multiply the slopes", color=VALIDATION, size=10, ha="right")
    axes.set(xlim=(-1.9, 9.9), ylim=(-2.1, 1.7))
    bare(axes, "")
    return figure


def _numbers(axes: Axes, values: np.ndarray, text: str, colors: str | Colormap, limits: tuple[float, float]) -> None:
    """Show a small table of numbers on colored fields."""
    low, high = limits
    axes.imshow(values, cmap=colors, vmin=low, vmax=high)
    for (row, column), value in np.ndenumerate(values):
        # Ink would not be legible on the upper half of black, nor on a full color.
        dark = value > 0.5 * high if low == 0 else abs(value) > 0.6 * high
        color = PAPER if dark else INK
        axes.text(column, row, text.format(value), ha="center", va="center", size=8, color=color)


def _frame(axes: Axes, x: float, y: float, size: int) -> None:
    """Draw a square around a window."""
    axes.add_patch(Rectangle((x, y), size, size, fill=False, edgecolor=VALIDATION, linewidth=2))
