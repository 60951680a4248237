"""The style of all plots: colors, fonts, and the format of numbers."""

import io
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure as MatplotlibFigure
from matplotlib.text import Annotation
from matplotlib.transforms import Bbox

from tenfold.base.files import write_atomically

# Every kind of color vision can tell blue from vermilion (Okabe and Ito, "Color Universal Design", 2008).
INK, MUTED, RULE, PAPER = "#20262d", "#59636e", "#dde2e7", "#ffffff"
TRAINING, VALIDATION = "#0072b2", "#d55e00"
FOUR_COLORS = (TRAINING, VALIDATION, "#009e73", "#8f4a75")
SIDES = ((0, 1), (0, -1), (1, 0), (-1, 0), (1, 1), (-1, -1), (1, -1), (-1, 1))  # of a point: right and up
STYLE: dict[Any, Any] = {
    # a light background, so that a figure is legible on a dark one, too
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
    """A matplotlib figure that notebooks show without `%matplotlib inline`."""

    def savefig(self, fname: Any, **options: Any) -> None:
        """Write the figure as matplotlib does, but never leave an incomplete file.

        Args:
            fname: a path or an open file; a path without a suffix gets `.png`.
            options: options of matplotlib's `savefig`.
        """
        if not isinstance(fname, str | os.PathLike):
            super().savefig(fname, **options)
            return
        path = Path(fname)
        if not path.suffix and "format" not in options:
            path = path.with_name(f"{path.name}.png")
        content = io.BytesIO()
        super().savefig(content, **{"format": path.suffix[1:], **options})
        write_atomically(path, content.getvalue())

    def _repr_png_(self) -> bytes:
        png = io.BytesIO()
        self.savefig(png, format="png", dpi=self.dpi)
        return png.getvalue()


def percent(fraction: float, digits: int = 2) -> str:
    """Write a fraction as a percentage."""
    return f"{100 * fraction:.{digits}f}%"


def confidence(probability: float) -> str:
    """Write a probability as a whole percentage, but never as 100%, which no model may claim."""
    return percent(probability, 0) if probability < 0.995 else ">99%"


def bare(axes: Axes, title: str) -> None:
    """Strip axes of everything but the title."""
    axes.set(title=title, xticks=[], yticks=[])
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)


def label_points(axes: Axes, points: Sequence[tuple[str, float, float, float]]) -> None:
    """Write names beside points, where they hide no point and no other name.

    Args:
        axes: the axes, with their limits set.
        points: name, x, y, and radius in typographic points of each; where it is crowded, earlier ones come first.
    """
    figure = axes.get_figure(root=True)
    assert figure is not None  # noqa: S101  # for the type checker
    figure.draw_without_rendering()  # from here on, all positions are known

    def write(point: tuple[str, float, float, float], side: tuple[int, int]) -> Annotation:
        name, x, y, radius = point
        beside = tuple((radius + 2) * step for step in side)
        alignment = {"ha": ("center", "left", "right")[side[0]], "va": ("center", "bottom", "top")[side[1]]}
        return axes.annotate(name, (x, y), beside, textcoords="offset points", size=8, **alignment)  # type: ignore[arg-type]

    taken = []
    for _, x, y, radius in points:
        center, pixels = axes.transData.transform((x, y)), radius * figure.dpi / 72
        taken.append(Bbox([center - pixels, center + pixels]))
    for point in points:
        hidden = []
        for side in SIDES:
            text = write(point, side)
            box = text.get_window_extent()
            outside = box.x0 < axes.bbox.x0 or box.x1 > axes.bbox.x1
            hidden.append(box.count_overlaps(taken) + outside)
            text.remove()
        taken.append(write(point, SIDES[hidden.index(min(hidden))]).get_window_extent())
