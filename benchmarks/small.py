"""The tables and the figure of small networks, which `benchmarks.publish` draws from `results/`."""

from typing import Any

from matplotlib import rc_context
from matplotlib.figure import Figure

from benchmarks.records import place, points, table
from tenfold.report.plots.style import STYLE, label_points


def microcontrollers_table(results: dict[str, Any]) -> str:
    """The table of what the C file of each run takes on each processor."""
    rows = []
    for run, found in results.items():
        first = (
            f"**{run}**, {found['parameters']:,} parameters",
            f"{found['accuracy']:.2%}",
            found["different"],
            f"{found['multiplications']:,}",
        )
        for name, sizes in found["processors"].items():
            code, constants, ram = (f"{sizes[key]:,}" for key in ("code_bytes", "constant_bytes", "ram_bytes"))
            rows.append((*first, name, code, constants, ram))
            first = ("", "", "", "")
    columns = ("run", "accuracy", "different answers", "multiplications", "processor", "code", "constants", "RAM")
    return table(columns, rows, *dict.fromkeys(place(found["measured"]) for found in results.values()))


def parameters_table(*studies: dict[str, Any]) -> str:
    """The table of accuracy by number of parameters, the fewest first, of all recipes in studies."""
    rows = [
        (f"{parameters:,}", name, f"{points(row['accuracy'], row['accuracy_sd'])} ({row['n']})")
        for parameters, name, row in _by_parameters(studies)
    ]
    return table(("parameters", "recipe", "test accuracy in %, mean ± sd (n)"), rows)


@rc_context(STYLE)
def parameters_figure(*studies: dict[str, Any]) -> Figure:
    """Plot test error against the number of parameters, on logarithmic axes."""
    figure = Figure(figsize=(7.5, 4.2), layout="constrained", dpi=160)
    axes = figure.add_subplot()
    ours = [(parameters, 100 * (1 - row["accuracy"]), name) for parameters, name, row in _by_parameters(studies)]
    axes.plot([x for x, _, _ in ours], [y for _, y, _ in ours], marker="o")
    axes.set(xscale="log", yscale="log", title="Test error against parameters, means over seeds")
    axes.set(xlabel="parameters", ylabel="test error in %")
    axes.set_xticks([300, 1000, 10_000, 100_000, 400_000], ["300", "1,000", "10,000", "100,000", "400,000"])
    axes.set_xticks([], minor=True)
    axes.set_yticks([0.25, 0.5, 1, 2, 4], ["0.25", "0.5", "1", "2", "4"])
    axes.set_yticks([], minor=True)
    axes.margins(x=0.15, y=0.15)
    label_points(axes, [(name, x, y, 4) for x, y, name in ours])
    return figure


def _by_parameters(studies: tuple[dict[str, Any], ...]) -> list[tuple[int, str, dict[str, Any]]]:
    rows = [(row["parameters"], name, row) for study in studies for name, row in study["rows"].items() if row["n"]]
    return sorted(rows, key=lambda found: found[0])
