"""Trained models of every kind under one face: pixels in, logits out.

A `.tflite` file is read without PyTorch, so that a picture is read in less time than PyTorch takes to start.
"""

import hashlib
import importlib
import importlib.util
import json
import os
import sys
import threading
import warnings
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, UInt8

from tenfold.data import CLASSES, SIDE
from tenfold.errors import TenfoldError
from tenfold.processes import Once, PerProcess
from tenfold.refusal import Thresholds

if TYPE_CHECKING:
    from torch import nn

SHIPPED = Path(__file__).with_name("shipped")
THRESHOLDS = "thresholds.json"  # in that folder, of the networks that read digits; the page has it, too
BATCH = 256  # images at once in a LiteRT file, whose batch is fixed
ROW_SIDE, ROW_COLUMNS = 40, (64, 128)  # pixels, of an image of a row of digits, which may be short or long
ROW_STEP = 2  # of its columns for each answer


@runtime_checkable
class Model(Protocol):
    """Anything that reads digits.

    Where a model has a `name`, readings name it so; where it has `thresholds`, answers below them are refused.
    """

    def logits(self, images: UInt8[np.ndarray, "n 28 28"]) -> Float[np.ndarray, "n 10"]:
        """The scores of the ten digits for each image: uint8 pixels in, float32 logits out."""


@runtime_checkable
class RowModel(Protocol):
    """Anything that reads rows of digits."""

    def logits(self, image: UInt8[np.ndarray, "40 columns"]) -> Float[np.ndarray, "answers 11"]:
        """The scores of the ten digits and of none in every second of 64 or 128 columns, 255 is ink."""


def load(path: str | os.PathLike) -> Model:
    """Read a trained model.

    Args:
        path: a run folder, or a file: `.safetensors` from `tenfold.save`; `.tflite`, `.onnx`, `.keras` or `.h5` from
            `tenfold export`.

    Raises:
        TenfoldError: if there is none, it is damaged, it does not turn pixels into ten logits, or the package that
            runs it is missing.
        OSError: if the file cannot be read.
    """
    path = Path(path)
    kinds: dict[str, Callable[[Path], Model]]
    kinds = {".tflite": LiteRTModel, ".onnx": ONNXModel, ".keras": KerasModel, ".h5": KerasModel}
    if path.suffix not in kinds or path.is_dir():
        from tenfold import runs

        return TorchModel(runs.load_model(path), path)
    with path.open("rb"):  # what is missing or unreadable is told by the system, not by a converter
        return kinds[path.suffix](path)


def shipped() -> Path:
    """Where the network is that comes with tenfold."""
    return SHIPPED / ("reader-int8.tflite" if _has_litert() else "reader.safetensors")


def load_for_rows() -> RowModel:
    """Read the network for rows that comes with tenfold."""
    if _has_litert():
        return LiteRTRowModel(SHIPPED / "rows-int8.tflite")
    return TorchRowModel(SHIPPED / "rows.safetensors")


def wrap(model: "nn.Module | Model | str | os.PathLike") -> Model:
    """A PyTorch module, or what stands at a path, as a `Model`; what is one already stays as it is.

    Raises:
        TenfoldError, OSError: as `load`.
    """
    if isinstance(model, str | os.PathLike):
        return load(model)
    return model if isinstance(model, Model) else TorchModel(model)


def identify(model: Model) -> tuple[str, Thresholds | None]:
    """The name of a model, and the thresholds that were calibrated for it, if there are any."""
    return getattr(model, "name", type(model).__name__), getattr(model, "thresholds", None)


class TorchModel(PerProcess):
    """A PyTorch module, run in evaluation mode and float32.

    Args:
        network: the module.
        path: where it came from, if it was read from a file or a run folder.

    Attributes:
        network: the module.
        name: the path as it was given; without one, the name of the network or of its class.
        thresholds: below which scores its answers are refused; None if they were never calibrated.
    """

    def __init__(self, network: "nn.Module", path: Path | None = None) -> None:
        self.network = network
        self.name, self.thresholds = getattr(network, "name", type(network).__name__), None
        if path is not None:
            self.name, self.thresholds = _look_up(path)
        self.thresholds = getattr(network, "thresholds", None) or self.thresholds
        self._lock = threading.Lock()  # one thread would leave evaluation mode while another reads

    def logits(self, images: UInt8[np.ndarray, "n 28 28"]) -> Float[np.ndarray, "n classes"]:
        """See `Model`."""
        from tenfold import preprocess
        from tenfold.networks import predict_logits

        self.settle()
        with self._lock:
            return predict_logits(self.network, preprocess.to_tensor(images)).numpy()


