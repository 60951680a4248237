"""Export to C, for microcontrollers: one file in C99, and its header."""

import ctypes
import re
import shutil
import subprocess
import tempfile
import textwrap
from importlib import resources
from pathlib import Path

import numpy as np
from jaxtyping import Float, UInt8
from jinja2 import Environment, StrictUndefined

from tenfold.base.errors import TenfoldError
from tenfold.base.version import VERSION
from tenfold.data import CLASSES
from tenfold.export.graph import FromPixels
from tenfold.export.integer import ONE, Filters, Plan, plan
from tenfold.models.base import Checked

FILES = ("int8.c", "int8.h")
OUTPUT = {"name": "scores", "dtype": "int32", "shape": [CLASSES], "logit": ONE}
WARNINGS = ("-std=c99", "-Wall", "-Wextra", "-Werror")


def convert(graph: FromPixels, calibration: UInt8[np.ndarray, "n 28 28"]) -> tuple[bytes, ...]:
    """Write a network in C.

    Args:
        graph: the network to convert.
        calibration: training images, which set the range of 8-bit activations wherever the network was not trained
            with one.

    Returns:
        The contents of `FILES`.

    Raises:
        TenfoldError: if there is no code for a layer, or no C compiler to try the file.
    """
    header = resources.files(__package__).joinpath("digit.h").read_bytes()
    return write(plan(graph, calibration)).encode(), header


def write(network: Plan) -> str:
    """The C code of a network in integers."""
    arrays: dict[str, list[int]] = {"weights": [], "factors": [], "biases": []}

    def filters(one: Filters | None) -> str:
        if one is None:
            return "{0, 0, 0, 0, 0}"
        places = [f"{name} + {len(array)}" for name, array in arrays.items()]
        for name, array in arrays.items():
            array += getattr(one, name).ravel().tolist()
        return f"{{{', '.join(places)}, {one.up}, {one.shift}}}"

    rows, pool, stages = 0, 1, []
    for stage in network.stages:
        sizes = (stage.channels, len(stage.dense.weights), stage.size, stage.kernel, stage.stride, stage.padding, pool)
        parts = (filters(stage.depthwise), filters(stage.dense), f"rows + {rows}", *map(str, sizes))
        stages.append(f"{{{', '.join(parts)}}}")
        rows, pool = rows + stage.kernel * stage.size * stage.channels, stage.pool
    jinja = Environment(autoescape=False, undefined=StrictUndefined, trim_blocks=True)  # noqa: S701  # this is no HTML
    template = jinja.from_string(resources.files(__package__).joinpath("digit.c.j2").read_text("utf-8"))
    return template.render(
        version=VERSION,
        stages=stages,
        rows=rows,
        features=max(stage.channels if stage.depthwise else 1 for stage in network.stages),
        kernel=max(stage.kernel for stage in network.stages),
        shifts=", ".join(f"{{{row - 1}, {column - 1}}}" for row, column in network.shifts),
        **{name: textwrap.fill(", ".join(map(str, array)), 120) for name, array in arrays.items()},
    )


class CModel(Checked):
    """A `.c` file from `tenfold export`, compiled for this machine.

    Args:
        path: the file; it must be one that was just written, because it is run.

    Raises:
        TenfoldError: if there is no C compiler.
    """

    def __init__(self, path: Path) -> None:
        self.name = str(path)
        with tempfile.TemporaryDirectory() as folder:
            library = Path(folder, "digit.so")
            compile_c(path, library, "-O2", "-shared", "-fPIC")
            self._digit = ctypes.CDLL(str(library)).digit

    def _logits(self, images: UInt8[np.ndarray, "n 28 28"]) -> Float[np.ndarray, "n 10"]:
        images, found = np.ascontiguousarray(images), np.empty((len(images), CLASSES), np.int32)
        for image, scores in zip(images, found, strict=True):
            self._digit(ctypes.c_void_p(image.ctypes.data), ctypes.c_void_p(scores.ctypes.data))
        return (found / ONE).astype(np.float32)


def footprint(path: Path, prefix: str = "", *flags: str) -> dict[str, int]:
    """What a `.c` file from `tenfold export` takes on a processor.

    Args:
        path: the file.
        prefix: of the names of the compiler and its tools, such as "arm-none-eabi-".
        flags: for the compiler.

    Returns:
        `code_bytes`, with the functions of the compiler's own library; `constant_bytes`; and `ram_bytes`, static memory
        and the stack of all functions, without the image and the scores.

    Raises:
        TenfoldError: if there is no such compiler.
    """
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder, "digit")
        link = ("-nostdlib", "-static", "-Wl,-e,digit,--gc-sections,--build-id=none", "-fno-pie", "-no-pie")
        # no unwind tables, and no calls of memset, so that it links without any library but the compiler's own
        quiet = ("-fno-asynchronous-unwind-tables", "-fno-tree-loop-distribute-patterns", "-fstack-usage")
        compile_c(path, program, "-Os", *quiet, *flags, *link, prefix=prefix, libraries=["-lgcc"])
        sections = subprocess.run(  # noqa: S603
            [f"{prefix}size", "-A", program], check=True, capture_output=True, text=True
        ).stdout
        usage = [line for file in Path(folder).glob("*.su") for line in file.read_text().splitlines()]
        stack = sum(int(line.split("\t")[1]) for line in usage)
    sizes = {name: int(size) for name, size in re.findall(r"^(\.\S+)\s+(\d+)", sections, re.MULTILINE)}

    def of(*names: str) -> int:
        return sum(size for name, size in sizes.items() if name.startswith(names))

    return {
        "code_bytes": of(".text", ".init", ".plt"),
        "constant_bytes": of(".rodata", ".data", ".srodata", ".sdata"),
        "ram_bytes": of(".bss", ".sbss") + stack,
    }


def compile_c(path: Path, target: Path, *flags: str, prefix: str = "", libraries: list[str] | None = None) -> None:
    """Compile a file from `tenfold export`, with every warning an error.

    Raises:
        TenfoldError: if there is no such compiler, or it finds a mistake.
    """
    compiler = f"{prefix}gcc" if prefix else "cc"
    if not shutil.which(compiler):
        raise TenfoldError(f"C: needs a C compiler, {compiler}, to try the file; install GCC or Clang")
    command = [compiler, *WARNINGS, *flags, str(path), "-o", str(target), *(libraries or [])]
    result = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603
    if result.returncode:
        raise TenfoldError(f"C: {compiler} does not compile {path}: {(result.stderr.splitlines() or ['no reason'])[0]}")
