"""The tables and the figure of small networks, which `benchmarks.publish` draws from `results/`."""

from typing import Any, NamedTuple

from matplotlib import rc_context
from matplotlib.figure import Figure

from benchmarks.records import place, points, table
from tenfold.report.plots.style import MUTED, STYLE, label_points


class Published(NamedTuple):
    """What others published about a network of few parameters."""

    parameters: int
    accuracy: str
    name: str
    address: str
    remark: str

    def link(self) -> str:
        """The source, as a link, and how the figure came about."""
        return f"[{self.name}](https://{self.address}): {self.remark}"


PUBLISHED = (
    Published(575, "98", "hexhowells", "hexhowells.com/posts/neural-golfing.html", "one run"),
    Published(
        697,
        "99.03",
        "JoshWarn, best",
        "github.com/JoshWarn/Parameter-Efficient-MNIST",
        "the best of about 700 runs and of their epochs",
    ),
    Published(
        997,
        "98.76 ± 0.10 (223)",
        "JoshWarn, mean",
        "github.com/JoshWarn/Parameter-Efficient-MNIST",
        "the test images set the learning rate and the length of each run",
    ),
    Published(4862, "99.07", "ruslangrimov", "github.com/ruslangrimov/mnist-minimal-model", "one run"),
)


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
    """The table of accuracy by number of parameters, the fewest first, of all recipes in studies, and of others."""
    rows = [
        (parameters, f"**{name}**", f"{points(row['accuracy'], row['accuracy_sd'])} ({row['n']})")
        for parameters, name, row in _by_parameters(studies)
    ]
    rows += [(one.parameters, one.link(), one.accuracy) for one in PUBLISHED]
    ordered = [(f"{parameters:,}", *rest) for parameters, *rest in sorted(rows)]
    return table(("parameters", "recipe, or published", "test accuracy in %, mean ± sd (n)"), ordered)


@rc_context(STYLE)
def parameters_figure(*studies: dict[str, Any]) -> Figure:
    """Plot test error against the number of parameters, on logarithmic axes, beside what others published."""
    figure = Figure(figsize=(7.5, 4.2), layout="constrained", dpi=160)
    axes = figure.add_subplot()
    ours = [(parameters, 100 * (1 - row["accuracy"]), name) for parameters, name, row in _by_parameters(studies)]
    others = [(one.parameters, 100 - float(one.accuracy.split()[0]), one.name) for one in PUBLISHED]
    axes.plot([x for x, _, _ in ours], [y for _, y, _ in ours], marker="o", label="tenfold, means over seeds")
    axes.plot([x for x, _, _ in others], [y for _, y, _ in others], "x", color=MUTED, label="published by others")
    axes.legend()
    axes.set(xscale="log", yscale="log", title="Test error against parameters")
    axes.set(xlabel="parameters", ylabel="test error in %")
    axes.set_xticks([300, 1000, 10_000, 100_000, 400_000], ["300", "1,000", "10,000", "100,000", "400,000"])
    axes.set_xticks([], minor=True)
    axes.set_yticks([0.25, 0.5, 1, 2, 4, 8], ["0.25", "0.5", "1", "2", "4", "8"])
    axes.set_yticks([], minor=True)
    axes.margins(x=0.15, y=0.15)
    label_points(axes, [(name, x, y, 4) for x, y, name in ours + others])
    return figure


def _by_parameters(studies: tuple[dict[str, Any], ...]) -> list[tuple[int, str, dict[str, Any]]]:
    rows = [(row["parameters"], name, row) for study in studies for name, row in study["rows"].items() if row["n"]]
    return sorted(rows, key=lambda found: found[0])
