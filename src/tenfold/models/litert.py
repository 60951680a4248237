"""Models run by LiteRT on one core."""

import threading
from pathlib import Path

import numpy as np
from jaxtyping import Float, UInt8

from tenfold.base.extras import needed_by
from tenfold.base.form import CLASSES, LINE_COLUMNS
from tenfold.base.processes import start_litert
from tenfold.models.base import BATCH, Checked
from tenfold.models.conventions import FileNetwork
from tenfold.models.files import FileModel, describe, only, unreadable


class LiteRTModel(FileModel):
    """A LiteRT (TFLite) file, run on one core; tenfold's files have signatures `b1` for one image, `b256` for many."""

    def _open(self, path: Path) -> FileNetwork | None:
        with needed_by(f"{path}:"):
            from ai_edge_litert.interpreter import Interpreter
        try:
            with start_litert():
                self._interpreter = Interpreter(str(path), num_threads=1)
                self._interpreter.allocate_tensors()
                if {"b1", f"b{BATCH}"} <= set(self._interpreter.get_signature_list()):
                    self._one, self._many = (self._interpreter.get_signature_runner(f"b{n}") for n in (1, BATCH))
                    return None
        except (ValueError, RuntimeError) as error:
            raise unreadable(path, "a LiteRT file", error) from None
        given, answered = self._interpreter.get_input_details(), self._interpreter.get_output_details()
        entry = only(path, "inputs", given)
        tens = [one for one in answered if one["shape"][-1:].tolist() == [CLASSES]]
        answer = only(path, "outputs", tens or answered)

        def run(values: np.ndarray) -> np.ndarray:
            self._interpreter.set_tensor(entry["index"], values)
            self._interpreter.invoke()
            found = self._interpreter.get_tensor(answer["index"])
            step, zero = answer["quantization"]
            return step * (found.astype(np.float32) - zero) if step else found

        step, zero = entry["quantization"]
        return describe(path, entry["shape"].tolist(), entry["dtype"], run, (step, zero) if step else None)

    def _read(self, images: UInt8[np.ndarray, "n 28 28"]) -> Float[np.ndarray, "n classes"]:
        full = len(images) - len(images) % BATCH
        found = [self._many(images=images[start : start + BATCH])["logits"] for start in range(0, full, BATCH)]
        # one by one is hardly slower, and a batch takes as long for few as for many
        found += [self._one(images=images[index : index + 1])["logits"] for index in range(full, len(images))]
        return np.concatenate(found) if found else np.empty((0, len(self.classes)), np.float32)


class LiteRTLineModel(Checked):
    """A LiteRT file that reads text lines, run on one core."""

    def __init__(self, path: Path) -> None:
        self.name = str(path)
        with needed_by(f"{path}:"):
            from ai_edge_litert.interpreter import Interpreter
        with start_litert():
            self._interpreter = Interpreter(str(path), num_threads=1)
            self._interpreter.allocate_tensors()
            self._runners = {columns: self._interpreter.get_signature_runner(f"c{columns}") for columns in LINE_COLUMNS}
        self._lock = threading.Lock()  # an interpreter computes in place

    def _logits(self, images: UInt8[np.ndarray, "40 columns"]) -> Float[np.ndarray, "answers 21"]:
        with self._lock:
            return self._runners[images.shape[1]](images=images[None])["logits"][0]
