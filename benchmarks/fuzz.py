"""Damaged and unexpected files: `python -m benchmarks.fuzz`. Writes `results/fuzz.json`.

pictures  a million PNG and JPEG files, mutated: each must be read or refused with a `TenfoldError`
files     models, data sets, recipes, studies and run folders, mutated: each must be read, or refused with a
          `TenfoldError` or an `OSError`; a file that crashes the runtime of its format counts as refused if one line
          says so, and as crashed
pages     dense, noisy, and blank pages of up to 100 megapixels (`benchmarks.fuzz_pages`): `tenfold predict` must end
          with an answer, or with one line that explains why there is none

Each mutated file must take no more than 15 seconds and 2 GB, each page 10 seconds of processor time and 1.5 GB. A
mutated file that fails, or a process that dies, ends the run with an error.
"""

import argparse
import contextlib
import gzip
import json
import resource
import shutil
import struct
import sys
import tempfile
import warnings
import zlib
from collections import Counter
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import safetensors.torch
from PIL import Image, ImageOps

import tenfold
from benchmarks.fuzz_pages import fuzz_pages
from benchmarks.records import save, where
from tenfold import TenfoldError, models, recipes
from tenfold.data import Digits, write_idx
from tenfold.jobs import study, training_run
from tenfold.jobs.workers import scatter
from tenfold.reader import Reader
from tenfold.training import Checkpoint
from tenfold.training.runs import Run

RESULTS = Path("results/fuzz.json")
CHUNK = 50  # files a job
SECONDS, BYTES = 15, 2 << 30  # that a file may take; Keras alone takes five to start, here and in the other process
SLOW = 10  # where reading starts another process, only one file in so many is read
RECIPE = {"epochs": 1, "batch_size": 20, "validation": 20, "network_options.width": 4, "precision": "float32"}
ORIENTATION = 0x0112
CHUNK_FRAME = 12  # bytes of a PNG chunk beside its data: length, type, checksum


