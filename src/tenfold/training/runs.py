"""The run folder: recipe, environment, history, weights, evaluation, and report of one training run.

recipe.toml             what was asked for
environment.json        where it ran: machine, versions, threads, device, data with checksums
history.csv             a row for every epoch
model.safetensors       the weights, and the thresholds below which an answer is refused as not a digit
checkpoint.safetensors  the state to resume from; only while the run is unfinished
stopped.txt             why the training stopped early, if it did; only while the run is unfinished
evaluation.json         test figures; only when the run is finished
report.html             all of it for people to read; only when the run is finished

The folder is locked while a process writes to it, see `tenfold.base.files.locked`. `recipe.toml` is written after the
environment, and removed first when a run is replaced: wherever the process is killed, the same command can start over.
"""

import hashlib
import os
import platform
import warnings
from contextlib import suppress
from datetime import UTC, datetime
from functools import cached_property
from itertools import count
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import torch
from pydantic import BaseModel, Field, PlainValidator

from tenfold import recipes
from tenfold.base import settings, strict_json
from tenfold.base.errors import TenfoldError, TenfoldWarning
from tenfold.base.files import DATA, LOCK, RUNS, TEXT, check_ours, read_bytes, write_atomically
from tenfold.base.settings import NotNegative, Positive, Share
from tenfold.base.version import VERSION
from tenfold.data import Digits, load
from tenfold.networks import Network
from tenfold.networks.storage import restore, save
from tenfold.recipes import Recipe
from tenfold.training import History

FORMAT = 1
FILES = (
    "recipe.toml",
    "environment.json",
    "history.csv",
    "model.safetensors",
    "checkpoint.safetensors",
    "stopped.txt",
    "evaluation.json",
    "report.html",
)
TRANSIENT = ("checkpoint.safetensors", "stopped.txt")  # only there while the run is unfinished
BEGUN = {"recipe.toml", "environment.json"}


def _place(value: Any) -> str:
    """A name or a path that the system accepts; unlike pydantic's strings, it need not be UTF-8."""
    if not isinstance(value, str) or not value or "\0" in value:
        raise ValueError("should be the place of a data set")
    return value


Checksum = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class _Environment(BaseModel, extra="allow", strict=True):
    """The values used from environment.json; everything else in it is only shown."""

    format: Annotated[int, Field(ge=1)]
    data: Annotated[str, PlainValidator(_place)]
    threads: Annotated[int, Field(ge=1, le=1024)]
    device: Literal["cpu", "cuda", "mps"]
    train_sha256: Checksum
    test_sha256: Checksum


class _Figures(BaseModel, extra="allow", strict=True):
    """The values used from evaluation.json; those that older runs lack are None."""

    accuracy: Share
    accuracy_without_label_errors: Share | None = None
    loss: NotNegative
    interval: Annotated[list[Share], Field(min_length=2, max_length=2)]
    temperature: Positive = 1.0
    uncalibrated_error: Share | None = None


