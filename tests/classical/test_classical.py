import io
import json
import pickle
import sys
import tomllib
import zipfile
from dataclasses import asdict
from importlib import resources

import numpy as np
import pytest

from tenfold import TenfoldError
from tenfold.classical import ESTIMATORS, Classifier, add_shifts, deskew, hog, recipes, storage
from tenfold.classical.features import to_pixels

sklearn = pytest.importorskip("sklearn")
skops = pytest.importorskip("skops.io")

FLOORS = {"naive_bayes": 0.75, "boosting": 0.75, "polynomial_svm": 0.88, "rbf_svm": 0.88}
FLOORS |= {"nystroem_svm": 0.91, "knn_deskewed": 0.89, "virtual_svm": 0.93, "hog_svm": 0.96}
SMALLER = {"random_forest": {"n_estimators": 50}, "extra_trees": {"n_estimators": 50}}
SMALLER |= {"boosting": {"max_iter": 5, "max_leaf_nodes": 8}}


def smaller(name):
    """The recipe, in seconds on a thousand images."""
    recipe = recipes.load(name)
    changes = {f"model_options.{key}": value for key, value in SMALLER.get(recipe.model, {}).items()}
    return recipes.load(name, changes | ({"nystroem": 300} if recipe.nystroem else {}))


@pytest.fixture(scope="module")
def forest(few):
    return Classifier(smaller("random_forest")).fit(few, threads=2)


def test_every_model_has_a_recipe():
    assert {recipes.load(name).model for name in recipes.names()} == set(ESTIMATORS)


@pytest.mark.parametrize("name", recipes.names())
def test_every_recipe_learns_and_reads_the_same_after_the_way_to_disk_and_back(name, few, mnist, tmp_path):
    test = mnist[0][-500:]
    classifier = Classifier(smaller(name)).fit(few, threads=1)
    predictions = classifier.predict(test.images)
    assert (predictions == test.labels).mean() > FLOORS.get(name, 0.82)
    classifier.save(tmp_path / name)
    restored = Classifier.load(tmp_path / name)
    assert restored.recipe == classifier.recipe
    np.testing.assert_array_equal(restored.predict(test.images), predictions)
    if recipes.load(name).model.endswith("svm"):
        with pytest.raises(TenfoldError, match="no probabilities"):
            restored.predict_proba(test.images)
    else:
        probabilities = restored.predict_proba(test.images)
        np.testing.assert_array_equal(probabilities, classifier.predict_proba(test.images))
        np.testing.assert_array_equal(probabilities.argmax(axis=1), predictions)


def test_every_recipe_is_called_like_its_file_and_gives_a_reason_for_every_value():
    for name in recipes.names():
        text = resources.files(recipes).joinpath(f"{name}.toml").read_text()
        assert tomllib.loads(text)["name"] == name
        lines = [line for line in text.splitlines() if "=" in line and not line.startswith(("#", "name =", "model ="))]
        assert [line for line in lines if "#" not in line] == []


def test_the_number_of_threads_changes_nothing(few, mnist, forest):
    images = mnist[1].images[:200]
    alone = Classifier(forest.recipe).fit(few, threads=1)
    np.testing.assert_array_equal(alone.predict_proba(images), forest.predict_proba(images))


