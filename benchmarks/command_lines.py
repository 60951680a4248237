"""Hostile command lines: `python -m benchmarks.command_lines` runs hundreds of them and counts how they end.

Each runs in a fresh folder with a small data set, a finished run, an interrupted one, pictures and TOML files, one of
which may have been damaged beforehand. Each must end with the exit code given in the table (by default 2), and one that
fails must say so in one line on standard error. An internal error, a traceback, a signal, two minutes, or two gigabytes
are faults. Where streams, encoding or environment matter, a shell starts a new process; the other lines run in forks of
this process, which has the packages loaded.

Writes `results/command-lines.json`; with `--only TEXT`, runs the lines that contain the text, and writes nothing.
"""

import argparse
import json
import os
import re
import resource
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import product
from pathlib import Path

import numpy as np
from PIL import Image

import tenfold
from tenfold import cli, recipes
from tenfold.data import write_idx
from tenfold.jobs import training_run
from tenfold.training import Callback

RESULTS = Path("results/command-lines.json")
SECONDS = 120  # that a line may run
MEMORY = 2_000_000_000  # bytes of memory that it may use
SOURCE = Path(tenfold.__file__).parents[1]
TINY = {"network_options.width": 8, "validation": 50, "batch_size": 50}
TRAIN = "train --recipe quick --data data --set validation=50 --set network_options.width=8 --set batch_size=50"
DEEP = 100_000  # levels: more than any parser follows
NAME = os.fsdecode(b"\xff\xfe")  # no UTF-8
LONG = "n" * 300  # longer than file systems take

Edit = Callable[[], object]


@dataclass(frozen=True)
class Line:
    """A command line.

    Attributes:
        arguments: what follows `tenfold`; or, after a leading `$`, a line for a shell in which `tenfold` is defined.
        codes: the accepted exit codes.
        edit: a function that changes the folder beforehand; it is called there.
        unprivileged: whether to run as a user who may not read everything.
        table: the part of the table that it belongs to.
    """

    arguments: str
    codes: tuple[int, ...] = (2,)
    edit: Edit | None = None
    unprivileged: bool = False
    table: str = ""


@dataclass
class Outcome:
    """How a command line ended: exit code or minus the signal, its output, seconds, and peak memory in bytes."""

    code: int
    out: str
    err: str
    seconds: float
    memory: int
    faults: list[str] = field(default_factory=list)


