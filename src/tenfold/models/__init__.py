"""Trained models of every kind under one face: pixels in, logits out.

A `.tflite` file is read without PyTorch, so that a picture is read in less time than PyTorch takes to start.
"""

import contextlib
import hashlib
import importlib
import importlib.util
import json
import os
import signal
import subprocess
import sys
import threading
import time
import warnings
import zipfile
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, UInt8

from tenfold.base.errors import TenfoldError
from tenfold.base.files import DATA, TEXT, check_size, read_bytes
from tenfold.base.form import CLASSES, LINE_COLUMNS, SIDE
from tenfold.base.processes import Once, PerProcess
from tenfold.networks.refusal import Thresholds

if TYPE_CHECKING:
    from torch import nn

    from tenfold.models.conventions import Convention, Network

SHIPPED = Path(__file__).with_name("shipped")
THRESHOLDS = "thresholds.json"  # in that folder, of the networks that read digits; the page has it, too
BATCH = 256  # images at once in a LiteRT file, whose batch is fixed
# What a file may take that is tried out: seconds of the processor to open it, to read with it, and bytes of memory.
OPENING, READING, MEMORY = 10, 60, 1 << 30
PATIENCE = 600  # seconds by the clock, where the system has no such limits


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


def load(path: str | os.PathLike) -> "Checked":
    """Read a trained model.

    A file of another format than tenfold's own is first read in another process, which it may crash; there it is also
    found out how a model that tenfold did not write wants its images, see `tenfold.models.conventions`.

    Args:
        path: a run folder, or a file: `.safetensors` from `tenfold.save`; `.tflite`, `.onnx`, `.keras` or `.h5` from
            `tenfold export` or from elsewhere.

    Raises:
        TenfoldError: if there is none, it is damaged, it does not turn images of digits into ten answers, or the
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
        from tenfold.training import runs

        return TorchModel(runs.load_model(path), path)
    check_size(path, DATA)
    with path.open("rb"):  # what is missing or unreadable is told by the system, not by a converter
        pass
    if path.resolve().parent == SHIPPED.resolve():
        return kind(path)
    return kind(path, _try(path))


def shipped() -> Path:
    """Where the network is that comes with tenfold."""
    return SHIPPED / ("reader-int8.tflite" if _has_litert() else "reader.safetensors")


def load_for_lines() -> "Checked":
    """Read the network for rows that comes with tenfold."""
    if _has_litert():
        return LiteRTLineModel(SHIPPED / "rows-int8.tflite")
    return TorchLineModel(SHIPPED / "rows.safetensors")


def wrap(model: "nn.Module | Model | str | os.PathLike") -> "Checked":
    """A PyTorch module, or what stands at a path, as a `Model`; what is one already stays as it is.

    Raises:
        TenfoldError, OSError: as `load`.
    """
    if isinstance(model, str | os.PathLike):
        return load(model)
    if isinstance(model, Checked):
        return model
    return Named(model) if isinstance(model, Model) else TorchModel(model)


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


class TorchModel(Checked):
    """A PyTorch module, run in evaluation mode and float32.

    Args:
        network: the module.
        path: where it came from, if it was read from a file or a run folder.

    Attributes:
        network: the module.
        name: the path as it was given; without one, the name of the network or of its class.
    """

    def __init__(self, network: "nn.Module", path: Path | None = None) -> None:
        self.network = network
        self.name = getattr(network, "name", type(network).__name__)
        if path is not None:
            self.name, self.thresholds = _look_up(path)
        self.thresholds = getattr(network, "thresholds", None) or self.thresholds
        self._lock = threading.Lock()  # one thread would leave evaluation mode while another reads

    def _logits(self, images: UInt8[np.ndarray, "n 28 28"]) -> Float[np.ndarray, "n classes"]:
        from tenfold.data import preprocess
        from tenfold.networks import predict_logits

        with self._lock:
            return predict_logits(self.network, preprocess.to_tensor(images)).numpy()


class FileModel(Checked):
    """A model that another runtime runs, from a file of `tenfold export` or from elsewhere.

    Args:
        path: the file.
        convention: how it is fed, where that is known; by default it is found out. A file of tenfold needs none.

    Raises:
        TenfoldError: if the file is damaged, it does not turn images of digits into ten answers, or the package that
            runs it is missing.
    """

    def __init__(self, path: Path, convention: "Convention | None" = None) -> None:
        self.name, self.thresholds = _look_up(path)
        self._lock = threading.Lock()  # a LiteRT interpreter computes in place
        self._known = convention
        self._foreign = self._open(path)

    @cached_property
    def convention(self) -> "Convention | None":
        """How the model is fed; None for a file of tenfold, which takes pixels `uint8 (n, 28, 28)` and gives logits."""
        from tenfold.models import conventions

        return self._known or (conventions.find(self._foreign, self.name) if self._foreign else None)

    def _logits(self, images: UInt8[np.ndarray, "n 28 28"]) -> Float[np.ndarray, "n 10"]:
        with self._lock:
            if self._foreign and self.convention:
                from tenfold.models import conventions

                return conventions.read(self._foreign, self.convention, images, self.name)
            return self._read(images)

    def _open(self, path: Path) -> "Network | None":
        """Open the file; returns the network in it if it is none of tenfold's."""
        raise NotImplementedError

    def _read(self, images: UInt8[np.ndarray, "n 28 28"]) -> Float[np.ndarray, "n 10"]:
        """What a file of tenfold answers."""
        raise NotImplementedError


