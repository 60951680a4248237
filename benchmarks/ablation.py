"""What each design choice is worth: the tables and the figure of the study `benchmarks/ablation.toml`."""

import math
from itertools import groupby
from typing import Any

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks import records
from benchmarks.records import place, points
from tenfold.report.plots.style import INK, STYLE, TRAINING, VALIDATION

EDGE = 0.5  # points; larger differences become an arrow and a number, or all others would look like zero
IMAGES = 60_000  # training images of MNIST, before any are held out


def table(record: dict[str, Any]) -> str:
    """The table of all variants, grouped by design choice."""
    rows = []
    for choice, variants in _by_choice(record).items():
        for place_in_choice, (name, row, compared) in enumerate(variants):
            accuracy = points(compared["mean"], compared["sd"]) + (f" ({compared['n']})" if compared["n"] else "")
            p = "" if compared["p"] is None else f"{compared['p']:.3f}" if compared["p"] >= 0.001 else "<0.001"
            cells = ("" if place_in_choice else f"**{choice}**", name, accuracy, _difference(compared), p)
            rows.append((*cells, points(row["accuracy"], row["accuracy_sd"])))
    failed = sum(row["failed"] for row in record["rows"].values())
    notes = ["Differences are from the baseline, on validation images, paired by seed, with 95% intervals."]
    notes += [f"Failed runs: {failed}."] if failed else []
    columns = ("design choice", "instead", "validation accuracy in %, mean ± sd (n)", "difference in points", "p")
    return records.table((*columns, "test accuracy in %"), rows, *notes, *map(place, record["measured"]))


@rc_context(STYLE)
def figure(record: dict[str, Any]) -> Figure:
    """Plot the differences from the baseline, and below them the test error against the number of training images."""
    choices = _by_choice(record)
    (baseline,) = next(iter(choices.values()))
    sizes = choices.pop("training images")
    drawing = Figure(figsize=(5.2, 9.6), layout="constrained", dpi=160)
    upper, lower = drawing.subplots(2, 1, height_ratios=(3.2, 1))
    _draw_differences(upper, dict(list(choices.items())[1:]))
    _draw_sizes(lower, [baseline, *sizes])
    return drawing


def _draw_differences(axes: Axes, choices: dict[str, list[tuple[str, dict, dict]]]) -> None:
    height, ticks = 0.0, {}
    for choice, variants in choices.items():
        axes.text(-0.02, height, choice, transform=axes.get_yaxis_transform(), ha="right", va="center", weight="bold")
        for name, _, compared in variants:
            height += 1
            ticks[height] = name
            if compared["difference"] is None:
                axes.text(-EDGE, height, "failed", va="center_baseline")
                continue
            difference = 100 * compared["difference"]
            low, high = (100 * bound for bound in compared["difference_interval"] or (compared["difference"],) * 2)
            color = INK if low <= 0 <= high else VALIDATION if difference < 0 else TRAINING
            axes.text(1.02, height, f"{difference:+.2f}", transform=axes.get_yaxis_transform(), va="center_baseline")
            if abs(difference) > EDGE:
                axes.plot(
                    [0.97 * math.copysign(EDGE, difference)], [height], ">" if difference > 0 else "<", color=color
                )
            else:
                axes.plot([low, high], [height, height], color=color, linewidth=1.5)
                axes.plot([difference], [height], "o", color=color)
        height += 1.5
    axes.axvline(0, color=INK, linewidth=1)
    axes.set(xlim=(-EDGE, EDGE), ylim=(height - 0.5, -1), xlabel="points of accuracy, with 95% intervals")
    axes.set_title("Difference from the baseline", loc="left")
    axes.set_yticks(list(ticks), list(ticks.values()))
    axes.grid(visible=False, axis="y")
    axes.grid(visible=True, axis="x")
    axes.spines["left"].set_visible(False)


def _draw_sizes(axes: Axes, variants: list[tuple[str, dict, dict]]) -> None:
    curve = []
    for _, row, _ in variants:
        if row["n"]:
            images = row["recipe"]["train_images"] or IMAGES - row["recipe"]["validation"]
            curve.append((images, 100 * (1 - row["accuracy"]), 100 * (row["accuracy_sd"] or 0)))
    images, errors, spreads = zip(*sorted(curve), strict=True)
    axes.errorbar(images, errors, spreads, fmt="o-", color=TRAINING, elinewidth=1.5)
    axes.set(xscale="log", yscale="log", xlabel="training images, the same number of steps")
    axes.set(ylabel="test error in %, mean ± sd")
    axes.set_title("Number of training images", loc="left")
    axes.set_xticks([100, 1000, 10_000, 60_000], ["100", "1,000", "10,000", "60,000"])
    marks = [mark for mark in (0.5, 1, 2, 5, 10, 20, 50) if 0.5 * min(errors) <= mark <= 2 * max(errors)]
    axes.set_yticks(marks, [f"{mark:g}" for mark in marks])
    axes.minorticks_off()


def _by_choice(record: dict[str, Any]) -> dict[str, list[tuple[str, dict, dict]]]:
    """Variants by design choice, in the study's order: name, figures, and comparison with the baseline."""
    rows = []
    for name, compared in zip(record["rows"], record["validation_summary"], strict=True):
        _, choice, *variant = name.split(", ", 2)
        rows.append((choice, variant[0] if variant else "", record["rows"][name], compared))
    return {choice: [row[1:] for row in group] for choice, group in groupby(rows, key=lambda row: row[0])}


def _difference(compared: dict[str, Any]) -> str:
    """A mean difference with its interval, in points; empty or shorter if unknown."""
    if compared["difference"] is None:
        return ""
    difference = f"{100 * compared['difference']:+.2f}"
    if compared["difference_interval"] is None:  # a single pair
        return difference
    low, high = (100 * bound for bound in compared["difference_interval"])
    return f"{difference} ({low:+.2f} to {high:+.2f})"