class LiteRTModel(PerProcess):
    """A LiteRT (TFLite) file with the signatures `b1` for one image and `b256` for many, on one core."""

    def __init__(self, path: Path) -> None:
        self.name, self.thresholds = _look_up(path)
        interpreter = require("ai_edge_litert.interpreter", path, "pip install ai-edge-litert")
        try:
            with _start_litert():
                self._interpreter = interpreter.Interpreter(str(path), num_threads=1)
                self._interpreter.allocate_tensors()
                self._one, self._many = (self._interpreter.get_signature_runner(f"b{n}") for n in (1, BATCH))
        except (ValueError, RuntimeError) as error:
            raise _not_ours(path, "a LiteRT file of tenfold, with the signatures b1 and b256", error) from None
        _check_pixels(path, [tuple(one["shape"]) for one in self._one.get_input_details().values()])
        self._lock = threading.Lock()  # an interpreter computes in place

    def logits(self, images: UInt8[np.ndarray, "n 28 28"]) -> Float[np.ndarray, "n 10"]:
        """See `Model`."""
        self.settle()
        with self._lock:
            return self._logits(images)

    def _logits(self, images: UInt8[np.ndarray, "n 28 28"]) -> Float[np.ndarray, "n 10"]:
        found = np.empty((len(images), CLASSES), np.float32)
        full = len(images) - len(images) % BATCH
        for start in range(0, full, BATCH):
            found[start : start + BATCH] = self._many(images=images[start : start + BATCH])["logits"]
        for index in range(full, len(images)):  # hardly slower, and a batch takes as long for few as for many
            found[index] = self._one(images=images[index : index + 1])["logits"][0]
        return found


class LiteRTRowModel(PerProcess):
    """The network for rows as a LiteRT file, on one core."""

    def __init__(self, path: Path) -> None:
        interpreter = require("ai_edge_litert.interpreter", path, "pip install ai-edge-litert")
        with _start_litert():
            self._interpreter = interpreter.Interpreter(str(path), num_threads=1)
            self._interpreter.allocate_tensors()
            self._runners = {columns: self._interpreter.get_signature_runner(f"c{columns}") for columns in ROW_COLUMNS}
        self._lock = threading.Lock()  # an interpreter computes in place

    def logits(self, image: UInt8[np.ndarray, "40 columns"]) -> Float[np.ndarray, "answers 11"]:
        """See `RowModel`."""
        self.settle()
        with self._lock:
            return self._runners[image.shape[1]](images=image[None])["logits"][0]


class TorchRowModel(PerProcess):
    """The network for rows, run by PyTorch."""

    def __init__(self, path: Path) -> None:
        from tenfold.networks import row_cnn
        from tenfold.weights import read_tensors

        self._network = row_cnn()
        self._network.load_state_dict(read_tensors(path)[0])
        self._network.eval()

    def logits(self, image: UInt8[np.ndarray, "40 columns"]) -> Float[np.ndarray, "answers 11"]:
        """See `RowModel`."""
        import torch

        from tenfold import preprocess

        self.settle()
        pixels = preprocess.astype(torch.from_numpy(image)[None, None])  # (1, 1, 40, columns)
        with torch.inference_mode():
            return self._network(preprocess.standardize(preprocess.normalize(pixels)))[0].T.numpy()


