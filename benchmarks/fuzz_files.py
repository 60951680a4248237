"""Damaged files of every kind but pictures: models, data sets, recipes, studies, run folders.

`python -m benchmarks.fuzz` calls this for the key `files` of `results/fuzz.json`; to look for faults,
`python -m benchmarks.fuzz_files --files 200` prints the counts. Every file must be read, or refused with a
`TenfoldError` or an `OSError`, within seconds and 2 GB; any other exception, or a process that dies, ends it with an
error. A file that crashes the runtime of its format counts as refused if one line says so; `crashed` counts these.
"""

import argparse
import contextlib
import gzip
import json
import resource
import shutil
import sys
import tempfile
import warnings
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.torch

import tenfold
from benchmarks.speed import where
from tenfold import TenfoldError, models, recipes
from tenfold.data import Digits, write_idx
from tenfold.jobs import study, training_run
from tenfold.jobs.workers import scatter
from tenfold.training import Checkpoint
from tenfold.training.runs import Run

CHUNK = 50  # files a job
SECONDS, BYTES = 15, 2 << 30  # that a file may take; Keras alone takes five to start, here and in the other process
SLOW = 10  # where reading starts another process, only one file in so many is read
RECIPE = {"epochs": 1, "batch_size": 20, "validation": 20, "network_options.width": 4, "precision": "float32"}


