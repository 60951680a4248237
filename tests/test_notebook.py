"""The article and its Keras companion: their committed form and, where asked for, their execution."""

import importlib.util
import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
HEADLINES = {"MNIST.ipynb": (99.4, 99.8), "MNIST_keras.ipynb": (99.3, 99.7)}  # percent; the prose states them
NEEDS = {"MNIST.ipynb": ("sklearn",), "MNIST_keras.ipynb": ("keras",)}
# A phrase in the article's prose, the cell whose output has the number, where it stands there, and how it is rounded.
NUMBERS = [
    ("About {}% of an image is blank paper", "ink-counts", r"(\S+)% of all pixels are empty", 0),
    ("right for about {} of 100 images", "neighbors", r"accuracy (\S+)%", 0),
    ("About {} of 100 images are read correctly", "templates", r"accuracy (\S+)%", 0),
]
# The same for accuracies from `results/`: the phrase, the file, and the row.
MEANS = [
    ("`accurate` reads {}% of the test images", "study-accuracy.json", "accurate"),
    ("`thorough` {}%", "study-thorough.json", "thorough"),
    ("10,406 parameters, {}%", "study-tiny.json", "tiny"),
]
# Points of accuracy that a design choice is worth, from the ablation: the phrase, and the variant.
POINTS = [
    ("Two convolutions instead of four cost {} points", "depth, 2 convolutions"),
    ("a quarter of the width {}", "width, a quarter"),
    ("costs {} points. It is flat", "activation, sigmoid"),
    ("nothing visible *here* (−{} without it)", "BatchNorm, none"),
    ("leaving it out costs {} points", "BatchNorm, none, SGD with momentum"),
    ("and SGD with it only {}.", "optimizer, SGD with momentum"),
    ("SGD costs {} points", "optimizer, SGD"),
    ("and Adam {}, each", "optimizer, Adam"),
    ("A tenth of the right one costs {} points", "learning rate, a tenth"),
    ("ten times as much {}", "learning rate, ten times"),
    ("Pixels from 0 to 255 cost {} points", "normalization, none"),
    ("Dropout shows no effect (−{})", "Dropout, 0.1"),
    ("seen so briefly (−{} without it)", "augmentation, none"),
    ("Label smoothing** is worth {} points", "label smoothing, none"),
    ("and as many steps, {} points are lost", "training images, 1,000"),
    ("with 10,000, only {}", "training images, 10,000"),
]


def prose_of(notebook: dict[str, Any]) -> str:
    return "\n\n".join("".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "markdown")


def code_of(notebook: dict[str, Any]) -> list[dict[str, Any]]:
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


def text_of(cell: dict[str, Any]) -> str:
    """What a cell printed."""
    return "".join("".join(output.get("text", "")) for output in cell["outputs"])


def headline_of(notebook: dict[str, Any]) -> tuple[float, ...]:
    """Test accuracy and the bounds of its interval, in percent, from the cell that is tagged for it."""
    (cell,) = [cell for cell in code_of(notebook) if "headline" in cell["metadata"].get("tags", [])]
    found = re.search(r"accuracy (\S+)% \(95% interval (\S+)% to (\S+)%", text_of(cell))
    assert found, text_of(cell)
    return tuple(map(float, found.groups()))


def check_outputs(notebook: dict[str, Any], name: str) -> None:
    """Ran in one go, without complaints, and the test accuracy is what the prose says."""
    cells = code_of(notebook)
    assert [cell["execution_count"] for cell in cells] == list(range(1, len(cells) + 1))
    outputs = [output for cell in cells for output in cell["outputs"]]
    assert not [output for output in outputs if output["output_type"] == "error" or output.get("name") == "stderr"]
    low, high = HEADLINES[name]
    assert low <= headline_of(notebook)[0] <= high


def read(name: str) -> dict[str, Any]:
    return json.loads((ROOT / name).read_text(encoding="utf-8"))


@pytest.fixture(scope="module", params=[pytest.param("MNIST.ipynb", marks=pytest.mark.litert), "MNIST_keras.ipynb"])
def name(request):
    return request.param


@pytest.fixture(scope="module")
def notebook(name) -> dict[str, Any]:
    return read(name)


def test_committed_outputs(notebook, name):
    check_outputs(notebook, name)
    assert (ROOT / name).stat().st_size < 5_000_000
    assert "between {}% and {}%".format(*HEADLINES[name]) in prose_of(notebook)


def test_every_figure_has_alternative_text(notebook):
    figures = [
        cell for cell in code_of(notebook) if any("image/png" in output.get("data", {}) for output in cell["outputs"])
    ]
    assert figures
    assert [cell["source"] for cell in figures if not cell["metadata"].get("alt")] == []
    for cell in figures:  # where nbconvert's classic template and where the site finds it
        assert cell["metadata"]["mystnb"]["image"]["alt"] == cell["metadata"]["alt"]


def test_links_lead_somewhere(notebook, name):
    prose = prose_of(notebook)
    targets = re.findall(r"\]\((?!https:)([^)#]*)(?:#([^)]*))?\)", prose)
    assert targets
    for file, anchor in targets:
        assert (ROOT / file).exists()
        if file and not file.endswith(".ipynb"):
            continue
        headings = re.findall(r"^#+ (.+)$", prose_of(read(file or name)), re.MULTILINE)
        assert not anchor or anchor in [heading.replace(" ", "-") for heading in headings]


def test_prose_has_the_numbers_of_the_cells_and_the_results():
    article = read("MNIST.ipynb")
    prose = " ".join(prose_of(article).split())
    outputs = {code["id"]: text_of(code) for code in code_of(article)}
    for phrase, cell, pattern, digits in NUMBERS:
        found = re.search(pattern, outputs[cell])
        assert found, outputs[cell]
        assert phrase.format(f"{float(found[1]):.{digits}f}") in prose
    for phrase, file, row in MEANS:
        accuracy = json.loads((ROOT / "results" / file).read_text(encoding="utf-8"))["rows"][row]["accuracy"]
        assert phrase.format(f"{100 * accuracy:.2f}") in prose
    study = json.loads((ROOT / "results/study-ablation.json").read_text(encoding="utf-8"))
    differences = {row["recipe"]: row["difference"] for row in study["validation_summary"]}
    for phrase, variant in POINTS:
        assert phrase.format(f"{-100 * differences[f'baseline, {variant}']:.2f}") in prose
    comparison = json.loads((ROOT / "results/comparison.json").read_text(encoding="utf-8"))["rows"]
    errors = (f"{comparison[name]['error']:.2%}" for name in ("standard", "hog_svm"))
    assert "a test error of {} for `standard` and {} for HOG with an SVM".format(*errors) in prose


@pytest.mark.skipif(
    os.environ.get("TENFOLD_RUN_NOTEBOOK") != "1", reason="takes some minutes; set TENFOLD_RUN_NOTEBOOK=1"
)
def test_runs_from_top_to_bottom(name, tmp_path, monkeypatch):
    missing = [module for module in NEEDS[name] if importlib.util.find_spec(module) is None]
    if missing:
        pytest.skip(f"{name} needs {' and '.join(missing)}")
    nbformat = pytest.importorskip("nbformat")
    nbclient = pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    monkeypatch.delenv("OMP_NUM_THREADS")  # a notebook trains on all cores, as its readers do
    notebook = nbformat.read(ROOT / name, as_version=4)
    for cell in code_of(notebook):
        cell.update(outputs=[], execution_count=None)
    # the kernel works in a folder of its own, where the notebook may write its files
    client = nbclient.NotebookClient(notebook, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}})
    client.execute()
    check_outputs(notebook, name)
