"""Models from files: how those from elsewhere are fed, and what happens to those that are none."""

import importlib.util
import json
import os
import sys
import threading
from itertools import product
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch

import tenfold
from tenfold import TenfoldError, cli, models, recipes
from tenfold.models import conventions
from tenfold.models.conventions import LAYOUTS, SCALES, FileNetwork
from tenfold.networks.storage import read_tensors, write_tensors

needs_litert = pytest.mark.skipif(
    importlib.util.find_spec("ai_edge_litert") is None, reason="no wheel for this machine"
)

needs_keras = pytest.mark.skipif(
    not all(map(importlib.util.find_spec, ("keras", "h5py"))), reason="needs tenfold[export]"
)


@pytest.fixture(scope="module")
def linear(mnist) -> tuple[np.ndarray, np.ndarray]:
    """Weights (784, 10) and biases of a linear classifier of pixels from 0 to 1, with light ink."""
    train = mnist[0][:3000]
    pixels = train.images.reshape(-1, 784) / 255
    targets = 10 * (np.eye(10)[train.labels] - 0.1)
    weights = np.linalg.solve(pixels.T @ pixels + 10 * np.eye(784), pixels.T @ targets)
    return weights.astype(np.float32), np.zeros(10, np.float32)


def fold(linear, scale: str, dark: bool) -> tuple[np.ndarray, np.ndarray]:
    """The same classifier for pixels of another scale, and for dark ink."""
    weights, biases = linear
    if dark:
        weights, biases = -weights, biases + weights.sum(axis=0)
    low, high = SCALES[scale]
    weights = weights / np.float32(high - low)
    return weights, biases - np.float32(low) * weights.sum(axis=0)


def softmax(logits: np.ndarray) -> np.ndarray:
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    return exponentials / exponentials.sum(axis=1, keepdims=True)


ANSWERS = {
    "logits": lambda logits: logits,
    "probabilities": softmax,
    "sigmoids": lambda logits: 1 / (1 + np.exp(-logits)),
}


@pytest.mark.parametrize(
    ("scale", "dark", "answers"),
    [
        *product(SCALES, (True,), ("logits",)),
        *product(SCALES, (False,), ("probabilities",)),
        ("from 0 to 255", True, "sigmoids"),
    ],
)
def test_every_way_to_feed_a_network_is_found(linear, mnist, scale, dark, answers):
    layout = LAYOUTS[len(scale) % 4]
    weights, biases = fold(linear, scale, dark)
    network = FileNetwork(
        (None, *layout), np.dtype("float64"), lambda x: ANSWERS[answers](x.reshape(-1, 784) @ weights + biases)
    )
    found = conventions.find(network, "net")
    assert (found.layout, found.scale, found.dark) == (layout, scale, dark)
    assert found.answers == ("logits" if answers == "logits" else "probabilities")
    test = mnist[1][:500]
    logits = conventions.read(network, found, test.images, "net")
    expected = test.images.reshape(-1, 784) / 255 @ linear[0]
    assert (logits.argmax(axis=1) == expected.argmax(axis=1)).mean() > 0.99
    if answers == "probabilities":
        np.testing.assert_allclose(softmax(logits), softmax(expected), atol=1e-3)


def test_integers_are_given_as_the_file_quantized_them(linear):
    for dtype, quantization, scale in (
        ("uint8", None, "from 0 to 255"),
        ("int8", None, "from -128 to 127"),
        ("uint8", (1 / 255, 0), "from 0 to 1"),
        ("int8", (2 / 255, 0), "from -1 to 1"),
    ):
        step, zero = quantization or (1, 0)
        folded, biases = fold(linear, scale, dark=False)

        def run(x, dtype=dtype, step=step, zero=zero, folded=folded, biases=biases):
            assert x.dtype == dtype
            return step * (x.reshape(-1, 784).astype(np.float32) - zero) @ folded + biases

        found = conventions.find(FileNetwork((1, 28, 28), np.dtype(dtype), run, quantization), "net")
        assert (found.scale, found.dark) == (scale, False)


def test_a_network_that_reads_no_digits_is_refused():
    for shape, answer, message in (
        (
            (None, 32, 32),
            lambda x: x,
            r"net: takes \(n, 32, 32\), which are not images of digits; those are",
        ),
        ((None, 784), lambda x: x[:, :7], r"net: answers 256 images with numbers of shape \(256, 7\)"),
        (
            (None, 784),
            lambda x: x[:, 390:400],
            r"net: not a classifier of digits: .* it reads \d+% of 300",
        ),
        ((None, 784), lambda x: x[:, :10] * np.nan, "net: its answers are infinite or not a number"),
        ((None, 784), lambda x: x @ np.zeros(3), r"net: does not run on images \(256, 784\) \(matmul"),
    ):
        with pytest.raises(TenfoldError, match=message) as error:
            conventions.find(FileNetwork(shape, np.dtype("float32"), answer), "net")
        assert "\n" not in str(error.value)


