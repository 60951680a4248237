"""The tables and figures that `benchmarks.publish` draws from `results/`."""

from itertools import zip_longest
from typing import Any

from matplotlib import rc_context
from matplotlib.figure import Figure

from benchmarks.records import place, points, table
from tenfold.evaluation import ModelResult
from tenfold.report import plots
from tenfold.report.plots.style import STYLE, label_points

ORDER = ("litert", "onnx", "keras")
REFERENCES = {
    "train_mnist_fast": "train_mnist_fast, float32, channels-last",
    "train_mnist_fast-bf16": "train_mnist_fast, bfloat16, channels-last",
    "pytorch-example": "PyTorch's MNIST example, 1 epoch",
    "pytorch-example-14": "PyTorch's MNIST example, 14 epochs",
    "keras-convnet": "Keras' MNIST convnet, 15 epochs",
}

HANDWRITING = {
    "photos, single": "photos and drawings of one digit, with `--single`",
    "photos": "the same, without `--single`",
    "multi": "photos and drawings of several digits",
    "cheques": "amounts on bank checks",
}


def speed_table(results: dict[str, Any]) -> str:
    """The table of all recipes and references, the most accurate first."""
    rows = []
    for name, row in sorted(results["rows"].items(), key=lambda item: -item[1]["accuracy"]):
        label = REFERENCES.get(name, f"**`tenfold train --recipe {name}`**")
        accuracy = f"{points(row['accuracy'], row['accuracy_sd'], 2)} ({row['n']})"
        rows.append((label, accuracy, f"{row['seconds']:.1f} s", f"{row['ratio']:.2f}×"))
    columns = ("recipe", "test accuracy in %, mean ± sd (n)", "training time", "relative to train_mnist_fast")
    medians = "Times and ratios are medians; a ratio compares runs of one round, which followed one another."
    return table(columns, rows, place(results["rows"]["train_mnist_fast"]["measured"]), medians)


def ideas_table(results: dict[str, Any]) -> str:
    """The table of all variants of a recipe, with their differences from the unchanged recipe."""
    rows = []
    for name, row in results["rows"].items():
        difference = f"{row['difference']:+.1f} ± {row['difference_se']:.1f}" if row["difference_se"] else ""
        rows.append((name, f"{row['mistakes']:.1f}", difference, f"{row['time_ratio']:.2f}×"))
    found = results["rows"].values()
    seeds = " or ".join(map(str, sorted({row["n"] for row in found})))
    places = dict.fromkeys(
        place(row.get("measured", results["measured"])) for row in found
    )  # a row's own, or all rows'
    columns = ("instead", "mistakes of 5,000", "difference ± standard error", "time")
    return table(columns, rows, f"{seeds} seeds each, differences paired by seed.", *places)


def hardest_table(*studies: dict[str, Any]) -> str:
    """The table of recipes and shorter ones, with and without the hardest images; times are relative to the first."""
    rows = []
    for study in studies:
        first = next(iter(study["rows"].values()))
        for name, row in study["rows"].items():
            recipe, _, variant = name.partition(", ")
            accuracy = f"{points(row['accuracy'], row['accuracy_sd'], 2)} ({row['n']})"
            rows.append((f"`{recipe}`, {variant}", accuracy, f"{row['seconds'] / first['seconds']:.2f}×"))
    columns = ("recipe", "test accuracy in %, mean ± sd (n)", "training time")
    places = dict.fromkeys(place(where) for study in studies for where in study["measured"])
    return table(columns, rows, "Medians of the times, each run on one core.", *places)


