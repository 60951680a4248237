"""Generated pages, dense, noisy, and blank, of up to 100 megapixels: the section `pages` of `benchmarks.fuzz`."""

import os
import resource
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from jaxtyping import UInt8
from PIL import Image

from benchmarks.children import Ended

SECONDS, MEGABYTES = 10, 1536  # of processor time, which on an idle machine is no less than that on the clock
LARGEST = 100_000_000  # pixels
TILE = 2000  # pixels, the side of what larger pages are tiled with, so that they are as dense as small ones
FORMATS: dict[str, tuple[str, int, dict[str, Any]]] = {  # of Pillow's modes: the suffix, the longest side, options
    "L": ("png", LARGEST, {"compress_level": 1}),
    "1": ("png", LARGEST, {}),
    "P": ("gif", 65_535, {}),
    "RGB": ("jpg", 65_500, {"quality": 90}),
    "CMYK": ("jpg", 65_500, {"quality": 90}),
    "RGBA": ("png", LARGEST, {"compress_level": 1}),
    "LA": ("png", LARGEST, {"compress_level": 1}),
    "I;16": ("tiff", LARGEST, {"compression": "tiff_lzw"}),
    "F": ("tiff", LARGEST, {}),
}

Gray = UInt8[np.ndarray, "height width"]


def fuzz_pages(count: int) -> dict[str, Any]:
    """Read so many generated pages, a fifth of them of 100 megapixels.

    Returns:
        How many ended in each way that `judge` names, which took the most time and memory, and which failed.
    """
    kinds: Counter[str] = Counter()
    slowest, largest = (0.0, ""), (0.0, "")
    faults = []
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(count):
            path, name = write_page(seed, LARGEST if seed % 5 == 0 else 0, Path(folder))
            ended = read(path)
            path.unlink()
            kind = judge(ended)
            kinds[kind] += 1
            slowest = max(slowest, (round(ended.seconds, 1), name))
            largest = max(largest, (round(ended.megabytes), name))
            if kind not in ("read", "refused", "no digits"):
                faults.append(f"{name}: {kind}, exit code {ended.code}; {ended.out[-200:]}")
            print(f"{name}: {kind}, {ended.seconds:.1f} s, {ended.megabytes:.0f} MB", flush=True)
    return {
        "pages": count,
        **kinds,
        "slowest": {"processor_seconds": slowest[0], "page": slowest[1]},
        "largest": {"megabytes": largest[0], "page": largest[1]},
        "faults": faults,
    }


PROGRAM = """
import atexit, pathlib, sys
peak = pathlib.Path(sys.argv.pop())
status = pathlib.Path("/proc/self/status")  # what the system tells a parent includes the parent's own peak
atexit.register(lambda: peak.write_text(status.read_text().partition("VmHWM:")[2].split()[0]))
from tenfold.cli import main
main()
"""


def read(path: Path) -> Ended:
    """Read a picture in a process of its own, which is ended if it takes too long; both outputs are in `out`."""
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile("w+") as output:
        peak = Path(folder) / "peak"
        command = [sys.executable, "-c", PROGRAM, "predict", str(path), str(peak)]
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)  # noqa: S603
        resource.prlimit(process.pid, resource.RLIMIT_CPU, (SECONDS + 1, SECONDS + 1))
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        megabytes = int(peak.read_text()) / 1024 if peak.exists() else float("nan")
        return Ended(process.returncode, output.read(), "", usage.ru_utime + usage.ru_stime, megabytes)


def judge(ended: Ended) -> str:
    """How a page ended: `read`, `refused`, `no digits`, or a fault."""
    is_line = ended.out.startswith("tenfold: ") and ended.out.count("\n") == 1
    if ended.code < 0 or ended.seconds > SECONDS:
        return "too slow or killed"
    if ended.megabytes > MEGABYTES:
        return "too much memory"
    if ended.code == 1 and is_line and "no digits found" in ended.out:
        return "no digits"
    return "read" if ended.code == 0 else "refused" if ended.code == 2 and is_line else "failed"


