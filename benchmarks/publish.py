"""Write tables and figures of README.md, `docs/` and the article from `results/`: `python -m benchmarks.publish`."""

import base64
import json
import re
from collections.abc import Callable
from itertools import zip_longest
from pathlib import Path
from typing import Any

from matplotlib import rc_context
from matplotlib.figure import Figure

from benchmarks import ablation
from benchmarks.wording import place, points
from tenfold.evaluation import ModelResult
from tenfold.report import plots
from tenfold.report.plots.style import STYLE, label_points

DOCUMENTS = (Path("README.md"), *sorted(Path("docs").glob("*.md")))
NOTEBOOK = Path("MNIST.ipynb")
ORDER = ("litert", "onnx", "keras")
RESULTS = Path("results")
FIGURES = Path("docs/figures")
REFERENCES = {
    "train_mnist_fast": "train_mnist_fast, float32, channels-last",
    "train_mnist_fast-bf16": "train_mnist_fast, bfloat16, channels-last",
    "pytorch-example": "PyTorch's MNIST example, 1 epoch",
    "pytorch-example-14": "PyTorch's MNIST example, 14 epochs",
    "keras-convnet": "Keras' MNIST convnet, 15 epochs",
}

HANDWRITING = {
    "photos, single": "photos and drawings of one digit, with `--single`",
    "photos": "the same without",
    "multi": "photos and drawings of several digits",
    "cheques": "amounts on bank checks",
}


def main() -> None:
    """Rewrite every marked block, and the figures."""
    for document in DOCUMENTS:
        document.write_text(rewrite(document.read_text()))
    NOTEBOOK.write_text(rewrite_notebook(NOTEBOOK.read_text()))
    FIGURES.mkdir(parents=True, exist_ok=True)
    for name, picture in notebook_figures(json.loads(NOTEBOOK.read_text())).items():
        (FIGURES / name).write_bytes(picture)
    for name, (results, draw) in DRAWINGS.items():
        if (RESULTS / results).is_file():
            draw(json.loads((RESULTS / results).read_text())).savefig(FIGURES / name)


def rewrite(text: str) -> str:
    """The text with new content between `<!-- NAME -->` and `<!-- end of NAME -->`, for every name in `BLOCKS`.

    A block whose results are missing stays as it is.
    """
    for name, (patterns, table) in BLOCKS.items():
        block = re.compile(rf"(<!-- {name} -->\n).*?(<!-- end of {name} -->)", re.DOTALL)
        files = [path for pattern in patterns for path in sorted(RESULTS.glob(pattern))]
        if files and block.search(text):
            content = table(*(json.loads(path.read_text()) for path in files)).replace("\\", r"\\")
            text = block.sub(rf"\g<1>{content}\n\g<2>", text)
    return text


def rewrite_notebook(text: str) -> str:
    """The notebook's text with the blocks in its markdown cells rewritten, and not a byte changed elsewhere."""
    notebook = json.loads(text)
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown":
            cell["source"] = rewrite("".join(cell["source"])).splitlines(keepends=True)
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"


def notebook_figures(notebook: dict[str, Any]) -> dict[str, bytes]:
    """The article's figures by file name: the PNG outputs of the cells whose metadata name a `figure`."""
    return {
        f"article-{cell['metadata']['figure']}.png": base64.b64decode("".join(output["data"]["image/png"]))
        for cell in notebook["cells"]
        if "figure" in cell["metadata"]
        for output in cell["outputs"]
        if "image/png" in output.get("data", {})
    }


def speed_table(results: dict[str, Any]) -> str:
    """The table of all recipes and references, the most accurate first."""
    lines = [
        "| recipe | test accuracy in %, mean ± sd (n) | training time | relative to train_mnist_fast |",
        "| --- | --- | --- | --- |",
    ]
    for name, row in sorted(results["rows"].items(), key=lambda item: -item[1]["accuracy"]):
        label = REFERENCES.get(name, f"**`tenfold train --recipe {name}`**")
        spread = f" ± {100 * row['accuracy_sd']:.2f}" if row["n"] > 1 else ""
        accuracy = f"{100 * row['accuracy']:.2f}{spread} ({row['n']})"
        lines.append(f"| {label} | {accuracy} | {row['seconds']:.1f} s | {row['ratio']:.2f}× |")
    medians = "Times and ratios are medians; a ratio compares runs of one round, which followed one another."
    lines += ["", f"{place(results['rows']['train_mnist_fast']['measured'])} {medians}"]
    return "\n".join(lines)