def fuzz_files(files: int) -> dict[str, Any]:
    """Read so many mutated files of each format, or a tenth if reading starts another process.

    Returns:
        Where it was measured, and for a file name of each format: how many files were read, were refused, and crashed
        their runtime; the seconds of the slowest; the megabytes of the largest process.
    """
    with tempfile.TemporaryDirectory() as folder:
        write_whole(Path(folder))
        jobs = [
            (name, number)
            for name in FORMATS
            for number in range(max(1, files // (SLOW if name.startswith("net.") else 1) // CHUNK))
        ]
        found: dict[str, dict[str, float]] = {}
        for (name, _), part in scatter(partial(read_job, Path(folder)), jobs):
            if isinstance(part, TenfoldError):
                raise part
            whole = found.setdefault(name, dict.fromkeys(part, 0))
            for key, value in part.items():
                whole[key] = max(whole[key], value) if key in ("slowest_s", "largest_mb") else whole[key] + value
    return {"measured": where(), "formats": dict(sorted(found.items()))}


def read_job(folder: Path, job: tuple[str, int]) -> dict[str, float]:
    """Read one chunk of one format; called by `scatter`."""
    return read_mutated(folder, *job)


def read_mutated(folder: Path, name: str, seed: int, files: int = CHUNK) -> dict[str, float]:
    """Mutate one of the files in a folder at random from a seed, and read the result.

    Raises:
        RuntimeError: if reading takes too much time or memory, or raises an unexpected exception; the file is kept.
    """
    from benchmarks.fuzz import mutate  # which imports this module

    random = np.random.default_rng([seed, *name.encode()])
    outcomes: Counter[str] = Counter(read=0, refused=0, crashed=0)
    slowest = 0.0
    with tempfile.TemporaryDirectory() as temporary:
        place = Path(temporary, "folder")
        shutil.copytree(folder, place)
        whole = (folder / name).read_bytes()
        for _ in range(files):
            # other bytes in the same places get further than others in other places
            content = mutate(whole, random) if random.random() < 0.5 else alter(whole, random)
            (place / name).write_bytes(content)
            started = _seconds()
            try:
                with warnings.catch_warnings(action="ignore"):
                    FORMATS[name](place / name)
                outcomes["read"] += 1
            except (TenfoldError, OSError) as error:
                outcomes["refused"] += 1
                outcomes["crashed"] += "crashes what runs it" in str(error)
            except Exception as error:
                _keep(place / name, f"{type(error).__name__}: {error}")
            seconds = _seconds() - started
            slowest = max(slowest, seconds)
            if seconds > SECONDS or _bytes() > BYTES:
                _keep(place / name, f"took {seconds:.0f} s and {_bytes() >> 20} MB")
    return {**outcomes, "slowest_s": round(slowest, 2), "largest_mb": _bytes() >> 20}


def alter(whole: bytes, random: np.random.Generator) -> bytes:
    """Change up to four bytes."""
    data = bytearray(whole)
    for place in random.integers(len(data), size=random.integers(1, 5)):
        data[place] = random.integers(256) if random.random() < 0.5 else data[place] ^ 1 << int(random.integers(8))
    return bytes(data)


def _keep(path: Path, reason: str) -> None:
    kept = Path(tempfile.mkdtemp(prefix="fuzz-")) / path.name
    shutil.copy(path, kept)
    raise RuntimeError(f"{kept}: {reason}")


def _seconds() -> float:
    """The processor time of this process and its children."""
    usage = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in usage)


def _bytes() -> int:
    """The peak memory of this process or its largest child."""
    most = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return most * (1 if sys.platform == "darwin" else 1024)


def write_whole(folder: Path) -> None:
    """Write a whole file of each format."""
    train, test = (digits[:60] for digits in tenfold.load())
    for prefix, digits in (("train", train), ("t10k", test)):
        write_idx(folder / f"{prefix}-images-idx3-ubyte", digits.images)
        write_idx(folder / f"{prefix}-labels-idx1-ubyte", digits.labels)
    (folder / "images.gz").write_bytes(gzip.compress((folder / "train-images-idx3-ubyte").read_bytes(), mtime=0))
    np.savez_compressed(
        folder / "mnist.npz", x_train=train.images, y_train=train.labels, x_test=test.images, y_test=test.labels
    )
    (folder / "study.toml").write_text(
        'name = "fuzz"\nrecipes = ["quick", "fast"]\nseeds = 3\n[variants.wide]\npeak_lr = 0.02\n'
        "network_options = { width = 8 }\n[variants.plain]\nepochs = 2\n"
    )
    recipe = recipes.load("quick", RECIPE)
    with tempfile.TemporaryDirectory() as temporary:  # IDX files are no part of a run folder
        run = training_run.train(recipe, data=str(folder), out=Path(temporary, "run"))
        network = run.load_model()
        for path in run.path.iterdir():
            shutil.copy(path, folder / path.name)
    tenfold.fit(
        tenfold.build("cnn", **recipe.network_options), train, recipe, callbacks=[Checkpoint(folder / CHECKPOINT)]
    )
    # as before there was a SHA-256, or hardly a mutated file would get past it
    description = json.dumps({"name": network.name, "options": network.options})
    weights = {key: tensor.contiguous() for key, tensor in network.state_dict().items()}
    content = safetensors.torch.save(weights, {"network": description})
    (folder / "old.safetensors").write_bytes(content)
    shutil.copy(models.SHIPPED / "reader-int8.tflite", folder / "net.tflite")
    with contextlib.suppress(TenfoldError):  # without the packages, there are no such files
        from tenfold.export import FORMATS as CONVERTERS
        from tenfold.export import quietly_on_one_core
        from tenfold.export.graph import FromPixels

        with quietly_on_one_core():
            for family, names in {"onnx": ("net.onnx",), "keras": ("net.keras", "net.h5")}.items():
                contents = CONVERTERS[family].convert(FromPixels(network), np.resize(train.images, (64, 28, 28)))
                for name, converted in zip(names, contents, strict=False):
                    (folder / name).write_bytes(converted)


def _read_run(path: Path) -> None:
    run = Run(path.parent)
    training_run.summarize(run)


def _read_checkpoint(path: Path) -> None:
    recipe = recipes.load("quick", RECIPE)
    digits = Digits(np.zeros((60, 28, 28), np.uint8), np.zeros(60, np.uint8))
    tenfold.fit(tenfold.build("cnn", **recipe.network_options), digits, recipe, resume=path)


CHECKPOINT = "checkpoint.safetensors"
FORMATS: dict[str, Callable[[Path], object]] = {
    "train-images-idx3-ubyte": lambda path: tenfold.load(path.parent),
    "images.gz": tenfold.data.read_idx,
    "mnist.npz": tenfold.load,
    "recipe.toml": lambda path: recipes.load(str(path)),
    "study.toml": lambda path: study.plan(study.load(path)),
    "environment.json": _read_run,
    "evaluation.json": _read_run,
    "history.csv": _read_run,
    "model.safetensors": _read_run,
    "old.safetensors": models.load,
    CHECKPOINT: _read_checkpoint,
    "net.tflite": models.load,
    "net.onnx": models.load,
    "net.keras": models.load,
    "net.h5": models.load,
}


def main() -> None:
    """Print the counts."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fuzz_files")
    parser.add_argument("--files", type=int, default=500, help="of each format")
    print(json.dumps(fuzz_files(parser.parse_args().files), indent=1))


if __name__ == "__main__":
    from benchmarks import (
        fuzz_files as module,  # worker processes find the functions of a module, not those of a program
    )

    module.main()