def write_page(seed: int, pixels: int, folder: Path) -> tuple[Path, str]:
    """Draw a random page from a seed, and write it in a random format.

    Args:
        seed: starts the random numbers.
        pixels: the approximate number of pixels; 0 for a random number.
        folder: where to write the file.

    Returns:
        The file, and a description of the page.
    """
    random = np.random.default_rng(seed)
    pixels = pixels or int(10 ** random.uniform(3, 8))
    mode = str(random.choice(list(FORMATS)))
    suffix, longest, options = FORMATS[mode]
    ratio = 10 ** random.uniform(-1, 1)
    width = max(1, min(int((pixels * ratio) ** 0.5), longest))
    height = max(1, min(pixels // width, longest))
    gray, kind = draw(random, height, width)
    picture = to_mode(gray, mode)
    path = folder / f"{seed}.{suffix}"
    picture.save(path, **options)
    return path, f"page {seed}: {kind}, {width}x{height}, {mode}, {suffix}"


def draw(random: np.random.Generator, height: int, width: int) -> tuple[Gray, str]:
    """A page that shows no writing, and its kind."""
    kind = str(random.choice(list(KINDS)))
    tile = KINDS[kind](random, min(height, TILE), min(width, TILE))
    if random.random() < 0.3:  # what is as coarse as large pages are made smaller by
        factor = -(-max(height, width) // TILE)
        tile = tile.repeat(factor, axis=0).repeat(factor, axis=1)
    repeats = (-(-height // tile.shape[0]), -(-width // tile.shape[1]))
    page = np.tile(tile, repeats)[:height, :width]
    return (255 - page if random.random() < 0.2 else page), kind


def to_mode(gray: Gray, mode: str) -> Image.Image:
    """A gray picture in one of Pillow's modes."""
    if mode == "I;16":
        return Image.fromarray(gray.astype(np.uint16) * 257)
    picture = Image.fromarray(gray)
    if mode in ("LA", "RGBA"):
        picture = picture.convert(mode)
        picture.putalpha(Image.fromarray(255 - gray // 2))
        return picture
    return picture.convert("RGB").convert(mode) if mode == "CMYK" else picture.convert(mode)


def _blank(random: np.random.Generator, height: int, width: int) -> Gray:
    return np.full((height, width), random.integers(256), np.uint8)


def _noise(random: np.random.Generator, height: int, width: int) -> Gray:
    return random.integers(0, 256, (height, width), np.uint8)


def _specks(random: np.random.Generator, height: int, width: int) -> Gray:
    return np.where(random.random((height, width)) < random.uniform(0.001, 0.5), 0, 255).astype(np.uint8)


def _clouds(random: np.random.Generator, height: int, width: int) -> Gray:
    smooth = cv2.GaussianBlur(random.random((height, width), np.float32), (0, 0), random.uniform(0.7, 20))
    levels = (smooth - smooth.min()) / max(float(np.ptp(smooth)), 1e-6) * 255
    if random.random() < 0.7:  # blots
        levels = np.where(levels > np.percentile(levels, random.uniform(50, 95)), 0, 255)
    return levels.astype(np.uint8)


def _strokes(random: np.random.Generator, height: int, width: int) -> Gray:
    page = np.full((height, width), 255, np.uint8)
    longest = int(10 ** random.uniform(0.7, 2.5))
    for _ in range(int(random.integers(1, 2 + height * width // 500))):
        start = random.integers(0, (width, height))
        end = start + random.integers(-longest, longest + 1, 2)
        cv2.line(page, start.tolist(), end.tolist(), 0, int(random.integers(1, 5)), cv2.LINE_AA)
    return page


def _digits(random: np.random.Generator, height: int, width: int) -> Gray:
    page = np.full((height, width), 255, np.uint8)
    size = random.uniform(0.3, 2)
    for y in range(int(25 * size), height, int(32 * size) + int(random.integers(8))):
        text = "".join(map(str, random.integers(0, 10, int(width / 20 / size) + 1)))
        cv2.putText(page, text, (5, y), cv2.FONT_HERSHEY_SIMPLEX, size, 0, max(1, int(2 * size)), cv2.LINE_AA)
    return page


def _squares(random: np.random.Generator, height: int, width: int) -> Gray:
    side, gap = random.integers(4, 40), random.integers(1, 12)
    y, x = (np.arange(length) % (side + gap) for length in (height, width))
    edge = int(random.integers(1, side // 2 + 1))
    outer = (y < side)[:, None] & (x < side)
    inner = ((y >= edge) & (y < side - edge))[:, None] & ((x >= edge) & (x < side - edge))
    return np.where(outer & ~inner, 0, 255).astype(np.uint8)


def _frames(random: np.random.Generator, height: int, width: int) -> Gray:
    step = random.integers(3, 12)
    y, x = (np.minimum(np.arange(length), np.arange(length)[::-1]) for length in (height, width))
    return np.where(np.minimum(y[:, None], x) % step < step // 2, 0, 255).astype(np.uint8)


def _grating(random: np.random.Generator, height: int, width: int) -> Gray:
    period, angle = random.uniform(2, 40), random.choice([0, np.pi / 2, random.uniform(0, np.pi)])
    phase = np.arange(width) * np.cos(angle) + np.arange(height)[:, None] * np.sin(angle)
    return np.where(phase % period < random.uniform(0.2, 0.6) * period, 0, 255).astype(np.uint8)


def _waves(random: np.random.Generator, height: int, width: int) -> Gray:
    page = np.full((height, width), 255, np.uint8)
    gap, step = int(random.integers(8, 60)), int(random.integers(2, 30))
    columns = np.arange(0, width + step, step)
    for y in range(gap // 2, height, gap):
        points = np.stack([columns, y + random.integers(-gap // 2, gap // 2 + 1, len(columns))], axis=1)
        cv2.polylines(page, [points.astype(np.int32)], False, 0, int(random.integers(1, 4)))
    return page


def _checkers(random: np.random.Generator, height: int, width: int) -> Gray:
    side = int(random.integers(1, 60))
    y, x = (np.arange(length) // side for length in (height, width))
    return ((y[:, None] + x) % 2 * 255).astype(np.uint8)


KINDS: dict[str, Callable[[np.random.Generator, int, int], Gray]] = {
    "blank": _blank,
    "noise": _noise,
    "specks": _specks,
    "clouds": _clouds,
    "strokes": _strokes,
    "digits": _digits,
    "squares": _squares,
    "frames": _frames,
    "grating": _grating,
    "waves": _waves,
    "checkers": _checkers,
}
