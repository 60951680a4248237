"""Reading takes nothing but the base; whatever else is missing is named, with the extra that brings it."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from PIL import Image

from tenfold.base.extras import INSTALL, NAMES

pytestmark = pytest.mark.fast
PROJECT = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text("utf-8"))["project"]
WITHOUT = f"""
import sys
sys.modules.update(dict.fromkeys({set(INSTALL) - {"ai_edge_litert"}}))  # these cannot be imported
import tenfold
from tenfold import cli
"""


def run(program: str, folder: Path) -> subprocess.CompletedProcess:
    """Run a program where only the base is installed."""
    return subprocess.run([sys.executable, "-c", WITHOUT + program], cwd=folder, capture_output=True, text=True)


def test_the_base_reads_pictures(mnist, tmp_path):
    pytest.importorskip("ai_edge_litert")
    for index in range(2):
        Image.fromarray(mnist[1].images[index]).save(tmp_path / f"{index}.png")
    program = """
from tenfold.jobs import pictures
pictures.PATIENCE = -1.0  # as if it took long
sys.argv = ["tenfold", "predict", ".", "--annotate", "read"]
assert tenfold.load()[1].labels[0] == tenfold.predict("0.png")[0].label == 7
cli.main()
"""
    result = run(program, tmp_path)
    assert [line[:8] for line in result.stdout.splitlines()] == ["0.png: 7", "1.png: 2"], result.stderr
    assert result.stderr == "tenfold: warning: reads on one core; for all of them, pip install joblib\n"
    assert len(list((tmp_path / "read").iterdir())) == 2


def test_a_missing_package_is_named_with_its_extra(tmp_path):
    result = run("sys.argv = ['tenfold', 'train']\ncli.main()", tmp_path)
    assert (result.returncode, result.stdout) == (2, "")
    assert re.fullmatch(r"tenfold: tenfold train needs \w+; pip install 'tenfold\[train\]'\n", result.stderr)
    program = """
for name in ("fit", "build", "plots"):
    try:
        getattr(tenfold, name)
    except tenfold.TenfoldError as error:
        print(error)
"""
    said = run(program, tmp_path).stdout
    named = re.findall(r"(?m)^tenfold\.(\w+) needs \w+; pip install 'tenfold\[train\]'$", said)
    assert named == ["fit", "build", "plots"]


def test_what_is_told_to_install_is_what_the_project_offers():
    for module, told in INSTALL.items():
        if found := re.match(r"'tenfold\[(\w+)\]'", told):
            packages = " ".join(PROJECT["optional-dependencies"][found[1]]).replace("-", "_")
            name = {"torch": "torch", "ai_edge_quantizer": "litert_torch"}.get(module, NAMES.get(module, module))
            assert name.lower().replace("-", "_") in packages, module
