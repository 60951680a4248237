"""A run on letters, from training to export: the classes come from the data, and everything names them."""

import json
from types import SimpleNamespace

import numpy as np
import pytest

import tenfold
from tenfold import TenfoldError, models, recipes
from tenfold.data import load, write_idx
from tenfold.evaluation import diagnose
from tenfold.export import export
from tenfold.jobs import evaluation_run, training_run
from tenfold.reader import Reader, to_text
from tenfold.report import console, plots
from tenfold.training.runs import Run

NAMES = tuple("ABCDEFGHIJKLMNOPQRSTUVWXYZ")


@pytest.fixture(scope="module")
def letters(tmp_path_factory):
    """A set named like EMNIST's letters, of patterns with noise, and the run of a network trained on it."""
    folder = tmp_path_factory.mktemp("letters")
    random = np.random.default_rng(0)
    patterns = np.kron(random.integers(0, 2, (26, 7, 7)), np.full((4, 4), 255))
    for part, n in (("train", 780), ("test", 104)):
        labels = np.arange(n) % 26
        images = np.clip(patterns[labels] + random.integers(-60, 61, (n, 28, 28)), 0, 255).astype(np.uint8)
        write_idx(folder / f"emnist-letters-{part}-images-idx3-ubyte", images.transpose(0, 2, 1))
        write_idx(folder / f"emnist-letters-{part}-labels-idx1-ubyte", labels.astype(np.uint8) + np.uint8(1))
    changes = {"network_options.width": 8, "batch_size": 26, "validation": 130, "epochs": 3}
    run = training_run.train(recipes.load("quick", changes), data=str(folder), out=folder / "run", device="cpu")
    return SimpleNamespace(folder=folder, run=run, test=load(folder)[1])


def test_a_run_learns_and_restores_letters(letters, capsys):
    network = tenfold.restore(letters.run.path)
    assert network.classes == letters.test.classes == NAMES
    evaluation = tenfold.evaluate(network, letters.test)
    assert evaluation.accuracy > 0.8
    assert evaluation.confusion.shape == (26, 26)
    assert evaluation.accuracy == Run(letters.run.path).load_evaluation()["accuracy"]
    assert evaluation.to_dict()["classes"] == list(NAMES)
    pair = (letters.test.images[1:6], letters.test.labels[1:6])  # which does not say what its numbers mean
    assert tenfold.evaluate(network, pair).correct == (evaluation.predictions == letters.test.labels)[1:6].sum()
    console.print_assessment(evaluation_run.examine(letters.run.path))
    assert "each true class" in (printed := capsys.readouterr().out)
    assert [line.split()[0] for line in printed.splitlines() if line.strip()[:2] == "Z "] == ["Z", "Z"]  # two tables
    assert diagnose(letters.run.history, NAMES).verdict == "unknown"
    report = letters.run.file("report.html").read_text("utf-8")
    assert "Class by class" in report
    assert all(f'<th scope="row">{name}</th>' in report for name in NAMES)


def test_plots_name_the_classes(letters):
    evaluation = tenfold.evaluate(letters.run.load_model(), letters.test)
    for figure in (
        plots.confusion_matrix(evaluation),
        plots.samples(letters.test, 2),
        plots.class_histogram(letters.test),
        plots.mean_and_variance(letters.test),
    ):
        ticks = [
            label.get_text() for axes in figure.axes for label in (*axes.get_xticklabels(), *axes.get_yticklabels())
        ]
        assert set(NAMES) <= set(ticks)


def test_letters_are_predicted(letters):
    reader = Reader(letters.run.path)
    assert reader.line_model is None
    readings = reader.read_images(letters.test.images)
    assert {reading.label for reading in readings} <= {*NAMES, None}
    assert np.mean([one.label == NAMES[label] for one, label in zip(readings, letters.test.labels, strict=True)]) > 0.8
    assert to_text(readings[:1]) == "A"


@pytest.mark.litert
def test_letters_are_exported(letters, tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    monkeypatch.setattr("tenfold.export.CALIBRATION", 256)  # which take most of the time
    for package in ("litert_torch", "onnxruntime", "keras"):
        pytest.importorskip(package)
    files = export(letters.run.path, ["litert", "onnx", "keras"], tmp_path)
    assert {len(file["classes"]) for file in files} == {26}
    for file in files:
        model = models.load(file["file"])
        assert model.classes == NAMES
        assert tenfold.evaluate(model, letters.test).accuracy == file["accuracy"]
    assert json.loads((tmp_path / "run-float32.onnx.json").read_text())["output"]["shape"] == ["n", 26]
    assert Reader(tmp_path / "run-int8.tflite").read_images(letters.test.images[:1])[0].label == "A"


def test_what_does_not_fit_is_refused(letters, mnist):
    with pytest.raises(TenfoldError, match=r"10 classes apart, and .* has 26; build it with classes=train.classes"):
        tenfold.fit(tenfold.build("softmax"), letters.test, "quick")
    with pytest.raises(TenfoldError, match=r"\(5, 26\) for 5 images of 10 classes; .* trained on other data"):
        tenfold.evaluate(letters.run.load_model(), mnist[1][:5])
    with pytest.raises(TenfoldError, match=r"classes are their names, such as train.classes, not 26"):
        tenfold.build("cnn", classes=26)
    with pytest.raises(TenfoldError, match="2 to 62 classes"):
        tenfold.build("cnn", classes=["a"])
    with pytest.raises(TenfoldError, match=r"letterforms and augment.negatives are for digits"):
        tenfold.fit(tenfold.build("cnn", classes=NAMES), letters.test, recipes.load("reader", {"validation": 0}))
    recipe = recipes.load("quick", {"network_options.classes": 26, "validation": 0})
    with pytest.raises(TenfoldError, match="not 26"):
        training_run.train(recipe, data=str(letters.folder), out=letters.folder / "other")