class LiteRTModel(FileModel):
    """A LiteRT (TFLite) file, on one core; tenfold's have the signatures `b1` for one image and `b256` for many."""

    def _open(self, path: Path) -> "Network | None":
        interpreter = require("ai_edge_litert.interpreter", path, "pip install ai-edge-litert")
        try:
            with _start_litert():
                self._interpreter = interpreter.Interpreter(str(path), num_threads=1)
                self._interpreter.allocate_tensors()
                if {"b1", f"b{BATCH}"} <= set(self._interpreter.get_signature_list()):
                    self._one, self._many = (self._interpreter.get_signature_runner(f"b{n}") for n in (1, BATCH))
                    return None
        except (ValueError, RuntimeError) as error:
            raise _unreadable(path, "LiteRT", error) from None
        given, answered = self._interpreter.get_input_details(), self._interpreter.get_output_details()
        entry = _only(path, "inputs", given)
        tens = [one for one in answered if one["shape"][-1:].tolist() == [CLASSES]]
        answer = _only(path, "outputs", tens or answered)

        def run(values: np.ndarray) -> np.ndarray:
            self._interpreter.set_tensor(entry["index"], values)
            self._interpreter.invoke()
            found = self._interpreter.get_tensor(answer["index"])
            step, zero = answer["quantization"]
            return step * (found.astype(np.float32) - zero) if step else found

        step, zero = entry["quantization"]
        return _network(path, entry["shape"].tolist(), entry["dtype"], run, (step, zero) if step else None)

    def _read(self, images: UInt8[np.ndarray, "n 28 28"]) -> Float[np.ndarray, "n 10"]:
        found = np.empty((len(images), CLASSES), np.float32)
        full = len(images) - len(images) % BATCH
        for start in range(0, full, BATCH):
            found[start : start + BATCH] = self._many(images=images[start : start + BATCH])["logits"]
        for index in range(full, len(images)):  # hardly slower, and a batch takes as long for few as for many
            found[index] = self._one(images=images[index : index + 1])["logits"][0]
        return found


class LiteRTLineModel(Checked):
    """The network for rows as a LiteRT file, on one core."""

    def __init__(self, path: Path) -> None:
        self.name = str(path)
        interpreter = require("ai_edge_litert.interpreter", path, "pip install ai-edge-litert")
        with _start_litert():
            self._interpreter = interpreter.Interpreter(str(path), num_threads=1)
            self._interpreter.allocate_tensors()
            self._runners = {columns: self._interpreter.get_signature_runner(f"c{columns}") for columns in LINE_COLUMNS}
        self._lock = threading.Lock()  # an interpreter computes in place

    def _logits(self, images: UInt8[np.ndarray, "40 columns"]) -> Float[np.ndarray, "answers 11"]:
        with self._lock:
            return self._runners[images.shape[1]](images=images[None])["logits"][0]


