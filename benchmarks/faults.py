"""Faults injected into training: `python -m benchmarks.faults` shows that nothing is lost, mixed up or left running.

- Faults: `train`, `train --force`, `train --resume`, `study` and `compare` are disturbed at each of their file
  operations. The process is killed there; or the disk is full from there on; or files end after ten bytes; or only this
  operation fails. An error must be one line. Then the same command must produce the files of an undisturbed run, to the
  last bit of the weights, and leave no other files behind. (If `train` finds a checkpoint, it names the command that
  continues; that one is then run instead.)
- Starts: many training runs at once, each of which must get its own folder; and pairs forced into one folder, where
  each must leave its own complete run, or one line.
- Orphans: `study`, `compare` and `predict` are killed; their worker processes must end, and leave nothing in memory.

Processes are forked from this one, which has imported everything. Reports and pictures are left out, because drawing
them would take longer than everything else. Linux only. `--every 20` tries every twentieth point. Writes
`results/faults.json`, and ends with exit code 1 if anything was lost.
"""

import argparse
import errno
import hashlib
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import skops.io  # noqa: F401  # so that the forks need not
import torch
from PIL import Image

import tenfold
from benchmarks.children import Child, Ended
from benchmarks.records import save, where
from tenfold import cli, recipes
from tenfold.base import files
from tenfold.classical import Classifier
from tenfold.data import write_idx
from tenfold.jobs import evaluation_run
from tenfold.report import plots
from tenfold.training import runs  # noqa: F401

RESULTS = Path("results/faults.json")
MEMORY = Path("/dev/shm")  # noqa: S108  # where fsync takes no time
TRAIN, TEST = 300, 100  # images
CHANGES = {
    "network": "mlp",
    "network_options.width": 8,
    "optimizer": "adamw",
    "epochs": 2.0,
    "batch_size": 50,
    "validation": 50,
}
CHANGING = {"os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.chmod", "os.truncate", "fcntl.flock"}
SECONDS = 600  # that a command may run; many run at once
TOGETHER = 20  # training runs that start at once
SHORT = 10  # bytes that still fit into a file when the limit is reached
VOLATILE = {"started", "seconds", "train_seconds", "predict_us", "bytes"}  # what may differ between two runs
KINDS = ("kill", "full", "short", "broken")

Command = Sequence[str]


def is_clear(ended: Ended) -> bool:
    """Whether a command ended as it should: successfully, or with an exit code and a line for each error."""
    lines = ended.err.splitlines()
    return ended.code in (0, 1, 2) and bool(lines) == (ended.code > 0) and all(x.startswith("tenfold: ") for x in lines)


