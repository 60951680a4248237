"""From a picture to what is written in it: `Reader`, and `predict` as a single call."""

import math
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float, UInt8

from tenfold import imaging, models
from tenfold.base.errors import NoDigitsError, TenfoldError
from tenfold.base.form import DIGITS
from tenfold.base.refusal import Thresholds, score
from tenfold.imaging import Page, Picture
from tenfold.models import Model
from tenfold.reader.arcs import DETOUR, digit_arc, page_arcs
from tenfold.reader.digits import Digit, classify, log_probabilities
from tenfold.reader.form import Form, cell_arcs
from tenfold.reader.known import NOTHING_KNOWN, Known
from tenfold.reader.lattice import belief
from tenfold.reader.numbers import Calibration, Number, around, to_number
from tenfold.reader.reading import Reading, to_reading
from tenfold.reader.search import Arcs
from tenfold.reader.segment import USUAL, certainty, looks_turned, read_lines

if TYPE_CHECKING:
    from torch import nn

    from tenfold.data import Digits

IDX_MAGIC = (b"\x00\x00", b"\x1f\x8b")  # IDX, and IDX compressed with gzip
NOTHING_REFUSED = Thresholds(0.0, 0.0)
NO_SHAPE = "nothing in it has the shape of a digit"
NO_FIT = "nothing in it fits what is known about the number"
CALIBRATION = Path(__file__).with_name("numbers.json")  # for the networks that come with tenfold


