"""Models in files, run by other runtimes than PyTorch."""

import threading
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, UInt8

from tenfold.base.errors import TenfoldError
from tenfold.models import conventions
from tenfold.models.base import Checked, look_up
from tenfold.models.conventions import Convention, FileNetwork


class FileModel(Checked):
    """A model in a file from `tenfold export` or from elsewhere, run by its own runtime.

    Args:
        path: the file.
        convention: how the model expects its images, if known; by default it is found out. A file from tenfold needs
            none.

    Raises:
        TenfoldError: if the file is damaged, it does not give ten answers to an image of a digit, or the package that
            runs it is missing.
    """

    def __init__(self, path: Path, convention: Convention | None = None) -> None:
        self.name, self.thresholds, self.classes = look_up(path)
        self._lock = threading.Lock()  # a LiteRT interpreter computes in place
        self._known = convention
        self._foreign = self._open(path)

    @cached_property
    def convention(self) -> Convention | None:
        """How the model expects its images; None for tenfold's files: uint8 `(n, 28, 28)` in, logits out."""
        return self._known or (conventions.find(self._foreign, self.name) if self._foreign else None)

    def _logits(self, images: UInt8[np.ndarray, "n 28 28"]) -> Float[np.ndarray, "n classes"]:
        with self._lock:
            if self._foreign and self.convention:
                return conventions.read(self._foreign, self.convention, images, self.name)
            return self._read(images)

    def _open(self, path: Path) -> FileNetwork | None:
        """Open the file; returns the network in it if tenfold did not write it."""
        raise NotImplementedError

    def _read(self, images: UInt8[np.ndarray, "n 28 28"]) -> Float[np.ndarray, "n classes"]:
        """The logits from a file that tenfold wrote."""
        raise NotImplementedError


def only(path: Path, what: str, ends: Sequence[Any]) -> Any:
    """The one input or output of a network."""
    if len(ends) != 1:
        raise TenfoldError(f"{path}: a network with {len(ends)} {what}; it must have one")
    return ends[0]


def describe(
    path: Path,
    shape: Sequence[Any],
    dtype: Any,
    run: Callable[[np.ndarray], Any],
    quantization: tuple[float, int] | None = None,
) -> FileNetwork:
    """A network as its file describes it; any size that is not a positive number means any number."""
    sizes = tuple(size if isinstance(size, int) and size > 0 else None for size in shape)
    try:
        kind = np.dtype(dtype)
    except TypeError:
        kind = np.dtype(object)
    if kind.kind not in "fiu":
        raise TenfoldError(f"{path}: takes {dtype}, not numbers that could be pixels")
    return FileNetwork(sizes, kind, run, quantization)


def unreadable(path: Path, kind: str, error: Exception) -> TenfoldError:
    """The error for a file that is not of its kind, such as "an ONNX file", with the message of the runtime."""
    reason = " ".join(str(error).split()).rpartition(f"{path} failed:")[2].strip()[:150] or type(error).__name__
    return TenfoldError(f"{path}: not {kind}, or a damaged one ({reason}); write one with: tenfold export")
