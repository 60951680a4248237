"""Fitted pipelines on disk, in the format of skops: a zip of JSON and arrays that, unlike a pickle, can run no code.

tenfold adds `tenfold.json`, with the recipe and the version of scikit-learn that fitted the pipeline.
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
from tenfold.base.extras import needed_by
from tenfold.base.files import not_a_file, write_atomically

ABOUT = "tenfold.json"
FORMAT = 1
UNPACKED = 1 << 30  # the most bytes of a pipeline; forests are large
TRUSTED = [  # in addition to skops' own list
    "tenfold.classical.features.deskew",
    "tenfold.classical.features.hog",
    "sklearn.tree._tree.Tree",  # these two after `check_trees`
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
]


def write(path: str | os.PathLike, pipeline: Any, recipe: dict[str, Any]) -> None:
    """Write a fitted pipeline and the values of its recipe to the file `path`, atomically.

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
    """Read the pipeline and the values of its recipe that `write` wrote.

    A pipeline from another version of scikit-learn is refused before it is built: its predictions might be silently
    wrong, and fitting it again takes one command and a few minutes.

    Raises:
        TenfoldError: if there is no such file, or it does not hold a tenfold pipeline, or holds untrusted types, or a
            pipeline from another version of scikit-learn.
        OSError: if the file cannot be read.
    """
    path = Path(path)
    if not path.is_file():
        raise not_a_file(path)
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
        raise TenfoldError(f"{path}: not a pipeline of tenfold; save one with Classifier.save()") from None
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
    except Exception as error:  # a forged schema can fail in any way
        reason = str(error).partition("\n")[0].partition(" - ")[0]
        raise TenfoldError(f"{path}: refused, it is damaged or not to be trusted ({reason})") from None
    return pipeline, recipe


def check_trees(path: str | os.PathLike, model: Any) -> None:
    """Check that every path through a model's decision trees ends in a leaf.

    scikit-learn follows the trees' indices unchecked, so those in a forged file could crash Python.

    Raises:
        TenfoldError: if an index points back, to no node, or to no feature; the message names `path`.
    """
    try:
        safe = all(_ends(model.n_features_in_, *tree) for tree in _trees(model))
    except (AttributeError, IndexError, KeyError, TypeError, ValueError):
        safe = False
    if not safe:
        raise TenfoldError(f"{path}: refused, it is damaged or not to be trusted (a decision tree leads nowhere)")


def _trees(model: Any) -> Iterator[tuple[np.ndarray, ...]]:
    """For each tree: which nodes are leaves, each node's two children, and the feature that decides between them."""
    for estimator in getattr(model, "estimators_", ()):
        if type(estimator) is not type(model.estimator):
            raise TypeError  # an ensemble in place of a tree would hide its own trees
        tree = estimator.tree_
        yield tree.children_left == -1, tree.children_left, tree.children_right, tree.feature
    for predictors in getattr(model, "_predictors", ()):
        for nodes in (predictor.nodes for predictor in predictors):
            feature = np.where(nodes["is_categorical"], -1, nodes["feature_idx"])  # pixels are never categorical
            yield nodes["is_leaf"] == 1, nodes["left"], nodes["right"], feature


def _ends(features: int, leaf: np.ndarray, left: np.ndarray, right: np.ndarray, feature: np.ndarray) -> bool:
    """Whether each step through a tree leads to a later node and uses an existing feature."""
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
    with needed_by("a saved pipeline"):
        import sklearn
        import skops.io
    return sklearn, skops.io
