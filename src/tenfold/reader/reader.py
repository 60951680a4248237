"""From a picture to what is written in it: `Reader`, and `predict` for a single call."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import UInt8

from tenfold import imaging, models
from tenfold.base.errors import NoDigitsError, TenfoldError
from tenfold.base.refusal import Thresholds, score
from tenfold.data import read_idx
from tenfold.imaging import Page, Picture
from tenfold.models import Model
from tenfold.reader.digits import Digit, classify, log_probabilities
from tenfold.reader.reading import Reading, interpret
from tenfold.reader.segment import read_lines

if TYPE_CHECKING:
    from torch import nn

IDX_MAGIC = (b"\x00\x00", b"\x1f\x8b")  # IDX, and IDX packed with gzip
NOTHING_REFUSED = Thresholds(0.0, 0.0)
NO_SHAPE = "nothing in it has the shape of a digit"


class Reader:
    """Reads pictures with one network that stays loaded; threads may share it.

    Args:
        model: a PyTorch module, what `tenfold.models.load` returns, or a path for it; by default the network that comes
            with tenfold.
        thresholds: the least scores of digits; by default those that the model was calibrated with. Where there are
            none, nothing is refused.

    Attributes:
        model: reads single digits.
        name: of that model: its path as it was given, "tenfold reader-int8" for what comes with tenfold, or what kind
            of module it is.
        thresholds: below which scores answers are refused; None if nothing is.
        line_model: sees lines as a whole where the model is in doubt; it comes with tenfold, whichever the model is.

    Raises:
        TenfoldError: if the path holds no model.
    """

    def __init__(
        self,
        model: "nn.Module | Model | str | os.PathLike | None" = None,
        thresholds: Thresholds | None = None,
    ) -> None:
        self.model = models.wrap(models.shipped() if model is None else model)
        self.name, calibrated = models.identify(self.model)
        self.thresholds = thresholds or calibrated
        self.line_model = models.load_for_lines()

    def read(self, picture: Picture, single: bool = False) -> list[Reading]:
        """Read the digits in a picture, line by line.

        Args:
            picture: a path, an open file or its bytes, a Pillow image, or an array or a tensor, as for
                `tenfold.imaging.load.load`.
            single: whether the picture is known to show one digit; then there is one reading.

        Returns:
            At least one reading.

        Raises:
            NoDigitsError: if there is no digit in it; it says why.
            TenfoldError: if it is no picture, is damaged, too large, or too dense to be writing.
            OSError: if the file cannot be read.
        """
        page = imaging.open_page(picture)
        readings = self.interpret(page, self.find(page, single), single)
        if not readings:
            raise NoDigitsError(NO_SHAPE, os.fspath(picture) if isinstance(picture, str | os.PathLike) else "")
        return readings

    def find(self, page: Page, single: bool = False) -> list[list[Digit]]:
        """The digits of a picture whose ink was found, line by line, with the network's answers.

        Args:
            page: the picture.
            single: as for `read`.

        Raises:
            TenfoldError: if there is so much in it that it cannot be writing.
        """
        if single or page.is_image:
            return [classify(page, [page.digit()], self.model)]
        try:
            return read_lines(page, self.model, self.line_model)
        except TenfoldError as error:
            raise TenfoldError(f"{page.name}{error}") from None

    def interpret(self, page: Page, lines: Sequence[Sequence[Digit]], single: bool = False) -> list[Reading]:
        """What the digits that `find` found in a picture say.

        Args:
            page: the picture.
            lines: the digits of each line.
            single: as for `read`.
        """
        least = self.thresholds or NOTHING_REFUSED
        readings = []
        for number, line in enumerate(lines):
            is_expected = single or any(digit.score >= least.alone for digit in line)
            enough = least.expected if is_expected else least.alone
            readings += [
                interpret(digit.answer, digit.score >= enough, page.box(digit.component), self.name, number)
                for digit in line
            ]
        return readings

    def read_images(self, images: np.ndarray) -> list[Reading]:
        """Read many images that look like MNIST's at once.

        Args:
            images: uint8 (n, 28, 28), white ink (255) on black (0), one digit in the middle of each.

        Raises:
            TenfoldError: if they are no such images.
        """
        images = np.asarray(images)
        if images.dtype != np.uint8 or images.shape[1:] != (28, 28):
            raise TenfoldError(
                f"images must be uint8 (n, 28, 28), white ink (255) on black (0), not {images.dtype} {images.shape}"
            )
        least = (self.thresholds or NOTHING_REFUSED).alone
        answers = log_probabilities(images, self.model)
        return [interpret(answer, score(answer) >= least, (0, 0, 28, 28), self.name) for answer in answers]


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
        NoDigitsError: if there is no digit in the picture; it says why.
        TenfoldError: if the file is neither, is damaged, too large, or too dense to be writing.
        OSError: if the file cannot be read.
    """
    reader = Reader(model)
    if isinstance(picture, str | os.PathLike) and is_idx(picture):
        return reader.read_images(read_idx_images(picture))
    return reader.read(picture, single)


def is_idx(path: str | os.PathLike) -> bool:
    """Whether a file begins like one of the IDX format, or one packed with gzip."""
    if not Path(path).is_file():  # what is taken from a pipe to look at is gone
        return False
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