class Reader:
    """Reads pictures with a model that stays loaded; threads may share it.

    Args:
        model: a PyTorch module, what `tenfold.models.load` returns, or a path to load it from; by default the model
            that comes with tenfold.
        thresholds: the lowest scores accepted as digits; by default the model's own. A model without thresholds
            refuses nothing.
        adapted: digits of the hand to adapt to, at most 1,000, or the path of a file with them, from `tenfold adapt` or
            from the page; by default, the model reads as it was trained.

    Attributes:
        model: the model that classifies single digits.
        name: the model's name: its path as given, "tenfold reader-int8" for the one that comes with tenfold, or the
            class of the module; followed by ", adapted" if it was.
        thresholds: the scores below which answers are refused; None if nothing is refused.
        line_model: the model that reads whole lines where the first is in doubt. It comes with tenfold and helps only
            tenfold's own model; None with any other, which reads alone.
        calibration: what makes the probabilities of numbers mean what they say; of the networks that come with tenfold.

    Raises:
        TenfoldError: if there is no model at the path, there are too many digits to adapt to, or their file is damaged.

    Example:
        >>> import tenfold
        >>> from tenfold.reader import Reader
        >>> train, test = tenfold.load()
        >>> reader = Reader()
        >>> [reading.label for reading in reader.read_images(test.images[:4])]
        [7, 2, 1, 0]
    """

    def __init__(
        self,
        model: "nn.Module | Model | str | os.PathLike | None" = None,
        thresholds: Thresholds | None = None,
        adapted: "Digits | str | os.PathLike | None" = None,
    ) -> None:
        self.model = models.wrap(models.shipped() if model is None else model)
        self.name, calibrated = models.identify(self.model)
        self.thresholds = thresholds or calibrated
        is_shipped = models.is_shipped(self.name)
        self.line_model = models.load_for_lines() if is_shipped else None
        self.calibration = Calibration.read(CALIBRATION) if is_shipped else Calibration()
        if adapted is not None:
            from tenfold.data import Digits, read_hand  # here, because few readers need them, and loading takes a while
            from tenfold.reader.adaptation import Adapted

            self.model = Adapted(self.model, adapted if isinstance(adapted, Digits) else read_hand(adapted))
            self.name = self.model.name

    def read(self, picture: Picture, single: bool = False) -> list[Reading]:
        """Read the digits in a picture, line by line.

        Args:
            picture: a path, an open file or its bytes, a Pillow image, an array, or a tensor: anything that
                `tenfold.imaging.load.load_picture` accepts.
            single: whether the picture is known to show one digit; if so, there is exactly one reading.

        Returns:
            One reading for every digit, at least one.

        Raises:
            NoDigitsError: if there is no digit in the picture; the error says why.
            TenfoldError: if it is not a picture, is damaged, too large, or too dense to be writing.
            OSError: if the file cannot be read.
        """
        page, lines = self.find(imaging.open_page(picture), single)
        readings = self.to_readings(page, lines, single)
        if not readings:
            raise NoDigitsError(NO_SHAPE, os.fspath(picture) if isinstance(picture, str | os.PathLike) else "")
        return readings

    def find(self, page: Page, single: bool = False) -> tuple[Page, list[list[Digit]]]:
        """Find the digits on a page and classify them.

        If few of them look like digits, the page may have been photographed from the side or upside down: it is read
        in all four directions, and the best is kept.

        Args:
            page: the page.
            single: whether the picture is known to show one digit.

        Returns:
            The page, perhaps turned; and its digits, those of each line from left to right, lines from top to bottom.

        Raises:
            TenfoldError: if the page is too dense to be writing.
        """
        if single or page.is_image:
            return page, [classify(page, [page.digit()], self.model)]
        try:
            found = [(page, read_lines(page, self.model, self.line_model))]
            if looks_turned(page, found[0][1]):
                found += [(one, read_lines(one, self.model, self.line_model)) for one in map(page.turn, (1, 2, 3))]
        except TenfoldError as error:
            raise TenfoldError(f"{page.name}{error}") from None
        return max(found, key=lambda one: certainty(one[1]) - (USUAL if one[0].turned else 0))

    def to_readings(self, page: Page, lines: Sequence[Sequence[Digit]], single: bool = False) -> list[Reading]:
        """Turn the digits that `find` returns into readings, refusing those that score below the thresholds.

        Args:
            page: the page.
            lines: the digits of each line.
            single: whether the picture is known to show one digit.
        """
        least = self.thresholds or NOTHING_REFUSED
        readings = []
        for number, line in enumerate(lines):
            is_expected = single or any(digit.score >= least.alone for digit in line)
            enough = least.expected if is_expected else least.alone
            readings += [
                self._reading(digit.answer, digit.score >= enough, page.box(digit.component), number) for digit in line
            ]
        return readings

    def read_numbers(
        self, picture: Picture, known: Known = NOTHING_KNOWN, single: bool = False, form: Form | None = None
    ) -> list[Number]:
        """Read the numbers in a picture, one in each text line, with their signs.

        Args:
            picture: anything that `read` accepts.
            known: what is known about every number beforehand.
            single: whether the picture is known to show one digit.
            form: where on the picture each number is, and what is known about it; instead of `known` and `single`.

        Returns:
            The numbers, at least one, from top to bottom; with a form, one for each field.

        Raises:
            NoDigitsError: if there is no number in the picture; the error says why.
            TenfoldError: if `read` would raise it, or the picture does not have the shape of the form.
            OSError: if the file cannot be read.
        """
        if form:
            return self.fill(imaging.open_page(picture, form.part()), form)
        page = imaging.open_page(picture)
        page, _ = self.find(page, single)
        numbers = self.find_numbers(page, known, single)
        if not numbers:
            raise NoDigitsError(NO_FIT if known else NO_SHAPE, page.name.removesuffix(": "))
        return numbers

    def find_numbers(self, page: Page, known: Known = NOTHING_KNOWN, single: bool = False) -> list[Number]:
        """Find the numbers on a page, one in each text line.

        Args:
            page: the page, turned upright, as `find` returns it.
            known: what is known about every number beforehand.
            single: whether the page is known to show one digit.

        Raises:
            TenfoldError: if the page is too dense to be writing, or the model reads other classes than digits.
        """
        if self.model.classes != DIGITS:
            raise TenfoldError(f"{self.name}: reads other classes than digits, so it reads no numbers")
        if single or page.is_image:
            [digit] = classify(page, [page.digit()], self.model)
            lines = [Arcs([digit_arc(0, 1, digit, -belief(digit))])]
        else:
            lines = page_arcs(page, self.model, self.line_model, math.inf if known else DETOUR)
        found = (self._to_number(page, arcs, known, single, line) for line, arcs in enumerate(lines))
        return [number for number in found if number]

    def fill(self, page: Page, form: Form) -> list[Number]:
        """Read the fields of a form; those that are empty have an empty text.

        Args:
            page: the page, as `tenfold.imaging.open_page` returns it for `form.part()`.
            form: the form.

        Raises:
            TenfoldError: if the page does not have the shape of the form, or is too dense to be writing.
        """
        numbers = []
        for line, field in enumerate(form.fields):
            cells = form.cells(page, field)
            margin, temperature = math.inf if field.known else DETOUR, self.calibration.temperature
            arcs = cell_arcs(page, cells, self.model, self.line_model, margin, temperature)
            empty = Number("", None, 0.0 if arcs else 1.0, around(cells), [])  # ink that is no such number: 0
            number = self._to_number(page, arcs, field.known, True, line) if arcs else empty
            numbers.append(replace(number or empty, field=field.name))
        return numbers

    def _to_number(self, page: Page, arcs: Arcs, known: Known, single: bool, line: int) -> Number | None:
        """The best number in a line; None if there is none."""
        least = (self.thresholds if not known else None) or NOTHING_REFUSED
        least = Thresholds(least.expected, least.expected) if single else least
        return to_number(page, arcs, known, self.calibration.temperature, least, self.name, line)

    def read_images(self, images: np.ndarray) -> list[Reading]:
        """Read many images like MNIST's at once.

        Args:
            images: uint8 (n, 28, 28), white ink (255) on black (0), one digit in the middle of each.

        Returns:
            One reading for every image.

        Raises:
            TenfoldError: if the images have another shape or type.
        """
        images = np.asarray(images)
        if images.dtype != np.uint8 or images.shape[1:] != (28, 28):
            raise TenfoldError(
                f"images must be uint8 (n, 28, 28), white ink (255) on black (0), not {images.dtype} {images.shape}"
            )
        least = (self.thresholds or NOTHING_REFUSED).alone
        answers = log_probabilities(images, self.model)
        return [self._reading(answer, score(answer) >= least, (0, 0, 28, 28)) for answer in answers]

    def _reading(
        self, answer: Float[np.ndarray, " classes"], is_digit: bool, box: tuple[int, int, int, int], line: int = 0
    ) -> Reading:
        return to_reading(answer, is_digit, box, self.name, line, self.model.classes)


