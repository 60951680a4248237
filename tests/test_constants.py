"""Constants that Python and the page share: each is in one file, and both sides take it from there and use it."""

import ast
import json
import re
from pathlib import Path

import tenfold

PACKAGE = Path(tenfold.__file__).parent
WEB = Path(__file__).parent.parent / "web"
SHARED = json.loads((PACKAGE / "base" / "constants.json").read_text("utf-8"))
EVERY = {(module, name) for module, names in SHARED.items() for name in names}
NAMES = {name for _, name in EVERY}


def test_python_takes_the_shared_constants_from_the_file():
    taken, by_hand, used = set(), [], set()
    paths = [path for place in ("base", "imaging", "reader") for path in (PACKAGE / place).glob("*.py")]
    for path in [*paths, PACKAGE / "networks" / "__init__.py"]:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Assign | ast.AnnAssign) and node.value:
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                parts = [part for target in targets for part in ast.walk(target) if isinstance(part, ast.Name)]
                for name in {part.id for part in parts if isinstance(part.ctx, ast.Store)} & NAMES:
                    if f"shared['{name}']" in ast.unparse(node.value):
                        taken.add((path.stem, name))
                    else:
                        by_hand.append(f"{path.name}: {name}")
            elif isinstance(node, ast.ImportFrom):
                used |= {alias.name for alias in node.names}
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                used.add(node.id)
    assert taken == EVERY
    assert by_hand == []
    assert used >= NAMES


def test_the_page_takes_the_shared_constants_from_the_file():
    taken, by_hand, unused = set(), [], []
    for path in (*WEB.glob("*.js"), *WEB.glob("reader/*.js")):
        text = path.read_text("utf-8")
        for declared, value in re.findall(r"\b(?:const|let) (\w+|\[[^\]]*\]|\{[^}]*\}) = ([\w.]*)", text):
            names = set(re.findall(r"\w+", declared)) & NAMES
            module = value.removeprefix("constants.")
            if module in SHARED:
                taken |= {(module, name) for name in names}
                unused += [f"{path.name}: {name}" for name in names if len(re.findall(rf"\b{name}\b", text)) < 2]
            elif path.parent.name == "reader":
                by_hand += [f"{path.name}: {name}" for name in names]
    assert taken == EVERY
    assert by_hand == []
    assert unused == []
