"""What all models have in common: the protocols, names and thresholds, and answers that are checked."""

import hashlib
import importlib
import json
import os
from pathlib import Path
from types import ModuleType
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, UInt8

from tenfold.base.errors import TenfoldError
from tenfold.base.files import DATA, TEXT, read_bytes
from tenfold.base.processes import PerProcess
from tenfold.base.refusal import Thresholds

SHIPPED = Path(__file__).with_name("shipped")
THRESHOLDS = "thresholds.json"  # in that folder, of the networks that read digits; the page has it, too
BATCH = 256  # images at once in a LiteRT file, whose batch is fixed


@runtime_checkable
class Model(Protocol):
    """Anything that reads digits.

    Where a model has a `name`, readings name it so; where it has `thresholds`, answers below them are refused.
    """

    def logits(self, images: UInt8[np.ndarray, "n 28 28"]) -> Float[np.ndarray, "n 10"]:
        """The scores of the ten digits for each image: uint8 pixels in, float32 logits out."""


@runtime_checkable
class LineModel(Protocol):
    """Anything that reads rows of digits."""

    def logits(self, image: UInt8[np.ndarray, "40 columns"]) -> Float[np.ndarray, "answers 11"]:
        """The scores of the ten digits and of none in every second of 64 or 128 columns, 255 is ink."""


def identify(model: Model) -> tuple[str, Thresholds | None]:
    """The name of a model, and the thresholds that were calibrated for it, if there are any."""
    return getattr(model, "name", type(model).__name__), getattr(model, "thresholds", None)


class Checked(PerProcess):
    """What all models have in common: answers that are no numbers are an error, whoever asked.

    Attributes:
        name: the file or the class, for readings and for error messages.
        thresholds: below which scores its answers are refused; None if they were never calibrated.
    """

    name: str
    thresholds: Thresholds | None = None

    def logits(self, images: np.ndarray) -> np.ndarray:
        """See `Model` and `LineModel`.

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
    """Somebody's own `Model`."""

    def __init__(self, model: Model) -> None:
        self.name, self.thresholds = identify(model)
        self._logits = model.logits  # type: ignore[method-assign]


def require(module: str, path: str | os.PathLike, remedy: str = "pip install 'tenfold[export]'") -> ModuleType:
    """Import an optional package.

    Raises:
        TenfoldError: if it is missing; `path` says what needs it.
    """
    try:
        return importlib.import_module(module)
    except ImportError:
        raise TenfoldError(f"{path}: needs {module.split('.')[0]}; {remedy}") from None


def look_up(path: Path) -> tuple[str, Thresholds | None]:
    """The name of a model, and the thresholds beside its file: the shipped ones', or those of `tenfold export`.

    Raises:
        TenfoldError: if there are damaged ones.
    """
    if path.resolve().parent == SHIPPED.resolve():
        return f"tenfold {path.stem}", Thresholds.read(SHIPPED / THRESHOLDS)
    beside = Path(f"{path}.json")
    if not (path.is_file() and beside.is_file()):
        return str(path), None
    try:
        facts = json.loads(read_bytes(beside, TEXT))
        is_of_this_file = facts["sha256"] == hashlib.sha256(read_bytes(path, DATA)).hexdigest()
        found = facts["thresholds"] if is_of_this_file else None
    except (KeyError, TypeError, ValueError):  # somebody else's file
        return str(path), None
    try:
        return str(path), Thresholds(**found) if found is not None else None
    except (TypeError, TenfoldError) as error:
        raise TenfoldError(f"{beside}: damaged ({error})") from None


def batches(images: np.ndarray) -> list[np.ndarray]:
    """Images in batches of at most 256."""
    return [images[start : start + BATCH] for start in range(0, len(images), BATCH)]
