"""Fitted pipelines on disk, in skops' format: a zip of JSON and arrays, from which no code runs, unlike a pickle.

Beside what skops writes stands `tenfold.json`: the recipe, and the scikit-learn that fitted the pipeline.
"""

import io
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile, is_zipfile

import numpy as np

from tenfold.base import strict_json
from tenfold.base.errors import TenfoldError
from tenfold.base.files import write_atomically

ABOUT = "tenfold.json"
FORMAT = 1
UNPACKED = 1 << 30  # the most bytes of a pipeline; forests are large
TRUSTED = [  # beside skops' own list
    "tenfold.classical.features.deskew",
    "tenfold.classical.features.hog",
    "sklearn.tree._tree.Tree",  # these two after `check_trees`
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
]


def write(path: str | os.PathLike, pipeline: Any, recipe: dict[str, Any]) -> None:
    """Write a fitted pipeline and the values of its recipe, atomically.

    Raises:
        TenfoldError: if skops is missing.
        OSError: if the file cannot be written.
    """
    sklearn, skops = _packages()
    file = io.BytesIO()
    skops.dump(pipeline, file, compression=ZIP_DEFLATED, compresslevel=1)  # higher ones take minutes for forests
    with ZipFile(file, "a") as archive:
        about = {"format": FORMAT, "scikit-learn": sklearn.__version__, "recipe": recipe}
        archive.writestr(ABOUT, strict_json.dumps(about, indent=1))
    write_atomically(path, file.getvalue())


def read(path: str | os.PathLike) -> tuple[Any, dict[str, Any]]:
    """Read what `write` wrote: the pipeline and the values of its recipe.

    A pipeline of another scikit-learn is refused before it is built: scikit-learn promises nothing there, and the
    predictions may be wrong without a sign, while to fit it again takes a command and some minutes.

    Raises:
        TenfoldError: if there is no such file, it holds no pipeline of tenfold, something that is not trusted, or
            a pipeline of another scikit-learn.
        OSError: if the file cannot be read.
    """
    path = Path(path)
    if not path.is_file():
        raise TenfoldError(f"{path}: no such file")
    if not is_zipfile(path):
        with path.open("rb") as file:
            begins = file.read(2)
        raise TenfoldError(
            f"{path}: refused, it is a pickle, which can run any code; save with Classifier.save()"
            if begins[:1] == b"\x80"
            else f"{path}: {'truncated' if begins == b'PK' else 'not a saved pipeline'}"
        )
    try:
        with ZipFile(path) as archive:
            if sum(part.file_size for part in archive.infolist()) > UNPACKED:
                raise TenfoldError(f"{path}: too large, it holds more than {UNPACKED >> 20} MiB")
            about = strict_json.loads(archive.read(ABOUT), str(path))
        version, fitted_with, recipe = about["format"], about["scikit-learn"], about["recipe"]
    except (BadZipFile, KeyError, TypeError, ValueError):
        raise TenfoldError(f"{path}: holds no pipeline of tenfold; save one with Classifier.save()") from None
    if version != FORMAT:
        raise TenfoldError(f"{path}: written by a newer tenfold; upgrade with: pip install -U tenfold")
    sklearn, skops = _packages()
    if fitted_with != sklearn.__version__:
        raise TenfoldError(
            f"{path}: fitted with scikit-learn {fitted_with}, which this {sklearn.__version__} may misread; "
            f"fit it again, or pip install scikit-learn=={fitted_with}"
        )
    try:
        pipeline = skops.load(path, trusted=TRUSTED)
    except Exception as error:  # a schema made by hand can fail in any way
        reason = str(error).partition("\n")[0].partition(" - ")[0]
        raise TenfoldError(f"{path}: refused, it is damaged or not to be trusted ({reason})") from None
    return pipeline, recipe


def check_trees(path: str | os.PathLike, model: Any) -> None:
    """Find out whether every way through a model's decision trees ends.

    scikit-learn follows the indices in them without looking: those of a file made by hand could crash Python.

    Raises:
        TenfoldError: if one leads nowhere, back, or to a feature that is not there.
    """
    try:
        safe = all(_ends(model.n_features_in_, *tree) for tree in _trees(model))
    except (AttributeError, IndexError, KeyError, TypeError, ValueError):
        safe = False
    if not safe:
        raise TenfoldError(f"{path}: refused, it is damaged or not to be trusted (a decision tree leads nowhere)")


def _trees(model: Any) -> Iterator[tuple[np.ndarray, ...]]:
    """Of each tree: which nodes are leaves, the two nodes below each, and the feature that decides between them."""
    for estimator in getattr(model, "estimators_", ()):
        if type(estimator) is not type(model.estimator):
            raise TypeError  # another ensemble in its place would hide its own trees
        tree = estimator.tree_
        yield tree.children_left == -1, tree.children_left, tree.children_right, tree.feature
    for predictors in getattr(model, "_predictors", ()):
        for nodes in (predictor.nodes for predictor in predictors):
            feature = np.where(nodes["is_categorical"], -1, nodes["feature_idx"])  # pixels are no categories
            yield nodes["is_leaf"] == 1, nodes["left"], nodes["right"], feature


def _ends(features: int, leaf: np.ndarray, left: np.ndarray, right: np.ndarray, feature: np.ndarray) -> bool:
    """Whether every step through a tree leads to a node further on, by a feature that is there."""
    (inner,) = np.nonzero(~leaf)
    below = np.stack((left[inner], right[inner])).astype(np.int64)
    decides = feature[inner]
    return bool(
        len(leaf)
        and (below > inner).all()
        and (below < len(leaf)).all()
        and (decides >= 0).all()
        and (decides < features).all()
    )


def _packages() -> tuple[Any, Any]:
    try:
        import sklearn
        import skops.io
    except ImportError:
        raise TenfoldError("saved pipelines need scikit-learn and skops; pip install 'tenfold[classical]'") from None
    return sklearn, skops.io