def predict(
    picture: Picture, model: "nn.Module | Model | str | os.PathLike | None" = None, single: bool = False
) -> list[Reading]:
    """Read the digits in a picture, or the images in an IDX file.

    Args:
        picture: a path, an open file or its bytes, a Pillow image, an array, or a tensor; or the path of an IDX file of
            images, uint8 (n, 28, 28).
        model: a PyTorch module, what `tenfold.models.load` returns, or a path to load it from; by default the model
            that comes with tenfold.
        single: whether the picture is known to show one digit.

    Returns:
        One reading for every digit, in reading order, or one for every image in the IDX file.

    Raises:
        NoDigitsError: if there is no digit in the picture; the error says why.
        TenfoldError: if there is no model at the path, or the file is neither a picture nor an IDX file, is damaged,
            too large, or too dense to be writing.
        OSError: if the file cannot be read.

    Example:
        >>> import numpy as np, tenfold
        >>> train, test = tenfold.load()
        >>> picture = np.hstack([255 - image for image in test.images[:3]])  # dark ink on light paper
        >>> [reading.label for reading in tenfold.predict(picture)]
        [7, 2, 1]
    """
    reader = Reader(model)
    if isinstance(picture, str | os.PathLike) and is_idx(picture):
        return reader.read_images(read_idx_images(picture))
    return reader.read(picture, single)


def read_numbers(
    picture: Picture,
    known: Known = NOTHING_KNOWN,
    model: "nn.Module | Model | str | os.PathLike | None" = None,
    form: Form | None = None,
) -> list[Number]:
    """Read the numbers in a picture, one in each text line, with their signs.

    Args:
        picture: a path, an open file or its bytes, a Pillow image, an array, or a tensor.
        known: what is known about every number beforehand.
        model: as for `predict`; any model but the one that comes with tenfold reads digits alone, no signs.
        form: where on the picture each number is, and what is known about it; instead of `known`.

    Returns:
        The numbers, at least one, from top to bottom; with a form, one for each field.

    Raises:
        NoDigitsError: if there is no number in the picture; the error says why.
        TenfoldError: if `predict` would raise it, or the picture does not have the shape of the form.
        OSError: if the file cannot be read.

    Example:
        >>> import numpy as np, tenfold
        >>> from tenfold.reader import Known
        >>> train, test = tenfold.load()
        >>> picture = np.hstack([255 - image for image in test.images[:3]])  # dark ink on light paper
        >>> [number] = tenfold.read_numbers(picture, Known(length=3))
        >>> number.text, number.value
        ('721', 721.0)
    """
    return Reader(model).read_numbers(picture, known, form=form)


def is_idx(path: str | os.PathLike) -> bool:
    """Whether a file begins like an IDX file, or like one compressed with gzip."""
    if not Path(path).is_file():  # bytes read from a pipe cannot be read again
        return False
    with Path(path).open("rb") as file:
        return file.read(2) in IDX_MAGIC


def read_idx_images(path: str | os.PathLike) -> UInt8[np.ndarray, "n 28 28"]:
    """Read an IDX file of images.

    Raises:
        TenfoldError: if it is damaged, or holds anything but images.
    """
    from tenfold.data import read_idx  # here, because few readers need it, and it takes a while to load

    images = read_idx(path)
    if images.dtype != np.uint8 or images.ndim != 3 or images.shape[1:] != (28, 28):
        raise TenfoldError(f"{path}: holds {images.dtype} {images.shape}; images must be uint8 (n, 28, 28)")
    if not len(images):
        raise TenfoldError(f"{path}: holds no images")
    return images