def ideas_table(results: dict[str, Any]) -> str:
    """The table of all variants of a recipe, with their differences from the unchanged recipe."""
    lines = [
        "| instead | mistakes of 5,000 | difference ± standard error | time |",
        "| --- | --- | --- | --- |",
    ]
    for name, row in results["rows"].items():
        difference = f"{row['difference']:+.1f} ± {row['difference_se']:.1f}" if row["difference_se"] else ""
        lines.append(f"| {name} | {row['mistakes']:.1f} | {difference} | {row['time_ratio']:.2f}× |")
    rows = results["rows"].values()
    seeds = " or ".join(map(str, sorted({row["n"] for row in rows})))
    places = dict.fromkeys(place(row.get("measured", results["measured"])) for row in rows)  # a row's own, or all rows'
    lines += ["", f"{seeds} seeds each, differences paired by seed. {' '.join(places)}"]
    return "\n".join(lines)


def system_table(results: dict[str, Any]) -> str:
    """The table of what everything around the training costs."""
    growth = ", ".join(f"{int(n):,}: {seconds:.1f}" for n, seconds in results["seconds_by_images"].items())
    rows = {
        "evaluation, images a second": f"{results['evaluation_images_per_second']:,}",
        "one image, milliseconds": f"{results['one_image_milliseconds']:.2f}",
        "loading all 70,000 images, seconds": f"{results['load_seconds']:.2f}",
        "the same over bare gunzip": f"{results['load_over_gunzip']:.2f}×",
        "`import tenfold` and `tenfold.fit`, whole process, seconds": f"{results['import_seconds']:.1f}",
        "`tenfold train --recipe fast`, whole process, seconds": f"{results['train_fast_process_seconds']:.1f}",
        "its peak memory, MB": f"{results['train_fast_peak_mb']:,}",
        "distortion's share of a step of `standard`": f"{results['augmentation_share_of_standard_step']:.1%}",
        "one epoch of `fast` by number of images, seconds": growth,
        "reading a photo of 12 megapixels with 50 digits, seconds": f"{results['photo_seconds']:.2f}",
        "peak memory of that, MB": f"{results['photo_peak_mb']:,}",
        "`tenfold predict` of 3,000 files of 28×28, files a second": f"{results['small_files_per_second']:,}",
    }
    lines = ["| | |", "| --- | --- |", *(f"| {name} | {value} |" for name, value in rows.items())]
    return "\n".join([*lines, "", place(results["measured"])])


def accuracy_table(*results: dict[str, Any]) -> str:
    """The table of all recipes in the studies and of the ensembles, the most accurate first.

    Args:
        results: records of `benchmarks.studies` and of `benchmarks.ensembles`.
    """
    rows: list[tuple[str, dict[str, Any]]] = []
    places, notes = [], []
    for record in results:
        if "draws" in record:
            pool = record["pool"]
            rows.append((f"ensemble of {record['members']} runs", record))
            places += [place(measured) for measured in record["trained"]]
            shared = f"; two of them share {record['members_shared']:.1f} on average" if record["n"] > 1 else ""
            notes.append(
                f"Ensembles: {record['n']} random draws of {record['members']} from {pool['n']} runs of "
                f"{' and '.join(pool['recipes'])}{shared}."
            )
        else:
            rows += record["rows"].items()
            places += [place(measured) for measured in record["measured"]]
    lines = [
        "| recipe | parameters | test accuracy in %, mean ± sd (n) | without the 15 label errors | training time |",
        "| --- | --- | --- | --- | --- |",
    ]
    for name, row in sorted((row for row in rows if row[1]["n"]), key=lambda row: -row[1]["accuracy"]):
        parameters = f"{row['parameters']:,}" if "parameters" in row else ""
        accuracies = [points(row[key], row[f"{key}_sd"]) for key in ("accuracy", "accuracy_without_label_errors")]
        count = f"{row['n']} draws" if "draws" in row else row["n"]
        lines.append(
            f"| {name} | {parameters} | {accuracies[0]} ({count}) | {accuracies[1]} | {row['seconds']:.1f} s |"
        )
    return "\n".join([*lines, "", " ".join([*notes, *dict.fromkeys(places)])])