def system_table(results: dict[str, Any]) -> str:
    """The table of what everything around the training costs."""
    growth = ", ".join(f"{int(n):,}: {seconds:.1f}" for n, seconds in results["seconds_by_images"].items())
    rows = {
        "evaluation, images a second": f"{results['evaluation_images_per_second']:,}",
        "one image, milliseconds": f"{results['one_image_milliseconds']:.2f}",
        "loading all 70,000 images, seconds": f"{results['load_seconds']:.2f}",
        "that time, relative to gunzip alone": f"{results['load_over_gunzip']:.2f}×",
        "`pip install tenfold`, the environment, MB": f"{results['base']['mb']:,}",
        "`import tenfold` and `tenfold.fit`, whole process, seconds": f"{results['import_seconds']:.1f}",
        "`tenfold train --recipe fast`, whole process, seconds": f"{results['train_fast_process_seconds']:.1f}",
        "its peak memory, MB": f"{results['train_fast_peak_mb']:,}",
        "distortion's share of a step of `standard`": f"{results['augmentation_share_of_standard_step']:.1%}",
        "one epoch of `fast` by number of images, seconds": growth,
        "reading a photo of 12 megapixels with 50 digits, seconds": f"{results['photo_seconds']:.2f}",
        "peak memory of that, MB": f"{results['photo_peak_mb']:,}",
        "`tenfold predict` of 3,000 files of 28×28, files a second": f"{results['small_files_per_second']:,}",
    }
    return table(("", ""), rows.items(), place(results["measured"]))


def accuracy_table(*results: dict[str, Any]) -> str:
    """The table of all recipes in the studies and of the ensembles, the most accurate first.

    Args:
        results: records of `benchmarks.studies` and of `benchmarks.ensembles`.
    """
    found: list[tuple[str, dict[str, Any]]] = []
    places, notes = [], []
    for record in results:
        if "draws" in record:
            pool = record["pool"]
            found.append((f"ensemble of {record['members']} runs", record))
            places += [place(measured) for measured in record["trained"]]
            shared = f"; two of them share {record['members_shared']:.1f} on average" if record["n"] > 1 else ""
            notes.append(
                f"Ensembles: {record['n']} random draws of {record['members']} from {pool['n']} runs of "
                f"{' and '.join(pool['recipes'])}{shared}."
            )
        else:
            found += record["rows"].items()
            places += [place(measured) for measured in record["measured"]]
    rows = []
    for name, row in sorted((row for row in found if row[1]["n"]), key=lambda row: -row[1]["accuracy"]):
        parameters = f"{row['parameters']:,}" if "parameters" in row else ""
        all_images, without = (_spread(row, key) for key in ("accuracy", "accuracy_without_label_errors"))
        count = f"{row['n']} draws" if "draws" in row else row["n"]
        rows.append((name, parameters, f"{all_images} ({count})", without, f"{row['seconds']:.1f} s"))
    columns = ("recipe", "parameters", "test accuracy in %, mean ± sd (n)", "without the 15 label errors")
    return table((*columns, "training time"), rows, *notes, *dict.fromkeys(places))


def calibration_table(results: dict[str, Any]) -> str:
    """The table of calibration, a row for every recipe."""
    names = ("accuracy", "calibration_error", "uncalibrated_error", "selective_accuracy")
    rows = [(recipe, *(_spread(row, name) for name in names)) for recipe, row in results["rows"].items()]
    last = f"right without the least confident {results['left_out']:.1%}"
    columns = ("recipe", "test accuracy", "calibration error", "before calibration", last)
    return table(columns, rows, "In percent, mean ± sd.", _runs(results))


def robustness_table(results: dict[str, Any]) -> str:
    """The table of robustness, a row for every corruption and a column for every recipe."""
    found = results["rows"]
    rows = [
        ("clean", *(_spread(row, "accuracy", 2) for row in found.values())),
        ("**mean of the corruptions**", *(_spread(row, "corrupted", 2) for row in found.values())),
    ]
    for name in next(iter(found.values()))["corruptions"]:
        cells = [_spread(row["corruptions"][name], "accuracy", 2) for row in found.values()]
        rows.append((name.replace("_", " "), *cells))
    return table(("", *found), rows, "Test accuracy in percent, mean ± sd.", _runs(results))