def main() -> None:
    """Run the sections one after the other; each is written as soon as it is done."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fuzz")
    parser.add_argument("--pictures", type=int, default=1_000_000, help="mutated pictures")
    parser.add_argument("--files", type=int, default=1_000, help="mutated files of each other format")
    parser.add_argument("--pages", type=int, default=500, help="generated pages")
    options = parser.parse_args()
    results = json.loads(RESULTS.read_text()) if RESULTS.is_file() else {}
    for name, section in {"pictures": fuzz_pictures, "files": fuzz_files, "pages": fuzz_pages}.items():
        if count := getattr(options, name):
            results[name] = {"measured": where(), **section(count)}
            save(RESULTS, results)
            print(json.dumps(results[name], indent=1))


def fuzz_pictures(count: int) -> dict[str, Any]:
    """Read so many mutated pictures; returns how many were read and refused, and the time of the slowest."""
    found = read_formats({PICTURES: count}, write_pictures)[PICTURES]
    return {"files": count, **{key: found[key] for key in ("read", "refused", "slowest_s")}}


def fuzz_files(count: int) -> dict[str, Any]:
    """Read so many mutated files of each other format, or a tenth if reading starts another process."""
    names = sorted(set(FORMATS) - {PICTURES})
    return {"formats": read_formats({name: count // (SLOW if "net." in name else 1) for name in names}, write_whole)}


def read_formats(counts: dict[str, int], write: Callable[[Path], None]) -> dict[str, dict[str, float]]:
    """Read mutated files on all cores.

    Args:
        counts: the formats, and how many files of each to read.
        write: writes the whole files into a folder.

    Returns:
        For each format: how many files were read, were refused, and crashed their runtime; the seconds of the slowest;
        the megabytes of the largest process.
    """
    jobs = [(name, seed) for name, count in counts.items() for seed in range(max(1, count // CHUNK))]
    found: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder))
        for (name, seed), part in scatter(partial(read_job, Path(folder)), jobs):
            if isinstance(part, TenfoldError):
                raise part
            whole = found.setdefault(name, dict.fromkeys(part, 0))
            for key, value in part.items():
                whole[key] = max(whole[key], value) if key in ("slowest_s", "largest_mb") else whole[key] + value
            if seed % 100 == 0:
                print(name, whole, flush=True)
    return {name: found[name] for name in counts}


def read_job(folder: Path, job: tuple[str, int]) -> dict[str, float]:
    """Read one chunk of one format; called by `scatter`."""
    return read_mutated(folder, *job)


def read_mutated(folder: Path, name: str, seed: int) -> dict[str, float]:
    """Mutate files of a format in a folder at random from a seed, and read the results.

    Raises:
        RuntimeError: if reading takes too much time or memory, or raises an unexpected exception; the file is kept.
    """
    cv2.setNumThreads(1)
    random = np.random.default_rng([seed, *name.encode()])
    outcomes: Counter[str] = Counter(read=0, refused=0, crashed=0)
    slowest = 0.0
    refusals = TenfoldError if name == PICTURES else (TenfoldError, OSError)
    with tempfile.TemporaryDirectory() as temporary:
        place = Path(temporary, "folder")
        shutil.copytree(folder, place)
        originals = sorted(folder.glob(name))
        for _ in range(CHUNK):
            original = originals[random.integers(len(originals))]
            path = place / original.name
            # other bytes in the same places get further than others in other places
            path.write_bytes(mutate(original.read_bytes(), random, in_place=name != PICTURES and random.random() < 0.5))
            started = _seconds()
            try:
                with warnings.catch_warnings(action="ignore"):
                    FORMATS[name](path)
                outcomes["read"] += 1
            except refusals as error:
                outcomes["refused"] += 1
                outcomes["crashed"] += "crashes what runs it" in str(error)
            except Exception as error:
                _keep(path, f"{type(error).__name__}: {error}")
            slowest = max(slowest, _seconds() - started)
            if slowest > SECONDS or _bytes() > BYTES:
                _keep(path, f"took {slowest:.0f} s and {_bytes() >> 20} MB")
    return {**outcomes, "slowest_s": round(slowest, 2), "largest_mb": _bytes() >> 20}


def mutate(whole: bytes, random: np.random.Generator, in_place: bool) -> bytes:
    """Change some bytes; and unless `in_place`, repeat or drop some, or cut off the end, and fix a PNG's checksums."""
    data = bytearray(whole)
    for _ in range(random.integers(1, 5 if in_place else 8)):
        place = int(random.integers(len(data)))
        match random.integers(2 if in_place else 4):
            case 0:
                data[place] = random.integers(256)
            case 1:
                data[place] ^= 1 << int(random.integers(8))
            case 2:
                data[place : place + int(random.integers(1, 9))] = b""
            case 3:
                data[place:place] = data[place : place + int(random.integers(1, 33))]
        if not data:
            break
    if not in_place and random.random() < 0.1:
        data = data[: random.integers(len(data) + 1)]
    return _mend(bytes(data)) if random.random() < 0.7 else bytes(data)


def _mend(data: bytes) -> bytes:
    """Write the right checksum into every chunk of a PNG file, so that the decoder accepts it."""
    if not data.startswith(b"\x89PNG\r\n\x1a\n"):
        return data
    mended, start = bytearray(data), 8
    while start + CHUNK_FRAME <= len(data):
        (length,) = struct.unpack_from(">I", data, start)
        end = start + 8 + length
        if end + 4 > len(data):
            break
        struct.pack_into(">I", mended, end, zlib.crc32(data[start + 4 : end]))
        start = end + 4
    return bytes(mended)


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


