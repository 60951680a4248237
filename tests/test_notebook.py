"""The article: its committed form, and, where asked for, its execution from top to bottom."""

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

NOTEBOOK = Path(__file__).parents[1] / "MNIST.ipynb"
CHAPTERS = [
    "1 Introduction and the data set",
    "2 Preprocessing and exploration",
    "3 The model, layer by layer",
    "4 Training and callbacks",
    "5 Evaluation",
    "6 Beyond: reading without a network",
    "7 Conclusion and next steps",
]
HEADLINE = (99.4, 99.8)  # percent; the bounds that the article states for its test accuracy


def prose_of(notebook: dict[str, Any]) -> str:
    return "\n\n".join("".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "markdown")


def code_of(notebook: dict[str, Any]) -> list[dict[str, Any]]:
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


def check_outputs(notebook: dict[str, Any]) -> None:
    """Ran in one go, without complaints, and the test accuracy is what the article says."""
    cells = code_of(notebook)
    assert [cell["execution_count"] for cell in cells] == list(range(1, len(cells) + 1))
    outputs = [output for cell in cells for output in cell["outputs"]]
    assert not [output for output in outputs if output["output_type"] == "error" or output.get("name") == "stderr"]
    (headline,) = [cell for cell in cells if "headline" in cell["metadata"].get("tags", [])]
    (output,) = headline["outputs"]
    accuracy = re.search(r"accuracy (\d+\.\d+)\s?%", "".join(output["text"]))
    assert accuracy, output
    assert HEADLINE[0] <= float(accuracy[1]) <= HEADLINE[1]


@pytest.fixture(scope="module")
def notebook() -> dict[str, Any]:
    return json.loads(NOTEBOOK.read_text(encoding="utf-8"))


def test_chapters_are_in_order(notebook):
    assert re.findall(r"^## (.+)$", prose_of(notebook), re.MULTILINE) == CHAPTERS


def test_code_cells_are_short(notebook):
    assert max(len("".join(cell["source"]).splitlines()) for cell in code_of(notebook)) <= 15


def test_committed_outputs(notebook):
    check_outputs(notebook)
    assert NOTEBOOK.stat().st_size < 5_000_000


def test_prose_states_the_bounds(notebook):
    assert "between {} % and {} %".format(*HEADLINE) in prose_of(notebook)


def test_every_figure_has_alternative_text(notebook):
    figures = [
        cell for cell in code_of(notebook) if any("image/png" in output.get("data", {}) for output in cell["outputs"])
    ]
    assert figures
    assert [cell["source"] for cell in figures if not cell["metadata"].get("alt")] == []


@pytest.mark.skipif(
    os.environ.get("TENFOLD_RUN_NOTEBOOK") != "1", reason="takes a minute or two; set TENFOLD_RUN_NOTEBOOK=1"
)
def test_runs_from_top_to_bottom(tmp_path):
    nbformat = pytest.importorskip("nbformat")
    nbclient = pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    for cell in code_of(notebook):
        cell.update(outputs=[], execution_count=None)
    # the kernel works in a folder of its own, where the article may write its files
    client = nbclient.NotebookClient(notebook, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}})
    client.execute()
    check_outputs(notebook)