def comparison_table(results: dict[str, Any]) -> str:
    """The table of a comparison, fewest mistakes first."""
    p = {(pair["first"], pair["second"]): pair["p"] for pair in results["pairs"]}
    names = list(results["rows"])
    rows = []
    for name, after in zip_longest(names, names[1:]):
        row = results["rows"][name]
        low, high = (100 * bound for bound in row["interval"])
        how = f" ± {100 * row['error_sd']:.2f} ({row['n']})" if row["n"] > 1 else f" ({low:.2f} to {high:.2f})"
        real = p.get((name, after), p.get((after, name)))
        costs = (f"{row['train_seconds']:,.1f} s", f"{row['predict_us']:,.0f} µs", f"{row['bytes'] / 1e6:,.2f} MB")
        rows.append((_bold(name, row), f"{100 * row['error']:.2f}{how}", *costs, "" if real is None else f"{real:.2g}"))
    columns = ("model", "test error in %", "training", "reading an image", "size", "p against the next")
    explained = (
        "Networks are in bold. An error is followed by its 95% interval or, for several seeds, by the standard "
        "deviation and their number. Times and p, by McNemar's exact test, are those of the first seed."
    )
    return table(columns, rows, explained, place(results["measured"]))


def search_table(results: dict[str, Any]) -> str:
    """The table of the classical recipes: how many candidates were tried, and which was chosen."""
    rows = []
    for name, row in results["rows"].items():
        chosen = ", ".join(f"`{key.partition('.')[2] or key}` {value}" for key, value in row["chosen"].items())
        images = f"{row['measured']['images']:,}"
        rows.append((name, len(row["candidates"]), images, chosen, row["candidates"][0]["mistakes"]))
    columns = ("recipe", "candidates", "training images", "chosen", "misread of 10,000 held-out images")
    return table(columns, rows, *dict.fromkeys(place(row["measured"]) for row in results["rows"].values()))


def _runs(results: dict[str, Any]) -> str:
    """How many runs there were, and where."""
    counts = ", ".join(f"{recipe} {row['n']}" for recipe, row in results["rows"].items())
    places = dict.fromkeys(place(measured) for row in results["rows"].values() for measured in row["trained"])
    return f"Runs: {counts}. {' '.join(places)}"


def _spread(row: dict[str, Any], name: str, digits: int = 3) -> str:
    return points(row[name], row[f"{name}_sd"], digits)


def _bold(name: str, row: dict[str, Any]) -> str:
    return f"**{name}**" if row["kind"] == "network" else name


def exports_table(results: dict[str, Any]) -> str:
    """The table of exported files, beside PyTorch on the same network."""
    rows: list[tuple[str, ...]] = []
    for run, found in results.items():
        reference = found["reference"]
        label = f"**{run}** in PyTorch, {found['parameters']:,} parameters"
        rows.append((label, "", "", f"{reference['accuracy']:.2%}", "", *_pace(reference)))
        for name, file in sorted(found["files"].items(), key=lambda item: ORDER.index(item[1]["format"])):
            sizes = (f"{file['bytes']:,}", f"{file['compressed_bytes']:,}")
            rows.append((f"`{name}`", *sizes, f"{file['accuracy']:.2%}", str(file["different"]), *_pace(file)))
    weights = ", ".join(f"{run} {found['bytes_of_weights']:,}" for run, found in results.items())
    places = dict.fromkeys(place(found["measured"]) for found in results.values())
    columns = ("file", "bytes", "gzipped", "accuracy", "different answers", "µs an image", "images a second")
    counted = "Bytes of the parameters alone, 8 bits for a weight, 32 for a bias or a parameter of BatchNorm"
    return table(columns, rows, f"{counted}: {weights}.", *places)


def _pace(row: dict[str, Any]) -> tuple[str, str]:
    return f"{row['latency_us']:,.0f}", f"{row['throughput']:,.0f}"