class Run:
    """An existing run folder.

    Args:
        path: the folder.

    Raises:
        TenfoldError: if it is not a run folder, is half-written, or was written by a newer tenfold.
    """

    def __init__(self, path: str | os.PathLike) -> None:
        self.path = Path(path)
        if not self.path.is_dir():
            raise TenfoldError(
                f"{path}: no such run folder{'' if self.path.exists() else '; train one with: tenfold train'}"
            )
        if not self.file("recipe.toml").is_file():
            raise TenfoldError(f"{path}: not a run folder, it has no recipe.toml")
        _ = self.environment  # reading it checks it

    @classmethod
    def create(cls, path: str | os.PathLike, recipe: Recipe, environment: dict[str, Any], force: bool = False) -> "Run":
        """Write the recipe and the environment, before training, into a folder that is `locked`.

        Args:
            path: the folder, empty or with a run in it.
            recipe: what will be trained.
            environment: from `describe_environment`.
            force: whether to replace an existing run that has more than a recipe and an environment.

        Raises:
            TenfoldError: if the folder's contents may not be replaced.
            OSError: if the folder cannot be written.
        """
        path = Path(path)
        check_ours(path, BEGUN, "a run folder")  # wherever a run is killed, one of the two is there, or nothing is
        present = {entry.name for entry in path.iterdir()} - {LOCK}
        if not force and not present <= BEGUN:
            finished = "evaluation.json" in present
            if finished:  # and perhaps killed before it could clean up
                for name in TRANSIENT:
                    (path / name).unlink(missing_ok=True)
            unfinished = not finished and "checkpoint.safetensors" in present
            raise TenfoldError(
                f"{path}: this run exists; choose another with --out, or replace it with --force"
                + (f", or continue it with: tenfold train --resume {path}" if unfinished else "")
            )
        for name in FILES:
            if name != "environment.json":
                (path / name).unlink(missing_ok=True)
        write_atomically(path / "environment.json", strict_json.dumps(environment, indent=2) + "\n")
        write_atomically(path / "recipe.toml", recipe.to_toml())
        return cls(path)

    def file(self, name: str) -> Path:
        """The path of one of `FILES`."""
        return self.path / name

    @cached_property
    def recipe(self) -> Recipe:
        """The recipe of the run."""
        return recipes.load(str(self.file("recipe.toml")))

    @cached_property
    def environment(self) -> dict[str, Any]:
        """Where and on what data it was trained, see `describe_environment`."""
        environment = self._read_json("environment.json")
        form = environment.get("format")
        if isinstance(form, int) and form > FORMAT:
            raise TenfoldError(
                f"{self.path}: written by a newer tenfold, {environment.get('tenfold')}; "
                "upgrade with: pip install -U tenfold"
            )
        settings.check(_Environment, environment, str(self.file("environment.json")))
        return environment

    @property
    def history(self) -> History:
        """The measurements of every finished epoch."""
        path = self.file("history.csv")
        if path.is_file():
            history = History.from_csv(read_bytes(path, TEXT).decode("utf-8", "replace").splitlines(), str(path))
        else:
            history = History()
        if self.finished and not history:
            state = "holds no epoch" if path.is_file() else "missing"
            raise TenfoldError(f"{path}: {state}; copy the whole run folder again, or train again with --force")
        return history

    @property
    def finished(self) -> bool:
        """Whether training reached its end and was evaluated."""
        return self.file("evaluation.json").is_file()

    def load_digits(self) -> tuple[Digits, Digits]:
        """Load the training and test digits of the run.

        Raises:
            TenfoldError: if they cannot be loaded, or have changed since the run.
        """
        source = self.environment["data"]
        train, test = load(source)
        for part, digits in {"train": train, "test": test}.items():
            if digits.sha256() != self.environment[f"{part}_sha256"]:
                raise TenfoldError(f"{self.path}: {source} has changed since this run; train again with --force")
        return train, test

    def save_model(self, model: Network) -> None:
        """Write the weights."""
        save(model, self.file("model.safetensors"))

    def save_reason(self, stopped: str) -> None:
        """Write why the training stopped early."""
        write_atomically(self.file("stopped.txt"), f"{stopped}\n")

    def load_model(self) -> Network:
        """Read the weights, with a warning if the training stopped early.

        Raises:
            TenfoldError: if there are none yet, or the file is damaged.
        """
        if not self.file("model.safetensors").is_file():
            raise TenfoldError(
                f"{self.path}: unfinished, it has no weights yet; continue with: tenfold train --resume {self.path}"
            )
        if not self.finished:
            why = self.file("stopped.txt")
            reason = (
                read_bytes(why, TEXT).decode("utf-8", "replace").strip()
                if why.is_file()
                else "killed, or still running"
            )
            message = f"{self.path}: training stopped early ({reason}); these weights are not final"
            warnings.warn(message, TenfoldWarning, stacklevel=2)
        stored = self.load_evaluation().get("weights_sha256") if self.finished else None  # older runs do not have it
        if stored not in (None, self._weights_sha256()):
            raise TenfoldError(
                f"{self.file('model.safetensors')}: not the weights that this run was evaluated with; "
                "copy the whole run folder again, or train again with --force"
            )
        return restore(self.path)

    def _weights_sha256(self) -> str:
        return hashlib.sha256(read_bytes(self.file("model.safetensors"), DATA)).hexdigest()

    def load_evaluation(self) -> dict[str, Any]:
        """Read the stored test figures.

        Raises:
            TenfoldError: if the run is unfinished, or the file is damaged.
        """
        if not self.finished:
            raise TenfoldError(f"{self.path}: unfinished; continue with: tenfold train --resume {self.path}")
        figures = self._read_json("evaluation.json")
        settings.check(_Figures, figures, str(self.file("evaluation.json")))
        return figures

    def save_evaluation(self, figures: dict[str, Any], report: str) -> None:
        """Write the report and then the test figures, which mark the run as finished, and drop the checkpoint."""
        write_atomically(self.file("report.html"), report)
        figures = figures | {"weights_sha256": self._weights_sha256()}
        write_atomically(self.file("evaluation.json"), strict_json.dumps(figures, indent=1) + "\n")
        self.clean_up()

    def clean_up(self) -> None:
        """Remove what only an unfinished run needs; it may still be there if a finished run was killed."""
        for name in TRANSIENT:
            self.file(name).unlink(missing_ok=True)

    def _read_json(self, name: str) -> dict[str, Any]:
        path = self.file(name)
        try:
            content = strict_json.loads(read_bytes(path, TEXT), str(path))
        except FileNotFoundError:
            raise TenfoldError(f"{self.path}: half-written, it has no {name}; train again with --force") from None
        if not isinstance(content, dict):
            raise TenfoldError(f"{path}: damaged, it must hold a JSON object")
        return content


def load_model(path: str | os.PathLike) -> Network:
    """Read a trained network from a run folder, or from a file that `tenfold.save` wrote.

    Raises:
        TenfoldError: if there is no such network, or it is damaged.
    """
    return Run(path).load_model() if Path(path).is_dir() else restore(path)


def free_path(name: str) -> Path:
    """Make a folder for a new run: `runs/NAME`, with a number appended if that exists."""
    for number in count(1):
        path = RUNS / (f"{name}-{number}" if number > 1 else name)
        with suppress(FileExistsError):
            path.mkdir(parents=True)
            break
    return path


def describe_environment(data: str, train: Digits, test: Digits, device: torch.device) -> dict[str, Any]:
    """What it takes to repeat a run: machine, versions, threads, device, data."""
    return {
        "format": FORMAT,
        "tenfold": VERSION,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "numpy": np.__version__,
        "system": platform.platform(),
        "processor": torch.cuda.get_device_name() if device.type == "cuda" else processor_name(),
        "cores": os.cpu_count(),
        "device": device.type,
        "threads": torch.get_num_threads(),
        "data": data,
        "train_images": len(train),
        "train_sha256": train.sha256(),
        "test_images": len(test),
        "test_sha256": test.sha256(),
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def processor_name() -> str:
    """The processor's name, as precisely as the system gives it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()
