"""From a picture to what is written in it: `Reader`, and `predict` for a single call."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float, UInt8

from tenfold import models, pictures
from tenfold.data import read_idx
from tenfold.errors import TenfoldError
from tenfold.models import Model
from tenfold.pictures import Page, Picture
from tenfold.reader.segment import Digit, read_lines, score

if TYPE_CHECKING:
    from torch import nn

IDX_MAGIC = (b"\x00\x00", b"\x1f\x8b")  # IDX, and IDX packed with gzip
ALTERNATIVE = 0.01  # the least probability that is worth telling
REFUSED = 0.2  # what is read with a lower score is no digit


@dataclass(frozen=True)
class Reading:
    """One digit that was read.

    Attributes:
        label: the most probable digit; None if it is probably no digit.
        probability: how sure the network is, 0 to 1.
        alternatives: the other digits of at least 1 %, each with its probability, the most probable first.
        box: x, y, width and height of the part of the upright picture that was read, in pixels.
        line: the line of writing it stands in, from 0 at the top.
    """

    label: int | None
    probability: float
    alternatives: list[tuple[int, float]]
    box: tuple[int, int, int, int]
    line: int = 0


class Reader:
    """Reads pictures with one network that stays loaded; threads may share it.

    Args:
        model: a PyTorch module, or what `tenfold.models.load` returns; by default the network of the latest run in
            `runs/`, or where there is none, the one that comes with tenfold.
        refuse: the least score of a digit; what scores lower is refused.
    """

    def __init__(self, model: "nn.Module | Model | None" = None, refuse: float = REFUSED) -> None:
        self.model = models.wrap(model) if model is not None else models.default()
        self.refuse = refuse

    def read(self, picture: Picture, single: bool = False) -> list[Reading]:
        """Read the digits in a picture, line by line.

        Args:
            picture: a path, the bytes of a file, a Pillow image or an array, as for `tenfold.pictures.load.load`.
            single: whether the picture is known to show one digit; then there is one reading.

        Raises:
            TenfoldError: if it is no picture, is damaged, too large or blank.
            OSError: if the file cannot be read.
        """
        return self.read_page(pictures.open_page(picture), single)

    def read_file(self, path: str | os.PathLike, single: bool = False) -> list[Reading]:
        """Read a picture file as `read` does, or every image of an IDX file of images `(n, 28, 28)`.

        Raises:
            TenfoldError: as `read`.
            OSError: likewise.
        """
        with Path(path).open("rb") as file:
            is_idx = file.read(2) in IDX_MAGIC
        return self.read_images(_read_idx_images(path)) if is_idx else self.read(path, single)

    def read_page(self, page: Page, single: bool = False) -> list[Reading]:
        """Read the digits in a picture whose ink was found."""
        readings = []
        for number, line in enumerate(self.find(page, single)):
            readings += [self._reading(digit.logits, page.box(digit.part), number) for digit in line]
        return readings

    def find(self, page: Page, single: bool = False) -> list[list[Digit]]:
        """The digits of each line, before they are read."""
        if single:
            image = page.image(page.digit())
            return [[Digit(page.digit(), image, self.model.logits(image[None])[0])]]
        return read_lines(page, self.model)

    def read_images(self, images: UInt8[np.ndarray, "n 28 28"]) -> list[Reading]:
        """Read images that look like MNIST's: white ink on black, one digit in the middle of each."""
        return [self._reading(logits, (0, 0, 28, 28), 0) for logits in self.model.logits(images)]

    def _reading(self, logits: Float[np.ndarray, "10"], box: tuple[int, int, int, int], line: int) -> Reading:
        probabilities = np.exp(logits - logits.max())
        probabilities /= probabilities.sum()
        ranked = [(int(digit), float(probabilities[digit])) for digit in np.argsort(-logits, kind="stable")]
        (label, probability), others = ranked[0], ranked[1:]
        alternatives = [(digit, p) for digit, p in others if p >= ALTERNATIVE]
        return Reading(label if score(logits) >= self.refuse else None, probability, alternatives, box, line)


def predict(picture: Picture, model: "nn.Module | Model | None" = None) -> list[Reading]:
    """Read a picture of digits, or an IDX file of many.

    Args:
        picture: as for `Reader.read`, or the path of an IDX file of images `(n, 28, 28)`.
        model: as for `Reader`.

    Returns:
        One reading for every digit, in reading order, or one for every image in the IDX file.

    Raises:
        TenfoldError: if the file is neither, is damaged or blank.
        OSError: if the file cannot be read.
    """
    reader = Reader(model)
    return reader.read_file(picture) if isinstance(picture, str | os.PathLike) else reader.read(picture)


def to_text(readings: Sequence[Reading]) -> str:
    """What was read, line by line; a question mark stands for what is probably no digit."""
    lines: dict[int, str] = {}
    for reading in readings:
        lines[reading.line] = lines.get(reading.line, "") + ("?" if reading.label is None else str(reading.label))
    return "\n".join(lines.values())


def _read_idx_images(path: str | os.PathLike) -> UInt8[np.ndarray, "n 28 28"]:
    images = read_idx(path)
    if images.dtype != np.uint8 or images.ndim != 3 or images.shape[1:] != (28, 28):
        raise TenfoldError(f"{path}: holds {images.dtype} {images.shape}; images must be uint8 (n, 28, 28)")
    if not len(images):
        raise TenfoldError(f"{path}: holds no images")
    return images