@pytest.fixture
def onnx_file(linear, tmp_path):
    """Writes an ONNX file of the linear classifier, fed in some way."""
    onnx = pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    from onnx import TensorProto, helper, numpy_helper

    def write(name, shape, kind="FLOAT", scale="from 0 to 255", dark=False, last=(), outputs=("answers",)) -> Path:
        weights, biases = fold(linear, scale, dark)
        constants = {"weights": weights, "biases": biases, "flat": np.array([-1, 784])}
        steps = [
            ("Cast", ["given"], "numbers", {"to": TensorProto.FLOAT}),
            ("Reshape", ["numbers", "flat"], "rows", {}),
        ]
        steps += [("MatMul", ["rows", "weights"], "products", {}), ("Add", ["products", "biases"], "sums", {})]
        steps += [(last[0] if last else "Identity", ["sums"], output, {}) for output in outputs]
        graph = helper.make_graph(
            [helper.make_node(step, given, [output], **options) for step, given, output, options in steps],
            "digits",
            [helper.make_tensor_value_info("given", getattr(TensorProto, kind), shape)],
            [helper.make_tensor_value_info(output, TensorProto.FLOAT, [shape[0], 10]) for output in outputs],
            [numpy_helper.from_array(value, key) for key, value in constants.items()],
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        onnx.save(model, tmp_path / name)
        return tmp_path / name

    return write


def test_onnx_files_from_elsewhere(onnx_file, linear, mnist):
    test = mnist[1][:300]
    expected = float(((test.images.reshape(-1, 784) / 255 @ linear[0]).argmax(axis=1) == test.labels).mean())
    for shape, kind, scale, dark, last, answers in (
        ((1, 1, 28, 28), "FLOAT", "from 0 to 255", False, (), "logits"),  # as mnist-8 and mnist-12 of the model zoo
        (("n", 28, 28, 1), "UINT8", "from 0 to 255", True, ("Softmax",), "probabilities"),
        (("n", 784), "FLOAT16", "standardized", False, ("LogSoftmax",), "logits"),
    ):
        model = models.load(onnx_file("digits.onnx", shape, kind, scale, dark, last))
        found = model.convention
        assert (found.layout, found.scale, found.dark, found.answers) == (shape[1:], scale, dark, answers)
        evaluation = tenfold.evaluate(model, test)
        assert evaluation.accuracy == pytest.approx(expected, abs=0.01)
        assert scale in evaluation.to_dict()["convention"]
        assert f"the model reads pixels {scale}" in str(evaluation)
    with pytest.raises(TenfoldError, match=r"two.onnx: a network with 2 outputs; it must have one"):
        models.load(onnx_file("two.onnx", (1, 784), outputs=("a", "b")))


@needs_keras
@pytest.mark.filterwarnings("ignore")  # of Keras, about its own formats
def test_keras_files_from_elsewhere(linear, mnist, tmp_path):
    keras = models.import_keras("Keras")
    model = keras.Sequential(
        [keras.Input((28, 28)), keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")]
    )
    model.layers[-1].set_weights(fold(linear, "from 0 to 1", dark=True))
    model.save(tmp_path / "dark.h5")
    test = mnist[1][:300]
    found = models.load(tmp_path / "dark.h5")
    assert (found.convention.scale, found.convention.dark, found.convention.answers) == (
        "from 0 to 1",
        True,
        "probabilities",
    )
    given = softmax(test.images.reshape(-1, 784) / 255 @ linear[0])
    np.testing.assert_allclose(tenfold.evaluate(found, test).probabilities, given, atol=1e-3)
    for content, message in ((b"PK\3\4 and no end", "truncated"), (b"words", "not a Keras file")):
        Path(tmp_path, "bad.keras").write_bytes(content)
        with pytest.raises(TenfoldError, match=rf"bad.keras: {message}; get the file again"):
            models.KerasModel(tmp_path / "bad.keras")


@needs_litert
def test_a_litert_file_without_signatures(mnist, tmp_path):
    flatbuffers = pytest.importorskip("flatbuffers")
    from ai_edge_litert import schema_py_generated as schema

    whole = models.SHIPPED.joinpath("reader-int8.tflite").read_bytes()
    content = schema.ModelT.InitFromPackedBuf(whole, 0)
    content.signatureDefs = None
    builder = flatbuffers.Builder(len(whole))
    builder.Finish(content.Pack(builder), b"TFL3")
    Path(tmp_path, "bare.tflite").write_bytes(bytes(builder.Output()))
    model = models.load(tmp_path / "bare.tflite")
    assert str(model.convention) == (
        "reads pixels from 0 to 255, light ink on a dark background, of shape (n, 28, 28), and answers in logits"
    )
    assert tenfold.evaluate(model, mnist[1][:300]).accuracy > 0.99


@needs_litert
def test_a_file_that_crashes_its_runtime_is_one_line(tmp_path, monkeypatch):
    Path(tmp_path, "ai_edge_litert").mkdir()
    Path(tmp_path, "ai_edge_litert", "__init__.py").touch()
    runtime = Path(tmp_path, "ai_edge_litert", "interpreter.py")
    Path(tmp_path, "other.tflite").write_bytes(b"TFL3")
    monkeypatch.syspath_prepend(tmp_path)  # the other process finds this runtime, and not the real one
    runtime.write_text("import os\ndef Interpreter(*_, **__): os.abort()")
    with pytest.raises(TenfoldError, match=r"other.tflite: damaged, it crashes what runs it \(exit code -?\d+\)"):
        models.load(tmp_path / "other.tflite")
    runtime.write_text("def Interpreter(*_, **__): raise KeyError('made\\nby hand')")
    with pytest.raises(TenfoldError, match=r"other.tflite: does not run \(KeyError: 'made\\nby hand'\)"):
        models.load(tmp_path / "other.tflite")


def damaged(network):
    for parameter in network.parameters():
        parameter.data.fill_(float("nan"))
    return network


@needs_litert
def test_answers_that_are_no_numbers_are_an_error_in_every_model(mnist, tmp_path, onnx_file, monkeypatch):
    images = mnist[1].images[:2]
    line = np.zeros((40, 64), np.uint8)
    tensors, text = read_tensors(models.SHIPPED / "text-lines.safetensors")
    write_tensors(tmp_path / "text-lines.safetensors", {key: value * np.nan for key, value in tensors.items()}, text)
    tenfold.save(damaged(tenfold.build("softmax")), tmp_path / "net.safetensors")

    class Own:
        def logits(self, images):
            return np.full((len(images), 10), np.inf, np.float32)

    litert, lines = (models.LiteRTModel(models.SHIPPED / "reader-int8.tflite"), models.load_for_lines())
    monkeypatch.setattr(litert, "_one", lambda images: {"logits": np.full((1, 10), np.nan, np.float32)})
    monkeypatch.setattr(lines, "_runners", {64: lambda images: {"logits": np.full((1, 32, 11), np.nan, np.float32)}})
    onnx = models.load(onnx_file("net.onnx", ("n", 28, 28)))
    monkeypatch.setattr(
        onnx, "_foreign", FileNetwork((None, 28, 28), np.dtype("float32"), lambda x: x[:, :10, 0] * np.nan)
    )
    for model, given, name in (
        (models.load(tmp_path / "net.safetensors"), images, "net.safetensors"),
        (models.wrap(damaged(tenfold.build("softmax"))), images, "softmax"),
        (models.wrap(Own()), images, "Own"),
        (litert, images, "tenfold reader-int8"),
        (onnx, images, "net.onnx"),
        (lines, line, "text-lines-int8.tflite"),
        (models.TorchLineModel(tmp_path / "text-lines.safetensors"), line, "text-lines.safetensors"),
    ):
        with pytest.raises(TenfoldError, match=rf"{name}: its answers are infinite or not a number"):
            model.logits(given)
    with pytest.raises(TenfoldError, match="Own: its answers"):
        tenfold.evaluate(Own(), mnist[1][:3])
    with pytest.raises(TenfoldError, match="Own: its answers"):
        tenfold.predict(images[0], model=Own())


def test_a_pickle_is_named_and_never_loaded(tmp_path):
    torch.save({"weight": torch.zeros(3)}, tmp_path / "net.pt")
    with pytest.raises(TenfoldError, match=r"net.pt: a pickle, .*torch.load\(\.\.\., weights_only=True\)"):
        models.load(tmp_path / "net.pt")


def test_truncated_is_said_only_of_what_is(tmp_path):
    path = tmp_path / "net.safetensors"
    tenfold.save(tenfold.build("softmax"), path)
    whole = path.read_bytes()
    for content, message in (
        (whole[:-100], "truncated, its last 100 bytes are missing"),
        (whole[:50], "truncated, its last "),
        (b"", "not a safetensors file"),
        (b"These are words, and no weights.", "not a safetensors file"),
        (whole + b"more", "not a safetensors file, or a damaged one"),
    ):
        path.write_bytes(content)
        with pytest.raises(TenfoldError, match=f"net.safetensors: {message}"):
            tenfold.restore(path)


def test_a_flipped_bit_in_the_weights_is_found(tmp_path):
    path = tmp_path / "net.safetensors"
    tenfold.save(tenfold.build("softmax"), path)
    whole = path.read_bytes()
    assert tenfold.restore(path)
    for place in (-2, whole.index(b"softmax")):  # a weight, the text
        changed = bytearray(whole)
        changed[place] ^= 1
        path.write_bytes(changed)
        with pytest.raises(TenfoldError, match=r"net.safetensors: damaged, its SHA-256 is not .*; copy it again"):
            tenfold.restore(path)
    # as written before
    network = tenfold.build("softmax")
    description = json.dumps({"name": "softmax", "options": {}})
    path.write_bytes(safetensors.torch.save(network.state_dict(), {"network": description}))
    assert tenfold.restore(path).name == "softmax"


def test_a_network_larger_than_its_weights_takes_no_memory(tmp_path):
    path = tmp_path / "net.safetensors"
    for name, options in (("mlp", {"width": 10**6}), ("mlp", {"width": 10**30}), ("cnn", {"stem": 10**7})):
        write_tensors(path, {"1.weight": torch.zeros(1)}, {"network": json.dumps({"name": name, "options": options})})
        with pytest.raises(TenfoldError, match="its weights do not fit the network") as error:
            tenfold.restore(path)
        assert "alloc" not in str(error.value)


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="no such device")
def test_a_device_is_no_file(tmp_path):
    for name in ("zero.toml", "zero.onnx", "zero.png"):
        Path(tmp_path, name).symlink_to("/dev/zero")
    for call in (
        lambda: tenfold.predict("/dev/zero"),
        lambda: tenfold.predict(tmp_path / "zero.png"),
        lambda: recipes.load(str(tmp_path / "zero.toml")),
        lambda: models.load(tmp_path / "zero.onnx"),
    ):
        with pytest.raises(TenfoldError, match="is a device, not a file"):
            call()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names")
def test_a_picture_may_come_through_a_pipe(mnist, tmp_path):
    from PIL import Image

    Image.fromarray(mnist[1].images[0]).save(tmp_path / "seven.png")
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=lambda: pipe.write_bytes(Path(tmp_path, "seven.png").read_bytes()))
    writer.start()
    assert [reading.label for reading in tenfold.predict(pipe)] == [7]
    writer.join()


