"""How a model copes with worse images: the corruptions of MNIST-C, shifts, and rotations."""

import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from torch import nn

from tenfold.base.errors import TenfoldError
from tenfold.base.files import DATA, check_size
from tenfold.data import CLASSES, SIDE, Digits, shift
from tenfold.evaluation.corruptions import CORRUPTIONS, corrupt, turn, warp
from tenfold.evaluation.metrics import Evaluation, evaluate
from tenfold.models import Model

PIXELS = tuple(range(7))
DIRECTIONS = {"left": (0, -1), "right": (0, 1), "up": (-1, 0), "down": (1, 0)}  # (rows, columns)
DEGREES = tuple(np.arange(-45, 46, 7.5).tolist())


@dataclass(frozen=True)
class Accuracy:
    """The fraction of images read correctly, with its 95% Wilson interval."""

    accuracy: float
    interval: tuple[float, float]


@dataclass(frozen=True)
class Robustness:
    """A model's accuracies on worse images.

    Attributes:
        source: where the corrupted images come from.
        n: the number of images for each corruption.
        clean: the accuracy on uncorrupted images.
        corrupted: the accuracy on each of the 15 corruptions, in MNIST-C's order.
        shifts: the accuracies after shifts by `PIXELS`, for each direction.
        rotations: the accuracies after rotations by `DEGREES`, counterclockwise.
    """

    source: str
    n: int
    clean: Accuracy
    corrupted: dict[str, Accuracy]
    shifts: dict[str, list[float]]
    rotations: list[float]

    @property
    def mean(self) -> float:
        """The mean accuracy over the corruptions, with equal weights and without the clean images."""
        return sum(one.accuracy for one in self.corrupted.values()) / len(self.corrupted)

    def to_dict(self) -> dict[str, Any]:
        """The figures as plain values, ready for JSON; accuracies are fractions."""
        shifts = {"pixels": list(PIXELS), **self.shifts}
        rotations = {"degrees": list(DEGREES), "accuracy": self.rotations}
        return asdict(self) | {"mean": self.mean, "shifts": shifts, "rotations": rotations}


def robustness(
    model: nn.Module | Model, digits: Digits, seed: int = 0, folder: str | os.PathLike | None = None
) -> Robustness:
    """Let a model read corrupted, shifted, and rotated digits.

    Args:
        model: a PyTorch module that takes standardized images `(batch, 1, 28, 28)` and returns logits `(batch, 10)`, or
            a model from `tenfold.models.load`.
        digits: labeled images that the model has never seen.
        seed: starts the random streams of the corruptions.
        folder: the published MNIST-C, to be read instead of corrupting `digits`: a folder for each corruption and one
            named `identity`, each with `test_images.npy` and `test_labels.npy`. Shifts and rotations are applied to
            `digits` in any case.

    Raises:
        TenfoldError: if a file in the folder is missing or holds something else.
    """
    sets = _published(Path(folder)) if folder is not None else _generated(digits, seed)
    evaluations = {name: evaluate(model, corrupted) for name, corrupted in sets}
    clean = evaluations.pop("identity")

    def accuracy(images: np.ndarray) -> float:
        return evaluate(model, replace(digits, images=images)).accuracy

    return Robustness(
        source=str(folder) if folder is not None else f"{digits.source}, corrupted with seed {seed}",
        n=len(clean),
        clean=_accuracy(clean),
        corrupted={name: _accuracy(evaluation) for name, evaluation in evaluations.items()},
        shifts={
            direction: [accuracy(shift(digits.images, pixels * down, pixels * right)) for pixels in PIXELS]
            for direction, (down, right) in DIRECTIONS.items()
        },
        rotations=[accuracy(warp(digits.images, turn(np.radians(degrees)))) for degrees in DEGREES],
    )


def _accuracy(evaluation: Evaluation) -> Accuracy:
    return Accuracy(evaluation.accuracy, evaluation.interval)


def _generated(digits: Digits, seed: int) -> Iterator[tuple[str, Digits]]:
    yield "identity", digits
    for name in CORRUPTIONS:
        yield name, replace(digits, images=corrupt(digits.images, name, seed))


def _published(folder: Path) -> Iterator[tuple[str, Digits]]:
    paths = {name: folder / name for name in ("identity", *CORRUPTIONS)}
    for path in paths.values():  # report missing files before evaluating anything
        for file in (path / "test_images.npy", path / "test_labels.npy"):
            if not file.is_file():
                raise TenfoldError(
                    f"{file}: no such file; the folder must hold identity and the 15 corruptions of MNIST-C"
                )
    n = None  # every corruption must have as many images as the first, identity
    for name, path in paths.items():
        images = _read(path / "test_images.npy")
        if images.dtype != np.uint8 or images.shape[1:] != (SIDE, SIDE, 1) or n not in (None, len(images)):
            raise _unexpected(path / "test_images.npy", images, f"uint8 ({n or 'n'}, 28, 28, 1)")
        n = len(images)
        labels = _read(path / "test_labels.npy")
        if labels.dtype.kind not in "iu" or labels.shape != (n,):
            raise _unexpected(path / "test_labels.npy", labels, f"integers ({n},)")
        if not ((labels >= 0) & (labels < CLASSES)).all():
            raise TenfoldError(f"{path / 'test_labels.npy'}: holds labels that are not 0 to 9")
        yield name, Digits(images[..., 0], labels.astype(np.uint8), str(path))


def _read(path: Path) -> np.ndarray:
    check_size(path, DATA)
    try:
        return np.load(path, allow_pickle=False)
    except (ValueError, EOFError):
        raise TenfoldError(f"{path}: is not a NumPy array file, or a damaged one") from None


def _unexpected(path: Path, array: np.ndarray, expected: str) -> TenfoldError:
    return TenfoldError(f"{path}: must be {expected}, is {array.dtype} {array.shape}")
