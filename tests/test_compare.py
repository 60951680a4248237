import json
from pathlib import Path

import numpy as np
import pytest

import tenfold
from tenfold import TenfoldError
from tenfold.evaluation import pairs
from tenfold.jobs import comparison

pytest.importorskip("sklearn")
pytest.importorskip("skops")

MODELS = ("naive_bayes", "quick", "knn")


@pytest.fixture
def entries(idx_folder, tmp_path):
    return comparison.plan(MODELS, train_images=500, data=idx_folder, out=tmp_path / "some")


def test_finished_models_are_kept(entries):
    rows, failed = comparison.run(entries, processes=1)
    assert failed == {}
    assert sorted(row.model for row in rows) == sorted(MODELS)
    assert [row.error for row in rows] == sorted(row.error for row in rows)
    for row in rows:
        assert row.interval[0] <= row.error <= row.interval[1] < 0.9
        assert len(row.readings) == 200
        assert row.bytes == (entries[0].path.parent / row.model / row.file).stat().st_size
        assert row.train_seconds > 0
        assert row.predict_us > 0

    (entries[2].path / "row.json").unlink()
    again, _ = comparison.run(entries, processes=1)
    before, after = ({row.model: row for row in some} for some in (rows, again))
    assert after["naive_bayes"] == before["naive_bayes"]
    assert after["quick"] == before["quick"]
    assert after["knn"] != before["knn"]  # measured again
    assert after["knn"].readings == before["knn"].readings


def test_the_saved_models_read_what_the_rows_say(entries, idx_folder):
    rows, _ = comparison.run(entries, processes=1)
    test = tenfold.load(idx_folder)[1]
    answers = {
        "knn": tenfold.classical.Classifier.load(entries[2].path / "model.skops").predict(test.images),
        "quick": tenfold.evaluate(tenfold.training.runs.load_model(entries[1].path), test).predictions,
    }
    for row in rows:
        if row.model in answers:
            assert row.readings == "".join(map(str, answers[row.model]))


def test_a_model_that_fails_does_not_stop_the_others(idx_folder, tmp_path):
    train, test = tenfold.load(idx_folder)
    folder = tmp_path / "no nines"
    folder.mkdir()
    few = train[train.labels < 9]
    np.savez(folder / "mnist.npz", x_train=few.images, y_train=few.labels, x_test=test.images, y_test=test.labels)
    entries = comparison.plan(["naive_bayes", "quick"], data=str(folder / "mnist.npz"), out=tmp_path / "some")
    rows, failed = comparison.run(entries, processes=1)
    assert [row.model for row in rows] == ["quick"]
    assert "no image of a 9" in failed["naive_bayes"]


def test_another_recipe_needs_another_folder(entries, idx_folder):
    comparison.run(entries[:1], processes=1)
    folder = entries[0].path.parent
    with pytest.raises(TenfoldError, match="another recipe"):
        comparison.run(comparison.plan(MODELS[:1], train_images=400, data=idx_folder, out=folder), processes=1)
    (entries[0].path / "row.json").write_text("{}")
    with pytest.raises(TenfoldError, match="damaged"):
        comparison.run(entries[:1], processes=1)


@pytest.mark.parametrize(
    ("models", "size", "message"),
    [
        (["rbf_smv"], None, "did you mean 'rbf_svm'?"),
        (["knn", "knn"], None, "twice"),
        (["knn"], 601, "train size 601: choose 10 .one image per class. to 600"),
        (["knn"], 9, "train size 9"),
    ],
)
def test_what_cannot_be_compared_is_told_before_anything_is_trained(models, size, message, idx_folder, tmp_path):
    with pytest.raises(TenfoldError, match=message.replace("?", r"\?")):
        comparison.plan(models, train_images=size, data=idx_folder, out=tmp_path / "some")
    assert not (tmp_path / "some").exists()


def test_networks_and_classical_models_learn_the_same_images(entries):
    assert entries[1].recipe.train_images == entries[0].train_images == 500
    assert entries[1].recipe.validation == 0


def test_to_dict_is_ready_for_json(entries):
    rows, _ = comparison.run(entries, processes=1)
    labels = tenfold.load(entries[0].data)[1].labels
    comparison.save(entries[0].path.parent, rows, pairs(rows, labels))
    saved = json.loads(Path(entries[0].path.parent / "comparison.json").read_text())
    assert {"model", "error", "interval", "train_seconds", "predict_us", "bytes"} <= set(saved["rows"][0])
    assert len(saved["pairs"]) == 3