def results_table(*results: dict[str, Any]) -> str:
    """The README's six rows: recipes, the fastest first, an ensemble of them, and the network in the package.

    Args:
        results: records of `benchmarks.speed`, three of `benchmarks.studies`, of `benchmarks.ensembles` and of
            `benchmarks.shipped`.
    """
    speed, *studies, ensemble, shipped = results
    fast, standard = speed["rows"]["fast"], speed["rows"]["standard"]
    trained = {name: row for study in studies for name, row in study["rows"].items()}
    tiny, accurate = trained["tiny"], trained["accurate"]
    file = shipped["files"]["reader-int8.tflite"] | {"accuracy_sd": None, "n": 1}
    found = (
        ("`tenfold train --recipe fast`", fast, f"{fast['seconds']:.1f} s on two cores"),
        ("`tenfold train`", standard, f"{standard['seconds']:.0f} s on two cores"),
        ("`tenfold train --recipe tiny`", tiny, f"{tiny['parameters']:,} parameters, for microcontrollers"),
        ("`tenfold train --recipe accurate`", accurate, f"{accurate['seconds'] / 60:.0f} min on one core"),
        (f"ensemble of {ensemble['members']} runs", ensemble, f"{ensemble['seconds'] / 60:.0f} min on one core"),
        ("`tenfold predict`", file, f"in the package, {file['bytes']:,} bytes"),
    )
    rows = [(name, f"{_spread(row, 'accuracy')} ({row['n']})", what) for name, row, what in found]
    return table(("", "accuracy on MNIST's test images in %, mean ± sd (n)", ""), rows)


def shipped_table(results: dict[str, Any]) -> str:
    """The figures of the files in the package."""
    rows = []
    for name, file in results["files"].items():
        if "accuracy" not in file:  # it does not read single digits, or is no network
            continue
        low, high = file["interval"]
        figures = (f"{file['accuracy']:.2%}", f"{low:.2%} to {high:.2%}", f"{file['loss']:.4f}")
        rows.append((f"`{name}`", f"{file['bytes']:,}", *figures, f"{file['calibration_error']:.2%}"))
    int8, found = results["files"]["reader-int8.tflite"], results["int8"]
    weakest = min(found["per_class"], key=lambda row: row["recall"])
    rest = (
        f"Of {int8['n']:,} test images, the int8 file reads {int8['different']} differently from the network it came "
        f"from. It misreads {len(found['misclassified'])}; without the label errors, its accuracy is "
        f"{int8['accuracy_without_label_errors']:.2%}. It is weakest on {weakest['digit']}, with a recall of "
        f"{weakest['recall']:.2%}."
    )
    columns = ("file", "bytes", "test accuracy", "95% interval", "test loss", "calibration error")
    return table(columns, rows, rest)


def handwriting_table(results: dict[str, Any]) -> str:
    """The table of results on real handwriting, and on drawn pages."""
    rows = []
    for name, label in HANDWRITING.items():
        for half, what in (
            (name, label),
            (f"{name}, reported half", "… of these, in the half that nothing was chosen on"),
        ):
            row = results[half]
            by_source = f"{row['mean_over_sources']:.2%}" if row["sources"] > 1 else ""
            rows.append((what, row["pictures"], f"{row['right']:.2%}", by_source, f"{row['digits_right']:.2%}"))
    others = {"without those whose labels are wrong": results["cheques, rightly labeled"]}
    others |= {name: results[name]["cheques"] for name in ("without the line network", "the line network alone")}
    rows += [
        (f"… {name}", row["pictures"], f"{row['right']:.2%}", "", f"{row['digits_right']:.2%}")
        for name, row in others.items()
    ]
    pages = results["pages"]
    drawn = [
        f"{kind} {row['found_and_right']:.1%} ({row['invented']:.2%})"
        for kind, row in pages.items()
        if isinstance(row, dict)
    ]
    text = (
        f"On drawn pages, turned by up to 15°, {pages['pages_of_each_kind']} of each kind, digits found and read "
        f"correctly (in parentheses, digits invented): {', '.join(drawn)}."
    )
    columns = ("pictures", "number", "entirely right", "mean over sources", "digits right")
    return table(columns, rows, text, place(results["measured"]))


