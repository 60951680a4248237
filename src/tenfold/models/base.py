"""What all models share: the protocols, names and thresholds, and checked answers."""

import hashlib
import json
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, UInt8

from tenfold.base.errors import TenfoldError
from tenfold.base.files import DATA, SHIPPED, TEXT, read_bytes
from tenfold.base.form import DIGITS
from tenfold.base.processes import PerProcess
from tenfold.base.refusal import Thresholds

THRESHOLDS = "thresholds.json"  # in that folder, for the networks that read digits; the page reads it, too
BATCH = 256  # images at once in a LiteRT file, whose batch is fixed


@runtime_checkable
class Model(Protocol):
    """Anything that reads single digits.

    If a model has a `name`, readings carry it; if it has `thresholds`, answers below them are refused; if it has
    `classes`, these are the names of what it reads instead of digits.
    """

    def logits(self, images: UInt8[np.ndarray, "n 28 28"]) -> Float[np.ndarray, "n classes"]:
        """Turn uint8 images, 255 is ink, into float32 logits of the ten digits, or of its classes."""


@runtime_checkable
class LineModel(Protocol):
    """Anything that reads text lines."""

    def logits(self, image: UInt8[np.ndarray, "40 columns"]) -> Float[np.ndarray, "answers 21"]:
        """Turn a uint8 image of 64 or 128 columns, 255 is ink, into float32 logits, one answer for every second column.

        An answer has logits for the ten digits, the signs of `LINE_SIGNS`, and none of them.
        """


def identify(model: Model) -> tuple[str, Thresholds | None]:
    """A model's name, and the thresholds calibrated for it, if any."""
    return getattr(model, "name", type(model).__name__), getattr(model, "thresholds", None)


class Checked(PerProcess):
    """The base of all models: it raises an error for answers that are not finite numbers.

    Attributes:
        name: the file or the class, for readings and error messages.
        thresholds: the scores an answer must reach to count as a digit; None if they were never calibrated.
        classes: the names of the classes, in the order of the logits.
    """

    name: str
    thresholds: Thresholds | None = None
    classes: tuple[str, ...] = DIGITS

    def logits(self, images: np.ndarray) -> np.ndarray:
        """Turn images into logits, in the shapes of `Model` or `LineModel`.

        Raises:
            TenfoldError: if a logit is infinite or not a number.
        """
        self.settle()
        found = self._logits(images)
        if not np.isfinite(found).all():
            raise TenfoldError(
                f"{self.name}: its answers are infinite or not a number, so its weights are damaged; "
                "copy the file again, or train again"
            )
        return found

    def _logits(self, images: np.ndarray) -> np.ndarray:
        raise NotImplementedError


class Named(Checked):
    """A `Model` that the caller has written."""

    def __init__(self, model: Model) -> None:
        self.name, self.thresholds = identify(model)
        self.classes = getattr(model, "classes", DIGITS)
        self._logits = model.logits  # type: ignore[method-assign]


def look_up(path: Path) -> tuple[str, Thresholds | None, tuple[str, ...]]:
    """A model's name, and the thresholds and classes stored beside its file, by tenfold itself or by `tenfold export`.

    Raises:
        TenfoldError: if the file of the thresholds is damaged.
    """
    if path.resolve().parent == SHIPPED.resolve():
        return f"tenfold {path.stem}", Thresholds.read(SHIPPED / THRESHOLDS), DIGITS
    beside = Path(f"{path}.json")
    if not (path.is_file() and beside.is_file()):
        return str(path), None, DIGITS
    try:
        facts = json.loads(read_bytes(beside, TEXT))
        is_of_this_file = facts["sha256"] == hashlib.sha256(read_bytes(path, DATA)).hexdigest()
        found = facts["thresholds"] if is_of_this_file else None
        classes = tuple(map(str, facts["classes"])) if is_of_this_file else DIGITS
    except (KeyError, TypeError, ValueError):  # somebody else's file
        return str(path), None, DIGITS
    try:
        return str(path), Thresholds(**found) if found is not None else None, classes
    except (TypeError, TenfoldError) as error:
        raise TenfoldError(f"{beside}: damaged ({error})") from None


def batches(images: np.ndarray) -> list[np.ndarray]:
    """Images in batches of at most 256."""
    return [images[start : start + BATCH] for start in range(0, len(images), BATCH)]
