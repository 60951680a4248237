"""`Classifier`: a scikit-learn pipeline that reads digits, made from a recipe."""

import importlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float, UInt8

from tenfold.base.errors import TenfoldError, nearest
from tenfold.base.extras import needed_by
from tenfold.classical import recipes, storage
from tenfold.classical.features import add_shifts, deskew, hog, to_pixels
from tenfold.classical.recipes import Recipe
from tenfold.data import Digits


class Estimator(NamedTuple):
    """A scikit-learn class, and the options that make it the model named."""

    module: str
    name: str
    options: dict[str, Any] = {}  # noqa: RUF012  # never changed


SVC_CACHE = {"cache_size": 1000}  # MB: enough for all products of two classes of MNIST

ESTIMATORS = {
    "naive_bayes": Estimator("naive_bayes", "BernoulliNB"),
    "logistic_regression": Estimator("linear_model", "LogisticRegression"),
    "linear_svm": Estimator("svm", "LinearSVC"),
    "polynomial_svm": Estimator("svm", "SVC", {"kernel": "poly"} | SVC_CACHE),
    "rbf_svm": Estimator("svm", "SVC", {"kernel": "rbf"} | SVC_CACHE),
    "knn": Estimator("neighbors", "KNeighborsClassifier"),
    "random_forest": Estimator("ensemble", "RandomForestClassifier"),
    "extra_trees": Estimator("ensemble", "ExtraTreesClassifier"),
    "boosting": Estimator("ensemble", "HistGradientBoostingClassifier"),
}


class Classifier:
    """A classical model that learns to read digits.

    Args:
        recipe: a `Recipe`, or the name of one.

    Attributes:
        recipe: the recipe it was made from.
        pipeline: the scikit-learn pipeline, from vectors of 784 pixels between 0 and 1 to labels.

    Raises:
        TenfoldError: if there is no such recipe, model, or option, or scikit-learn is missing.
    """

    def __init__(self, recipe: Recipe | str) -> None:
        self.recipe = recipes.load(recipe) if isinstance(recipe, str) else recipe
        self.pipeline = _make_pipeline(self.recipe)

    def fit(self, digits: Digits, threads: int | None = None) -> "Classifier":
        """Learn from digits; the same recipe and digits give the same classifier.

        If the recipe asks for shifts, four shifted copies of every image are learned too. The polynomial and the RBF
        SVM learn only copies of the support vectors of a first fit, because their training time grows with the square
        of the number of images.

        Args:
            digits: the training images, at least one of each class.
            threads: how many to use; by default one for each core.

        Raises:
            TenfoldError: if a class is missing, or scikit-learn refuses the recipe's values.

        Source: B. Schölkopf et al., "Incorporating invariances in support vector learning machines", ICANN 1996.
        """
        from joblib import parallel_config
        from threadpoolctl import threadpool_limits

        if 0 in (counts := digits.counts()):
            missing = digits.classes[counts.argmin()]
            raise TenfoldError(
                f"{digits.source}: there is no image of a {missing} among {len(digits)}; train on more images"
            )
        with _explain(self.recipe), threadpool_limits(threads), parallel_config("threading", n_jobs=threads or -1):
            virtual = self.recipe.shifts and ESTIMATORS[self.recipe.model].name == "SVC"
            if virtual:
                self._fit(digits)
                digits = digits[self.pipeline[-1].support_]
            self._fit(add_shifts(digits) if self.recipe.shifts else digits)
        return self

    def _fit(self, digits: Digits) -> None:
        self.pipeline.fit(to_pixels(digits.images), digits.labels)

    def predict(self, images: np.ndarray) -> UInt8[np.ndarray, " n"]:
        """Read images.

        Args:
            images: `uint8 (n, 28, 28)`, 0 is background and 255 full ink.

        Returns:
            The digit read in each image.

        Raises:
            TenfoldError: if the images have another type or shape, or the classifier has not been fitted.
        """
        with _explain(self.recipe):
            return self.pipeline.predict(to_pixels(images))

    def predict_proba(self, images: np.ndarray) -> Float[np.ndarray, "n classes"]:
        """Read images, as probabilities of the ten digits, or of the other classes that it has learned.

        Args:
            images: `uint8 (n, 28, 28)`, 0 is background and 255 full ink.

        Raises:
            TenfoldError: if the model gives no probabilities, as SVMs do not; if the images have another type or shape;
                or if the classifier has not been fitted.
        """
        if not hasattr(self.pipeline, "predict_proba"):
            raise TenfoldError(f"{self.recipe.name}: this model has no probabilities; use predict")
        with _explain(self.recipe):
            return self.pipeline.predict_proba(to_pixels(images))

    def save(self, path: str | os.PathLike) -> None:
        """Write the recipe and the fitted pipeline to one file, atomically.

        Raises:
            TenfoldError: if skops is missing.
            OSError: if the file cannot be written.
        """
        storage.write(path, self.pipeline, asdict(self.recipe))

    @classmethod
    def load(cls, path: str | os.PathLike) -> "Classifier":
        """Read a classifier that `save` wrote; its predictions are identical. No code from the file runs.

        Raises:
            TenfoldError: if there is no such file, or it does not hold a tenfold pipeline, or holds untrusted types, or
                a pipeline from another version of scikit-learn.
            OSError: if the file cannot be read.
        """
        pipeline, recipe = storage.read(path)
        classifier = cls(recipes.parse(recipe, str(path)))
        if _classes(pipeline) != _classes(classifier.pipeline):
            raise TenfoldError(f"{path}: refused, its pipeline is not the one of its recipe")
        storage.check_trees(path, pipeline[-1])
        classifier.pipeline = pipeline
        return classifier


