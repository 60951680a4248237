"""Imports go one way: a place imports only from those above it in the plan."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import tenfold

PLACES = (  # from top to bottom: each imports only from those above it
    "base",
    "networks",
    "imaging",
    "data",
    "synthesis",
    "recipes",
    "training",
    "models",
    "classical",
    "evaluation",
    "reader",
    "export",
    "report",
    "jobs",
    "serve",
    "cli",
)
PACKAGE = Path(tenfold.__file__).parent
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if path.parent != PACKAGE)
LONGEST = 350  # lines of a module


def imported_places(path: Path) -> set[str]:
    places = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module == "tenfold":
            places |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("tenfold."):
            places.add(node.module.split(".")[1])
        elif isinstance(node, ast.Import):
            places |= {alias.name for alias in node.names if alias.name.split(".")[0] == "tenfold"}  # the facade: none
    return places


def test_the_tree_is_that_of_the_plan():
    found = {path.name for path in PACKAGE.iterdir()} - {"__pycache__"}
    assert found == {*PLACES, "__init__.py", "__main__.py", "py.typed"}


def test_a_place_knows_only_those_above_it():
    for path in MODULES:
        place = path.relative_to(PACKAGE).parts[0]
        assert imported_places(path) <= {*PLACES[: PLACES.index(place) + 1]}, path


def test_training_never_sees_a_corruption():
    importers = [path.name for path in MODULES if "corruptions import" in path.read_text()]
    assert importers == ["robustness.py"]  # of the place `evaluation`, which training does not import


def test_the_tests_mirror_the_places():
    folders = {path.name for path in Path(__file__).parent.iterdir() if path.is_dir()} - {"__pycache__"}
    assert folders == {*PLACES}


def test_no_module_is_long():
    assert {path.name: lines for path in MODULES if (lines := len(path.read_text().splitlines())) > LONGEST} == {}


def test_heavy_packages_are_imported_only_when_they_are_needed():
    program = (
        "import sys, tenfold.cli; print(*{'torch', 'numpy', 'matplotlib', 'pandas'} & set(sys.modules));"
        "import tenfold.classical; print(*{'torch', 'sklearn', 'skops'} & set(sys.modules))"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout.split() == []


def test_every_public_name_exists():
    assert all(getattr(tenfold, name) is not None for name in tenfold.__all__)
    with pytest.raises(AttributeError, match="no attribute 'leod'"):
        tenfold.leod  # noqa: B018