class TorchLineModel(Checked):
    """The network for rows, run by PyTorch."""

    def __init__(self, path: Path) -> None:
        self.name = str(path)
        from tenfold.networks import build
        from tenfold.networks.storage import read_tensors

        self._network = build("text_line_cnn")
        self._network.load_state_dict(read_tensors(path)[0])
        self._network.eval()

    def _logits(self, images: UInt8[np.ndarray, "40 columns"]) -> Float[np.ndarray, "answers 11"]:
        import torch

        from tenfold.data import preprocess

        pixels = preprocess.astype(torch.from_numpy(images)[None, None])  # (1, 1, 40, columns)
        with torch.inference_mode():
            return self._network(preprocess.standardize(preprocess.normalize(pixels)))[0].T.numpy()


class ONNXModel(FileModel):
    """An ONNX file, run by ONNX Runtime on one core."""

    def _open(self, path: Path) -> "Network | None":
        onnxruntime = require("onnxruntime", path)
        settings = onnxruntime.SessionOptions()
        settings.intra_op_num_threads = 1
        settings.log_severity_level = 4  # what is wrong is told by the exception
        try:
            self._session = onnxruntime.InferenceSession(path, settings, providers=["CPUExecutionProvider"])
        except Exception as error:  # ONNX Runtime's exceptions have no common base
            raise _unreadable(path, "ONNX", error) from None
        inputs, outputs = self._session.get_inputs(), self._session.get_outputs()
        if [(one.name, one.type) for one in (*inputs, *outputs)] == [
            ("images", "tensor(uint8)"),
            ("logits", "tensor(float)"),
        ]:
            return None
        entry = _only(path, "inputs", inputs)
        answer = _only(path, "outputs", [one for one in outputs if one.shape[-1:] == [CLASSES]] or outputs)
        dtype = entry.type.removeprefix("tensor(").removesuffix(")")

        def run(values: np.ndarray) -> np.ndarray:
            return self._session.run([answer.name], {entry.name: values})[0]

        return _network(path, entry.shape, {"float": "float32", "double": "float64"}.get(dtype, dtype), run)

    def _read(self, images: UInt8[np.ndarray, "n 28 28"]) -> Float[np.ndarray, "n 10"]:
        return np.concatenate([self._session.run(["logits"], {"images": some})[0] for some in _batches(images)])


class KerasModel(FileModel):
    """A Keras file, `.keras` or `.h5`, run on whichever backend Keras is set to, by default PyTorch."""

    def _open(self, path: Path) -> "Network | None":
        keras = import_keras(path)
        if path.suffix == ".keras" and not zipfile.is_zipfile(path):
            with path.open("rb") as file:
                begins = file.read(2) == b"PK"
            raise TenfoldError(f"{path}: {'truncated' if begins else 'not a Keras file'}; get the file again")
        try:
            self._model = keras.saving.load_model(path, compile=False)
            inputs, outputs = self._model.inputs, self._model.outputs
        except Exception as error:  # zipfile's, h5py's, json's and Keras' own
            raise _unreadable(path, "Keras", error) from None
        entry = _only(path, "inputs", inputs)
        _only(path, "outputs", outputs)
        if (self._model.name, entry.name, entry.dtype) == ("tenfold", "images", "uint8"):
            return None
        dtype = "float32" if entry.dtype == "bfloat16" else entry.dtype  # which Keras casts itself
        return _network(path, entry.shape, dtype, self._answer)

    def _read(self, images: UInt8[np.ndarray, "n 28 28"]) -> Float[np.ndarray, "n 10"]:
        return np.concatenate([self._answer(some) for some in _batches(images)])

    def _answer(self, values: np.ndarray) -> np.ndarray:
        from keras import ops

        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # between NumPy and a backend
            return ops.convert_to_numpy(ops.cast(self._model(values, training=False), "float32"))


KINDS: dict[str, type[FileModel]] = {
    ".tflite": LiteRTModel,
    ".onnx": ONNXModel,
    ".keras": KerasModel,
    ".h5": KerasModel,
}
PICKLES = (".pt", ".pth", ".ckpt", ".pkl", ".pickle")


