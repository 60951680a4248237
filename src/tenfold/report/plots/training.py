"""Plots of a training run."""

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator

from tenfold.report.plots.style import STYLE, TRAINING, VALIDATION, Figure
from tenfold.training import History


def panels(history: History) -> list[str]:
    """The panels that `curves` can draw of a history; the learning rate needs at least two epochs."""
    return ["loss", "accuracy", "learning rate"][: 3 if len(history) > 1 else 2]


@rc_context(STYLE)
def curves(history: History, only: str | None = None) -> Figure:
    """Plot loss, accuracy, and learning rate by epoch, for training and, if there is one, for validation.

    Args:
        history: any number of epochs; the legend states the values after the last one.
        only: one of `panels(history)`, to draw just that.
    """
    shown = [only] if only else panels(history)
    figure = Figure(figsize=(3.7, 3) if only else (2.35 * len(shown), 3.2), layout="constrained")
    for panel, axes in zip(shown, figure.subplots(1, len(shown), squeeze=False)[0], strict=True):
        axes.set_title(panel.capitalize(), pad=26 if only else 40)  # the legend goes below, where it hides no point
        axes.set_xlabel("epoch")
        axes.xaxis.set_major_locator(MaxNLocator(5, integer=True, min_n_ticks=1))
        if panel == "learning rate":
            _line(axes, history, "learning_rate", "at the end of the epoch", TRAINING, "")
            axes.set_ylim(bottom=0)
        else:
            text = " {:.4f}" if panel == "loss" else " {:.2%}"
            _line(axes, history, panel, "training", TRAINING, text)
            _line(axes, history, f"validation_{panel}", "validation", VALIDATION, text)
        if panel == "accuracy":
            axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:.4g}%"))
        if axes.lines:
            axes.legend(
                loc="lower left", bbox_to_anchor=(0, 1), ncols=2 if only else 1, borderaxespad=0.2, borderpad=0.2
            )
    return figure


def _line(axes: Axes, history: History, column: str, label: str, color: str, text: str) -> None:
    """Plot one column of the history, if it has values."""
    points = [(row["epoch"], row[column]) for row in history.rows if row[column] is not None]
    if points:
        epochs, values = zip(*points, strict=True)
        label += text.format(values[-1])
        style = "o-" if color == TRAINING else "s--"  # the styles differ in black-and-white print, too
        axes.plot(epochs, values, style, color=color, label=label, markeredgecolor="none")
