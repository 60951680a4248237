"""From a picture to what is written in it: `Reader`, and `predict` for a single call."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import UInt8

from tenfold import models, pictures
from tenfold.data import read_idx
from tenfold.errors import TenfoldError
from tenfold.models import Model
from tenfold.pictures import Page, Picture
from tenfold.reader.digits import Digit, classify, look, score
from tenfold.reader.reading import Reading, interpret
from tenfold.reader.segment import read_lines

if TYPE_CHECKING:
    from torch import nn

IDX_MAGIC = (b"\x00\x00", b"\x1f\x8b")  # IDX, and IDX packed with gzip
REFUSED = 0.686  # what is read with a lower score is no digit; so are 0.7 % of held-out digits
EXPECTED = 0.4  # likewise, where a digit is to be expected: beside others, or if there is known to be one


class Reader:
    """Reads pictures with one network that stays loaded; threads may share it.

    Args:
        model: a PyTorch module, what `tenfold.models.load` returns, or a path for it; by default the network of the
            latest run in `runs/`, or where there is none, the one that comes with tenfold.
        refuse: the least score of a digit; what scores lower is refused. Beside others that are digits, and in a
            picture that is known to show one, no more than 0.4 is asked for.

    Raises:
        TenfoldError: if the path holds no model.
    """

    def __init__(self, model: "nn.Module | Model | str | os.PathLike | None" = None, refuse: float = REFUSED) -> None:
        self.model = models.wrap(models.default() if model is None else model)
        self.refuse = refuse
        self.row_model = models.load_for_rows()

    def read(self, picture: Picture, single: bool = False) -> list[Reading]:
        """Read the digits in a picture, line by line.

        Args:
            picture: a path, the bytes of a file, a Pillow image or an array, as for `tenfold.pictures.load.load`.
            single: whether the picture is known to show one digit; then there is one reading.

        Raises:
            TenfoldError: if it is no picture, is damaged, too large, too dense to be writing, or blank.
            OSError: if the file cannot be read.
        """
        page = pictures.open_page(picture)
        return self.interpret(page, self.find(page, single), single)

    def find(self, page: Page, single: bool = False) -> list[list[Digit]]:
        """The digits of a picture whose ink was found, line by line, with the network's answers.

        Args:
            page: the picture.
            single: as for `read`.

        Raises:
            TenfoldError: if there is so much in it that it cannot be writing.
        """
        if single or page.is_image:
            return [look(page, [page.digit()], self.model)]
        try:
            return read_lines(page, self.model, self.row_model)
        except TenfoldError as error:
            raise TenfoldError(f"{page.name}{error}") from None

    def interpret(self, page: Page, lines: Sequence[Sequence[Digit]], single: bool = False) -> list[Reading]:
        """What the digits that `find` found in a picture say.

        Args:
            page: the picture.
            lines: the digits of each line.
            single: as for `read`.
        """
        readings = []
        for number, line in enumerate(lines):
            expected = single or any(digit.score >= self.refuse for digit in line)
            refuse = min(self.refuse, EXPECTED) if expected else self.refuse
            readings += [interpret(digit.answer, digit.score >= refuse, page.box(digit.part), number) for digit in line]
        return readings

    def read_images(self, images: UInt8[np.ndarray, "n 28 28"]) -> list[Reading]:
        """Read images that look like MNIST's: white ink on black, one digit in the middle of each."""
        answers = classify(images, self.model)
        return [interpret(answer, score(answer) >= self.refuse, (0, 0, 28, 28)) for answer in answers]


def predict(
    picture: Picture, model: "nn.Module | Model | str | os.PathLike | None" = None, single: bool = False
) -> list[Reading]:
    """Read a picture of digits, or an IDX file of many.

    Args:
        picture: as for `Reader.read`, or the path of an IDX file of images `(n, 28, 28)`.
        model: as for `Reader`.
        single: as for `Reader.read`.

    Returns:
        One reading for every digit, in reading order, or one for every image in the IDX file.

    Raises:
        TenfoldError: if the file is neither, is damaged, too large, too dense to be writing, or blank.
        OSError: if the file cannot be read.
    """
    reader = Reader(model)
    if isinstance(picture, str | os.PathLike) and is_idx(picture):
        return reader.read_images(read_idx_images(picture))
    return reader.read(picture, single)


def is_idx(path: str | os.PathLike) -> bool:
    """Whether a file begins like one of the IDX format, or one packed with gzip."""
    with Path(path).open("rb") as file:
        return file.read(2) in IDX_MAGIC


def read_idx_images(path: str | os.PathLike) -> UInt8[np.ndarray, "n 28 28"]:
    """Read an IDX file of images.

    Raises:
        TenfoldError: if it is damaged, or holds something else.
    """
    images = read_idx(path)
    if images.dtype != np.uint8 or images.ndim != 3 or images.shape[1:] != (28, 28):
        raise TenfoldError(f"{path}: holds {images.dtype} {images.shape}; images must be uint8 (n, 28, 28)")
    if not len(images):
        raise TenfoldError(f"{path}: holds no images")
    return images