def test_deskewing_makes_a_slanted_stroke_upright_where_it_is():
    image = np.zeros((28, 28), np.uint8)
    for row in range(6, 22):
        image[row, 7 + row // 2] = 255  # a stroke like \
    upright = deskew(to_pixels(image[None])).reshape(28, 28)
    columns = upright.sum(axis=0)
    assert columns[13:15].sum() > 0.95 * columns.sum()
    assert upright.sum() == pytest.approx(16, rel=1e-5)
    straight = deskew(to_pixels(image.T[None] * 0))
    assert not straight.any()  # no ink, no slant


def test_hog_sees_edges_and_neither_contrast_nor_even_ground(few):
    pixels = to_pixels(few.images[:20])
    features = hog(pixels)
    assert features.shape == (20, 1152)
    np.testing.assert_allclose(hog(0.5 * pixels + 0.25), hog(0.5 * pixels), atol=1e-6)
    assert np.abs(hog(0.5 * pixels) - features).mean() < 0.001  # only where there is hardly any edge
    halves = np.zeros((2, 28, 28), np.float32)
    halves[0, :, 14:], halves[1, 14:, :] = 1, 1  # dark on the left, dark at the top
    right, down = hog(halves.reshape(2, 784)).reshape(2, 36, 4, 8).sum(axis=(1, 2))
    assert (right.argmax(), down.argmax()) == (0, 2)  # a quarter of a turn of eight steps is two
    assert right.sum() == pytest.approx(right[0])


def test_shifts_make_five_of_one(few):
    shifted = add_shifts(few[:3])
    assert len(shifted) == 15
    assert shifted.labels.tolist() == few.labels[:3].tolist() * 5
    copies = shifted.images.reshape(5, 3, 28, 28)
    np.testing.assert_array_equal(copies[0], few.images[:3])
    assert len(np.unique(copies, axis=0)) == 5
    for copy, axis, step in ((1, 1, -1), (2, 1, 1), (3, 2, -1), (4, 2, 1)):
        np.testing.assert_array_equal(copies[copy], np.roll(few.images[:3], step, axis))


def test_a_support_vector_machine_learns_shifts_of_its_support_vectors_only(few):
    bare, shifted = (
        Classifier(recipes.load("virtual_svm", {"shifts": shifts})).fit(few[:300], threads=1).pipeline[-1]
        for shifts in (False, True)
    )
    assert shifted.shape_fit_[0] == 5 * len(bare.support_)


def test_a_wrong_key_or_value_is_named(few):
    for changes, message in (
        ({"model": "rbf_swm"}, "no classical model 'rbf_swm'; did you mean 'rbf_svm'"),
        ({"model_options.gama": 1.0}, "rbf_svm has no option 'gama'; did you mean 'gamma'"),
        ({"model_options.kernel": "poly"}, "no option 'kernel'"),
        ({"deskewed": True}, "no key 'deskewed'; did you mean 'deskew'"),
        ({"pca": -1}, "pca = -1: .*greater"),
        ({"model_options.C": -1.0}, "'C' parameter of SVC must be"),
        ({"pca": 785}, "n_components=785"),
    ):
        with pytest.raises(TenfoldError, match=message):
            Classifier(recipes.load("rbf_svm", changes)).fit(few, threads=1)


def test_bad_input_to_a_classifier(few, forest):
    with pytest.raises(TenfoldError, match="no classical recipe 'rbf-svm'; did you mean 'rbf_svm'"):
        Classifier("rbf-svm")
    with pytest.raises(TenfoldError, match="no image of a 3"):
        Classifier("knn").fit(few[few.labels != 3])
    with pytest.raises(TenfoldError, match="not fitted yet"):
        Classifier("knn").predict(few.images)
    for images in (few.images / 255, few.images[0], few.images[:0]):
        with pytest.raises(TenfoldError, match=r"must be uint8 \(n, 28, 28\)"):
            forest.predict(images)
    with pytest.raises(TenfoldError, match="n_neighbors"):
        Classifier(recipes.load("knn", {"model_options.n_neighbors": 2000})).fit(few).predict(few.images[:1])


def write_zip(path, pipeline, about):
    with zipfile.ZipFile(path, "w") as archive, zipfile.ZipFile(io.BytesIO(skops.dumps(pipeline))) as source:
        for name in source.namelist():
            archive.writestr(name, source.read(name))
        archive.writestr(storage.ABOUT, json.dumps(about))


def test_files_that_are_no_pipelines(forest, few, tmp_path):
    good = {"format": 1, "scikit-learn": sklearn.__version__, "recipe": asdict(forest.recipe)}
    forest.save(tmp_path / "good")
    content = (tmp_path / "good").read_bytes()
    (tmp_path / "text").write_text("no pipeline")
    (tmp_path / "short").write_bytes(content[: len(content) // 2])
    (tmp_path / "pickle").write_bytes(pickle.dumps(forest.pipeline))
    np.savez(tmp_path / "arrays.npz", images=few.images[:1])
    older = {**good, "scikit-learn": "1.0.2"}
    write_zip(tmp_path / "older", forest.pipeline, older)
    write_zip(tmp_path / "newer", forest.pipeline, {**good, "format": 2})
    write_zip(tmp_path / "list", [1, 2], good)
    write_zip(tmp_path / "other", Classifier("knn").fit(few).pipeline, good)
    write_zip(tmp_path / "recipe", forest.pipeline, {**good, "recipe": {"name": "forest"}})
    for name, message in {
        "absent": "no such file",
        "text": "not a saved pipeline",
        "short": "truncated",
        "pickle": "it is a pickle, which can run any code",
        "arrays.npz": "not a pipeline of tenfold",
        "older": r"fitted with scikit-learn 1\.0\.2.*pip install scikit-learn==1\.0\.2",
        "newer": "newer tenfold",
        "list": "not the one of its recipe",
        "other": "not the one of its recipe",
        "recipe": "'model' is missing",
    }.items():
        with pytest.raises(TenfoldError, match=f"{name}: .*{message}") as caught:
            Classifier.load(tmp_path / name)
        assert "\n" not in str(caught.value)


def test_nothing_that_is_not_trusted_is_loaded(forest, tmp_path):
    """A type that skops does not know, a pickle within the zip, and indices that would crash scikit-learn."""
    good = {"format": 1, "scikit-learn": sklearn.__version__, "recipe": asdict(forest.recipe)}
    evil = {"__class__": "system", "__module__": "os", "__loader__": "FunctionNode", "__id__": 1, "content": "x"}
    schema = evil | {"protocol": 2, "_skops_version": "0.16.0"}
    with zipfile.ZipFile(tmp_path / "function", "w") as archive:
        archive.writestr("schema.json", json.dumps(schema))
        archive.writestr(storage.ABOUT, json.dumps(good))
    forest.save(tmp_path / "good")
    objects = io.BytesIO()
    np.save(objects, np.array([{}]), allow_pickle=True)
    with zipfile.ZipFile(tmp_path / "good") as source, zipfile.ZipFile(tmp_path / "array", "w") as archive:
        for name in source.namelist():
            archive.writestr(name, objects.getvalue() if name.endswith(".npy") else source.read(name))
    for name in ("function", "array"):
        with pytest.raises(TenfoldError, match=f"{name}: refused"):
            Classifier.load(tmp_path / name)


@pytest.mark.parametrize("name", ["extra_trees", "boosting"])
def test_trees_that_lead_nowhere_are_refused(name, few, tmp_path):
    for field, value in (("left", 10**6), ("left", 0), ("feature", 784)):
        classifier = Classifier(smaller(name)).fit(few[:100], threads=1)
        if name == "boosting":
            nodes = classifier.pipeline[-1]._predictors[0][0].nodes
            nodes[{"left": "left", "feature": "feature_idx"}[field]][0] = value
        else:
            tree = classifier.pipeline[-1].estimators_[0].tree_
            state = tree.__getstate__()
            state["nodes"][{"left": "left_child", "feature": "feature"}[field]][0] = value
            tree.__setstate__(state)
        classifier.save(tmp_path / "crafted")
        with pytest.raises(TenfoldError, match="a decision tree leads nowhere"):
            Classifier.load(tmp_path / "crafted")


def test_a_missing_package_is_named(monkeypatch, tmp_path):
    for module in ("sklearn.pipeline", "skops.io"):
        monkeypatch.setitem(sys.modules, module, None)
        with pytest.raises(TenfoldError, match=r"pip install 'tenfold\[classical\]'"):
            Classifier("knn").save(tmp_path / "knn")
        monkeypatch.undo()