def write_pictures(folder: Path) -> None:
    """Write small pictures of digits in many modes of PNG and JPEG."""
    digits = tenfold.load()[1].images
    gray = Image.fromarray(255 - np.pad(np.hstack(list(digits[:3])), 6))
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    pictures: list[tuple[Image.Image, str, dict]] = [
        (Image.fromarray(digits[0]), "png", {}),
        (gray, "png", {}),
        (gray.convert("1"), "png", {}),
        (gray.quantize(8), "png", {"transparency": 0}),
        (gray.convert("RGB"), "png", {"exif": exif}),
        (Image.merge("LA", (gray, ImageOps.invert(gray))), "png", {}),
        (Image.fromarray(np.asarray(gray).astype(np.uint16) * 257), "png", {}),
        (gray, "jpg", {}),
        (gray.convert("RGB"), "jpg", {"progressive": True}),
        (gray.convert("CMYK"), "jpg", {}),
        (gray.convert("RGB"), "jpg", {"exif": exif}),
    ]
    for number, (picture, suffix, options) in enumerate(pictures):
        picture.save(folder / f"picture{number}.{suffix}", **options)


def write_whole(folder: Path) -> None:
    """Write a whole file of each other format."""
    train, test = (digits[:60] for digits in tenfold.load())
    for prefix, digits in (("train", train), ("t10k", test)):
        write_idx(folder / f"{prefix}-images-idx3-ubyte", digits.images)
        write_idx(folder / f"{prefix}-labels-idx1-ubyte", digits.labels)
    (folder / "images.gz").write_bytes(gzip.compress((folder / "train-images-idx3-ubyte").read_bytes(), mtime=0))
    arrays = {"x_train": train.images, "y_train": train.labels, "x_test": test.images, "y_test": test.labels}
    np.savez_compressed(folder / "mnist.npz", **arrays)  # type: ignore[arg-type]
    (folder / "study.toml").write_text(
        'name = "fuzz"\nrecipes = ["quick", "fast"]\nseeds = 3\n[variants.wide]\npeak_lr = 0.02\n'
        "network_options = { width = 8 }\n[variants.plain]\nepochs = 2\n"
    )
    recipe = recipes.load("quick", RECIPE)
    with tempfile.TemporaryDirectory() as temporary:  # IDX files are no part of a run folder
        run = training_run.train(recipe, data=str(folder), out=Path(temporary, "run"))
        network = run.load_model()
        shutil.copytree(run.path, folder, dirs_exist_ok=True)
    callbacks = [Checkpoint(folder / CHECKPOINT)]
    tenfold.fit(tenfold.build("cnn", **recipe.network_options), train, recipe, callbacks=callbacks)
    # as before there was a SHA-256, or hardly a mutated file would get past it
    description = json.dumps({"name": network.name, "options": network.options})
    weights = {key: tensor.contiguous() for key, tensor in network.state_dict().items()}
    (folder / "old.safetensors").write_bytes(safetensors.torch.save(weights, {"network": description}))
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


@cache
def _reader() -> Reader:
    return Reader(models.shipped())


def _read_run(path: Path) -> None:
    training_run.summarize(Run(path.parent))


def _read_checkpoint(path: Path) -> None:
    recipe = recipes.load("quick", RECIPE)
    digits = Digits(np.zeros((60, 28, 28), np.uint8), np.zeros(60, np.uint8))
    tenfold.fit(tenfold.build("cnn", **recipe.network_options), digits, recipe, resume=path)


PICTURES, CHECKPOINT = "picture*", "checkpoint.safetensors"
FORMATS: dict[str, Callable[[Path], object]] = {
    PICTURES: lambda path: _reader().read(path.read_bytes()),
    "train-images-idx3-ubyte": lambda path: tenfold.load(path.parent),
    "images.gz": tenfold.data.read_idx,
    "mnist.npz": tenfold.load,
    "recipe.toml": lambda path: recipes.load(str(path)),
    "study.toml": lambda path: study.plan(study.load(path)),
    **dict.fromkeys(("environment.json", "evaluation.json", "history.csv", "model.safetensors"), _read_run),
    CHECKPOINT: _read_checkpoint,
    **dict.fromkeys(("old.safetensors", "net.tflite", "net.onnx", "net.keras", "net.h5"), models.load),
}


if __name__ == "__main__":
    from benchmarks import fuzz  # worker processes find the functions of a module, not those of a program

    fuzz.main()