def _try(path: Path) -> "Convention | None":
    """Read a file and run it once in another process, which it may crash, fill or never leave.

    Returns:
        How the network in it is fed; None for one of tenfold.

    Raises:
        TenfoldError: if that failed.
    """
    program = "import sys; from tenfold import models; models.try_here(sys.argv[1])"
    # with one thread, whose memory does not depend on the machine
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "OMP_NUM_THREADS": "1"}
    if "keras" in sys.modules:
        environment["KERAS_BACKEND"] = sys.modules["keras"].config.backend()
    try:
        ended = subprocess.run(  # noqa: S603
            [sys.executable, "-P", "-W", "ignore", "-c", program, str(path)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env=environment,
            timeout=PATIENCE,
        )
        late = -ended.returncode == getattr(signal, "SIGXCPU", None)
    except subprocess.TimeoutExpired:
        late = True
    if late:
        raise TenfoldError(f"{path}: refused, it takes too long to load and to try out; it may be damaged") from None
    try:
        found = json.loads(ended.stdout.splitlines()[-1])
    except (IndexError, ValueError):
        raise TenfoldError(
            f"{path}: damaged, it crashes what runs it (exit code {ended.returncode}); get the file again"
        ) from None
    if "error" in found:
        raise TenfoldError(found["error"])
    if not found["convention"]:
        return None
    from tenfold.models.conventions import Convention

    return Convention(**found["convention"] | {"layout": tuple(found["convention"]["layout"])})


def try_here(path: str) -> None:
    """What the other process of `_try` does: it prints how the network in a file is fed, or what is wrong."""
    kind = KINDS[Path(path).suffix]
    found: dict[str, Any]
    try:
        if kind is KerasModel:
            import_keras(path)  # whose time and memory are none of the file's
        _limit(OPENING)
        model = kind(Path(path))
        _limit(READING)
        convention = model.convention
        for n in (1, BATCH):
            model.logits(np.zeros((n, SIDE, SIDE), np.uint8))
        found = {"convention": convention and convention.to_dict()}
    except Exception as error:  # a file made by hand can fail in any way
        reason = " ".join(str(error).split())
        if not isinstance(error, TenfoldError | OSError):
            reason = f"{path}: does not run ({type(error).__name__}: {reason[:200]})"
        found = {"error": reason}
    print("\n" + json.dumps(found))


def _limit(seconds: int) -> None:
    """Let this process have so much more of the processor and `MEMORY` more, where the system sets such limits."""
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        _, most = resource.getrlimit(resource.RLIMIT_CPU)
        resource.setrlimit(resource.RLIMIT_CPU, (int(time.process_time()) + seconds, most))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a crash leaves no file
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[5])
        _, most = resource.getrlimit(resource.RLIMIT_DATA)
        resource.setrlimit(resource.RLIMIT_DATA, (pages * resource.getpagesize() + MEMORY, most))


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
        facts = json.loads(read_bytes(beside, TEXT))
        is_of_this_file = facts["sha256"] == hashlib.sha256(read_bytes(path, DATA)).hexdigest()
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


def _only(path: Path, what: str, ends: Sequence[Any]) -> Any:
    """The one input or output of a network."""
    if len(ends) != 1:
        raise TenfoldError(f"{path}: a network with {len(ends)} {what}; it must have one")
    return ends[0]


def _network(
    path: Path,
    shape: Sequence[Any],
    dtype: Any,
    run: "Callable[[np.ndarray], Any]",
    quantization: tuple[float, int] | None = None,
) -> "Network":
    """A network as its file describes it; what is no positive number in its shape stands for any."""
    from tenfold.models.conventions import Network

    sizes = tuple(size if isinstance(size, int) and size > 0 else None for size in shape)
    try:
        kind = np.dtype(dtype)
    except TypeError:
        kind = np.dtype(object)
    if kind.kind not in "fiu":
        raise TenfoldError(f"{path}: takes {dtype}, not numbers that could be pixels")
    return Network(sizes, kind, run, quantization)


def _unreadable(path: Path, kind: str, error: Exception) -> TenfoldError:
    reason = " ".join(str(error).split()).rpartition(f"{path} failed:")[2].strip()[:150] or type(error).__name__
    return TenfoldError(f"{path}: not a file of {kind}, or a damaged one ({reason}); write one with: tenfold export")
