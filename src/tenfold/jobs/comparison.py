"""Networks and classical models side by side: their costs, their errors, and which differences are real."""

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import UInt8
from pydantic import TypeAdapter

from tenfold import classical, recipes
from tenfold.base import strict_json
from tenfold.base.errors import TenfoldError, nearest
from tenfold.base.files import TEXT, check_ours, locked, read_bytes, write_atomically
from tenfold.data import Digits, load, locate, preprocess, subset
from tenfold.data.classes import EVERYTHING
from tenfold.evaluation import ModelResult, Pair, wilson_interval
from tenfold.jobs.study import finish
from tenfold.jobs.workers import scatter
from tenfold.networks import NETWORKS, predict_logits
from tenfold.report import plots

COMPARISONS = Path("comparisons")
QUICK_IMAGES = 10_000
# the slowest first, so that no core idles while the last one finishes
QUICK = (
    *(
        "hog_svm",
        "virtual_svm",
        "nystroem_svm",
        "rbf_svm",
        "polynomial_svm",
        "random_forest",
        "extra_trees",
        "standard",
    ),
    *("lenet5", "linear_svm", "logistic_regression", "brisk", "mlp", "knn", "knn_deskewed", "fast", "naive_bayes"),
)
DEFAULT = ("thorough", "boosting", *QUICK)

Recipe = recipes.Recipe | classical.recipes.Recipe
Labels = UInt8[np.ndarray, " n"]


@dataclass(frozen=True)
class Entry:
    """A model in a comparison.

    Attributes:
        model: its name.
        recipe: its recipe, of a network or of a classical model.
        train_images: the number of training images, every class in the same proportion.
        data: where the digits come from, see `tenfold.load`.
        path: the folder where the model is kept.
    """

    model: str
    recipe: Recipe
    train_images: int
    data: str
    path: Path


def plan(
    models: Sequence[str] = DEFAULT,
    *,
    train_images: int | None = None,
    seed: int = 0,
    data: str = "bundled",
    out: str | os.PathLike | None = None,
) -> list[Entry]:
    """Find the recipes of the models to compare.

    Args:
        models: names of recipes, classical or of networks; or names of networks, which are then trained as in
            `standard`.
        train_images: the number of training images, at least one of each class; by default all.
        seed: starts the random numbers of all models.
        data: where the digits come from, see `tenfold.load`.
        out: the folder of the comparison; by default one in `comparisons/`, named after the images and the seed.

    Raises:
        TenfoldError: if there is no such model, one appears twice, there are not enough images, or scikit-learn is
            missing.
    """
    train = load(data)[0]
    available, classes = len(train), len(train.classes)
    if train_images is None:
        train_images = available
    elif not classes <= train_images <= available:
        raise TenfoldError(
            f"train size {train_images}: choose {classes} (one image per class) to {available} (all of them)"
        )
    folder = Path(out) if out is not None else COMPARISONS / f"{train_images}-seed{seed}"
    if len(set(models)) < len(models):
        twice = next(model for model in models if models.count(model) > 1)
        raise TenfoldError(f"model {twice!r} appears twice; name each once")
    return [Entry(model, _recipe(model, train_images, seed), train_images, data, folder / model) for model in models]


def _recipe(model: str, train_images: int, seed: int) -> Recipe:
    if model in classical.recipes.names():
        return classical.Classifier(classical.recipes.load(model, {"seed": seed})).recipe  # it says what is missing
    changes = {"seed": seed, "validation": 0, "train_images": train_images}
    if model in recipes.names():
        return recipes.load(model, changes)
    if model in NETWORKS:
        return recipes.load("standard", {"network": model, **changes})
    raise TenfoldError(f"there is no model {model!r}{nearest(model, _names())}")


def _names() -> list[str]:
    """The names of all models; a recipe may have the name of a network."""
    return list(dict.fromkeys([*classical.recipes.names(), *recipes.names(), *NETWORKS]))