def main() -> None:
    """Try all points, and write how many there were and what was lost."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.faults")
    parser.add_argument("--every", type=int, default=1, help="try only every Nth point of each kind")
    parser.add_argument("--starts", type=int, default=200)
    parser.add_argument("--pairs", type=int, default=50)
    parser.add_argument(
        "--orphans", type=int, default=3, help="studies to kill; 0 leaves comparison and pictures out too"
    )
    options = parser.parse_args()
    torch.set_num_threads(1)
    leave_out_drawing()
    with tempfile.TemporaryDirectory(dir=MEMORY) as temporary:
        work = Path(temporary)
        make_inputs(work)
        results: dict[str, Any] = {
            "faults": {name: disturb(work, name, options.every) for name in scenarios(work)},
            "starts": start_at_once(work, options.starts),
            "pairs": force_pairs(work, options.pairs),
            "orphans": kill_parents(work, options.orphans),
        }
    lost = list(find_lost(results))
    if options.every == 1:
        save(RESULTS, {"measured": where(), **results})
    print(json.dumps(results, indent=1))
    sys.exit(bool(lost))


def leave_out_drawing() -> None:
    """Replace reports and pictures by tiny ones, written in the same way."""
    evaluation_run.render_report = lambda *_: "<p>left out</p>"
    plots.ranking = lambda _: plots.Figure(figsize=(0.1, 0.1))  # type: ignore[assignment]


def find_lost(value: Any) -> list[Any]:
    """Everything under the keys `lost`."""
    if not isinstance(value, dict):
        return []
    inner = [one for part in value.values() for one in find_lost(part)]
    return [*value.get("lost", []), *inner]


def make_inputs(work: Path) -> None:
    """Make a small data set, two recipes and their studies, one short and one long; import what is imported late."""
    train, test = tenfold.load()
    (work / "data").mkdir()
    for prefix, digits in (("train", train[:TRAIN]), ("t10k", test[:TEST])):
        write_idx(work / "data" / f"{prefix}-images-idx3-ubyte", digits.images)
        write_idx(work / "data" / f"{prefix}-labels-idx1-ubyte", digits.labels)
    for name, more in (("small", {}), ("long", {"epochs": 300.0})):
        recipe = recipes.load("quick", {**CHANGES, "name": name, **more})
        (work / f"{name}.toml").write_text(recipe.to_toml())
        (work / f"{name}-study.toml").write_text(
            f'name = "{name}"\nrecipes = ["{work / name}.toml"]\nseeds = 2\ndata = "{work / "data"}"\n'
        )
    Classifier("naive_bayes").fit(tenfold.load(str(work / "data"))[0], threads=1)
    plots.ranking([]).savefig(work / "nothing.png")


def train_command(work: Path, *options: str) -> Command:
    """The command line of a small training."""
    return ("train", "--recipe", str(work / "small.toml"), "--data", str(work / "data"), "--json", *options)


def scenarios(work: Path) -> dict[str, tuple[Command, Callable[[Path], object]]]:
    """The commands to disturb, each with the function that prepares its folder."""
    here = ("--json", "--processes", "1")
    simple = train_command(work, "--out", "run")
    models = ("--models", "naive_bayes,quick", "--data", str(work / "data"), "--out", "some")

    def nothing(folder: Path) -> None:
        pass

    def finished(folder: Path) -> None:
        assert call((*simple, "--seed", "7"), folder).code == 0

    def halted(folder: Path) -> None:
        assert call(simple, folder, Fault("kill", 24)).code < 0
        assert (folder / "run" / "checkpoint.safetensors").is_file()
        assert not (folder / "run" / "evaluation.json").is_file()

    return {
        "train": (simple, nothing),
        "force": ((*simple, "--force"), finished),
        "resume": (("train", "--resume", "run", "--json"), halted),
        "study": (("study", str(work / "small-study.toml"), "--out", "runs", *here), nothing),
        "compare": (("compare", *models, *here), nothing),
    }


class Fault:
    """An audit hook that disturbs a process at one of the operations by which it changes its folder.

    Args:
        kind: one of `KINDS`, or "none" to count only.
        point: which operation, counted from 0.
    """

    def __init__(self, kind: str, point: int) -> None:
        self.kind, self.point = kind, point
        self.events: list[str] = []
        self.folder = ""

    def __call__(self, event: str, arguments: tuple) -> None:
        """Called by Python before the operation."""
        if not (event in CHANGING or (event == "open" and arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))):
            return
        path = arguments[0]
        if event != "fcntl.flock" and not (
            isinstance(path, str | os.PathLike) and os.path.abspath(path).startswith(self.folder)  # noqa: PTH100
        ):
            return
        now = len(self.events)
        self.events.append(event)
        full = self.kind == "full" and now >= self.point and event in ("open", "os.mkdir")
        if full or (self.kind == "broken" and now == self.point):
            code = errno.ENOSPC if full else errno.EIO
            raise OSError(code, os.strerror(code), str(path))
        if self.kind == "kill" and now == self.point:
            os.kill(os.getpid(), signal.SIGKILL)
        if self.kind == "short" and now == self.point:
            resource.setrlimit(resource.RLIMIT_FSIZE, (SHORT, resource.RLIM_INFINITY))


class Running:
    """A command in a fork of this process; without a fault, it ends with a line that names its operations."""

    def __init__(self, command: Command, folder: Path, fault: Fault | None = None) -> None:
        self.pipe, writing = os.pipe()

        def work() -> None:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            os.dup2(writing, 2)  # not a file, or the limit on files would hold for it
            sys.argv = ["tenfold", *command]
            hook = fault or Fault("none", 0)
            hook.folder = f"{folder}/"
            sys.addaudithook(hook)
            try:
                cli.main()
            finally:
                if hook.kind == "none":
                    os.write(2, " ".join(hook.events).encode())

        self.child = Child(work, folder, SECONDS)
        os.close(writing)

    def wait(self) -> Ended:
        """Wait for its end."""
        with open(self.pipe, encoding="utf-8") as pipe:  # noqa: PTH123
            err = pipe.read()
        return replace(self.child.wait(), err=err)


def call(command: Command, folder: Path, fault: Fault | None = None) -> Ended:
    """Run a command in a fork of this process."""
    ended = Running(command, folder, fault).wait()
    without = ended.err.splitlines() if fault else ended.err.splitlines()[:-1]
    return replace(ended, err="\n".join(line for line in without if not line.startswith("epoch ")))


def find_points(command: Command, work: Path, start: Path | None = None) -> list[tuple[str, int]]:
    """The ways to disturb a command, each with the number of the operation."""
    folder = fresh(work, start)
    ended = Running(command, folder).wait()
    assert ended.code == 0, ended
    events = ended.err.splitlines()[-1].split()
    touches = {"full": {"open", "os.mkdir"}, "short": {"open"}}
    return [
        (kind, point)
        for kind in KINDS
        for point, event in enumerate(events)
        if kind not in touches or event in touches[kind]
    ]


def fresh(work: Path, start: Path | None = None) -> Path:
    """The folder to work in, always the same path, empty or a copy of `start`."""
    folder = work / "here"
    shutil.rmtree(folder, ignore_errors=True)
    if start is None:
        folder.mkdir()
    else:
        shutil.copytree(start, folder)
    return folder


def disturb(work: Path, name: str, every: int) -> dict[str, Any]:
    """Disturb a command at every point in every way; returns the number of points, and those with lasting damage."""
    command, prepare = scenarios(work)[name]
    start = work / f"start-{name}"
    start.mkdir()
    prepare(start)
    points = find_points(command, work, start)
    expected = contents(work / "here")
    counts: Counter[str] = Counter()
    lost = []
    for kind, point in points[::every]:
        folder = fresh(work, start)
        disturbed = call(command, folder, Fault(kind, point))
        counts[kind] += 1
        again = call(command, folder)
        if again.code == 2 and "tenfold train --resume run" in again.err:
            counts["went_on_with_resume"] += 1
            again = call(("train", "--resume", "run", "--json"), folder)
        there = again.code == 0 or "this run exists" in again.err or "this run is finished" in again.err
        found = contents(folder)
        well = disturbed.code == -signal.SIGKILL if kind == "kill" else is_clear(disturbed)
        if well and there and found == expected:
            counts["recovered"] += 1
        else:
            differing = sorted(key for key in expected | found if expected.get(key) != found.get(key))
            lost.append([name, kind, point, vars(disturbed), vars(again), differing])
        print(name, kind, point, "lost" if lost and lost[-1][1:3] == [kind, point] else "", file=sys.stderr, flush=True)
    return {"points": counts.total() - counts["recovered"] - counts["went_on_with_resume"], **counts, "lost": lost}


def contents(folder: Path) -> dict[str, Any]:
    """The contents of all files in a folder, without what may differ between two runs."""
    return {str(path.relative_to(folder)): content(path) for path in sorted(folder.rglob("*")) if path.is_file()}


def content(path: Path) -> Any:
    """The contents of a file: for JSON and CSV, the values that must not differ between runs; else the checksum."""
    if path.suffix == ".json":
        return steady(json.loads(path.read_text()))
    if path.suffix == ".csv":
        return [line.rpartition(",")[0] for line in path.read_text().splitlines()]
    if path.suffix in (".skops", ".png"):  # the one holds the time, the other draws it
        return path.stat().st_size > 0
    return hashlib.sha256(path.read_bytes()).hexdigest()


def steady(value: Any) -> Any:
    """A value of JSON without the keys in `VOLATILE`."""
    if isinstance(value, dict):
        return {key: steady(inner) for key, inner in value.items() if key not in VOLATILE}
    return [steady(inner) for inner in value] if isinstance(value, list) else value


def references(work: Path, seeds: Sequence[int]) -> dict[int, dict[str, Any]]:
    """The files of undisturbed runs, by seed."""
    found = {}
    for seed in seeds:
        folder = fresh(work)
        assert call(train_command(work, "--out", "run", "--seed", str(seed)), folder).code == 0
        found[seed] = contents(folder / "run")
    return found


def start_at_once(work: Path, starts: int) -> dict[str, Any]:
    """Start many training runs at once without naming a folder; each must find one, and leave its results there."""
    together = min(starts, TOGETHER)
    expected = references(work, range(together))
    lost: list[Any] = []
    for _ in range(0, starts, TOGETHER):
        folder = fresh(work)
        begun = [Running(train_command(work, "--seed", str(seed)), folder) for seed in expected]
        codes = [one.wait().code for one in begun]
        found = [contents(path) for path in (folder / "runs").iterdir()]
        if any(codes) or not all(found.count(one) == 1 for one in expected.values()) or len(found) != together:
            lost.append(["starts", codes, len(found)])
    return {"starts": starts, "at_once": together, "lost": lost}


def force_pairs(work: Path, pairs: int) -> dict[str, Any]:
    """Force two training runs into one folder at once; each must leave its own results, or one line."""
    expected = references(work, (0, 1))
    counts: Counter[str] = Counter(both_one_after_the_other=0, one_was_refused=0)
    lost: list[Any] = []
    patience, files.PATIENCE = files.PATIENCE, 0.0  # or the second would wait for the first
    options = ("--out", "run", "--force", "--seed")
    for _ in range(pairs):
        folder = fresh(work)
        begun = [Running(train_command(work, *options, str(seed)), folder) for seed in (0, 1)]
        ended = [one.wait() for one in begun]
        refused = [seed for seed in (0, 1) if "another process is writing" in ended[seed].err]
        whole = [seed for seed in (0, 1) if contents(folder / "run") == expected[seed]]
        counts["one_was_refused" if refused else "both_one_after_the_other"] += 1
        if len(whole) != 1 or whole == refused or [one.code for one in ended] != [2 * (s in refused) for s in (0, 1)]:
            lost.append(["pairs", [vars(one) for one in ended]])
    files.PATIENCE = patience
    return {"pairs": pairs, **counts, "lost": lost}


def kill_parents(work: Path, studies: int) -> dict[str, Any]:
    """Kill commands while their workers are busy; the workers must end, and the same command must then finish."""
    lost: list[Any] = []
    slowest = 0.0
    commands: list[Command] = [("study", str(work / "long-study.toml"), "--processes", "2")] * studies
    if studies:
        models = "quick,naive_bayes,knn,brisk"
        commands.append(("compare", "--models", models, "--data", str(work / "data"), "--processes", "2"))
        commands.append(("predict", str(work / "pictures"), "--annotate", "read"))
        (work / "pictures").mkdir()
        for number, image in enumerate(tenfold.load()[1].images[:2000]):
            Image.fromarray(np.pad(255 - image, 40, constant_values=255)).save(work / "pictures" / f"{number}.png")
    for number, command in enumerate(commands):
        folder = fresh(work)
        process = start(command, folder)
        while len(group(process.pid)) < 4 and process.poll() is None:  # parent, two workers, the tracker of semaphores
            time.sleep(0.05)
        time.sleep(2 + 2 * number if command[0] == "study" else 0.5)  # the others are soon done
        was_running = process.poll() is None
        process.kill()
        process.wait()
        killed = time.monotonic()
        while (left := group(process.pid)) and time.monotonic() - killed < 60:
            time.sleep(0.05)
        slowest = max(slowest, time.monotonic() - killed)
        named = (f"-{process.pid}-", f"_{process.pid}_")  # semaphores and folders of joblib's
        memory = [path.name for path in MEMORY.iterdir() if any(name in path.name for name in named)]
        again = start(command, folder) if command[0] != "predict" else None
        code = again.wait() if again else 0
        rest = [str(path) for path in folder.rglob(".*")] if again else []
        if left or memory or code or rest or not was_running:
            lost.append([command[0], was_running, left, memory, code, rest])
        for pid in left:
            os.kill(pid, signal.SIGKILL)
    return {"killed": len(commands), "slowest_end_s": round(slowest, 1), "lost": lost}


def start(command: Command, folder: Path) -> subprocess.Popen:
    """Start a command as a user does, as the first of a group of processes."""
    program = [sys.executable, "-m", "tenfold", *command]
    nothing = subprocess.DEVNULL
    return subprocess.Popen(program, cwd=folder, start_new_session=True, stdout=nothing, stderr=nothing)  # noqa: S603


def group(leader: int) -> list[int]:
    """The processes of a group that are still alive."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            state, _, number = (entry / "stat").read_text().rpartition(")")[2].split()[:3]
        except (OSError, ValueError):
            continue
        if entry.name.isdecimal() and int(number) == leader and state != "Z":
            found.append(int(entry.name))
    return found


if __name__ == "__main__":
    main()