def ink_text(results: dict[str, Any]) -> str:
    """How much of the ink in drawn scenes is found, and how much of what is found is ink."""
    ink = results["ink"]
    told = (
        f"In {ink['scenes']:,} drawn scenes with held-out digits, it finds {ink['recall']:.1%} of the pixels of ink, "
        f"and {ink['precision']:.1%} of what it finds is ink."
    )
    return _companion(results, "ink", "ink-int8.tflite", told)


def text_lines_text(results: dict[str, Any]) -> str:
    """How many drawn text lines the network for text lines reads by itself."""
    lines = results["text_lines"]
    told = (
        f"By itself it reads {lines['right']:.1%} of {lines['held_out_lines']:,} drawn lines of held-out digits "
        "without a mistake; many of them are hard for people, too."
    )
    return _companion(results, "text_lines", "text-lines-int8.tflite", told)


def _companion(results: dict[str, Any], name: str, file: str, told: str) -> str:
    """The size of a network that helps the one for digits, then `told`, which is what was measured on it."""
    size, one = results["files"][file]["bytes"], results[name]
    return f"It has {one['parameters']:,} parameters, in {size:,} bytes. {told} {place(one['measured'])}"


def refusal_table(results: dict[str, Any]) -> str:
    """The table of how many non-digits are refused, and how many digits."""
    rows = [(name, f"{share:.1%}") for name, share in results["refused"].items()]
    held_out = results["held_out"]
    threshold = (
        f"An answer is refused if it scores below {results['threshold']}. Of {held_out['images']:,} held-out digits, "
        f"0.7% score below {held_out['threshold']:.3f}."
    )
    return table(("pictures", "refused"), rows, threshold, place(results["measured"]))


def browser_table(results: dict[str, Any]) -> str:
    """The table of how fast the page answers."""
    first = results["first_answer_seconds"]
    rows = [("first answer after opening", f"{first['median']:.2f} s", f"{first['p95']:.2f} s", first["n"])]
    for after, key in (("answer after a stroke", "answer"), ("the same, painted", "answer_painted")):
        for what, row in results[f"further_{key}_milliseconds"].items():
            rows.append((f"{after}, {what}", f"{row['median']:.0f} ms", f"{row['p95']:.0f} ms", row["n"]))
    for taught, row in results.get("correction_milliseconds", {}).items():
        what = f"answer after a correction, {taught} taught before"
        rows.append((what, f"{row['median']:.0f} ms", f"{row['p95']:.0f} ms", row["n"]))
    size = f"Opening the page for the first time transfers {results['transferred_bytes'] / 1e6:.1f} MB, compressed."
    notes = (size, f"{results['measured']['browser']}.", place(results["measured"]))
    return table(("", "median", "95th percentile", "n"), rows, *notes)


@rc_context(STYLE)
def speed_figure(results: dict[str, Any]) -> Figure:
    """Plot test error against training time, tenfold's recipes as a curve and the references as points."""
    figure = Figure(figsize=(7.5, 4.2), layout="constrained", dpi=160)
    axes = figure.add_subplot()
    # relative times: the rows may have been measured on different days, faster and slower ones
    points = [(row["ratio"], 100 * (1 - row["accuracy"]), name) for name, row in results["rows"].items()]
    curve, others = (
        sorted(one for one in points if (one[2] in REFERENCES) == is_reference) for is_reference in (False, True)
    )
    axes.plot([x for x, _, _ in curve], [y for _, y, _ in curve], marker="o", label="tenfold")
    axes.plot([x for x, _, _ in others], [y for _, y, _ in others], "s", label="references")
    axes.set(xscale="log", yscale="log", title="Test error against training time")
    axes.set(xlabel="training time, relative to train_mnist_fast", ylabel="test error in %, mean over seeds")
    axes.set_xticks([0.1, 1, 10, 100], ["0.1", "1", "10", "100"])
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
