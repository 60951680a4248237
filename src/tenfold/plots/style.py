"""How all pictures look: colors, type, and the words for numbers."""

import io
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure as MatplotlibFigure

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


def bare(axes: Axes, title: str) -> None:
    """Leave only the title of a picture's axes."""
    axes.set(title=title, xticks=[], yticks=[])
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)