def main() -> None:
    """Run the lines, print those at fault, and write the counts."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.command_lines")
    parser.add_argument(
        "--only", default="", help="run only lines that contain this, in their table's name or themselves"
    )
    parser.add_argument("--verbose", action="store_true", help="print how every line ended")
    options = parser.parse_args()
    _load_packages()
    lines = [line for line in all_lines() if options.only in f"{line.table} {line.arguments}"]
    started, codes, faulty, slowest = time.monotonic(), Counter[int](), 0, 0.0
    with tempfile.TemporaryDirectory() as folder:
        template = Path(folder, "template")
        template.mkdir()
        _in_fork(lambda: make_files(template), template)
        for number, line in enumerate(lines):
            found = run(line, template, Path(folder, str(number)))
            codes[found.code] += 1
            slowest = max(slowest, found.seconds)
            faulty += bool(found.faults)
            if found.faults or options.verbose:
                shown = line.arguments if len(line.arguments) < 200 else line.arguments[:200] + "..."
                print(
                    f"{', '.join(found.faults) or 'fine'}: {shown!r} -> {found.code}\n{found.err[-1500:]}", flush=True
                )
    print(f"{len(lines)} lines in {time.monotonic() - started:.0f} s, {faulty} at fault, exit codes {dict(codes)}")
    if not options.only:
        counts = {str(code): count for code, count in sorted(codes.items())}
        result = {"lines": len(lines), "faulty": faulty, "exit_codes": counts, "slowest_s": round(slowest, 1)}
        RESULTS.write_text(json.dumps(result, indent=1) + "\n")
    sys.exit(bool(faulty))


def run(line: Line, template: Path, folder: Path) -> Outcome:
    """Run a line in a copy of the template, and find its faults."""
    shutil.copytree(template, folder, symlinks=True)
    started = time.monotonic()
    code, memory = _in_fork(lambda: _execute(line), folder, line)
    seconds = time.monotonic() - started
    out, err = (folder.with_suffix(kind).read_text("utf-8", "replace") for kind in (".out", ".err"))
    subprocess.run(["chmod", "-R", "u+rwX", folder], check=False, capture_output=True)  # noqa: S603, S607
    shutil.rmtree(folder)
    found = Outcome(code, out, err, seconds, memory)
    if code not in line.codes:
        found.faults.append(f"exit code {code}, not {' or '.join(map(str, line.codes))}")
    if "Traceback" in err + out or code == 70:
        found.faults.append("traceback")
    said = [text for text in err.splitlines() if not re.match(r"epoch |tenfold: warning: ", text)]
    if any(not text.startswith("tenfold: ") for text in said) or (
        code == 2 and len(said) != 1 and "2>" not in line.arguments
    ):
        found.faults.append(f"{len(said)} lines on standard error")
    if code == 2 and out and "--json" in line.arguments:
        found.faults.append("output of a failure")
    if "--json" in line.arguments and code == 0 and "/dev" not in line.arguments:
        for text in out.splitlines():
            try:
                json.loads(text, parse_constant=_refuse)
            except ValueError:
                found.faults.append("not JSON")
    if memory > MEMORY:
        found.faults.append(f"{memory / 1e9:.1f} GB")
    return found


def _refuse(constant: str) -> None:
    raise ValueError(constant)


def _in_fork(work: Callable[[], int | None], folder: Path, line: Line | None = None) -> tuple[int, int]:
    """Run a function in a folder, in a child process with its output in files; returns exit code and memory."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            signal.alarm(SECONDS)
            os.chdir(folder)
            for descriptor, kind in ((1, ".out"), (2, ".err")):
                file = os.open(folder.with_suffix(kind), os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
                os.dup2(file, descriptor)
            nothing = os.open(os.devnull, os.O_RDONLY)
            os.dup2(nothing, 0)
            sys.stdin, sys.stdout = open(0, closefd=False), open(1, "w", closefd=False)  # noqa: SIM115
            sys.stderr = open(2, "w", closefd=False, errors="backslashreplace")  # noqa: SIM115
            if line and line.edit:
                line.edit()
            if line and line.unprivileged:
                Path().chmod(0o777)
                os.setuid(65534)
                os.environ["HOME"] = os.environ["MPLCONFIGDIR"] = str(folder)
            code = work() or 0
        except SystemExit as end:
            code = int(end.code or 0)
        except BaseException:
            traceback.print_exc()
        finally:
            try:
                sys.stdout.flush()
                sys.stderr.flush()
            except OSError:
                code = 120
            os._exit(code)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    _, status, usage = os.wait4(child, 0)
    del before
    return os.waitstatus_to_exitcode(status), 1024 * usage.ru_maxrss


def _execute(line: Line) -> int:
    if line.arguments.startswith("$"):
        tool = f'tenfold() {{ "{sys.executable}" -m tenfold "$@"; }}\n'
        environment = os.environ | {"PYTHONPATH": str(SOURCE), "OMP_NUM_THREADS": "1"}
        return subprocess.run(  # noqa: S603
            ["bash", "-c", tool + line.arguments[1:].strip()],  # noqa: S607
            env=environment,
            check=False,
        ).returncode
    sys.argv = ["tenfold", *shlex.split(line.arguments)]
    cli.main()
    return 0


def _load_packages() -> None:
    import importlib.readers  # noqa: F401  # who may not read everything cannot read Python's own files either

    import sklearn.ensemble  # noqa: F401

    from tenfold.report import console, plots  # noqa: F401


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
    except training_run.InterruptedRun:
        pass
    for name in ("run", "second", "halted"):  # the copies stand elsewhere
        file = folder / name / "environment.json"
        file.write_text(json.dumps(json.loads(file.read_text()) | {"data": "data"}))
    shutil.copy(folder / "run/model.safetensors", folder / "model.safetensors")


def write(name: str, content: str | bytes) -> Edit:
    """Write a file."""
    return lambda: Path(name).write_bytes(content.encode() if isinstance(content, str) else content)


def alter(name: str, **values: object) -> Edit:
    """Change values in a JSON file."""
    return lambda: Path(name).write_text(json.dumps(json.loads(Path(name).read_text()) | values))


def drop(name: str, key: str) -> Edit:
    """Take a key out of a JSON file."""

    def edit() -> None:
        values = json.loads(Path(name).read_text())
        values.pop(key)
        Path(name).write_text(json.dumps(values))

    return edit


def folders(**files: dict[str, bytes | int]) -> Edit:
    """Make folders with files: bytes, or the training image with that number."""

    def edit() -> None:
        train, _ = tenfold.load()
        for name, content in files.items():
            for file, data in content.items():
                path = Path(name, file)
                path.parent.mkdir(parents=True, exist_ok=True)
                if isinstance(data, bytes):
                    path.write_bytes(data)
                else:
                    Image.fromarray(train.images[data]).save(path)

    return edit


def all_lines() -> list[Line]:
    """The table."""
    parts = (
        *(usage_lines, recipe_lines, toml_lines, run_lines),
        *(path_lines, data_lines, picture_lines, environment_lines),
    )
    return [replace(line, table=part.__name__) for part in parts for line in part()]


def usage_lines() -> Iterator[Line]:
    """Wrong commands, options and combinations of them."""
    commands = ("data", "train", "evaluate", "study", "compare", "export", "predict", "draw")
    for command in commands:
        yield Line(f"{command} --help", (0,))
        yield Line(f"{command} --nonsense")
        yield Line(f"{command} {'x ' * 50}") if command not in ("predict", "evaluate") else Line(f"{command} x")
    for arguments in (
        "trian",
        "''",
        f"'{NAME}'",
        "data --data",
        "data --json=1",
        "train --epochs three",
        "train --epochs nan",
        "train --epochs inf",
        "train --epochs -1",
        "train --epochs 0",
        "train --epochs 1e400",
        "train --seed 1.5",
        "train --seed -1",
        "train --seed 99999999999999999999999999",
        "train --seed 4294967296",
        "train --network ''",
        "train --network ../../etc/passwd",
        "train --recipe ''",
        "train --device cuda:99",
        "train --device ''",
        "train --resume nowhere --epochs 3",
        "train --resume run --out other",
        "evaluate",
        "evaluate run run",
        "evaluate run second run",
        "evaluate --ensemble run",
        "evaluate run --error-rate 2",
        "evaluate run --error-rate nan",
        "evaluate run --error-rate -0.1",
        "evaluate run --mnist-c data",
        "evaluate run second --robustness",
        "study",
        "study study.toml --processes 0",
        "study study.toml --processes -3",
        "study study.toml --cluster nowhere",
        "study study.toml --cluster 127.0.0.1:1",
        "study study.toml --cluster 127.0.0.1:99999999",
        "study study.toml --cluster ''",
        "compare --models ''",
        "compare --models , --data data",
        "compare --models nonsense --data data",
        "compare --models quick,quick --data data",
        "compare --models quick --data data --train-size 0",
        "compare --models quick --data data --train-size -5",
        "compare --models quick --data data --train-size 99999999999999999999",
        "compare --models quick --data data --seed 99999999999999",
        "compare --quick --train-size 100",
        "compare --quick --data data",
        "export run",
        "export run --to nonsense",
        "export run --to litert --all",
        "export run --to ''",
        "predict",
        "predict seven.png --model nowhere",
        "predict seven.png --model ''",
        "predict seven.png --cluster nowhere",
        "draw --port -1",
        "draw --port 65536",
        "draw --port eighty",
    ):
        yield Line(arguments)
    yield Line("--version", (0,))


def recipe_lines() -> Iterator[Line]:
    """Values of recipes, on the command line."""
    for change in (
        "peak_lr=1e300",
        "peak_lr=-1",
        "peak_lr=0",
        "peak_lr=nan",
        "peak_lr=inf",
        "peak_lr=''",
        "peak_lr=[1]",
        "peak_lr",
        "=1",
        "=",
        "''",
        "'a b=1'",
        "peak_lr.inner=1",
        "muon_lr=1e300",
        "muon_momentum=1",
        "momentum=1.0",
        "momentum=-0.5",
        "beta2=2",
        "weight_decay=1e300",
        "weight_decay=-1",
        "warmup=1",
        "schedule=sometimes",
        "optimizer=magic",
        "precision=float8",
        "label_smoothing=1",
        "label_smoothing=1e300",
        "label_smoothing=-1",
        "augment.rotation=1e300",
        "augment.rotation=-1",
        "augment.rotation=nan",
        "augment.scale=5",
        "augment.shear=1e300",
        "augment.shift=1e300",
        "augment.shift=1000000",
        "augment.elastic=1e300",
        "augment.augmix=2",
        "augment.capture=-1",
        "augment.letterforms=1e300",
        "augment.crops=nan",
        "augment.negatives=7",
        "temperature=1e-300",
        "temperature=1e300",
        "temperature=0",
        "batch_size=1",
        "batch_size=0",
        "batch_size=-5",
        "batch_size=1e9",
        "batch_size=1000000000",
        "batch_size=9999999999999999999999",
        "epochs=1e9",
        "epochs=1e300",
        "seed=-1",
        "seed=1e300",
        "seed=true",
        "validation=-1",
        "validation=1.5",
        "train_images=-1",
        "train_images=1000000",
        "name=../escaped",
        "name=''",
        "name=a/b",
        f"name={LONG}",
        "'name=\"a\\u0000b\"'",
        "network=nonsense",
        "network=1",
        "'network=\"a\\u0000b\"'",
        "network_options=1",
        "network_options=[1]",
        "network_options.width=0",
        "network_options.width=-1",
        "network_options.width=1000000",
        "network_options.width=100000000000000000000",
        "network_options.width=1e300",
        "network_options.width=1.5",
        "network_options.width=true",
        "network_options.width=[[[[1]]]]",
        "network_options.stem=1000000",
        "network_options.dropout=1",
        "network_options.dropout=nan",
        "network_options.dropout=1e300",
        "network_options.=1",
        "network_options.a.b=1",
        "network_options.nonsense=1",
        f"peak_lr={'[' * DEEP}",
        f"'peak_lr={'{a=' * 3000}'",
        f"{'a.' * DEEP}=1",
        f"peak_lr={'9' * 5000}",
        f"'{NAME}=1'",
        f"'network={NAME}'",
        "peak_lr=1979-05-27T07:32:00Z",
    ):
        yield Line(f"{TRAIN} --set {change}")
    for network, change in (
        ("mlp", "width=1000000"),
        ("resnet", "width=1000000"),
        ("tiny", "width=1000000"),
        ("shift_tta_cnn", "width=1000000"),
        ("adjustable_cnn", "stem=1000000"),
        ("adjustable_cnn", "depth=0"),
        ("adjustable_cnn", "depth=1000000"),
        ("adjustable_cnn", "inputs=nonsense"),
        ("softmax", "width=3"),
    ):
        yield Line(f"train --recipe quick --data data --network {network} --set network_options.{change}")
    for network in ("mlp", "cnn", "deep_cnn", "resnet", "tiny", "adjustable_cnn"):
        yield Line(f"train --recipe quick --data data --network {network} --set network_options.width=1", (0,))
    yield Line(f"{TRAIN} --set peak_lr=1e20 --set optimizer=sgd")
    yield Line("train --data data --network mlp --set peak_lr=1000")
    yield Line("train --data data --set peak_lr=1000 --set muon_lr=1000", (0, 2))
    yield Line(f"{TRAIN} --set epochs=1e-300", (0,))
    yield Line(f"{TRAIN} --set validation=0 --json", (0,))
    yield Line(f"{TRAIN} --set validation=100000", (0,))
    yield Line(f"{TRAIN} --set validation=99999999999999999999", (0, 2))
    yield Line(f"{TRAIN} --set batch_size=10000", (0,))
    yield Line(
        f"{TRAIN} --set augment.rotation=180 --set augment.shift=28 --set augment.elastic=3 "
        "--set augment.scale=0.9 --json",
        (0,),
    )
    yield Line(f"{TRAIN} --set label_smoothing=0.999 --json", (0,))
    yield Line(f"{TRAIN} --seed 4294967295 --json", (0,))


def toml_lines() -> Iterator[Line]:
    """Damaged and hostile TOML files."""
    recipe = Path(recipes.__file__).with_name("quick.toml").read_text()
    hostile = {
        "empty": b"",
        "binary": bytes(range(256)),
        "zeros": b"\0" * 1000,
        "latin-1": 'name = "é"'.encode("latin-1"),
        "unclosed": b'name = "a',
        "no table": b"1",
        "array": b"a = " + b"[" * DEEP,
        "closed array": b"a = " + b"[" * 20_000 + b"]" * 20_000,
        "table": b"a = " + b"{b = " * 20_000,
        "keys": b"a." * DEEP + b"b = 1",
        "header": b"[" + b"a." * DEEP + b"b]",
        "unknown key": b'nonsense = 1\nname = "a"',
        "digits": b"name = " + b"9" * 5000,
        "date": b"name = 1979-05-27",
    }
    for content in hostile.values():
        yield Line("train --data data --recipe bad.toml", edit=write("bad.toml", content))
        yield Line("study bad.toml", edit=write("bad.toml", content))
    for change in (
        "network = [1]",
        "network = {}",
        'network_options = { width = "wide" }',
        "network_options = { width = [1] }",
        "network_options = 3",
        "epochs = true",
        "validation = 1979-05-27",
        'name = "a\\u0000"',
    ):
        key = change.partition(" ")[0]
        changed = re.sub(rf"^{key} = .*$", change.replace("\\", r"\\"), recipe, flags=re.MULTILINE)
        yield Line("train --data data --recipe bad.toml", edit=write("bad.toml", changed))
    for study in (
        'recipes = ["recipe.toml"]\nseeds = 1',
        'name = "s"\nrecipes = []\nseeds = 1',
        'name = "s"\nrecipes = ["nonsense"]\nseeds = 1',
        'name = "s"\nrecipes = ["nowhere.toml"]\nseeds = 1',
        'name = "s"\nrecipes = "quick"\nseeds = 1',
        'name = "s"\nrecipes = [1]\nseeds = 1',
        'name = "s"\nrecipes = ["a\\u0000.toml"]\nseeds = 1',
        'name = "s"\nrecipes = ["quick"]\nseeds = 0',
        'name = "s"\nrecipes = ["quick"]\nseeds = -1',
        'name = "s"\nrecipes = ["quick"]\nseeds = []',
        'name = "s"\nrecipes = ["quick"]\nseeds = [-1]',
        'name = "s"\nrecipes = ["quick"]\nseeds = [1, 1]',
        'name = "s"\nrecipes = ["quick"]\nseeds = ["a"]',
        'name = "s"\nrecipes = ["quick"]\nseeds = 1000000000',
        'name = "s"\nrecipes = ["quick"]\nseeds = 1.5',
        'name = "../s"\nrecipes = ["quick"]\nseeds = 1',
        'name = "a\\u0000"\nrecipes = ["quick"]\nseeds = 1',
        'name = "s"\nrecipes = ["quick"]\nseeds = 1\ndata = "nowhere"',
        'name = "s"\nrecipes = ["quick"]\nseeds = 1\ndata = "a\\u0000"',
        'name = "s"\nrecipes = ["quick"]\nseeds = 1\ndata = 3',
        'name = "s"\nrecipes = ["quick"]\nseeds = 1\n[variants]\n"../../x" = {epochs = 1}',
        'name = "s"\nrecipes = ["quick"]\nseeds = 1\n[variants]\na = 3',
        'name = "s"\nrecipes = ["quick"]\nseeds = 1\n[variants]\na = {nonsense = 3}',
        'name = "s"\nrecipes = ["quick"]\nseeds = 1\n[variants]\na = {seed = 3}\nb = {network_options = 3}',
        'name = "s"\nrecipes = ["quick"]\nseeds = 1\n[variants]\na = {network_options = {width = 1000000}}',
        f'name = "{LONG}"\nrecipes = ["quick"]\nseeds = 1',
    ):
        yield Line("study bad.toml --processes 1", (0, 1, 2) if ".." in study else (1, 2), write("bad.toml", study))
    yield Line("study study.toml --processes 1 --json", (0,))
    yield Line("study study.toml --processes 1 --out run", (0,))
    diverging = 'name = "s"\nrecipes = ["recipe.toml"]\nseeds = 1\ndata = "data"\n[variants]\na = {%s}'
    yield Line(
        "study study.toml --processes 1 --json",
        (1,),
        write("study.toml", diverging % 'network = "mlp", optimizer = "sgd", peak_lr = 1e20'),
    )


def run_lines() -> Iterator[Line]:
    """Run folders with damaged files."""
    readers = ("evaluate {run} --report page.html --json", "train --resume {run}")
    hostile: dict[str, str | bytes] = {
        "empty": "",
        "list": "[]",
        "null": "null",
        "number": "3",
        "string": '"a"',
        "object": "{}",
        "cut": '{"format": ',
        "binary": bytes(range(256)),
        "latin-1": b'{"a": "\xe9"}',
        "deep list": "[" * DEEP,
        "deep object": '{"a":' * DEEP,
        "digits": '{"format": ' + "9" * 5000 + "}",
        "zeros": b"\0" * 100,
    }
    for content, reader in product(hostile.values(), readers):
        run = "halted" if "--resume" in reader else "run"
        yield Line(reader.format(run=run), edit=write(f"{run}/environment.json", content))
    wrong: dict[str, tuple[object, ...]] = {
        "format": ("1", None, -1, 1.5, True, 10**30, [1]),
        "data": (3, None, ["data"], {"a": 1}, "", "a\0b", "nowhere", "/dev/null", "\udcff"),
        "threads": ("2", None, 0, -3, 10**9, 10**30, 1.5, [1], True),
        "device": (3, None, "abacus", ["cpu"], "", "cpu:7"),
        "train_sha256": (3, None, [], "0" * 64),
        "test_sha256": (3, None, {}, ""),
    }
    for key, values in wrong.items():
        for value in values:
            yield Line("train --resume halted", edit=alter("halted/environment.json", **{key: value}))
        yield Line("evaluate run --json", edit=alter("run/environment.json", **{key: values[0]}))
        yield Line("evaluate run --report page.html", edit=alter("run/environment.json", **{key: values[1]}))
        yield Line("evaluate run", edit=drop("run/environment.json", key))
    for key, value in product(
        ("tenfold", "torch", "processor", "cores", "started", "new"), (None, 3, ["a"], {"a": {}})
    ):
        if value is not None:
            edit = alter("run/environment.json", **{key: value})
            yield Line("evaluate run --report page.html --json", (0, 2), edit)
    for content in hostile.values():
        yield Line("evaluate run --report page.html", edit=write("run/evaluation.json", content))
    yield Line(
        "study study.toml --processes 1", (1, 2), _as_study(write("studies/s/quick-seed0/evaluation.json", "{}"))
    )
    for key in ("temperature", "accuracy", "interval"):
        for value in ("a", None, [1], True, -1e300, float("nan"), 10**400):
            edit = alter("run/evaluation.json", **{key: value})
            yield Line("evaluate run --report page.html --json", (0, 2) if value is None else (2,), edit)
    for value in ("a", None, [1], float("nan"), -1):
        edit = _as_study(alter("studies/s/quick-seed0/evaluation.json", accuracy=value))
        yield Line("study study.toml --processes 1 --json", (1, 2), edit)
    header = "epoch,loss,accuracy,validation_loss,validation_accuracy,learning_rate,seconds"
    for rows in (
        "",
        "\0",
        "nonsense",
        header,
        f"{header}\n1,2,3",
        f"{header}\n1,,,,,,",
        f"{header}\n1,nan,0.5,0.5,0.5,0.01,1",
        f"{header}\n1,0.5,inf,0.5,0.5,0.01,1",
        f"{header}\n1,0.5,7,0.5,0.5,0.01,1",
        f"{header}\n1,0.5,0.5,0.5,0.5,0.01,",
        f"{header}\n1,0.5,0.5,0.5,0.5,,1",
        f"{header}\n1,0.5,0.5,0.5,,0.01,1",
        f"{header}\n1,0.5,0.5,0.5,0.5,0.01,-1",
        f"{header}\n1,1e400,0.5,0.5,0.5,0.01,1",
        f"{header}\n7,0.5,0.5,0.5,0.5,0.01,1",
        f"{header}\n1.5,0.5,0.5,0.5,0.5,0.01,1",
        f"{header}\n-1,0.5,0.5,0.5,0.5,0.01,1",
        f"{header}\n1,0.5,0.5,0.5,0.5,0.01,1,8,9",
        f"{header}\n1,a,0.5,0.5,0.5,0.01,1",
        f'{header}\n1,"0.5,0.5,0.5,0.5,0.01,1',
        f"{header}\n1,0.5,\0,0.5,0.5,0.01,1",
        f"{header}\n{'9' * 200_000},0.5,0.5,0.5,0.5,0.01,1",
        f"{header}\n{'9' * 5000},0.5,0.5,0.5,0.5,0.01,1",
    ):
        yield Line("evaluate run --json", edit=write("run/history.csv", rows))
    for name, command in product(
        ("recipe.toml", "environment.json", "history.csv", "model.safetensors", "evaluation.json"),
        ("evaluate run --report page.html", "export run --to litert --out out", "predict seven.png --model run"),
    ):
        needed = not (name == "evaluation.json" and "report" not in command) and not (
            name == "history.csv" and "evaluate" not in command
        )
        yield Line(command, (2,) if needed else (0, 2), Path("run", name).unlink)
    for content in ("", "a", b"\0" * 100, b"\xff" * 8 + b"{}", (50).to_bytes(8, "little") + b"{" * 50):
        yield Line("evaluate run", edit=write("run/model.safetensors", content))
        yield Line("predict seven.png --model model.safetensors", edit=write("model.safetensors", content))
        yield Line("train --resume halted", edit=write("halted/checkpoint.safetensors", content))
    yield Line("train --resume run")
    yield Line("train --resume halted", (0,))
    yield Line("evaluate halted --report page.html")
    yield Line("evaluate halted --json", (0,))
    yield Line("evaluate run second --json", (0,))
    yield Line("evaluate --ensemble run second --json", (0,))
    yield Line("evaluate run --error-rate 0.9 --json", (0,))
    yield Line("compare --models naive_bayes --data data --processes 1 --json", (0,))
    yield Line("compare --models naive_bayes --data data --processes 1 --out run", (0,))
    for content in ("", "{}", "[]", '{"row": 1}', '{"row": {"interval": 3}}', "[" * DEEP):
        edit = folders(c={"naive_bayes/row.json": content.encode()})
        yield Line("compare --models naive_bayes --data data --processes 1 --out c", edit=edit)


def _as_study(edit: Edit) -> Edit:
    """Put the finished run where the study keeps its own, and change something there."""

    def prepare() -> None:
        shutil.copytree("run", "studies/s/quick-seed0")
        recipe = Path("run/recipe.toml").read_text()
        Path("recipe.toml").write_text(recipe)
        where = Path("studies/s/quick-seed0/environment.json")
        where.write_text(json.dumps(json.loads(where.read_text()) | {"data": str(Path("data").resolve())}))
        edit()

    return prepare


def path_lines() -> Iterator[Line]:
    """Unusable paths."""
    places = (
        "data --data {}",
        "train --recipe quick --data {}",
        "train --data data --recipe {}.toml",
        "train --resume {}",
        "evaluate {}",
        "evaluate {}.tflite",
        "evaluate {}.onnx",
        "evaluate run --data {}",
        "study {}",
        "compare --models naive_bayes --data {}",
        "export {} --all",
        "predict {}",
        "predict seven.png --model {}",
        "predict seven.png --model {}.keras",
    )
    names = (LONG, "/dev/null", "loop", "'line\nfeed'")
    for number, place in enumerate(places):
        yield Line(place.format(NAME))
        name = names[number % len(names)]
        yield Line(place.format(name), edit=lambda: Path("loop").symlink_to("loop"))
    for place in (
        "data --plot {}",
        "{train} --out {}",
        "evaluate run --interpret {}",
        "evaluate run --report {}",
        "study study.toml --processes 1 --out {}",
        "compare --models naive_bayes --data data --processes 1 --out {}",
        "export run --to onnx --out {}",
        "predict seven.png --annotate {}/a.png",
        "predict seven.png --explain {}",
    ):
        for name in ("seven.png/x", "/proc/x", "''"):
            codes = (0, 2) if name == "''" else (2,)
            yield Line(place.format(name, train=TRAIN), codes, lambda: Path("loop").symlink_to("loop"))
        yield Line(place.format(f"{NAME}", train=TRAIN), (0,))
    rename = {
        name: (lambda name=name: Path(name).rename(NAME)) for name in ("data", "own", "run", "halted", "study.toml")
    }
    yield Line(f"data --data {NAME}", (0,), rename["data"])
    yield Line(f"data --data {NAME} --json", (0,), rename["own"])
    yield Line(f"train --recipe quick --data {NAME} --set validation=50", (0,), rename["data"])
    yield Line(f"train --recipe quick --data {NAME} --json", (0,), rename["own"])
    yield Line(f"evaluate {NAME} --json", (0,), rename["run"])
    yield Line(f"evaluate {NAME} --report {NAME}.html", (0,), rename["run"])
    yield Line(f"evaluate {NAME} --interpret {NAME}-i", (0,), rename["run"])
    yield Line(f"train --resume {NAME}", (0,), rename["halted"])
    yield Line(f"study {NAME} --processes 1", (0,), rename["study.toml"])
    yield Line(
        f"predict {NAME}.png --json --annotate {NAME}-a --explain {NAME}-e",
        (0,),
        lambda: Path("seven.png").rename(f"{NAME}.png"),
    )
    yield Line(
        f"predict {NAME} --model {NAME}.safetensors",
        (0,),
        lambda: (Path("own").rename(NAME), Path("model.safetensors").rename(f"{NAME}.safetensors")),
    )
    yield Line(
        f"evaluate {NAME}.safetensors --data data --report page.html",
        (0,),
        lambda: Path("model.safetensors").rename(f"{NAME}.safetensors"),
    )
    for command in (
        "data --data data",
        "train --recipe quick --data data",
        "train --resume halted",
        f"{TRAIN} --out locked/x",
        "evaluate run",
        "evaluate run --data own",
        "study study.toml",
        "export run --all",
        "predict seven.png",
        "predict own",
        "predict seven.png --model run",
        "predict seven.png --annotate locked/a.png",
        "evaluate run --report locked/page.html",
        "data --data own",
        "compare --models naive_bayes --data data",
    ):
        yield Line(command, edit=_lock, unprivileged=True)


def _lock() -> None:
    Path("locked").mkdir()
    for path in Path().iterdir():
        path.chmod(0)


def data_lines() -> Iterator[Line]:
    """Folders of pictures, IDX files and arrays, as people keep them."""
    each: dict[str, bytes | int] = {
        f"{label}/{index}.png": index for index, label in enumerate(tenfold.load()[0].labels[:60])
    }
    few: dict[str, bytes | int] = {
        f"{label}/{index}.png": index for index, label in enumerate(tenfold.load()[0].labels[:14])
    }
    train = "train --recipe quick --data own2"
    yield Line(train, (0,), folders(own2=each))
    yield Line("train --data own2 --epochs 1 --json", (0,), folders(own2=each))
    yield Line(train, (0,), folders(own2=few))
    junk: dict[str, bytes | int] = {
        "3/Thumbs.db": b"junk",
        "4/.DS_Store": b"junk",
        "5/notes.txt": b"junk",
        "6/._1.png": b"junk",
    }
    yield Line(train, (0,), folders(own2=each | junk))
    yield Line("data --data own2 --json", (0,), folders(own2=each | junk))
    yield Line("compare --models naive_bayes --data own2 --processes 1", (0, 1), folders(own2=each | junk))
    yield Line("evaluate run --data own2", (0,), folders(own2=each | junk))
    yield Line(train, (2,), folders(own2=each | {"3/broken.png": b"junk"}))
    yield Line(train, (2,), folders(own2=each | {"3/empty.jpg": b""}))
    yield Line(train, (2,), folders(own2=each | {"10/a.png": 3}))
    yield Line(train, (0,), folders(own2={name: data for name, data in each.items() if not name.startswith("7/")}))
    yield Line(train, (0, 2), folders(own2={name: data for name, data in each.items() if name.startswith("7/")}))
    yield Line(train, (2,), folders(own2={"7/a.png": 1}))
    yield Line(train, (2,), folders(own2={"7/notes.txt": b"a"}))
    yield Line(train, (2,), folders(own2={"a.png": 1}))
    yield Line(train, (2,), lambda: Path("own2").mkdir())
    yield Line(train, (2,), folders(own2={"train/1/a.png": 1}))
    yield Line(train, (2,), folders(own2={"train/1/a.png": 1, "test/1/a.txt": b"a"}))
    both = {f"{part}/{name}": data for part in ("train", "test") for name, data in few.items()}
    yield Line(train, (0,), folders(own2=both))
    yield Line(train, (0, 2), folders(own2={"train/1/a.png": 1, "train/2/b.png": 2, "test/3/a.png": 5}))
    for content in (b"", b"\0" * 100, b"\x1f\x8b", b"PK\3\4", bytes(range(256)) * 100, b"\0\0\x08\x03" + b"\xff" * 12):
        yield Line("data --data bad.npz", edit=write("bad.npz", content))
        yield Line("train --data data", edit=write("data/train-images-idx3-ubyte", content))
        yield Line("evaluate run", edit=write("data/t10k-labels-idx1-ubyte", content))
        yield Line("predict bad-images-idx3-ubyte", edit=write("bad-images-idx3-ubyte", content))
    yield Line("data --data /dev/full")
    yield Line("data --data /")
    yield Line("data --data .")


def picture_lines() -> Iterator[Line]:
    """Files that are not pictures, and pictures of nothing."""
    for name, content in (
        ("a.png", b""),
        ("a.png", b"\x89PNG\r\n\x1a\n"),
        ("a.jpg", b"\xff\xd8\xff\xe0" + b"\0" * 100),
        ("a.gif", b"GIF89a" + b"\xff" * 100),
        ("a.svg", b"<svg/>"),
        ("a.pdf", b"%PDF-1.4"),
        ("a.txt", b"7"),
        ("a", b"P5 99999 99999 255\n"),
        ("a.ppm", b"P6 1 1 65535\n"),
        ("a.tif", b"II*\0" + b"\xff" * 100),
        ("a.webp", b"RIFF\xff\xff\xff\xffWEBPVP8 "),
    ):
        yield Line(f"predict {name}", edit=write(name, content))
        yield Line(f"predict --json - < {name}".replace(" - < ", " "), edit=write(name, content))
    yield Line("predict seven.png a.png", (1,), write("a.png", b"junk"))
    yield Line("predict seven.png --json --single", (0,))
    yield Line("predict own own --annotate a")
    yield Line("predict own --annotate a.png")
    yield Line("predict seven.png --annotate seven", (0,))
    yield Line("predict seven.png --annotate seven.txt", (0,))
    yield Line("predict -")
    yield Line("predict empty", edit=lambda: Path("empty").mkdir())
    yield Line("predict fifo.png", (0, 2), lambda: Path("fifo.png").write_bytes(b""))
    for suffix in ("tflite", "onnx", "keras", "h5", "safetensors", "pt"):
        yield Line(f"predict seven.png --model bad.{suffix}", edit=write(f"bad.{suffix}", b"junk" * 100))
        yield Line(f"evaluate bad.{suffix} --data data", edit=write(f"bad.{suffix}", b""))


def environment_lines() -> Iterator[Line]:
    """Streams that are closed, full or in another encoding, and environments that lack something."""
    train = f"tenfold {TRAIN}"
    printing = {
        "data": "tenfold data --data data",
        "data as JSON": "tenfold data --data data --json",
        "train": train,
        "evaluate": "tenfold evaluate run",
        "two": "tenfold evaluate run second",
        "study": "tenfold study study.toml --processes 1",
        "compare": "tenfold compare --models naive_bayes --data data --processes 1",
        "predict": "tenfold predict seven.png",
        "help": "tenfold --help",
        "version": "tenfold --version",
        "error": "tenfold predict nowhere.png",
    }
    for name, command in printing.items():
        wrong = 2 if name == "error" else 0
        yield Line(f"$ PYTHONIOENCODING=latin-1 {command}", (wrong,))
        yield Line(f"$ PYTHONIOENCODING=ascii {command}", (wrong,))
        yield Line(f"$ {command} >&-", (wrong,))
        yield Line(f"$ {command} 2>&-", (wrong,))
        yield Line(f"$ {command} >/dev/full", (2,))
        yield Line(f"$ {command} 2>/dev/full", (2,) if name in ("error", "train") else (0,))
    yield Line(f"$ {printing['data']} <&- >&- 2>&-", (0,))
    yield Line(f"$ {train} <&- >&- 2>&- && test -s runs/quick/report.html", (0,))
    yield Line("$ set -o pipefail; tenfold evaluate run | head -1", (0, 1))
    yield Line("$ set -o pipefail; tenfold evaluate run --json | true", (0, 1))
    yield Line(f"$ {train} 2>&1 | head -1", (0,))
    yield Line("$ tenfold predict nowhere.png 2>&1 | true", (0,))
    yield Line("$ tenfold predict - <&-")
    yield Line("$ tenfold predict - < seven.png", (0,))
    c = "LC_ALL=C LANG=C"
    for command in (printing["data"], printing["evaluate"], train, "tenfold predict 'é.png'"):
        for more in ("", "PYTHONUTF8=0 PYTHONCOERCECLOCALE=0"):
            yield Line(f"$ {c} {more} {command}", (0,), lambda: shutil.copy("seven.png", "é.png"))
    yield Line("$ PYTHONIOENCODING=latin-1 tenfold predict 'п.png'", (0,), lambda: shutil.copy("seven.png", "п.png"))
    yield Line("$ PYTHONIOENCODING=ascii tenfold predict 'п2.png'")
    for command in (printing["data"], train, printing["predict"], "tenfold --help", "tenfold evaluate run"):
        yield Line(f"$ mkdir gone; cd gone; rmdir ../gone; {command}", (2,))
        yield Line(f"$ env -u HOME {command.replace('tenfold', sys.executable + ' -m tenfold', 1)}", (0,))
    yield Line(f"$ HOME=/nowhere MPLCONFIGDIR= {train}", (0,))
    yield Line(f"$ TMPDIR=/nowhere {train}", (0,))
    yield Line(f"$ COLUMNS=abc LINES=-1 {printing['evaluate']}", (0,))
    yield Line(f"$ COLUMNS=1 {printing['evaluate']}", (0,))
    yield Line(f"$ TERM= {printing['evaluate']}", (0,))
    yield Line("$ TENFOLD_DEBUG=1 tenfold predict nowhere.png")
    yield Line("draw --no-browser --port 1", (2,), unprivileged=True)
    yield Line("draw --no-browser --port 8029", (2,), _take_port)
    yield Line(
        "$ timeout -s INT 5 env tenfold draw --no-browser".replace("env tenfold", f"{sys.executable} -m tenfold"),
        (0, 2, 124),
    )


def _take_port() -> None:
    taken = socket.create_server(("127.0.0.1", 8029))
    os.environ["TAKEN"] = str(taken.detach())  # open until the process ends


if __name__ == "__main__":
    main()
