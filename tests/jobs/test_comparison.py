import json

import numpy as np
import pytest

import tenfold
from tenfold import TenfoldError
from tenfold.base.errors import TenfoldWarning
from tenfold.evaluation import pairs
from tenfold.jobs import comparison

pytest.importorskip("sklearn")
pytest.importorskip("skops")

MODELS = ("naive_bayes", "quick", "knn")


def test_models_are_compared_kept_and_measured_again_where_they_are_missing(idx_folder, tmp_path):
    folder = tmp_path / "some"
    entries = comparison.plan(MODELS, train_images=500, data=idx_folder, out=folder)
    assert entries[1].recipe.train_images == entries[0].train_images == 500
    assert entries[1].recipe.validation == 0
    rows, failed = comparison.run(entries, processes=1)
    assert failed == {}
    assert sorted(row.model for row in rows) == sorted(MODELS)
    assert [row.error for row in rows] == sorted(row.error for row in rows)
    test = tenfold.load(idx_folder)[1]
    answers = {
        "knn": tenfold.classical.Classifier.load(folder / "knn" / "model.skops").predict(test.images),
        "quick": tenfold.evaluate(tenfold.training.runs.load_model(folder / "quick"), test).predictions,
    }
    for row in rows:
        assert row.interval[0] <= row.error <= row.interval[1] < 0.9
        assert row.bytes == (folder / row.model / row.file).stat().st_size
        assert min(row.train_seconds, row.predict_us) > 0
        assert len(row.readings) == 200
        assert row.model not in answers or row.readings == "".join(map(str, answers[row.model]))

    (entries[2].path / "row.json").unlink()
    again, _ = comparison.run(entries, processes=1)
    before, after = ({row.model: row for row in some} for some in (rows, again))
    assert {model for model in MODELS if after[model] == before[model]} == {"naive_bayes", "quick"}
    assert after["knn"].readings == before["knn"].readings  # measured again

    comparison.save(folder, rows, pairs(rows, test.labels))
    saved = json.loads((folder / "comparison.json").read_text())
    assert {"model", "error", "interval", "train_seconds", "predict_us", "bytes"} <= set(saved["rows"][0])
    assert len(saved["pairs"]) == 3

    with pytest.raises(TenfoldError, match="another recipe"):
        comparison.run(comparison.plan(MODELS[:1], train_images=400, data=idx_folder, out=folder), processes=1)
    (entries[0].path / "row.json").write_text("{}")
    with pytest.raises(TenfoldError, match="damaged"):
        comparison.run(entries[:1], processes=1)


def test_a_model_that_fails_does_not_stop_the_others(idx_folder, tmp_path):
    train, test = tenfold.load(idx_folder)
    folder = tmp_path / "no nines"
    folder.mkdir()
    few = train[train.labels < 9]
    np.savez(folder / "mnist.npz", x_train=few.images, y_train=few.labels, x_test=test.images, y_test=test.labels)
    entries = comparison.plan(["naive_bayes", "quick"], data=str(folder / "mnist.npz"), out=tmp_path / "some")
    with pytest.warns(TenfoldWarning, match="no images of 9, so the network cannot learn to read them"):
        rows, failed = comparison.run(entries, processes=1)
    assert [row.model for row in rows] == ["quick"]
    assert "no image of a 9" in failed["naive_bayes"]


def test_what_cannot_be_compared_is_told_before_anything_is_trained(idx_folder, tmp_path):
    for models, size, message in (
        (["rbf_smv"], None, r"did you mean 'rbf_svm'\?"),
        (["knn", "knn"], None, "twice"),
        (["knn"], 601, "train size 601: choose 10 .one image per class. to 600"),
        (["knn"], 9, "train size 9"),
    ):
        with pytest.raises(TenfoldError, match=message):
            comparison.plan(models, train_images=size, data=idx_folder, out=tmp_path / "some")
        assert not (tmp_path / "some").exists()
    with pytest.raises(TenfoldError) as told:
        comparison.plan(["nope"])
    assert str(told.value).count("tiny") == 1  # a recipe and a network
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "love.txt").write_text("dear")
    with pytest.raises(TenfoldError, match=r"letters: exists and is not the folder of a comparison; .*--out"):
        comparison.run(comparison.plan(["knn"], data=idx_folder, out=tmp_path / "letters"))
    (tmp_path / "knn").mkdir()
    (tmp_path / "knn" / "love.txt").write_text("dear")
    _, failed = comparison.run(comparison.plan(["knn"], data=idx_folder, out=tmp_path), processes=1)
    assert "knn: exists and is not the folder of a model" in failed["knn"]
    assert [path.name for path in (tmp_path / "knn").iterdir()] == ["love.txt"]