def calibration_table(results: dict[str, Any]) -> str:
    """The table of calibration, a row for every recipe."""
    last = f"right without the least confident {results['left_out']:.1%}"
    lines = [f"| recipe | test accuracy | calibration error | before calibration | {last} |", f"|{' --- |' * 5}"]
    names = ("accuracy", "calibration_error", "uncalibrated_error", "selective_accuracy")
    for recipe, row in results["rows"].items():
        cells = " | ".join(points(row[name], row[f"{name}_sd"]) for name in names)
        lines.append(f"| {recipe} | {cells} |")
    return "\n".join([*lines, "", f"In percent, mean ± sd. {_runs(results)}"])


def robustness_table(results: dict[str, Any]) -> str:
    """The table of robustness, a row for every corruption and a column for every recipe."""
    rows = results["rows"]
    lines = [f"| | {' | '.join(rows)} |", f"|{' --- |' * (len(rows) + 1)}"]

    def add(name: str, cells: list[tuple[float, float | None]]) -> None:
        texts = [f"{100 * mean:.2f}" + (f" ± {100 * sd:.2f}" if sd is not None else "") for mean, sd in cells]
        lines.append(f"| {name} | {' | '.join(texts)} |")

    add("clean", [(row["accuracy"], row["accuracy_sd"]) for row in rows.values()])
    add("**mean of the corruptions**", [(row["corrupted"], row["corrupted_sd"]) for row in rows.values()])
    for corruption in next(iter(rows.values()))["corruptions"]:
        found = [row["corruptions"][corruption] for row in rows.values()]
        add(corruption.replace("_", " "), [(one["accuracy"], one["accuracy_sd"]) for one in found])
    return "\n".join([*lines, "", f"Test accuracy in percent, mean ± sd. {_runs(results)}"])


