import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from makers import make_digits
from torch import nn

import tenfold
from tenfold import TenfoldError, models, recipes
from tenfold.base.refusal import Thresholds
from tenfold.export import FORMATS, export, graph, parity, quietly_on_one_core
from tenfold.jobs import training_run
from tenfold.training import runs

pytestmark = pytest.mark.litert
PACKAGES = ("litert_torch", "ai_edge_quantizer", "onnx", "onnxscript", "onnxruntime", "keras", "h5py")


missing = [package for package in PACKAGES if importlib.util.find_spec(package) is None]
needs_export = pytest.mark.skipif(bool(missing), reason="needs tenfold[export]")
needs_litert = pytest.mark.skipif(
    importlib.util.find_spec("ai_edge_litert") is None, reason="no wheel for this machine"
)


@pytest.fixture(scope="module")
def run(idx_folder, tmp_path_factory) -> Path:
    """A trained network with 8-bit weights."""
    changes = {"epochs": 3, "batch_size": 50, "network_options.width": 8, "precision": "float32"}
    folder = tmp_path_factory.mktemp("runs") / "small"
    return training_run.train(recipes.load("tiny", changes), data=idx_folder, out=folder).path


@pytest.fixture(scope="module")
def exported(run) -> dict[str, dict]:
    """What `export` said of each file of that network."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tenfold.export.CALIBRATION", 256)  # these take as long to find as the files
        return {Path(facts["file"]).name: facts for facts in export(run)}


@needs_export
def test_every_file_answers_as_the_network(exported, run, idx_folder):
    kinds = ("float32.tflite", "float16.tflite", "dynamic.tflite", "int8.tflite", "float32.onnx", "int8.onnx")
    assert set(exported) == {f"small-{kind}" for kind in (*kinds, "float32.keras", "float32.h5")}
    test = tenfold.load(idx_folder)[1]
    reference = tenfold.evaluate(runs.load_model(run), test)
    for name, facts in exported.items():
        file = run / "export" / name
        assert json.loads(Path(f"{file}.json").read_text()) == facts
        assert (facts["file"], facts["bytes"], facts["n"]) == (str(file), file.stat().st_size, 200)
        model = models.KINDS[file.suffix](file)
        assert model.convention is None  # it is known for one of ours
        found = tenfold.evaluate(model, test)
        assert (facts["accuracy"], facts["reference_accuracy"]) == (found.accuracy, reference.accuracy)
        assert facts["different"] >= (found.predictions != reference.predictions).sum()
        np.testing.assert_allclose(model.logits(test.images[:1]), found.logits[:1], atol=0.3)
        if "float32" in name:
            assert facts["different"] == 0
            np.testing.assert_allclose(found.logits, reference.logits, atol=1e-4)
        else:
            assert 0 < facts["max_difference"] < 0.2


@needs_export
def test_thresholds_of_a_file_stand_beside_it(run, tmp_path):
    network = runs.load_model(run)
    network.thresholds = Thresholds(0.8, 0.5)
    tenfold.save(network, tmp_path / "mine.safetensors")
    facts, _ = export(tmp_path / "mine.safetensors", ["onnx"], tmp_path)
    file, beside = Path(facts["file"]), Path(f"{facts['file']}.json")
    assert models.load(file).thresholds == Thresholds(0.8, 0.5)
    for changes, expected in (({"sha256": "of another file"}, None), ({"thresholds": None}, None)):
        beside.write_text(json.dumps(facts | changes))
        assert models.load(file).thresholds == expected
    beside.write_text(json.dumps(facts | {"thresholds": {"alone": 0.8}}))
    with pytest.raises(TenfoldError, match="json: damaged"):
        models.load(file)


@needs_export
def test_a_file_that_answers_differently_is_not_written(exported, run, tmp_path, monkeypatch):
    contents = [Path(facts["file"]).read_bytes() for name, facts in exported.items() if name.endswith("onnx")]
    monkeypatch.setattr(FORMATS["onnx"], "convert", lambda *_: contents)  # which takes seconds
    monkeypatch.setitem(parity.ALLOWED, "float32", -1)
    with pytest.raises(TenfoldError, match=r"small-float32.onnx: 0 of 200 answers differ .* nothing was written"):
        export(run, ["onnx"], tmp_path / "out")
    assert not list((tmp_path / "out").iterdir())


def test_how_much_a_format_may_differ():
    for precision, different, accuracy, outcome in (
        ("float32", 0, 0.99, ""),
        ("float16", 2, 0.99, ""),
        ("int8", 10, 0.9895, ""),
        ("int8", 11, 0.99, "11 of 10,000 answers"),
        ("dynamic", 6, 0.9894, "accuracy 98.94% instead of 99.00%"),
    ):
        warning = parity.check("file", precision, parity.Parity(10_000, different, 0.1, accuracy, 0.99, 1.0, 1.0))
        assert outcome in (warning or "")
        assert bool(warning) == bool(outcome)
    with pytest.raises(TenfoldError, match="nothing was written"):
        parity.check("file", "float16", parity.Parity(10_000, 3, 0.1, 0.99, 0.99, 1.0, 1.0))


@needs_export
@pytest.mark.parametrize("name", ["mlp", "lenet5", "shift_tta_cnn", "resnet", "integer_cnn", "affine"])  # all layers
def test_keras_has_all_layers(name):
    from tenfold.export import keras

    torch.manual_seed(0)
    network = (
        tenfold.build("adjustable_cnn", inputs="raw", activation="gelu") if name == "affine" else tenfold.build(name)
    )
    for layer in network.modules():
        if isinstance(layer, nn.BatchNorm2d):  # as after training
            layer.running_mean.uniform_(-0.5, 0.5)
            layer.running_var.uniform_(0.5, 2)
    model = models.import_keras("Keras").Model(*keras.connect(graph.FromPixels(network)))
    images = make_digits(range(4)).images
    found = model(images, training=False).detach().numpy()
    np.testing.assert_allclose(found, models.TorchModel(network).logits(images), atol=2e-4, rtol=1e-4)


@needs_export
@pytest.mark.parametrize(("name", "named"), [("litert", "bessel"), ("onnx", "bessel"), ("keras", "Bessel")])
def test_a_layer_that_cannot_be_converted_is_named(name, named):
    class Bessel(nn.Module):
        def forward(self, x):
            return torch.special.bessel_j0(x)

    network = graph.FromPixels(nn.Sequential(nn.Flatten(), nn.Linear(784, 10), Bessel()))
    with pytest.raises(TenfoldError, match=named) as error, quietly_on_one_core():
        FORMATS[name].convert(network, np.zeros((256, 28, 28), np.uint8))
    assert "\n" not in str(error.value)


@needs_litert
def test_a_missing_package_is_told(run, monkeypatch):
    for formats, package in (("litert", "litert_torch"), ("onnx", "onnx"), ("keras", "h5py")):
        monkeypatch.setitem(sys.modules, package, None)
        with pytest.raises(TenfoldError, match=rf"needs {package}; pip install 'tenfold\[{formats}\]'"):
            export(run, [formats], run / "missing")
    monkeypatch.setitem(sys.modules, "ai_edge_litert.interpreter", None)
    with pytest.raises(TenfoldError, match=r"needs ai_edge_litert; pip install ai-edge-litert$"):
        models.load(models.SHIPPED / "reader-int8.tflite")


@needs_export
def test_bad_folders(run, exported, tmp_path):
    with pytest.raises(TenfoldError, match=r"small-float32.onnx: exists; .*--force"):
        export(run, ["onnx"])
    Path(tmp_path, "file").write_text("")
    with pytest.raises(NotADirectoryError):
        export(run, ["onnx"], tmp_path / "file" / "out")
    Path(tmp_path, "half").mkdir()
    for name in ("recipe.toml", "environment.json"):
        Path(tmp_path, "half", name).write_bytes((run / name).read_bytes())
    with pytest.raises(TenfoldError, match="no weights yet"):
        export(tmp_path / "half")


@needs_export
@pytest.mark.filterwarnings("ignore")  # of the packages that write the bad files
def test_files_that_are_none_of_ours(exported, run, tmp_path):
    import h5py
    import keras
    import onnx
    from onnx import TensorProto, helper

    whole = (run / "export/small-int8.tflite").read_bytes()
    Path(tmp_path, "cut.tflite").write_bytes(whole[: len(whole) // 2])
    Path(tmp_path, "text.tflite").write_text("not a model")
    for name, kind, shape in (
        ("photo", TensorProto.FLOAT, [1, 3, 224, 224]),
        ("float", TensorProto.FLOAT, ["n", 28, 28]),
    ):
        values = [helper.make_tensor_value_info(end, kind, shape) for end in ("x", "y")]
        body = helper.make_graph([helper.make_node("Relu", ["x"], ["y"])], "g", values[:1], values[1:])
        onnx.save(
            helper.make_model(body, opset_imports=[helper.make_opsetid("", 17)], ir_version=8),
            tmp_path / f"{name}.onnx",
        )
    Path(tmp_path, "text.onnx").write_text("not a model")
    with h5py.File(tmp_path / "data.h5", "w") as file:
        file["data"] = np.zeros(3)
    Path(tmp_path, "text.keras").write_text("not a model")
    keras.Sequential([keras.Input((28, 28)), keras.layers.Flatten(), keras.layers.Dense(7)]).save(
        tmp_path / "seven.keras"
    )
    keras.Sequential([keras.Input((32, 32)), keras.layers.Flatten(), keras.layers.Dense(10)]).save(
        tmp_path / "large.keras"
    )
    for name, expected in {
        "cut.tflite": "or a damaged one",
        "text.tflite": "not a LiteRT file",
        "photo.onnx": "(1, 3, 224, 224)",
        "float.onnx": "numbers of shape (256, 28, 28), not with 10 each",
        "text.onnx": "not an ONNX file",
        "data.h5": "not a Keras file",
        "text.keras": "not a Keras file",
        "seven.keras": "numbers of shape (256, 7), not with 10 each",
        "large.keras": "(n, 32, 32)",
    }.items():
        with pytest.raises(TenfoldError) as error:  # as in the other process
            _ = models.KINDS[Path(name).suffix](tmp_path / name).convention
        message = str(error.value)
        assert message.startswith(str(tmp_path / name))
        assert expected in message
        assert "\n" not in message


@needs_litert
def test_the_network_in_the_package(mnist, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # where there is no run
    test = mnist[1]
    for name in ("reader-int8.tflite", "reader-float16.tflite"):
        assert tenfold.evaluate(models.load(models.SHIPPED / name), test).accuracy >= 0.996
    assert models.shipped().stat().st_size <= 200_000
    answers = models.load(models.shipped()).logits(test.images[:500]).argmax(axis=1)
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)  # as where LiteRT has no wheel
    in_torch = models.load(models.shipped())
    assert isinstance(in_torch, models.TorchModel)
    assert (in_torch.logits(test.images[:500]).argmax(axis=1) != answers).sum() <= 2  # which is of 8 bits


@needs_litert
def test_a_picture_is_read_without_pytorch(mnist, tmp_path):
    from PIL import Image

    Image.fromarray(mnist[1].images[0]).save(tmp_path / "seven.png")
    program = (
        "import sys; from tenfold import cli; sys.argv = ['tenfold', 'predict', 'seven.png']\n"
        "try: cli.main()\nexcept SystemExit: print(*{'torch', 'pandas', 'matplotlib', 'scipy'} & set(sys.modules))"
    )
    result = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert result.stdout.startswith("seven.png: 7 (")
    assert (result.stdout.splitlines()[1:], result.stderr) == ([""], "")
