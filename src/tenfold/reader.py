"""From a picture of a digit to the digit: `predict` returns `Reading`s."""

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import UInt8
from PIL import Image, ImageOps

from tenfold import models
from tenfold.data import read_idx, read_pictures
from tenfold.errors import TenfoldError
from tenfold.models import Model

if TYPE_CHECKING:
    from torch import nn

IDX_MAGIC = (b"\x00\x00", b"\x1f\x8b")  # IDX, and IDX packed with gzip
ALTERNATIVE = 0.01  # the least probability that is worth telling


@dataclass(frozen=True)
class Reading:
    """One digit that was read.

    Attributes:
        label: the most probable digit.
        probability: how sure the network is, 0 to 1.
        alternatives: the other digits of at least 1 %, each with its probability, the most probable first.
        box: x, y, width and height of the part of the upright picture that was read, in pixels.
    """

    label: int
    probability: float
    alternatives: list[tuple[int, float]]
    box: tuple[int, int, int, int]


def predict(path: str | os.PathLike, model: "nn.Module | Model | None" = None) -> list[Reading]:
    """Read a picture of one digit, or an IDX file of many.

    Args:
        path: a BMP, GIF, JPEG, PNG, PPM, TIFF or WebP picture, or an IDX file of images `(n, 28, 28)`.
        model: a PyTorch module, or what `tenfold.models.load` returns; by default the network of the latest run in
            `runs/`, or where there is none, the one that comes with tenfold.

    Returns:
        One reading for the picture, or one for every image in the IDX file.

    Raises:
        TenfoldError: if the file is neither, is damaged or blank.
        OSError: if the file cannot be read.
    """
    model = models.wrap(model) if model is not None else models.default()
    with Path(path).open("rb") as file:
        is_idx = file.read(2) in IDX_MAGIC
    if is_idx:
        return read_images(_read_idx_images(path), model)
    [reading] = read_images(read_pictures([path]), model)
    with Image.open(path) as picture:
        return [replace(reading, box=(0, 0, *ImageOps.exif_transpose(picture).size))]


def read_images(images: UInt8[np.ndarray, "n 28 28"], model: Model) -> list[Reading]:
    """Read images that look like MNIST's: white ink on black, one digit in the middle of each.

    Returns:
        One reading an image, in order.
    """
    logits = model.logits(images)
    probabilities = np.exp(logits - logits.max(axis=1, keepdims=True))
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    readings = []
    for row in probabilities:
        ranked = [(int(digit), float(row[digit])) for digit in np.argsort(-row, kind="stable")]
        (label, probability), others = ranked[0], ranked[1:]
        alternatives = [(digit, p) for digit, p in others if p >= ALTERNATIVE]
        readings.append(Reading(label, probability, alternatives, (0, 0, 28, 28)))
    return readings


def _read_idx_images(path: str | os.PathLike) -> UInt8[np.ndarray, "n 28 28"]:
    images = read_idx(path)
    if images.dtype != np.uint8 or images.ndim != 3 or images.shape[1:] != (28, 28):
        raise TenfoldError(f"{path}: holds {images.dtype} {images.shape}; images must be uint8 (n, 28, 28)")
    if not len(images):
        raise TenfoldError(f"{path}: holds no images")
    return images