def test_how_a_model_is_fed_is_said_once(onnx_file, mnist, tmp_path, monkeypatch, capfd):
    from PIL import Image

    path = onnx_file("digits.onnx", (1, 28, 28), dark=True)
    Image.fromarray(mnist[1].images[0]).save(tmp_path / "seven.png")
    arguments = ["tenfold", "predict", "--single", "--model", str(path), str(tmp_path / "seven.png")]
    monkeypatch.setattr(sys, "argv", arguments)
    with pytest.raises(SystemExit):
        cli.main()
    told = capfd.readouterr().err
    assert told.startswith(f"tenfold: {path} reads pixels from 0 to 255, dark ink on a light background, of shape")
    assert told.count("reads pixels") == 1


def test_mutated_files_are_read_or_refused(tmp_path):
    fuzz = pytest.importorskip("benchmarks.fuzz", reason="only in a checkout")
    whole = Path(tmp_path, "whole")
    whole.mkdir()
    for prefix in ("train", "t10k"):
        tenfold.data.write_idx(whole / f"{prefix}-images-idx3-ubyte", np.zeros((9, 28, 28), np.uint8))
        tenfold.data.write_idx(whole / f"{prefix}-labels-idx1-ubyte", np.zeros(9, np.uint8))
    Path(whole, "recipe.toml").write_text(recipes.load("quick").to_toml())
    Path(whole, "study.toml").write_text('name = "a"\nrecipes = ["quick"]\nseeds = 3\n')
    network = tenfold.build("tiny", width=1)
    weights = {key: tensor.contiguous() for key, tensor in network.state_dict().items()}
    description = json.dumps({"name": "tiny", "options": {"width": 1}})
    Path(whole, "old.safetensors").write_bytes(safetensors.torch.save(weights, {"network": description}))
    for name in ("train-images-idx3-ubyte", "recipe.toml", "study.toml", "old.safetensors"):
        found = fuzz.read_mutated(whole, name, seed=0)
        assert found["read"] + found["refused"] == fuzz.CHUNK
        assert found["refused"] > 0