def _make_pipeline(recipe: Recipe) -> Any:
    if recipe.model not in ESTIMATORS:
        raise TenfoldError(f"there is no classical model {recipe.model!r}{nearest(recipe.model, ESTIMATORS)}")
    with needed_by("a classical model"):
        from sklearn.decomposition import PCA
        from sklearn.kernel_approximation import Nystroem
        from sklearn.pipeline import Pipeline
        from sklearn.preprocessing import FunctionTransformer
    steps: list[tuple[str, Any]] = []
    if recipe.deskew:
        steps.append(("deskew", FunctionTransformer(deskew)))
    if recipe.hog:
        steps.append(("hog", FunctionTransformer(hog)))
    if recipe.pca:  # this solver is exact, and fast where there are many images of few features
        steps.append(("pca", PCA(recipe.pca, svd_solver="covariance_eigh")))
    if recipe.nystroem:
        nystroem = Nystroem(n_components=recipe.nystroem, gamma=recipe.nystroem_gamma, random_state=recipe.seed)
        steps.append(("nystroem", nystroem))
    return Pipeline([*steps, (recipe.model, _make_model(recipe))])


def _classes(pipeline: Any) -> list[type]:
    """The classes of a pipeline, of its steps, and of the estimators inside them; else just the object's own class."""
    steps = [step for _, step in getattr(pipeline, "steps", ())]
    return [type(part) for step in (pipeline, *steps) for part in (step, getattr(step, "estimator", None))]


def _make_model(recipe: Recipe) -> Any:
    model = ESTIMATORS[recipe.model]
    estimator = getattr(importlib.import_module(f"sklearn.{model.module}"), model.name)(**model.options)
    open_options = set(estimator.get_params()) - set(model.options) - {"random_state"}
    for option in recipe.model_options:
        if option not in open_options:
            raise TenfoldError(f"{recipe.name}: {recipe.model} has no option {option!r}{nearest(option, open_options)}")
    if "random_state" in estimator.get_params():
        estimator.set_params(random_state=recipe.seed)
    return estimator.set_params(**recipe.model_options)


@contextmanager
def _explain(recipe: Recipe) -> Iterator[None]:
    """Turn an error from scikit-learn into a TenfoldError of one line."""
    try:
        yield
    except TenfoldError:
        raise
    except ValueError as error:
        raise TenfoldError(f"{recipe.name}: {' '.join(str(error).split())}") from None
