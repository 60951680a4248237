"""Export to LiteRT, formerly TensorFlow Lite, for phones, browsers, and microcontrollers.

Since input shapes are fixed, a file has several signatures that share the weights: `b1` takes one image, `b256` takes
256.
"""

import os
from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from jaxtyping import UInt8
from torch import nn

from tenfold.base.extras import needed_by
from tenfold.data import SIDE
from tenfold.export.graph import cannot_convert
from tenfold.models import BATCH

DESCRIPTION = "Handwritten digits: images, uint8 (n, 28, 28), 255 is ink, to logits, float32 (n, 10)"
SIGNATURES = {f"b{n}": (n, SIDE, SIDE) for n in (1, BATCH)}
FILES = ("float32.tflite", "float16.tflite", "dynamic.tflite", "int8.tflite")


def convert(
    graph: nn.Module,
    calibration: UInt8[np.ndarray, "n rows columns *channels"],
    signatures: Mapping[str, tuple[int, ...]] = SIGNATURES,
    description: str = DESCRIPTION,
) -> tuple[bytes, ...]:
    """Convert a network.

    Args:
        graph: the network to convert, with raw pixels as its input.
        calibration: training images whose activations set the ranges of 8-bit numbers; enough for whole batches.
        signatures: the input shape `(images, rows, columns, *channels)` of each signature, by name; if it is smaller
            than the calibration images, their top left part sets the ranges.
        description: text to store in the files.

    Returns:
        The contents of `FILES`: in float32; with 16-bit weights; with 8-bit weights and activations quantized at run
        time; with both in 8 bits. All give float32 logits.

    Raises:
        TenfoldError: if a package is missing, or the converter does not support a layer.
    """
    # In a notebook its log does not go to standard output, which `export` redirects.
    os.environ.setdefault("LITERT_TORCH_SHOW_PROGRESS", "n")
    with needed_by("LiteRT"):
        import litert_torch
        from ai_edge_quantizer.algorithm_manager import AlgorithmName
        from ai_edge_quantizer.qtyping import TFLOperationName
        from ai_edge_quantizer.recipe_manager import RecipeManager

    converter = litert_torch
    for name, shape in signatures.items():
        images = torch.zeros(*shape, dtype=torch.uint8)
        converter = converter.signature(name, graph, sample_kwargs={"images": images})
    try:
        float32 = converter.convert().model_content()
    except Exception as error:  # converters may raise anything
        raise cannot_convert("LiteRT", error) from None

    float16, dynamic, static = RecipeManager(), RecipeManager(), RecipeManager()
    everything = (".*", TFLOperationName.ALL_SUPPORTED)
    float16.add_weight_only_config(*everything, num_bits=16, algorithm_key=AlgorithmName.FLOAT_CASTING)
    dynamic.add_dynamic_config(*everything, num_bits=8)
    static.add_static_config(*everything, activation_num_bits=8, weight_num_bits=8)
    for end in (TFLOperationName.INPUT, TFLOperationName.OUTPUT):  # these stay: uint8 pixels, float32 logits
        static.add_quantization_config(".*", end, algorithm_key=AlgorithmName.NO_QUANTIZE)
    files = (
        float32,
        _quantize(float32, float16),
        _quantize(float32, dynamic),
        _quantize(float32, static, _ranges(float32, static, calibration, signatures)),
    )
    return tuple(_without_names(file, description) for file in files)


def _ranges(
    float32: bytes, recipe: Any, images: np.ndarray, signatures: Mapping[str, tuple[int, ...]]
) -> dict[str, Any]:
    """The minimum and maximum of each activation over all images; a moving average would clip rare values."""
    from ai_edge_quantizer.calibrator import Calibrator
    from ai_edge_quantizer.utils.qsv_utils import min_max_update

    calibrator = Calibrator(float32, num_threads=1, qsv_update_func=min_max_update)
    calls = {
        name: [{"images": some[:, :rows, :columns]} for some in images.reshape(-1, n, *images.shape[1:])]
        for name, (n, rows, columns, *_) in signatures.items()
    }
    calibrator.calibrate(calls, recipe)
    ranges = calibrator.get_model_qsvs()
    _share(float32, ranges)
    return ranges


def _share(float32: bytes, ranges: dict[str, Any]) -> None:
    """Give the same tensor one range in all signatures, because they share biases, which depend on these ranges."""
    from ai_edge_litert.tools import flatbuffer_utils
    from ai_edge_quantizer.utils.qsv_utils import min_max_update

    graphs = flatbuffer_utils.read_model_from_bytearray(bytearray(float32)).subgraphs
    alike = defaultdict(list)  # by layer, and by the tensor's number in the layer
    for graph in graphs:
        count: Counter[str] = Counter()
        for name in (tensor.name.decode() for tensor in graph.tensors):
            layer = name.rpartition(";")[0] or name
            if name in ranges:
                alike[layer, count[layer]].append(ranges[name])
            count[layer] += 1
    for same in alike.values():
        widest: dict[str, Any] = {}
        for one in same:
            widest = min_max_update(widest, one)
        for one in same:
            one.update(widest)


def _quantize(float32: bytes, recipe: Any, ranges: dict[str, Any] | None = None) -> bytes:
    from ai_edge_quantizer.quantizer import Quantizer

    quantizer = Quantizer(float32, recipe.get_quantization_recipe())
    result = quantizer.quantize(ranges, enable_progress_bar=False, enable_progress_report=False)
    return bytes(result.quantized_model)


def _without_names(content: bytes, description: str) -> bytes:
    """Remove the tensors' names and ranges: nothing needs them, and they are half of a small file."""
    from ai_edge_litert.tools import flatbuffer_utils

    model = flatbuffer_utils.read_model_from_bytearray(bytearray(content))
    model.description = description.encode()
    for graph in model.subgraphs:
        for tensor in graph.tensors:
            tensor.name = None
            if tensor.quantization is not None:
                tensor.quantization.min = tensor.quantization.max = None
    return bytes(flatbuffer_utils.convert_object_to_bytearray(model))
