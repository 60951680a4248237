"""Trained models of every kind behind one interface: pixels in, logits out.

A `.tflite` file runs without PyTorch, so that a picture is read in less time than PyTorch takes to start.
"""

import importlib.util
import os
from pathlib import Path
from typing import TYPE_CHECKING

from tenfold.base.errors import TenfoldError
from tenfold.base.extras import needed_by
from tenfold.base.files import DATA, SHIPPED, check_size
from tenfold.models.base import BATCH, THRESHOLDS, Checked, LineModel, Model, Named, identify
from tenfold.models.files import FileModel
from tenfold.models.keras import KerasModel, import_keras
from tenfold.models.litert import LiteRTLineModel, LiteRTModel
from tenfold.models.onnx import ONNXModel
from tenfold.models.torch import TorchLineModel, TorchModel
from tenfold.models.trial import try_out

if TYPE_CHECKING:
    from torch import nn

__all__ = [
    "BATCH",
    "KINDS",
    "SHIPPED",
    "THRESHOLDS",
    "KerasModel",
    "LineModel",
    "LiteRTLineModel",
    "LiteRTModel",
    "Model",
    "ONNXModel",
    "TorchLineModel",
    "TorchModel",
    "identify",
    "import_keras",
    "is_shipped",
    "load",
    "load_for_lines",
    "shipped",
    "wrap",
]

KINDS: dict[str, type[FileModel]] = {  # the runtime for each format but tenfold's own
    ".tflite": LiteRTModel,
    ".onnx": ONNXModel,
    ".keras": KerasModel,
    ".h5": KerasModel,
}
PICKLES = (".pt", ".pth", ".ckpt", ".pkl", ".pickle")


def load(path: str | os.PathLike) -> Checked:
    """Read a trained model.

    A file in any format but tenfold's own is first tried out in another process, because it may crash. That process
    also finds out how a model from elsewhere expects its images, see `tenfold.models.conventions`.

    Args:
        path: a run folder, or a file: `.safetensors` from `tenfold.save`; `.tflite`, `.onnx`, `.keras`, or `.h5` from
            `tenfold export` or from elsewhere.

    Raises:
        TenfoldError: if there is no model, it is damaged, it does not give ten answers to an image of a digit, or the
            package that runs it is missing.
        OSError: if the file cannot be read.
    """
    path = Path(path)
    kind = KINDS.get(path.suffix)
    if kind is None or path.is_dir():
        if path.suffix in PICKLES and path.is_file():
            raise TenfoldError(
                f"{path}: a pickle, which can run any code when it is loaded; build its network in Python, load the "
                "weights with torch.load(..., weights_only=True), then call tenfold.evaluate(network, test)"
            )
        with needed_by(f"{path}:"):
            from tenfold.training import runs

        return TorchModel(runs.load_model(path), path)
    check_size(path, DATA)
    with path.open("rb"):  # let the system report a missing or unreadable file, not a converter
        pass
    if path.resolve().parent == SHIPPED.resolve():
        return kind(path)
    return kind(path, try_out(path))


def shipped() -> Path:
    """The path of the network that comes with tenfold and reads single digits."""
    return SHIPPED / ("reader-int8.tflite" if _has_litert() else "reader.safetensors")


def is_shipped(name: str) -> bool:
    """Whether a model of this name comes with tenfold."""
    return name in {f"tenfold {path.stem}" for path in SHIPPED.glob("reader*")}


def load_for_lines() -> Checked:
    """Read the network that comes with tenfold and reads text lines."""
    if _has_litert():
        return LiteRTLineModel(SHIPPED / "text-lines-int8.tflite")
    return TorchLineModel(SHIPPED / "text-lines.safetensors")


def wrap(model: "nn.Module | Model | str | os.PathLike") -> Checked:
    """Turn a PyTorch module, the path of a model, or any `Model` into one whose answers are checked.

    Raises:
        TenfoldError: if there is no model at the path, it is damaged, it does not give ten answers to an image of a
            digit, or the package that runs it is missing.
        OSError: if the file cannot be read.
    """
    if isinstance(model, str | os.PathLike):
        return load(model)
    if isinstance(model, Checked):
        return model
    if isinstance(model, Model):
        return Named(model)
    if not callable(getattr(model, "parameters", None)):  # PyTorch is not loaded to look for its modules
        raise TenfoldError(
            f"a model is a network, a path, or what tenfold.models.load() returns, not {type(model).__name__}"
        )
    return TorchModel(model)


def _has_litert() -> bool:
    return importlib.util.find_spec("ai_edge_litert") is not None