def comparison_table(results: dict[str, Any]) -> str:
    """The table of a comparison, fewest mistakes first."""
    lines = [
        "| model | test error in % | training | reading an image | size | p against the next |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    p = {(pair["first"], pair["second"]): pair["p"] for pair in results["pairs"]}
    names = list(results["rows"])
    for name, after in zip_longest(names, names[1:]):
        row = results["rows"][name]
        low, high = (100 * bound for bound in row["interval"])
        how = f" ± {100 * row['error_sd']:.2f} ({row['n']})" if row["n"] > 1 else f" ({low:.2f} to {high:.2f})"
        label = f"**{name}**" if row["kind"] == "network" else name
        real = p.get((name, after), p.get((after, name)))
        costs = f"{row['train_seconds']:,.1f} s | {row['predict_us']:,.0f} µs | {row['bytes'] / 1e6:,.2f} MB"
        lines.append(f"| {label} | {100 * row['error']:.2f}{how} | {costs} | {'' if real is None else f'{real:.2g}'} |")
    explained = (
        "Networks are in bold. An error is followed by its 95 % interval or, for several seeds, by the standard "
        "deviation and their number. Times and p, by McNemar's exact test, are those of the first seed."
    )
    return "\n".join([*lines, "", f"{explained} {place(results['measured'])}"])


def comparison_short_table(results: dict[str, Any]) -> str:
    """The article's table of a comparison: each model's error and training time."""
    lines = ["| model | test error | training on one core |", "| --- | --- | --- |"]
    for name, row in results["rows"].items():
        label = f"**{name}**" if row["kind"] == "network" else name
        lines.append(f"| {label} | {row['error']:.2%} | {row['train_seconds']:,.0f} s |")
    return "\n".join([*lines, "", "Networks in bold."])


def search_table(results: dict[str, Any]) -> str:
    """The table of the classical recipes: how many candidates were tried, and which was chosen."""
    lines = ["| recipe | candidates | chosen | misread of 10,000 held-out images |", "| --- | --- | --- | --- |"]
    for name, row in results["rows"].items():
        chosen = ", ".join(f"`{key.partition('.')[2] or key}` {value}" for key, value in row["chosen"].items())
        mistakes = row["candidates"][0]["mistakes"]
        lines.append(f"| {name} | {len(row['candidates'])} | {chosen} | {mistakes} |")
    measured = [(row["measured"]["images"], place(row["measured"])) for row in results["rows"].values()]
    notes = dict.fromkeys(f"Trained on {images:,} images. {where}" for images, where in measured)
    return "\n".join([*lines, "", " ".join(notes)])


def _runs(results: dict[str, Any]) -> str:
    """How many runs there were, and where."""
    counts = ", ".join(f"{recipe} {row['n']}" for recipe, row in results["rows"].items())
    return f"Runs: {counts}. {' '.join(map(place, results['trained']))}"


def exports_table(results: dict[str, Any], ends: tuple[str, ...] = ("",)) -> str:
    """The table of exported files, those with one of the endings, beside PyTorch on the same network."""
    lines = [
        "| file | bytes | gzipped | accuracy | different answers | µs an image | images a second |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for run, found in results.items():
        reference = found["reference"]
        label = f"**{run}** in PyTorch, {found['parameters']:,} parameters"
        lines.append(f"| {label} | | | {reference['accuracy']:.2%} | | {_pace(reference)} |")
        for name, file in sorted(found["files"].items(), key=lambda item: ORDER.index(item[1]["format"])):
            if name.endswith(ends):
                size = f"{file['bytes']:,} | {file['compressed_bytes']:,}"
                lines.append(f"| `{name}` | {size} | {file['accuracy']:.2%} | {file['different']} | {_pace(file)} |")
    weights = ", ".join(f"{run} {found['bytes_of_weights']:,}" for run, found in results.items())
    places = " ".join(dict.fromkeys(place(found["measured"]) for found in results.values()))
    counted = (
        f"Bytes of the parameters alone, 8 bits for a weight, 32 for a bias or a parameter of BatchNorm: {weights}."
    )
    return "\n".join([*lines, "", f"{counted} {places}"])


def exports_short_table(results: dict[str, Any]) -> str:
    """The table of the LiteRT files in float32 and in 8 bits."""
    return exports_table(results, ("-float32.tflite", "-int8.tflite"))


def _pace(row: dict[str, Any]) -> str:
    return f"{row['latency_us']:,.0f} | {row['throughput']:,.0f}"


def results_table(*results: dict[str, Any]) -> str:
    """The README's six rows: recipes, the fastest first, an ensemble of them, and the network in the package.

    Args:
        results: records of `benchmarks.speed`, three of `benchmarks.studies`, of `benchmarks.ensembles` and of
            `benchmarks.shipped`.
    """
    speed, *studies, ensemble, shipped = results
    fast, standard = speed["rows"]["fast"], speed["rows"]["standard"]
    trained = {name: row for study in studies for name, row in study["rows"].items()}
    tiny, accurate, file = trained["tiny"], trained["accurate"], shipped["files"]["reader-int8.tflite"]
    rows = (
        ("`tenfold train --recipe fast`", fast, f"{fast['seconds']:.1f} s on two cores"),
        ("`tenfold train`", standard, f"{standard['seconds']:.0f} s on two cores"),
        ("`tenfold train --recipe tiny`", tiny, f"{tiny['parameters']:,} parameters, for microcontrollers"),
        ("`tenfold train --recipe accurate`", accurate, f"{accurate['seconds'] / 60:.0f} min on one core"),
        (f"ensemble of {ensemble['members']} runs", ensemble, f"{ensemble['seconds'] / 60:.0f} min on one core"),
    )
    lines = ["| | accuracy on MNIST's test images in %, mean ± sd (n) | |", "| --- | --- | --- |"]
    lines += [
        f"| {name} | {points(row['accuracy'], row['accuracy_sd'])} ({row['n']}) | {what} |" for name, row, what in rows
    ]
    lines.append(
        f"| `tenfold predict`, in the package | {points(file['accuracy'], None)} (1) | {file['bytes']:,} bytes |"
    )
    return "\n".join(lines)


def shipped_table(results: dict[str, Any]) -> str:
    """The figures of the files in the package."""
    lines = ["| file | bytes | test accuracy | 95 % interval | test loss | calibration error |"]
    lines.append("| --- | --- | --- | --- | --- | --- |")
    for name, file in results["files"].items():
        if "accuracy" not in file:  # not of single digits, or no network
            continue
        low, high = file["interval"]
        figures = f"{file['accuracy']:.2%} | {low:.2%} to {high:.2%} | {file['loss']:.4f}"
        lines.append(f"| `{name}` | {file['bytes']:,} | {figures} | {file['calibration_error']:.2%} |")
    int8, found = results["files"]["reader-int8.tflite"], results["int8"]
    weakest = min(found["per_class"], key=lambda row: row["recall"])
    rest = (
        f"Of {int8['n']:,} test images, the int8 file reads {int8['different']} differently from the network it came "
        f"from. It misreads {len(found['misclassified'])}; without the label errors, its accuracy is "
        f"{int8['accuracy_without_label_errors']:.2%}. It is weakest on {weakest['digit']}, with a recall of "
        f"{weakest['recall']:.2%}."
    )
    return "\n".join([*lines, "", rest])


def handwriting_table(results: dict[str, Any]) -> str:
    """The table of results on real handwriting, and on drawn pages."""
    lines = ["| pictures | number | entirely right | mean over sources | digits right |", f"|{' --- |' * 5}"]
    for name, label in HANDWRITING.items():
        row = results[name]
        by_source = f"{row['mean_over_sources']:.1%}" if row["sources"] > 1 else ""
        lines.append(f"| {label} | {row['pictures']} | {row['right']:.1%} | {by_source} | {row['digits_right']:.1%} |")
    pages = results["pages"]
    drawn = (
        f"On {pages['pages']} drawn pages, {pages['found_and_right']:.1%} of {pages['digits']:,} digits are found and "
        f"read correctly; {pages['invented']:.1%} are invented. {place(results['measured'])}"
    )
    return "\n".join([*lines, "", drawn])


def text_lines_text(results: dict[str, Any]) -> str:
    """How many drawn text lines the network for text lines reads by itself."""
    lines, size = results["text_lines"], results["files"]["text-lines-int8.tflite"]["bytes"]
    return (
        f"It has {lines['parameters']:,} parameters, in {size:,} bytes. By itself it reads {lines['right']:.1%} of "
        f"{lines['held_out_lines']:,} drawn lines of held-out digits without a mistake; many of them are hard for "
        f"people, too. {place(lines['measured'])}"
    )


def refusal_table(results: dict[str, Any]) -> str:
    """The table of how many non-digits are refused, and of how many digits are."""
    lines = ["| pictures | refused |", "| --- | --- |"]
    lines += [f"| {name} | {share:.1%} |" for name, share in results["refused"].items()]
    held_out = results["held_out"]
    threshold = (
        f"An answer is refused if it scores below {results['threshold']}. Of {held_out['images']:,} held-out digits, "
        f"0.7 % score below {held_out['threshold']:.3f}. {place(results['measured'])}"
    )
    return "\n".join([*lines, "", threshold])


def browser_table(results: dict[str, Any]) -> str:
    """The table of how fast the page answers."""
    lines = ["| | median | 95th percentile | n |", "| --- | --- | --- | --- |"]
    first = results["first_answer_seconds"]
    lines.append(f"| first answer after opening | {first['median']:.2f} s | {first['p95']:.2f} s | {first['n']} |")
    for after, key in (("answer after a stroke", "answer"), ("the same, painted", "answer_painted")):
        for what, row in results[f"further_{key}_milliseconds"].items():
            lines.append(f"| {after}, {what} | {row['median']:.0f} ms | {row['p95']:.0f} ms | {row['n']} |")
    size = f"Opening the page for the first time transfers {results['transferred_bytes'] / 1e6:.1f} MB, compressed."
    return "\n".join([*lines, "", f"{size} {results['measured']['browser']}. {place(results['measured'])}"])


@rc_context(STYLE)
def speed_figure(results: dict[str, Any]) -> Figure:
    """Plot test error against training time, tenfold's recipes as a curve and the references as points."""
    figure = Figure(figsize=(7.5, 4.2), layout="constrained", dpi=160)
    axes = figure.add_subplot()
    ours = {name: row for name, row in results["rows"].items() if name not in REFERENCES}
    curve = sorted((row["seconds"], 100 * (1 - row["accuracy"]), name) for name, row in ours.items())
    axes.plot([x for x, _, _ in curve], [y for _, y, _ in curve], marker="o", label="tenfold")
    points = [(row["seconds"], 100 * (1 - row["accuracy"]), name) for name, row in results["rows"].items()]
    others = [(x, y, name) for x, y, name in points if name in REFERENCES]
    axes.plot([x for x, _, _ in others], [y for _, y, _ in others], "s", label="references")
    axes.set(xscale="log", yscale="log", title="Test error against training time")
    axes.set(xlabel="seconds of training on two processor cores", ylabel="test error in %, mean over seeds")
    axes.set_xticks([1, 10, 100, 1000], ["1", "10", "100", "1000"])
    axes.set_yticks([0.3, 0.5, 1, 1.5], ["0.3", "0.5", "1", "1.5"])
    axes.set_yticks([], minor=True)
    axes.margins(x=0.15, y=0.15)
    axes.legend(loc="lower left")
    label_points(axes, [(REFERENCES.get(name, name), x, y, 4) for x, y, name in points])
    return figure


def comparison_figure(results: dict[str, Any]) -> Figure:
    """Plot error against training time, for networks and classical models."""
    shared = ("kind", "error", "train_seconds", "predict_us", "bytes")
    return plots.ranking(
        [
            ModelResult(
                model=name, interval=tuple(row["interval"]), readings="", file="", **{key: row[key] for key in shared}
            )
            for name, row in results["rows"].items()
        ]
    )


BLOCKS: dict[str, tuple[tuple[str, ...], Callable[..., str]]] = {
    "results": (
        (
            "speed.json",
            *("study-accuracy.json", "study-thorough.json", "study-tiny.json"),
            *("ensembles.json", "shipped.json"),
        ),
        results_table,
    ),
    "speed": (("speed.json",), speed_table),
    "ideas": (("ideas.json",), ideas_table),
    "system": (("system.json",), system_table),
    "accuracy": (("study-accuracy.json", "study-thorough.json", "study-tiny.json", "ensembles.json"), accuracy_table),
    "calibration": (("evaluation.json",), calibration_table),
    "robustness": (("evaluation.json",), robustness_table),
    "comparison": (("comparison.json",), comparison_table),
    "comparison in short": (("comparison.json",), comparison_short_table),
    "classical search": (("classical-search.json",), search_table),
    "ablation": (("study-ablation.json",), ablation.table),
    "exports": (("exports.json",), exports_table),
    "exports in short": (("exports.json",), exports_short_table),
    "shipped": (("shipped.json",), shipped_table),
    "handwriting": (("handwriting.json",), handwriting_table),
    "refusal": (("refusal.json",), refusal_table),
    "text lines": (("shipped.json",), text_lines_text),
    "browser": (("browser.json",), browser_table),
    "ablation in short": (("study-ablation.json",), ablation.short_table),
}
DRAWINGS: dict[str, tuple[str, Callable[[dict[str, Any]], Figure]]] = {
    "speed.png": ("speed.json", speed_figure),
    "comparison.png": ("comparison.json", comparison_figure),
    "ablation.png": ("study-ablation.json", ablation.figure),
}


if __name__ == "__main__":
    main()
