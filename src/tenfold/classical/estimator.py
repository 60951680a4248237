"""`DigitClassifier`: tenfold's networks as a scikit-learn estimator."""

import os
import warnings
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Shaped, UInt8

from tenfold import recipes
from tenfold.base import strict_json
from tenfold.base.errors import TenfoldError, TenfoldWarning
from tenfold.base.form import CLASSES, MOST_CLASSES
from tenfold.data import Digits, preprocess
from tenfold.data.arrays import to_images
from tenfold.networks import build, predict_logits
from tenfold.networks.storage import describe, read_tensors, restore, write_tensors
from tenfold.training import History, fit

try:
    from sklearn.base import BaseEstimator, ClassifierMixin
    from sklearn.utils.multiclass import check_classification_targets
    from sklearn.utils.validation import check_is_fitted, validate_data
except ImportError:  # `fit` and `load` say so; `import tenfold` goes without
    BaseEstimator, ClassifierMixin = type("BaseEstimator", (), {}), type("ClassifierMixin", (), {})
    validate_data = None

LARGEST_SCALED = 3  # a larger pixel is on the scale from 0 to 255; on that to 1, standardized ones reach 2.8


class DigitClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A network that trains from a recipe, as a scikit-learn classifier: for pipelines, searches, and cross-validation.

    Args:
        recipe: the name of a recipe, or a TOML file.
        overrides: values of the recipe to use instead, such as `epochs=2`; `network_options__width=16` reaches into a
            table. They are parameters, so that a search can set them.

    Attributes:
        classes_: the labels, sorted, `(classes,)`; at most 62, numbers or text.
        history_: what was measured after every epoch, a `History`; None after `load`.
        network_: the trained network.
        n_features_in_: 784.

    Example:
        >>> import tenfold
        >>> train, test = tenfold.load()
        >>> classifier = tenfold.DigitClassifier("quick", epochs=2, validation=0, batch_size=50)
        >>> classifier = classifier.fit(train.images[:2000], train.labels[:2000])
        >>> classifier.score(test.images[:200], test.labels[:200]) > 0.7
        True
    """

    def __init__(self, recipe: Any = "fast", **overrides: Any) -> None:
        self.recipe = recipe
        self.overrides = overrides

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The recipe, and the values to use instead of its own."""
        return {"recipe": self.recipe, **self.overrides}

    def set_params(self, **params: Any) -> "DigitClassifier":
        """Change the recipe, or values of it."""
        self.recipe = params.pop("recipe", self.recipe)
        self.overrides = self.overrides | params
        return self

    def fit(self, X: Any, y: Any) -> "DigitClassifier":  # noqa: N803
        """Train a new network; the same images, recipe, and number of threads give the same one.

        Args:
            X: images `(n, 784)`, `(n, 28, 28)`, or `(n, 28, 28, 1)`, any numbers from 0 to 255 or from 0 to 1.
            y: their labels `(n,)`, up to 62 different ones.

        Returns:
            The classifier.

        Raises:
            TenfoldError: if scikit-learn is missing, the images or labels cannot be used, there is no such recipe, it
                has no such value, or the training diverges.
            ValueError: if `X` or `y` is nothing that scikit-learn takes.
        """
        _check_installed()
        recipe = recipes.load(self.recipe, {name.replace("__", "."): value for name, value in self.overrides.items()})
        X, y = validate_data(self, _rows(X), y, ensure_min_samples=2)  # noqa: N806
        check_classification_targets(y)
        self.classes_, labels = np.unique(y, return_inverse=True)
        if len(self.classes_) > MOST_CLASSES:
            raise TenfoldError(f"y: {len(self.classes_)} classes; a network has at most {MOST_CLASSES}")
        numbers = tuple(map(str, range(max(CLASSES, len(self.classes_)))))
        self.largest_ = 255.0 if X.dtype == np.uint8 or X.max() > LARGEST_SCALED else 1.0
        digits = Digits(self._to_images(X), labels.astype(np.uint8), "X", classes=numbers)
        with (
            torch.random.fork_rng(devices=[]),
            warnings.catch_warnings(),
        ):  # random numbers of the caller go on as before
            warnings.filterwarnings("ignore", "X: no images of", TenfoldWarning)  # of classes that y does not have
            torch.manual_seed(recipe.seed)
            self.network_ = build(recipe.network, **{"classes": numbers} | recipe.network_options)
            self.history_: History | None = fit(self.network_, digits, recipe)
        if self.history_.interrupted:
            raise KeyboardInterrupt
        self.network_.cpu()
        # it is made for networks that train on all images
        self.temperature_ = 1.0 if recipe.validation else recipe.temperature
        return self

    def predict_proba(self, X: Any) -> Float[np.ndarray, "n classes"]:  # noqa: N803
        """Read images, as probabilities of the classes in the order of `classes_`.

        Args:
            X: images in a shape and on a scale that `fit` takes; the scale must be that of the training images.

        Raises:
            TenfoldError: if the images cannot be used.
            ValueError: if `X` is nothing that scikit-learn takes, or the classifier has not been fitted.
        """
        check_is_fitted(self)
        X = validate_data(self, _rows(X), reset=False)  # noqa: N806
        logits = predict_logits(self.network_, preprocess.to_tensor(self._to_images(X)))
        answers = logits[:, : len(self.classes_)].double() / self.temperature_
        return answers.softmax(dim=1).numpy()

    def predict(self, X: Any) -> Shaped[np.ndarray, " n"]:  # noqa: N803
        """Read images, as the most probable of the classes.

        Args:
            X: images in a shape and on a scale that `fit` takes; the scale must be that of the training images.

        Raises:
            TenfoldError: if the images cannot be used.
            ValueError: if `X` is nothing that scikit-learn takes, or the classifier has not been fitted.
        """
        probabilities = self.predict_proba(X)
        return self.classes_[probabilities.argmax(axis=1)]

    def save(self, path: str | os.PathLike) -> None:
        """Write the fitted classifier to one safetensors file, which holds no code; `load` reads it.

        Args:
            path: the file, `….safetensors`; an existing one is replaced.

        Raises:
            ValueError: if it has not been fitted.
            OSError: if the file cannot be written.
        """
        check_is_fitted(self)
        about = {
            "params": self.get_params(),
            "classes": self.classes_.tolist(),
            "dtype": self.classes_.dtype.str,
            "largest": self.largest_,
            "temperature": self.temperature_,
        }
        texts = {"network": describe(self.network_), "classifier": strict_json.dumps(about)}
        write_tensors(path, self.network_.state_dict(), texts)

    @classmethod
    def load(cls, path: str | os.PathLike) -> "DigitClassifier":
        """Read a classifier that `save` wrote; its probabilities are the same.

        Raises:
            TenfoldError: if scikit-learn is missing, there is no such file, it is damaged, or holds something else.
            OSError: if the file cannot be read.
        """
        _check_installed()
        network = restore(path)
        try:
            about = strict_json.loads(read_tensors(path)[1]["classifier"], str(path))
            classifier = cls(**about["params"])
            classifier.classes_ = np.array(about["classes"], about["dtype"])
            classifier.largest_, classifier.temperature_ = float(about["largest"]), float(about["temperature"])
        except (KeyError, TypeError, ValueError):
            raise TenfoldError(f"{path}: holds no classifier; write one with DigitClassifier.save()") from None
        classifier.network_, classifier.history_, classifier.n_features_in_ = network, None, 784
        return classifier

    def _to_images(self, rows: Shaped[np.ndarray, "n features"]) -> UInt8[np.ndarray, "n 28 28"]:
        return to_images(rows, "X", self.largest_)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.classifier_tags.poor_score = True  # on anything but images
        return tags


def _check_installed() -> None:
    if validate_data is None:
        raise TenfoldError("DigitClassifier needs scikit-learn; pip install 'tenfold[classical]'")


def _rows(images: Any) -> Any:
    """Images as rows of pixels, which is all that scikit-learn takes; whatever else is given stays as it is."""
    shape: tuple[int, ...] = getattr(images, "shape", ())
    return np.reshape(np.asarray(images), (shape[0], -1)) if len(shape) > 2 and shape[0] else images