class ONNXModel(PerProcess):
    """An ONNX file, run by ONNX Runtime on one core."""

    def __init__(self, path: Path) -> None:
        self.name, self.thresholds = _look_up(path)
        onnxruntime = require("onnxruntime", path)
        settings = onnxruntime.SessionOptions()
        settings.intra_op_num_threads = 1
        settings.log_severity_level = 4  # what is wrong is told by the exception
        try:
            self._session = onnxruntime.InferenceSession(path, settings, providers=["CPUExecutionProvider"])
        except Exception as error:  # ONNX Runtime's exceptions have no common base
            raise _not_ours(path, "an ONNX file that can be read", error) from None
        inputs, outputs = self._session.get_inputs(), self._session.get_outputs()
        _check_pixels(path, [tuple(one.shape) for one in inputs])
        if [one.name for one in (*inputs, *outputs)] != ["images", "logits"]:
            raise _not_ours(path, "an ONNX file of tenfold, which turns images into logits")

    def logits(self, images: UInt8[np.ndarray, "n 28 28"]) -> Float[np.ndarray, "n 10"]:
        """See `Model`."""
        self.settle()
        return np.concatenate([self._session.run(["logits"], {"images": some})[0] for some in _batches(images)])


class KerasModel(PerProcess):
    """A Keras file, `.keras` or `.h5`, run on whichever backend Keras is set to, by default PyTorch."""

    def __init__(self, path: Path) -> None:
        self.name, self.thresholds = _look_up(path)
        keras = import_keras(path)
        try:
            self._model = keras.saving.load_model(path, compile=False)
        except Exception as error:  # zipfile's, h5py's, json's and Keras' own
            raise _not_ours(path, "a file that holds a Keras model", error) from None
        if not isinstance(self._model.input_shape, tuple):
            raise _not_ours(path, "a Keras model with one input")
        _check_pixels(path, [self._model.input_shape])
        if self._model.output_shape != (None, CLASSES):
            raise _not_ours(path, "a Keras model with ten logits")

    def logits(self, images: UInt8[np.ndarray, "n 28 28"]) -> Float[np.ndarray, "n 10"]:
        """See `Model`."""
        from keras import ops

        self.settle()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # between NumPy and a backend
            found = [ops.convert_to_numpy(self._model(some, training=False)) for some in _batches(images)]
        return np.concatenate(found)


def require(module: str, path: str | os.PathLike, remedy: str = "pip install 'tenfold[export]'") -> ModuleType:
    """Import an optional package.

    Raises:
        TenfoldError: if it is missing; `path` says what needs it.
    """
    try:
        return importlib.import_module(module)
    except ImportError:
        raise TenfoldError(f"{path}: needs {module.split('.')[0]}; {remedy}") from None


def import_keras(path: str | os.PathLike) -> Any:
    """Import Keras, on PyTorch unless it is set to another backend."""
    if "keras" not in sys.modules:
        os.environ.setdefault("KERAS_BACKEND", "torch")
    require("h5py", path)
    return require("keras", path)


_start_litert = Once()  # the first interpreter of a process says that it computes with XNNPACK


def _look_up(path: Path) -> tuple[str, Thresholds | None]:
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
        facts = json.loads(beside.read_text("utf-8"))
        is_of_this_file = facts["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
        found = facts["thresholds"] if is_of_this_file else None
    except (KeyError, TypeError, ValueError):  # somebody else's file
        return str(path), None
    try:
        return str(path), Thresholds(**found) if found is not None else None
    except (TypeError, TenfoldError) as error:
        raise TenfoldError(f"{beside}: damaged ({error})") from None


def _has_litert() -> bool:
    return importlib.util.find_spec("ai_edge_litert") is not None


def _batches(images: np.ndarray) -> list[np.ndarray]:
    return [images[start : start + BATCH] for start in range(0, len(images), BATCH)]


def _check_pixels(path: Path, shapes: list[tuple[Any, ...]]) -> None:
    if len(shapes) != 1 or shapes[0][1:] != (SIDE, SIDE):
        raise _not_ours(path, f"a model of images (n, {SIDE}, {SIDE}), its input is {', '.join(map(str, shapes))}")


def _not_ours(path: Path, expected: str, error: Exception | None = None) -> TenfoldError:
    reason = f" ({str(error).strip().splitlines()[0][:100]})" if error and str(error).strip() else ""
    return TenfoldError(f"{path}: truncated, or not {expected}{reason}; write one with: tenfold export")
