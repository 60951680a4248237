"""Trained networks as files for phones, browsers, and other frameworks, each compared with the original."""

import contextlib
import gzip
import hashlib
import io
import logging
import os
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch

from tenfold import models
from tenfold.base import strict_json
from tenfold.base.errors import TenfoldError, nearest
from tenfold.base.files import check_writable, locked, write_atomically
from tenfold.base.processes import silent
from tenfold.base.version import VERSION
from tenfold.data import SIDE, Digits, load
from tenfold.data.preprocess import MEAN, STD
from tenfold.evaluation import evaluate
from tenfold.export import c, keras, litert, onnx
from tenfold.export.graph import FromPixels, multiplications
from tenfold.export.parity import check, measure_parity
from tenfold.networks import Network
from tenfold.training import runs
from tenfold.training.runs import Run

CALIBRATION = 1024  # training images that set the ranges of 8-bit activations
FORMATS = {"litert": litert, "onnx": onnx, "keras": keras, "c": c}
EVERY = ("litert", "onnx", "keras")  # that takes every network; C is for small ones


def export(
    path: str | os.PathLike,
    formats: Sequence[str] = EVERY,
    out: str | os.PathLike | None = None,
    force: bool = False,
) -> list[dict[str, Any]]:
    """Write a trained network in other formats, once each file has been compared with it on all test images.

    Args:
        path: a run folder, or a file that `tenfold.save` wrote.
        formats: any of "litert", "onnx", "keras", and "c".
        out: the folder for the files; by default `export` in the run folder, or beside the file.
        force: whether to replace existing files.

    Returns:
        A description of each file and how it compares with the network, as plain values; the JSON file beside it holds
        the same. A C file's header has no description of its own.

    Raises:
        TenfoldError: if there are no usable weights, a package or a C compiler is missing, a layer cannot be converted,
            a file already exists, or a floating-point file answers differently from the network; then nothing has been
            written.
        OSError: if the folder cannot be written.
    """
    path = Path(path)
    for name in formats:
        if name not in FORMATS:
            raise TenfoldError(f"there is no format {name!r}{nearest(name, FORMATS)}")
    network = runs.load_model(path)
    name = path.resolve().name if path.is_dir() else path.stem
    folder = Path(out) if out is not None else (path if path.is_dir() else path.parent) / "export"
    targets = {family: [folder / f"{name}-{kind}" for kind in FORMATS[family].FILES] for family in formats}
    for target in (target for family in targets.values() for target in family):
        if target.exists() and not force:
            raise TenfoldError(f"{target}: exists; choose another folder with --out, or replace it with --force")
    folder.mkdir(parents=True, exist_ok=True)
    check_writable(folder)

    train, test = Run(path).load_digits() if path.is_dir() else load()
    graph, reference = FromPixels(network), evaluate(network, test)
    calibration = np.resize(train.images, (CALIBRATION, SIDE, SIDE))  # repeated if there are fewer
    common = _describe(path, network, test) | {"multiplications": multiplications(graph)}
    files: list[tuple[Path, bytes, dict[str, Any] | None]] = []
    with tempfile.TemporaryDirectory() as temporary, quietly_on_one_core():
        for family, family_targets in targets.items():
            contents = FORMATS[family].convert(graph, calibration)
            for target, content in zip(family_targets, contents, strict=True):
                if target.suffix == ".h":
                    files.append((target, content, None))
                    continue
                file = Path(temporary, target.name)
                file.write_bytes(content)
                model = c.CModel(file) if family == "c" else models.KINDS[file.suffix](file)
                parity = measure_parity(model, reference, test)
                precision = target.stem.rpartition("-")[2]
                facts = {
                    "file": str(target),
                    "format": family,
                    "precision": precision,
                    "bytes": len(content),
                    "compressed_bytes": len(gzip.compress(content, mtime=0)),
                    "sha256": hashlib.sha256(content).hexdigest(),
                    **asdict(parity),
                    "warning": check(target.name, precision, parity),
                    **common,
                    **(c.footprint(file) | {"output": c.OUTPUT} if family == "c" else {}),
                }
                files.append((target, content, facts))
    with locked(folder):  # otherwise a file and the JSON beside it might be from two networks
        for target, content, about in files:
            write_atomically(target, content)
            if about:
                write_atomically(f"{target}.json", strict_json.dumps(about, indent=1) + "\n")
    return [about for _, _, about in files if about]


def _describe(path: Path, network: Network, test: Digits) -> dict[str, Any]:
    """The facts that all files of a network share."""
    weights = path / "model.safetensors" if path.is_dir() else path
    recipe = Run(path).recipe if path.is_dir() else None
    return {
        "input": {"name": "images", "dtype": "uint8", "shape": ["n", SIDE, SIDE], "background": 0, "ink": 255},
        "output": {"name": "logits", "dtype": "float32", "shape": ["n", len(network.classes)]},
        "classes": list(network.classes),
        "normalization": {"inside": True, "scale": 1 / 255, "mean": MEAN, "std": STD},
        "source": {
            "run": str(path),
            "recipe": recipe.name if recipe else None,
            "seed": recipe.seed if recipe else None,
            "network": network.name,
            "network_options": network.options,
            "parameters": sum(parameter.numel() for parameter in network.parameters()),
            "sha256": hashlib.sha256(weights.read_bytes()).hexdigest(),
        },
        "test_images": test.source,
        "thresholds": vars(network.thresholds) if network.thresholds else None,
        "tenfold": VERSION,
    }


@contextlib.contextmanager
def quietly_on_one_core() -> Iterator[None]:
    """Silence the converters' logs and warnings, and keep PyTorch to one core while it is timed."""
    threads, level = torch.get_num_threads(), logging.root.manager.disable
    torch.set_num_threads(1)
    logging.disable(logging.ERROR)
    try:
        with (
            warnings.catch_warnings(),
            contextlib.redirect_stdout(io.StringIO()),
            contextlib.redirect_stderr(io.StringIO()),
            silent(),
        ):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(level)
        torch.set_num_threads(threads)
