"""`DigitClassifier` behaves like a scikit-learn estimator."""

import warnings
from contextlib import suppress
from unittest import SkipTest

import numpy as np
import pytest
from scipy.special import expit

import tenfold
from tenfold import DigitClassifier, TenfoldError

pytest.importorskip("sklearn")

from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.estimator_checks import parametrize_with_checks

TINY = {"validation": 0, "batch_size": 20, "epochs": 2, "network_options__width": 8}


@pytest.fixture(scope="module")
def classifier(few):
    return DigitClassifier("quick", **TINY).fit(few.images[:300], few.labels[:300])


def test_images_and_labels_of_any_form_give_the_same_classifier(classifier, few):
    assert classifier.score(few.images[:300], few.labels[:300]) > 0.5  # five times chance
    images, labels = few.images[:300], few.labels[:300]
    expected = classifier.predict_proba(images[:50])
    names = np.array(["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"], dtype=object)
    for X, y in (  # noqa: N806
        (images.reshape(300, 784).astype(float), labels.astype(str)),
        (images[..., None] / np.float32(255), labels.astype(float)),
    ):
        again = clone(classifier).fit(X, y)
        np.testing.assert_allclose(again.predict_proba(X[:50]), expected, atol=1e-5)
        np.testing.assert_array_equal(again.predict(X[:50]), again.classes_[expected.argmax(axis=1)])
    few_names = np.isin(labels, (3, 5))
    again = clone(classifier).fit(images[few_names], names[labels[few_names]])
    assert again.classes_.tolist() == ["five", "three"]
    assert again.predict_proba(images[:50]).shape == (50, 2)
    with pytest.raises(TenfoldError, match="75 classes; a network has at most 62"):
        clone(classifier).fit(images, np.arange(300) % 75)
    dark = images[:50] // 255  # no pixel above 1, but on the scale of the training images
    np.testing.assert_array_equal(
        classifier.predict_proba(dark.astype(float)), classifier.predict_proba(dark.astype(np.uint8))
    )


def test_parameters_are_values_of_the_recipe(classifier):
    assert classifier.get_params() == {"recipe": "quick", **TINY}
    changed = clone(classifier).set_params(peak_lr=0.5, recipe="fast")
    assert changed.get_params() == {"recipe": "fast", **TINY, "peak_lr": 0.5}
    assert "peak_lr" not in classifier.get_params()
    with pytest.raises(TenfoldError, match="did you mean 'epochs'"):
        DigitClassifier(epoch=3).fit(np.zeros((2, 784)), [0, 1])


def test_it_works_in_pipelines_searches_calibration_and_with_two_jobs(classifier, few):
    images, labels = few.images[:200].reshape(200, 784), few.labels[:200]
    assert cross_val_score(classifier, images, labels, cv=2, n_jobs=2).mean() > 0.3
    pipeline = make_pipeline(FunctionTransformer(lambda images: images / 255), classifier)
    search = GridSearchCV(pipeline, {"digitclassifier__network_options__width": [4, 8]}, cv=2)
    assert search.fit(images, labels).best_score_ > 0.3
    assert search.best_params_.keys() == {"digitclassifier__network_options__width"}
    calibrated = CalibratedClassifierCV(classifier, cv=2, n_jobs=2).fit(images, labels)
    assert calibrated.predict_proba(images).shape == (200, 10)


def test_it_is_saved_without_pickle(classifier, few, tmp_path):
    names = np.array(list("abcdefghij"), dtype=object)
    images = few.images[:300]
    for fitted in (classifier, clone(classifier).fit(images, names[few.labels[:300]])):
        fitted.save(tmp_path / "classifier.safetensors")
        again = DigitClassifier.load(tmp_path / "classifier.safetensors")
        assert again.get_params() == fitted.get_params()
        np.testing.assert_array_equal(again.predict_proba(images), fitted.predict_proba(images))
        np.testing.assert_array_equal(again.predict(images), fitted.predict(images))
    tenfold.save(tenfold.build("softmax"), tmp_path / "network.safetensors")
    with pytest.raises(TenfoldError, match="holds no classifier"):
        DigitClassifier.load(tmp_path / "network.safetensors")


def test_the_random_numbers_of_the_caller_go_on(classifier, few):
    import torch

    torch.manual_seed(7)
    expected = torch.rand(3)
    torch.manual_seed(7)
    clone(classifier).fit(few.images[:50], few.labels[:50])
    assert torch.equal(torch.rand(3), expected)


class OfTables(DigitClassifier):
    """Takes the tables of scikit-learn's checks for images: every number becomes a bar, the larger the darker."""

    def _to_images(self, rows):
        images = np.zeros((len(rows), 784), np.uint8)
        bars = np.repeat(255 * expit(rows.astype(float)), 784 // rows.shape[1], axis=1)
        images[:, : bars.shape[1]] = bars
        return images.reshape(-1, 28, 28)


EXPECTED = {
    "check_no_attributes_set_in_init": "any value of a recipe may be given by name, and is kept in `overrides`",
    "check_methods_subset_invariance": "float32 sums differ in their last bits between batches of different sizes",
    "check_methods_sample_order_invariance": "float32 sums may differ in their last bits with the place in a batch",
}
CHEAP = {"network": "softmax", "optimizer": "adam", "peak_lr": 1e-4, "validation": 0}


@parametrize_with_checks([OfTables("quick", **CHEAP)], expected_failed_checks=lambda _: EXPECTED)
def test_it_passes_the_checks_of_scikit_learn(estimator, check):
    # warnings of few images; and a check is skipped, that of array libraries other than NumPy, which are not promised
    with warnings.catch_warnings(action="ignore"), suppress(SkipTest):
        check(estimator)
