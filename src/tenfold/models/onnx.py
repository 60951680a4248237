"""Models run by ONNX Runtime on one core."""

from pathlib import Path

import numpy as np
from jaxtyping import Float, UInt8

from tenfold.base.extras import needed_by
from tenfold.base.form import CLASSES
from tenfold.models.base import batches
from tenfold.models.conventions import FileNetwork
from tenfold.models.files import FileModel, describe, only, unreadable


class ONNXModel(FileModel):
    """An ONNX file, run by ONNX Runtime on one core."""

    def _open(self, path: Path) -> FileNetwork | None:
        with needed_by(f"{path}:"):
            import onnxruntime

        settings = onnxruntime.SessionOptions()
        settings.intra_op_num_threads = 1
        settings.log_severity_level = 4  # the exception says what is wrong
        try:
            self._session = onnxruntime.InferenceSession(path, settings, providers=["CPUExecutionProvider"])
        except Exception as error:  # ONNX Runtime's exceptions have no common base
            raise unreadable(path, "an ONNX file", error) from None
        inputs, outputs = self._session.get_inputs(), self._session.get_outputs()
        if [(one.name, one.type) for one in (*inputs, *outputs)] == [
            ("images", "tensor(uint8)"),
            ("logits", "tensor(float)"),
        ]:
            return None
        entry = only(path, "inputs", inputs)
        answer = only(path, "outputs", [one for one in outputs if one.shape[-1:] == [CLASSES]] or outputs)
        dtype = entry.type.removeprefix("tensor(").removesuffix(")")

        def run(values: np.ndarray) -> np.ndarray:
            return self._session.run([answer.name], {entry.name: values})[0]

        return describe(path, entry.shape, {"float": "float32", "double": "float64"}.get(dtype, dtype), run)

    def _read(self, images: UInt8[np.ndarray, "n 28 28"]) -> Float[np.ndarray, "n classes"]:
        return np.concatenate([self._session.run(["logits"], {"images": some})[0] for some in batches(images)])
