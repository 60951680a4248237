"""How fast everything around the training is: `python -m benchmarks.system`. Writes `results/system.json`."""

import gzip
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from PIL import Image

import tenfold
from benchmarks.pages import draw_page
from benchmarks.records import save, where
from tenfold import models, recipes, synthesis
from tenfold.data import preprocess
from tenfold.data.sources import BUNDLED
from tenfold.networks import predict_logits
from tenfold.training.devices import autocast

RESULTS = Path("results/system.json")
NOTE = "docs/figures/page.jpg"
PAGE_OF_50 = 10  # the seed of a page of 50 digits
SMALL_FILES = 3000


def main() -> None:
    """Measure and write the results; every figure is a median."""
    train, test = tenfold.load()
    inputs = preprocess.to_tensor(test.images)
    standard = recipes.load("standard")
    model = tenfold.build(standard.network, **standard.network_options).eval()
    packed = [path.read_bytes() for path in sorted(BUNDLED.glob("*.gz"))]
    load_seconds, gunzip_seconds = alternate(tenfold.load, lambda: [gzip.decompress(data) for data in packed], n=11)
    augment_seconds, step_seconds = augmentation_and_step(standard)
    results = {
        "measured": where(),
        "evaluation_images_per_second": round(len(test) / median_seconds(lambda: predict_logits(model, inputs))),
        "one_image_milliseconds": 1000 * median_seconds(lambda: predict_logits(model, inputs[:1]), n=200),
        "load_seconds": load_seconds,
        "load_over_gunzip": load_seconds / gunzip_seconds,
        "import_seconds": whole_process("-c", "import tenfold; tenfold.fit"),
        "train_fast_process_seconds": train_process("fast"),
        "train_fast_peak_mb": round(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024),
        "augmentation_share_of_standard_step": augment_seconds / (augment_seconds + step_seconds),
        **reading(test),
        "base": base(),
        "seconds_by_images": {n: train_seconds(train[:n]) for n in (1_000, 3_000, 10_000, 30_000, 60_000)},
    }
    save(RESULTS, results)


def median_seconds(function: Callable[[], object], n: int = 11) -> float:
    """The median time of a call, after a warm-up call."""
    return alternate(function, lambda: None, n)[0]


def alternate(a: Callable[[], object], b: Callable[[], object], n: int) -> tuple[float, float]:
    """The median times of two calls in alternation."""
    times: list[list[float]] = [[], []]
    for _ in range(n + 1):
        for function, seconds in zip((a, b), times, strict=True):
            started = time.perf_counter()
            function()
            seconds.append(time.perf_counter() - started)
    return statistics.median(times[0][1:]), statistics.median(times[1][1:])


def augmentation_and_step(recipe: recipes.Recipe) -> tuple[float, float]:
    """Seconds of distorting a batch, and of the forward and backward pass on it."""
    images = torch.rand(recipe.batch_size, 1, 28, 28)
    model = tenfold.build(recipe.network, **recipe.network_options)

    def step() -> None:
        with autocast(torch.device("cpu"), recipe.precision):
            loss = model(images).float().logsumexp(dim=1).mean()
        loss.backward()

    return alternate(lambda: synthesis.distort(images, *recipe.augment.distortion), step, n=50)


def reading(test: tenfold.Digits) -> dict[str, float]:
    """Time and memory of a warm process that reads a large photo, and the command line's rate on small files."""
    with tempfile.TemporaryDirectory() as folder:
        page = draw_page(test, PAGE_OF_50, "squared", 3000, 4000)
        Image.fromarray(page.picture).save(f"{folder}/photo.jpg", quality=90)
        code = f"""
import time
from pathlib import Path
from tenfold.reader import Reader
reader = Reader({str(models.shipped())!r})
seconds = []
for _ in range(5):
    started = time.perf_counter()
    reader.read("{folder}/photo.jpg")
    seconds.append(time.perf_counter() - started)
# not ru_maxrss, which begins with that of the parent process
[peak] = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")]
print(sorted(seconds)[2], int(peak.split()[1]) // 1024)"""
        printed = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)  # noqa: S603
        seconds, peak = printed.stdout.split()
        small = Path(folder, "small")
        small.mkdir()
        for number, image in enumerate(test.images[:SMALL_FILES]):
            Image.fromarray(image).save(small / f"{number}.png")
        command = ("-m", "tenfold", "predict", "--model", str(models.shipped()), str(small))
        files = SMALL_FILES / whole_process(*command, codes=(0, 1))  # 1: some are refused
    return {
        "photo_digits": len(page.labels),
        "photo_seconds": float(seconds),
        "photo_peak_mb": int(peak),
        "small_files_per_second": round(files),
    }


def base() -> dict[str, Any]:
    """The size of a fresh environment with nothing but what reading takes, and a whole `tenfold predict` in it."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)  # noqa: S603
        python = str(Path(folder, "bin/python"))
        pip = (python, "-m", "pip", "--quiet")
        subprocess.run([*pip, "install", "-c", "constraints.txt", "."], check=True)  # noqa: S603
        subprocess.run([*pip, "uninstall", "--yes", "setuptools", "pip"], check=True)  # noqa: S603
        (packages,) = Path(folder, "lib").glob("python*/site-packages")
        size = sum(path.stat().st_size for path in packages.rglob("*") if path.is_file())
        seconds = whole_process("-I", "-m", "tenfold", "predict", NOTE, n=21, python=python)
    return {"measured": where(), "mb": round(size / 1e6), "predict_seconds": seconds}


def train_seconds(digits: tenfold.Digits) -> float:
    """Training time of one epoch of the recipe `fast`."""
    recipe = recipes.load("fast", {"epochs": 1})
    model = tenfold.build(recipe.network, **recipe.network_options)
    return tenfold.fit(model, digits, recipe).train_seconds


def train_process(recipe: str) -> float:
    """Wall time of a whole `tenfold train`: start, import, load, train, evaluate, write the run."""
    with tempfile.TemporaryDirectory() as folder:
        return whole_process("-m", "tenfold", "train", "--recipe", recipe, "--force", "--out", f"{folder}/run")


def whole_process(*arguments: str, n: int = 5, python: str = sys.executable, codes: Sequence[int] = (0,)) -> float:
    """Median wall time of a Python process that must end with one of these exit codes."""
    times = []
    for _ in range(n):
        started = time.perf_counter()
        ended = subprocess.run([python, *arguments], capture_output=True)  # noqa: S603
        times.append(time.perf_counter() - started)
        if ended.returncode not in codes:
            ended.check_returncode()
    return statistics.median(times)


if __name__ == "__main__":
    main()
