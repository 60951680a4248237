"""Train the network that reads rows, and put it into the package: `python -m benchmarks.rows [--weights FILE]`.

Writes `src/tenfold/shipped/rows.*` and `results/rows.json`. Rows are drawn with the training digits, less those that
are held out, with which other rows are drawn to measure on.
"""

import argparse
import json
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import torch
from jaxtyping import UInt8
from torch import nn

import tenfold
from benchmarks import publish
from benchmarks.speed import where
from tenfold import models
from tenfold.data import CLASSES, Digits, split
from tenfold.export import litert
from tenfold.export.graph import RowsFromPixels
from tenfold.models import ROW_COLUMNS, ROW_SIDE, RowModel
from tenfold.networks import row_cnn
from tenfold.reader.row import RowReading, Strip
from tenfold.rows import Example, draw_examples, fit_rows
from tenfold.weights import read_tensors, write_tensors
from tenfold.workers import scatter

RESULTS = Path("results/rows.json")
WEIGHTS = Path("runs/rows.safetensors")
HELD_OUT = 5000  # digits
ROWS, MEASURED = 80_000, 2_000
CHUNK = 2_000  # rows a job
CALIBRATION = 256
SIGNATURES = {f"c{columns}": (1, ROW_SIDE, columns) for columns in ROW_COLUMNS}
DESCRIPTION = "Rows of digits: images, uint8 (1, 40, n), 255 is ink, to logits, float32 (1, n/2, 11), the last of none"


def main() -> None:
    """Draw, train, export and measure."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.rows")
    parser.add_argument("--weights", type=Path, metavar="FILE", help="of an earlier training, instead of another one")
    weights = parser.parse_args().weights
    train, held_out = split(tenfold.load()[0], HELD_OUT)
    torch.manual_seed(0)
    network = row_cnn()
    if weights:
        network.load_state_dict(read_tensors(weights)[0])
        network.eval()
    else:
        fit(network, draw(train, ROWS, first_seed=0))
    calibration = to_images(draw(train, CALIBRATION, first_seed=0))
    int8 = litert.convert(RowsFromPixels(network), calibration, SIGNATURES, DESCRIPTION)[-1]
    (models.SHIPPED / "rows-int8.tflite").write_bytes(int8)
    # where LiteRT does not run, PyTorch reads these
    half = {name: one.half() if one.is_floating_point() else one for name, one in network.state_dict().items()}
    write_tensors(models.SHIPPED / "rows.safetensors", half, {})
    unseen = draw(held_out, MEASURED, first_seed=ROWS)
    result = {
        "measured": where(),
        "parameters": sum(parameter.numel() for parameter in network.parameters()),
        "bytes": len(int8),
        "held_out_rows": len(unseen),
        "right": measure(unseen, models.load_for_rows()),
    }
    RESULTS.write_text(json.dumps(result, indent=1) + "\n")
    publish.main()


def fit(network: nn.Module, examples: Sequence[Example]) -> None:
    """Train, and keep the weights in a file."""
    started = time.perf_counter()
    for epoch, loss in enumerate(fit_rows(network, examples)):
        print(f"epoch {epoch + 1}: loss {loss:.3f}, {time.perf_counter() - started:.0f} s", flush=True)
        WEIGHTS.parent.mkdir(exist_ok=True)
        write_tensors(WEIGHTS, network.state_dict(), {})


def measure(examples: Sequence[Example], model: RowModel) -> float:
    """The share of rows that are read right by the network alone, from its likeliest answer in every column."""
    rows = [RowReading(Strip(example.image, 0, 1.0), model).seen for example in examples]
    read = [[int(seen.answer[:CLASSES].argmax()) for seen in row] for row in rows]
    right = [digits == example.digits for digits, example in zip(read, examples, strict=True)]
    return sum(right) / len(right)


def to_images(examples: Sequence[Example]) -> UInt8[np.ndarray, "n 40 128"]:
    """As much as the network takes at once from the beginning of strips; short ones are filled up with paper."""
    images = np.zeros((len(examples), ROW_SIDE, max(ROW_COLUMNS)), np.uint8)
    for image, example in zip(images, examples, strict=True):
        image[:, : example.image.shape[1]] = example.image[:, : max(ROW_COLUMNS)]
    return images


def draw(digits: Digits, count: int, first_seed: int) -> list[Example]:
    """Draw rows on all cores."""
    chunk = min(CHUNK, count)
    seeds = range(first_seed, first_seed + count // chunk)
    found = dict(scatter(partial(draw_chunk, digits, chunk), seeds))
    return [example for seed in seeds for example in found[seed]]


def draw_chunk(digits: Digits, count: int, seed: int) -> list[Example]:
    """Draw some rows on one core."""
    import cv2

    cv2.setNumThreads(1)
    return draw_examples(digits, count, seed)


if __name__ == "__main__":
    from benchmarks import rows  # worker processes find the functions of a module, not those of a program

    rows.main()
