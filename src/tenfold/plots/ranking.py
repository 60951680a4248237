"""A picture of a comparison of many models."""

from collections.abc import Sequence

from matplotlib import rc_context
from matplotlib.ticker import FuncFormatter, NullLocator

from tenfold.evaluation import Row
from tenfold.plots.style import INK, PAPER, STYLE, TRAINING, VALIDATION, Figure

KINDS = {"network": (TRAINING, "networks"), "classical": (VALIDATION, "classical models")}
AREA = 500.0  # of the largest model, in square points


@rc_context(STYLE)
def ranking(rows: Sequence[Row]) -> Figure:
    """Draw each model's error against the time that it was trained for; the area of a point is the model's size.

    Args:
        rows: of a comparison, at least one.
    """
    figure = Figure(figsize=(7.6, 5.2), layout="constrained")
    axes = figure.subplots()
    largest = max(row.bytes for row in rows)
    for kind, (color, _) in KINDS.items():
        chosen = [row for row in rows if row.kind == kind]
        errors = [max(row.error, 1e-4) for row in chosen]  # a logarithmic axis has no zero
        areas = [max(AREA * row.bytes / largest, 12) for row in chosen]
        seconds = [row.train_seconds for row in chosen]
        axes.scatter(seconds, errors, areas, color=color, alpha=0.7, edgecolors=PAPER)
    for row in rows:
        axes.annotate(
            row.model.replace("_", " "),
            (row.train_seconds, max(row.error, 1e-4)),
            xytext=(0, 4 + (max(AREA * row.bytes / largest, 12) / 3.14) ** 0.5),
            textcoords="offset points",
            ha="center",
            size=8,
            color=INK,
        )
    axes.set(xscale="log", yscale="log", xlabel="training, seconds on one core", ylabel="test images misread")
    axes.set_title("Error against time to train; the area is the size of the file", pad=24)
    axes.margins(0.12)
    axes.set_yticks([tick for tick in (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5) if _inside(tick, rows)])
    axes.yaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter("{x:,g}")
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:.3g}\u00a0%"))
    keys = [axes.scatter([], [], 40, color=color, alpha=0.7, label=label) for color, label in KINDS.values()]
    axes.legend(handles=keys, loc="lower left", bbox_to_anchor=(0, 1), ncols=2, borderaxespad=0.2, borderpad=0.2)
    return figure


def _inside(tick: float, rows: Sequence[Row]) -> bool:
    errors = [max(row.error, 1e-4) for row in rows]
    return min(errors) / 2 <= tick <= 2 * max(errors)
