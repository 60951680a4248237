"""Where all that the tests need must be there, as in `.ci/run`, a skipped test is a failed one."""

import os
import subprocess
import sys
from pathlib import Path

TESTS = """
import pytest

@pytest.mark.skipif(True, reason="no chromium on the path")
def test_tool(): ...

@pytest.fixture
def package():
    pytest.importorskip("no_such_package")

def test_package(package): ...

@pytest.mark.gpu
def test_gpu(): ...

def test_all_there(): ...
"""


def test_a_skip_is_a_failure_where_it_is_forbidden(tmp_path):
    (tmp_path / "test_module.py").write_text("import pytest\npytest.importorskip('no_such_package')\n")
    (tmp_path / "test_some.py").write_text(TESTS)
    command = [sys.executable, "-m", "pytest", "-p", "conftest", "-c", os.devnull, "--continue-on-collection-errors"]
    here = os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")])
    environment = os.environ | {"TENFOLD_FORBID_SKIPS": "1", "PYTHONPATH": here, "CUDA_VISIBLE_DEVICES": ""}
    result = subprocess.run([*command, tmp_path], env=environment, capture_output=True, text=True)
    lines = [line for line in result.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
    failed = {line.split()[1].split("::")[-1].split("/")[-1] for line in lines}
    assert failed == {"test_module.py", "test_tool", "test_package"}, result.stdout
    assert result.returncode == 1
