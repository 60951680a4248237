"""Models run by Keras, on any of its backends."""

import os
import sys
import warnings
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, UInt8

from tenfold.base.errors import TenfoldError
from tenfold.base.extras import needed_by
from tenfold.models.base import batches
from tenfold.models.conventions import FileNetwork
from tenfold.models.files import FileModel, describe, only, unreadable


class KerasModel(FileModel):
    """A Keras file, `.keras` or `.h5`, run on the backend that Keras is set to, by default PyTorch."""

    def _open(self, path: Path) -> FileNetwork | None:
        keras = import_keras(path)
        if path.suffix == ".keras" and not zipfile.is_zipfile(path):
            with path.open("rb") as file:
                begins = file.read(2) == b"PK"
            raise TenfoldError(f"{path}: {'truncated' if begins else 'not a Keras file'}; get the file again")
        try:
            self._model = keras.saving.load_model(path, compile=False)
            inputs, outputs = self._model.inputs, self._model.outputs
        except Exception as error:  # zipfile's, h5py's, json's and Keras' own
            raise unreadable(path, "a Keras file", error) from None
        entry = only(path, "inputs", inputs)
        only(path, "outputs", outputs)
        if (self._model.name, entry.name, entry.dtype) == ("tenfold", "images", "uint8"):
            return None
        dtype = "float32" if entry.dtype == "bfloat16" else entry.dtype  # which Keras casts itself
        return describe(path, entry.shape, dtype, self._answer)

    def _read(self, images: UInt8[np.ndarray, "n 28 28"]) -> Float[np.ndarray, "n classes"]:
        return np.concatenate([self._answer(some) for some in batches(images)])

    def _answer(self, values: np.ndarray) -> np.ndarray:
        from keras import ops

        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # between NumPy and a backend
            return ops.convert_to_numpy(ops.cast(self._model(values, training=False), "float32"))


def import_keras(path: str | os.PathLike) -> Any:
    """Import Keras, on PyTorch unless it is set to another backend."""
    if "keras" not in sys.modules:
        os.environ.setdefault("KERAS_BACKEND", "torch")
    with needed_by(f"{path}:"):
        import h5py  # noqa: F401  # Keras would say so only once it reads
        import keras
    return keras