def run(
    entries: list[Entry],
    processes: int | None = None,
    cluster: str | None = None,
    done: Callable[[Entry], None] = lambda _: None,
) -> tuple[list[ModelResult], dict[str, str]]:
    """Train and measure the models that are not finished yet, several at a time, each on one core.

    Args:
        entries: from `plan`.
        processes: how many at a time; by default one for each core of this machine, or of the cluster.
        cluster: HOST:PORT of a Ray cluster that this machine belongs to, and whose machines all see the folder.
        done: called with each entry once it is finished or has failed.

    Returns:
        The rows, fewest mistakes first, and for each failed model the reason.

    Raises:
        TenfoldError: if the folder holds something other than a comparison, or a model from another recipe or other
            data, or the cluster does not answer.
        OSError: if the folder cannot be written.
    """
    folder = entries[0].path.parent
    check_ours(folder, {"comparison.json", *_names()}, "the folder of a comparison")
    for entry in entries:
        _kept(entry)
    rows: list[ModelResult] = []
    failed: dict[str, str] = {}
    # workers on a cluster start in another folder
    jobs = [replace(entry, data=locate(entry.data), path=entry.path.absolute()) for entry in entries]
    for job, result in scatter(measure, jobs, folder=folder, processes=processes, cluster=cluster):
        if isinstance(result, ModelResult):
            rows.append(result)
        else:
            failed[job.model] = str(result)
        done(job)
    return sorted(rows, key=lambda row: (row.error, row.model)), failed


def measure(entry: Entry) -> ModelResult:
    """Train a model and let it read the test images, or return the stored results if it is finished.

    Raises:
        TenfoldError: if it cannot be trained.
        OSError: if the folder cannot be written.
    """
    with locked(entry.path):
        if row := _kept(entry):
            return row
        train, test = load(entry.data)
        if isinstance(entry.recipe, recipes.Recipe):
            trained = _train_network(entry.path, entry.recipe, entry.data)
        else:
            trained = _train_classical(entry.path, entry.recipe, subset(train, entry.train_images))
        predict, train_seconds, file = trained
        predict(test.images[:100])  # a warm-up: work done only once is not reading time
        started = time.perf_counter()
        readings = predict(test.images)
        seconds = time.perf_counter() - started
        mistakes = int((readings != test.labels).sum())
        row = ModelResult(
            model=entry.model,
            kind="network" if isinstance(entry.recipe, recipes.Recipe) else "classical",
            error=mistakes / len(test),
            interval=wilson_interval(mistakes, len(test)),
            train_seconds=round(train_seconds, 3),
            predict_us=round(1e6 * seconds / len(test), 3),
            bytes=file.stat().st_size,
            readings="".join(EVERYTHING[label] for label in readings),
            file=file.name,
        )
        content = {"about": _about(entry), "row": asdict(row)}
        write_atomically(entry.path / "row.json", strict_json.dumps(content, indent=1) + "\n")
        return row


Trained = tuple[Callable[[np.ndarray], Labels], float, Path]


def _train_network(path: Path, recipe: recipes.Recipe, data: str) -> Trained:
    run = finish(path, recipe, data)
    model = run.load_model()

    def predict(images: np.ndarray) -> Labels:
        return predict_logits(model, preprocess.to_tensor(images)).argmax(1).numpy().astype(np.uint8)

    return predict, run.history.train_seconds, run.file("model.safetensors")


def _train_classical(path: Path, recipe: classical.recipes.Recipe, digits: Digits) -> Trained:
    check_ours(path, {"model.skops", "row.json"}, "the folder of a model")
    classifier = classical.Classifier(recipe)
    started = time.perf_counter()
    classifier.fit(digits, threads=1)
    seconds = time.perf_counter() - started
    file = path / "model.skops"
    classifier.save(file)
    return classifier.predict, seconds, file


def _kept(entry: Entry) -> ModelResult | None:
    """The row of a finished model."""
    path = entry.path / "row.json"
    if not path.is_file():
        return None
    try:
        content = strict_json.loads(read_bytes(path, TEXT), str(path))
        about, row = content["about"], TypeAdapter(ModelResult).validate_python(content["row"])
    except (KeyError, TypeError, ValueError):
        raise TenfoldError(f"{path}: damaged; remove {entry.path} to train this model again") from None
    if about != _about(entry):
        raise TenfoldError(
            f"{entry.path}: holds a model from another recipe or other data; choose another folder with --out"
        )
    return row


def _about(entry: Entry) -> dict[str, Any]:
    return {"recipe": asdict(entry.recipe), "train_images": entry.train_images, "data": locate(entry.data)}


def save(folder: Path, rows: Sequence[ModelResult], pairs: Sequence[Pair]) -> None:
    """Write `comparison.json` and, if there are rows, `comparison.png` into the folder of a comparison."""
    write_atomically(folder / "comparison.json", strict_json.dumps(to_dict(rows, pairs), indent=1) + "\n")
    if rows:
        plots.ranking(rows).savefig(folder / "comparison.png")


def to_dict(rows: Sequence[ModelResult], pairs: Sequence[Pair]) -> dict[str, Any]:
    """A comparison as plain values, ready for JSON; errors are fractions."""
    figures = [{key: value for key, value in asdict(row).items() if key != "readings"} for row in rows]
    return {"rows": figures, "pairs": [asdict(pair) for pair in pairs]}
