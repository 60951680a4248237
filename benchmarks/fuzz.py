"""Damaged and unexpected files: `python -m benchmarks.fuzz`. Writes `results/fuzz.json`.

pictures  a million PNG and JPEG files, mutated: each must be read or refused with a `TenfoldError`; any other
          exception, or a process that dies, ends the run with an error
files     models, data and settings, mutated: `fuzz_files`
pages     dense, noisy and blank pages of up to 100 megapixels, within 10 seconds and 1.5 GB each: `fuzz_pages`
"""

import argparse
import io
import json
import struct
import time
import zlib
from collections import Counter
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image, ImageOps

import tenfold
from benchmarks.fuzz_files import fuzz_files
from benchmarks.fuzz_pages import fuzz_pages
from benchmarks.speed import where
from tenfold import TenfoldError, models
from tenfold.jobs.workers import scatter
from tenfold.reader import Reader

RESULTS = Path("results/fuzz.json")
CHUNK = 500  # files a job
ORIENTATION = 0x0112
CHUNK_FRAME = 12  # bytes of a PNG chunk beside its data: length, type, checksum


def main() -> None:
    """Run the sections one after the other; each is written as soon as it is done."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fuzz", description=__doc__)
    parser.add_argument("--files", type=int, default=1_000_000, help="mutated pictures")
    parser.add_argument("--mutants", type=int, default=1_000, help="mutated files of each other format")
    parser.add_argument("--pages", type=int, default=500, help="generated pages")
    parser.add_argument("--only", choices=("pictures", "files", "pages"), help="one section")
    options = parser.parse_args()
    sections: dict[str, Callable[[], dict[str, Any]]] = {
        "pictures": partial(fuzz_pictures, options.files),
        "files": partial(fuzz_files, options.mutants),
        "pages": partial(fuzz_pages, options.pages),
    }
    results = json.loads(RESULTS.read_text()) if RESULTS.is_file() else {}
    for name, section in sections.items():
        if options.only in (None, name):
            results[name] = section()
            RESULTS.write_text(json.dumps(results, indent=1) + "\n")


def fuzz_pictures(count: int) -> dict[str, Any]:
    """Read mutated files on all cores; returns how many were read and refused, and the time of the slowest."""
    outcomes: Counter[str] = Counter()
    slowest = 0.0
    for number, found in scatter(read_mutated, range(count // CHUNK)):
        if isinstance(found, TenfoldError):
            raise found
        outcomes.update(found[0])
        slowest = max(slowest, found[1])
        if number % 20 == 0:
            print(number * CHUNK, dict(outcomes), f"{slowest:.1f} s", flush=True)
    return {"measured": where(), "files": outcomes.total(), **outcomes, "slowest_s": round(slowest, 2)}


def read_mutated(seed: int, files: int = CHUNK) -> tuple[Counter[str], float]:
    """Mutate files at random from a seed, and read them.

    Returns:
        How many were read and refused, and the processor time of the slowest in seconds.
    """
    cv2.setNumThreads(1)
    random = np.random.default_rng(seed)
    reader, pictures = _reader(), whole_files()
    outcomes: Counter[str] = Counter(read=0, refused=0)
    slowest = 0.0
    for _ in range(files):
        data = mutate(pictures[random.integers(len(pictures))], random)
        started = time.process_time()
        try:
            reader.read(data)
            outcomes["read"] += 1
        except TenfoldError:
            outcomes["refused"] += 1
        slowest = max(slowest, time.process_time() - started)
    return outcomes, slowest


def mutate(whole: bytes, random: np.random.Generator) -> bytes:
    """Change, repeat or drop some bytes, or cut off the end; for most PNG files, then fix the checksums."""
    data = bytearray(whole)
    for _ in range(random.integers(1, 8)):
        place = int(random.integers(len(data)))
        match random.integers(4):
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
    if random.random() < 0.1:
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


@cache
def whole_files() -> list[bytes]:
    """Small pictures of digits in many modes of PNG and JPEG."""
    digits = tenfold.load()[1].images
    gray = Image.fromarray(255 - np.pad(np.hstack(list(digits[:3])), 6))
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    pictures: list[tuple[Image.Image, str, dict]] = [
        (Image.fromarray(digits[0]), "PNG", {}),
        (gray, "PNG", {}),
        (gray.convert("1"), "PNG", {}),
        (gray.quantize(8), "PNG", {"transparency": 0}),
        (gray.convert("RGB"), "PNG", {"exif": exif}),
        (Image.merge("LA", (gray, ImageOps.invert(gray))), "PNG", {}),
        (Image.fromarray(np.asarray(gray).astype(np.uint16) * 257), "PNG", {}),
        (gray, "JPEG", {}),
        (gray.convert("RGB"), "JPEG", {"progressive": True}),
        (gray.convert("CMYK"), "JPEG", {}),
        (gray.convert("RGB"), "JPEG", {"exif": exif}),
    ]
    files = []
    for picture, kind, options in pictures:
        buffer = io.BytesIO()
        picture.save(buffer, kind, **options)
        files.append(buffer.getvalue())
    return files


@cache
def _reader() -> Reader:
    return Reader(models.shipped())


if __name__ == "__main__":
    from benchmarks import fuzz  # worker processes find the functions of a module, not those of a program

    fuzz.main()
