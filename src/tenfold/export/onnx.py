"""Export to ONNX, for ONNX Runtime on servers, on Windows, and in browsers; batches may have any size."""

import tempfile
from pathlib import Path

import numpy as np
import torch
from jaxtyping import UInt8

from tenfold.base.extras import needed_by
from tenfold.data import SIDE
from tenfold.export.graph import FromPixels, cannot_convert
from tenfold.models import BATCH

FILES = ("float32.onnx", "int8.onnx")


def convert(graph: FromPixels, calibration: UInt8[np.ndarray, "n 28 28"]) -> tuple[bytes, ...]:
    """Convert a network.

    Args:
        graph: the network to convert.
        calibration: training images whose activations set the ranges of 8-bit numbers.

    Returns:
        The contents of `FILES`: in float32, and with 8-bit activations and 7-bit weights. Both give float32 logits.

    Raises:
        TenfoldError: if a package is missing, or the converter does not support a layer.
    """
    with needed_by("ONNX"):
        import onnx  # noqa: F401  # PyTorch would say so only at the end
        import onnxscript  # noqa: F401
        from onnxruntime import quantization

    class Calibration(quantization.CalibrationDataReader):  # type: ignore[misc]
        def __init__(self) -> None:
            self.batches = iter(np.split(calibration, range(BATCH, len(calibration), BATCH)))

        def get_next(self) -> dict[str, np.ndarray] | None:
            return next(({"images": images} for images in self.batches), None)

    with tempfile.TemporaryDirectory() as folder:
        float32, int8 = (Path(folder, name) for name in FILES)
        try:
            program = torch.onnx.export(
                graph,
                (torch.zeros(2, SIDE, SIDE, dtype=torch.uint8),),
                input_names=["images"],
                output_names=["logits"],
                dynamic_shapes=({0: torch.export.Dim("n")},),
                dynamo=True,
                verbose=False,
            )
        except Exception as error:  # converters may raise anything
            raise cannot_convert("ONNX", error) from None
        program.save(float32)  # type: ignore[union-attr]
        quantization.quantize_static(
            float32,
            int8,
            Calibration(),
            per_channel=True,
            calibrate_method=quantization.CalibrationMethod.MinMax,
            weight_type=quantization.QuantType.QInt8,
            reduce_range=True,  # processors without VNNI add two products in 16 bits, which 8-bit weights overflow
        )
        return float32.read_bytes(), int8.read_bytes()
