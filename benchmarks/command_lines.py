"""Hostile command lines: `python -m benchmarks.command_lines` runs hundreds of them and counts how they end.

Each runs in a fresh folder with a small data set, a finished run, an interrupted one, pictures and TOML files, one of
which may have been damaged beforehand. Each must end with the exit code given in the table (by default 2), and one that
fails must say so in one line on standard error. An internal error, a traceback, a signal, two minutes, or two gigabytes
are faults. Where streams, encoding or environment matter, a shell starts a new process; the other lines run in forks of
this process, which has the packages loaded.

`benchmarks.hostile` and `benchmarks.hostile_files` have the tables. Writes `results/command-lines.json`; with
`--only TEXT`, runs the lines that contain the text, and writes nothing.
"""

import argparse
import importlib.readers  # noqa: F401  # a user who may not read everything cannot read Python's own files either
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np
import sklearn.ensemble  # noqa: F401  # so that the forks need not
from PIL import Image

import tenfold
from benchmarks import hostile, hostile_files
from benchmarks.children import Child, Ended
from benchmarks.hostile import Line
from benchmarks.records import save
from tenfold import cli, recipes
from tenfold.base.errors import InterruptedRun
from tenfold.data import write_idx
from tenfold.jobs import training_run
from tenfold.report import console, plots  # noqa: F401
from tenfold.training import Callback

RESULTS = Path("results/command-lines.json")
SECONDS, MEGABYTES = 120, 2000  # that a line may take
TABLES = (
    *(hostile.usage, hostile.recipe, hostile.toml, hostile.run_folder),
    *(hostile_files.paths, hostile_files.data, hostile_files.no_pictures, hostile_files.environment),
)
SOURCE = Path(tenfold.__file__).parents[1]
TINY = {"network_options.width": 8, "validation": 50, "batch_size": 50}


def main() -> None:
    """Run the lines, print those at fault, and write the counts."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.command_lines")
    parser.add_argument("--only", default="", help="run only lines that contain this, themselves or in their table")
    only = parser.parse_args().only
    codes, faulty, slowest = Counter[int](), 0, 0.0
    with tempfile.TemporaryDirectory() as folder:
        template = Path(folder, "template")
        template.mkdir()
        Child(lambda: make_files(template), template, SECONDS).wait()
        for table in TABLES:
            for line in table():
                if only not in f"{table.__name__} {line.arguments}":
                    continue
                ended = run(line, template, Path(folder, "here"))
                codes[ended.code] += 1
                slowest = max(slowest, ended.seconds)
                if faults := find_faults(line, ended):
                    faulty += 1
                    print(
                        f"{', '.join(faults)}: {line.arguments[:200]!r} -> {ended.code}\n{ended.err[-1500:]}",
                        flush=True,
                    )
    counts = {str(code): count for code, count in sorted(codes.items())}
    results = {"lines": codes.total(), "faulty": faulty, "exit_codes": counts, "slowest_s": round(slowest, 1)}
    print(results)
    if not only:
        save(RESULTS, results)
    sys.exit(bool(faulty))


def run(line: Line, template: Path, folder: Path) -> Ended:
    """Run a line in a copy of the template."""
    shutil.copytree(template, folder, symlinks=True)
    ended = Child(lambda: execute(line), folder, SECONDS).wait()
    subprocess.run(["chmod", "-R", "u+rwX", folder], check=False, capture_output=True)  # noqa: S603, S607
    shutil.rmtree(folder)
    return ended


def execute(line: Line) -> int:
    """Damage the folder, and run the line there."""
    if line.edit:
        line.edit()
    if line.unprivileged:
        folder = Path().absolute()
        folder.chmod(0o777)
        os.setuid(65534)
        os.environ["HOME"] = os.environ["MPLCONFIGDIR"] = str(folder)
    if line.arguments.startswith("$"):
        tool = f'tenfold() {{ "{sys.executable}" -m tenfold "$@"; }}\n'
        environment = os.environ | {"PYTHONPATH": str(SOURCE), "OMP_NUM_THREADS": "1"}
        command = ["bash", "-c", tool + line.arguments[1:].strip()]
        return subprocess.run(command, env=environment, check=False).returncode  # noqa: S603
    sys.argv = ["tenfold", *shlex.split(line.arguments)]
    cli.main()
    return 0


def find_faults(line: Line, ended: Ended) -> list[str]:
    """What is wrong with how a line ended."""
    said = [text for text in ended.err.splitlines() if not re.match(r"epoch |tenfold: warning: ", text)]
    unclear = any(not text.startswith("tenfold: ") for text in said)
    silent = ended.code == 2 and len(said) != 1 and "2>" not in line.arguments
    is_json = "--json" in line.arguments
    wrong = {
        f"exit code {ended.code}, not {' or '.join(map(str, line.codes))}": ended.code not in line.codes,
        "traceback": "Traceback" in ended.err + ended.out or ended.code == 70,
        f"{len(said)} lines on standard error": unclear or silent,
        "output of a failure": is_json and ended.code == 2 and ended.out != "",
        "not JSON": is_json and ended.code == 0 and "/dev" not in line.arguments and not _all_json(ended.out),
        f"{ended.megabytes:.0f} MB": ended.megabytes > MEGABYTES,
    }
    return [fault for fault, there in wrong.items() if there]


def _all_json(out: str) -> bool:
    def refuse(constant: str) -> None:
        raise ValueError(constant)

    try:
        for text in out.splitlines():
            json.loads(text, parse_constant=refuse)
    except ValueError:
        return False
    return True


class _InterruptAfterAnEpoch(Callback):
    def on_epoch_end(self, training: object) -> None:
        raise KeyboardInterrupt


def make_files(folder: Path) -> None:
    """Fill the folder that every line starts from."""
    train, test = tenfold.load()
    (folder / "data").mkdir()
    for prefix, digits in (("train", train[:300]), ("t10k", test[:100])):
        write_idx(folder / f"data/{prefix}-images-idx3-ubyte", digits.images)
        write_idx(folder / f"data/{prefix}-labels-idx1-ubyte", digits.labels)
    for digit in range(10):
        (folder / f"own/{digit}").mkdir(parents=True)
        for index in np.flatnonzero(train.labels == digit)[:3]:
            Image.fromarray(train.images[index]).save(folder / f"own/{digit}/{index}.png")
    Image.fromarray(test.images[0]).resize((56, 56)).save(folder / "seven.png")
    recipe = recipes.load("quick", TINY)
    (folder / "recipe.toml").write_text(recipe.to_toml())
    (folder / "study.toml").write_text('name = "s"\nrecipes = ["recipe.toml"]\nseeds = 1\ndata = "data"\n')
    training_run.train(recipe, data="data", out="run", device="cpu")
    training_run.train(recipe, data="data", out="second", device="cpu")
    try:
        longer = recipes.load("quick", TINY | {"epochs": 2})
        training_run.train(longer, data="data", out="halted", device="cpu", callbacks=[_InterruptAfterAnEpoch()])
    except InterruptedRun:
        pass
    for name in ("run", "second", "halted"):  # the copies stand elsewhere
        file = folder / name / "environment.json"
        file.write_text(json.dumps(json.loads(file.read_text()) | {"data": "data"}))
    shutil.copy(folder / "run/model.safetensors", folder / "model.safetensors")


if __name__ == "__main__":
    main()
