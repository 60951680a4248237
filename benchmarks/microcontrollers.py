"""What C files take on microcontrollers: `python -m benchmarks.microcontrollers RUN...`.

Writes `results/microcontrollers.json`. Each run is exported to C and compared with its reference in NumPy, on all test
images with sanitizers, and on the first of them on every processor, which is emulated. Debian has the tools:
gcc-arm-none-eabi, gcc-riscv64-unknown-elf, qemu-system-arm, and qemu-user.
"""

import argparse
import json
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Int, UInt8

import tenfold
from benchmarks import publish
from benchmarks.records import save, where
from tenfold.base.errors import TenfoldError
from tenfold.data import CLASSES
from tenfold.export import CALIBRATION, c, export, integer
from tenfold.export.graph import FromPixels
from tenfold.training.runs import load_model

RESULTS = Path("results/microcontrollers.json")
HARNESS = Path(__file__).with_suffix(".c")
EMULATED = 100  # images; an emulator reads a few in a second
KEPT = ("n", "different", "accuracy", "reference_accuracy", "multiplications", "warning")


@dataclass(frozen=True)
class Processor:
    """How to compile for a processor, and how to emulate it."""

    prefix: str
    flags: tuple[str, ...]
    emulator: tuple[str, ...]
    link: tuple[str, ...]


_ARM = ("-nostdlib", "-Wl,--section-start=.vectors=0,-Ttext=0x100,-Tbss=0x20000000")
_SEMIHOSTING = ("-display", "none", "-monitor", "none", "-serial", "none", "-semihosting-config")
_SYSTEM = (*_SEMIHOSTING, "enable=on,target=native", "-kernel")
PROCESSORS = {
    "Cortex-M0": Processor(
        "arm-none-eabi-", ("-mcpu=cortex-m0", "-mthumb"), ("qemu-system-arm", "-M", "microbit", *_SYSTEM), _ARM
    ),
    "Cortex-M4": Processor(
        "arm-none-eabi-", ("-mcpu=cortex-m4", "-mthumb"), ("qemu-system-arm", "-M", "mps2-an386", *_SYSTEM), _ARM
    ),
    "RISC-V": Processor(
        "riscv64-unknown-elf-",
        ("-march=rv32imc", "-mabi=ilp32", "-ffreestanding"),
        ("qemu-riscv32",),
        ("-nostdlib", "-Wl,--no-relax"),  # relaxed code needs a register that no start-up code has set here
    ),
}
SANITIZED = Processor("", ("-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"), (), ())


def main() -> None:
    """Measure, write the results and rewrite the tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.microcontrollers")
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN")
    runs = parser.parse_args().runs
    results = json.loads(RESULTS.read_text()) if RESULTS.is_file() else {}
    for run in runs:
        results[run.name] = measure(run)
        save(RESULTS, results)
    publish.main()


def measure(run: Path) -> dict[str, Any]:
    """Everything about one run.

    Raises:
        TenfoldError: if the C code computes anything but its reference.
    """
    train, test = tenfold.load()
    network = load_model(run)
    expected = answers(integer.scores(integer.plan(FromPixels(network), train.images[:CALIBRATION]), test.images))
    with tempfile.TemporaryDirectory() as folder:
        (facts,) = export(run, ["c"], out=folder)
        file = Path(facts["file"])
        for processor, n in [(SANITIZED, len(test)), *((one, EMULATED) for one in PROCESSORS.values())]:
            if not np.array_equal(read(file, processor, test.images[:n]), expected[:n]):
                raise TenfoldError(f"{run}: compiled with {processor.flags}, its scores are not those of the reference")
        sizes = {name: c.footprint(file, one.prefix, *one.flags) for name, one in PROCESSORS.items()}
    return {
        "measured": where(),
        "parameters": facts["source"]["parameters"],
        **{key: facts[key] for key in KEPT},
        "emulated_images": EMULATED,
        "processors": sizes,
    }


def read(file: Path, processor: Processor, images: UInt8[np.ndarray, "n 28 28"]) -> Int[np.ndarray, "n 11"]:
    """The scores and the answer of a C file on a processor, for each image."""
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder, "program")
        flags = ("-Os", "-fno-tree-loop-distribute-patterns", *processor.flags, str(HARNESS), *processor.link)
        c.compile_c(file, program, *flags, prefix=processor.prefix, libraries=["-lgcc"])
        result = subprocess.run(  # noqa: S603
            [*processor.emulator, program], input=images.tobytes(), capture_output=True, check=True
        )
    return np.frombuffer(result.stdout, "<i4").reshape(-1, CLASSES + 1)


def answers(scores: Int[np.ndarray, "n 10"]) -> Int[np.ndarray, "n 11"]:
    """Scores, and the digit with the highest one beside them."""
    return np.concatenate((scores, scores.argmax(axis=1, keepdims=True)), axis=1)


if __name__ == "__main__":
    main()
