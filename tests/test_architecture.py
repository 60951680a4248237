"""Imports go one way: a room imports only from those above it in the plan."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import tenfold

ROOMS = [
    {"errors"},
    {"files"},
    {"settings"},
    {"pictures"},
    {"data"},
    {"classical"},
    {"preprocess", "augment"},
    {"layers"},
    {"networks"},
    {"weights"},
    {"recipes"},
    {"training"},
    {"runs"},
    {"conventions"},
    {"models"},
    {"evaluation"},
    {"plots", "report"},
    {"interpret"},
    {"findings"},
    {"experiment"},
    {"workers"},
    {"study"},
    {"comparison"},
    {"export"},
    {"reader"},
    {"rows"},
    {"draw"},
    {"tables"},
    {"cli"},
]
LEVEL = {room: level for level, rooms in enumerate(ROOMS) for room in rooms}
PACKAGE = Path(tenfold.__file__).parent
MODULES = sorted(
    path for path in PACKAGE.rglob("*.py") if path.name != "__main__.py" and path != PACKAGE / "__init__.py"
)


def imported_rooms(path: Path) -> set[str]:
    rooms = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module == "tenfold":
            rooms |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("tenfold."):
            rooms.add(node.module.split(".")[1])
    return rooms


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_room_knows_only_those_above_it(path):
    room = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    allowed = {other for other, level in LEVEL.items() if level < LEVEL[room]} | {room}
    if room == "report":
        allowed.add("plots")
    assert imported_rooms(path) <= allowed


def test_the_command_line_starts_without_heavy_imports():
    program = "import sys, tenfold.cli; print(*{'torch', 'numpy', 'matplotlib', 'pandas'} & set(sys.modules))"
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == ""


def test_every_public_name_exists():
    assert all(getattr(tenfold, name) is not None for name in tenfold.__all__)
    with pytest.raises(AttributeError, match="no attribute 'leod'"):
        tenfold.leod  # noqa: B018
