"""The pictures of `tenfold evaluate --interpret`: what a trained network looks at, and which labels look wrong."""

import os
from pathlib import Path

import numpy as np
from scipy.stats import spearmanr
from torch import nn

from tenfold import recipes
from tenfold.base.extras import needed_by
from tenfold.base.files import check_writable
from tenfold.data import Digits, load
from tenfold.evaluation import Evaluation, evaluate, interpretation
from tenfold.report import plots
from tenfold.training import out_of_fold, runs
from tenfold.training.runs import Run

MAP_IMAGES = 2000  # t-SNE takes seconds for them, a minute for all 10,000
METHODS = {
    "PCA": "The axes are the two directions in which the inputs vary most.",
    "t-SNE": "Neighbors are alike; distances between groups say nothing.",
}


def interpret(path: str | os.PathLike, folder: str | os.PathLike, data: str | None = None) -> dict[Path, str]:
    """Draw what a network looks at, how it arranges the digits, and the training labels that look wrong.

    To find such labels, four networks are trained with the recipe `fast`, each on three quarters of the images.

    Args:
        path: a run folder, or a file that `tenfold.save` wrote.
        folder: where to write the pictures as PNG; created if it does not exist.
        data: where the digits come from, see `tenfold.load`; by default, the data of the run.

    Returns:
        The pictures, each with a caption, which is also stored in the file as its description.

    Raises:
        TenfoldError: if a package is missing, there are no usable weights, or the data cannot be used.
        OSError: if the folder cannot be written.
    """
    with needed_by("interpretation"):  # before any work is done
        import captum  # noqa: F401
        import cleanlab  # noqa: F401
    Path(folder).mkdir(parents=True, exist_ok=True)
    check_writable(folder)
    model = runs.load_model(path)
    train, test = load(data or (Run(path).environment["data"] if Path(path).is_dir() else "bundled"))
    samples = test[np.unique(test.labels, return_index=True)[1]]  # the first of every class
    maps = interpretation.feature_maps(model, samples.images[-1])
    drops = [
        interpretation.occlusion(model, *pair) for pair in zip(samples.images, samples.labels.tolist(), strict=True)
    ]
    maps_by_method, alike = _compare_saliency(model, samples, drops)
    some = test[:MAP_IMAGES]
    points = interpretation.plane(interpretation.features(model, some))
    extremes = interpretation.extremes(interpretation.features(model, train), train.labels)
    answers = Evaluation(out_of_fold(train, recipes.load("fast")), train.labels, classes=train.classes)
    doubtful = interpretation.doubtful_labels(answers)

    figures = {
        "filters": (
            plots.first_filters(interpretation.first_filters(model)),
            "The weights of the first layer as small pictures: blue asks for ink, vermilion for paper.",
        )
    }
    if maps:  # a network without convolutions has none
        figures["maps"] = (
            plots.feature_maps(samples.images[-1], maps),
            f"A test digit, a {samples.labels[-1]}, and its feature maps: one small picture for each channel.",
        )
    figures["saliency"] = (
        plots.saliency(samples, drops),
        "One test digit of each class, blue where covering it makes the digit less probable, "
        "vermilion where more probable.",
    )
    figures["saliency-methods"] = (
        plots.saliency_methods(samples, maps_by_method),
        "The same by several methods, and below each what is left when the weights are shuffled. A map that hardly "
        "changes shows the digit, not the network. Mean rank correlation of the two on the ink, in absolute values: "
        + ", ".join(f"{method} {correlation:.2f}" for method, correlation in alike.items())
        + ".",
    )
    shown = evaluate(model, some)
    for method, meaning in METHODS.items():
        figures[method.lower()] = (
            plots.plane({method: points[method]}, shown),
            f"{len(some):,} test digits as points, by {method} of the last layer's inputs, colored by class, with the "
            f"misread ones circled. {meaning}",
        )
    figures["extremes"] = (
        plots.extremes(train, extremes),
        "For each class, the training digit nearest to the mean of the class's features, and the one farthest from it.",
    )
    figures["labels"] = (
        plots.doubtful_labels(answers, train, doubtful),
        f"Training digits with likely label errors, the likeliest first; there are {len(doubtful):,} among "
        f"{len(train):,} digits.",
    )
    pictures = {}
    for name, (figure, description) in figures.items():
        file = Path(folder, f"{name}.png")
        figure.savefig(file, metadata={"Description": description})
        pictures[file] = description
    return pictures


def _compare_saliency(
    model: nn.Module, samples: Digits, drops: list[np.ndarray]
) -> tuple[dict[str, list[np.ndarray]], dict[str, float]]:
    """Maps of each method, with those of a network of shuffled weights after them; and how alike the two are."""
    shuffled = interpretation.shuffle_weights(model)
    pairs = list(zip(samples.images, samples.labels.tolist(), strict=True))
    learned = [interpretation.saliency(model, *pair) for pair in pairs]
    random = [interpretation.saliency(shuffled, *pair) for pair in pairs]
    for one, other, drop, pair in zip(learned, random, drops, pairs, strict=True):
        one["occlusion"], other["occlusion"] = drop, interpretation.occlusion(shuffled, *pair)
    maps, alike = {}, {}
    for method in learned[0]:
        maps[method], maps[f"{method}, shuffled"] = ([one[method] for one in all_] for all_ in (learned, random))
        correlations = [
            spearmanr(np.abs(first[image > 0]), np.abs(second[image > 0])).statistic  # blank pixels are alike anyway
            for image, first, second in zip(samples.images, maps[method], maps[f"{method}, shuffled"], strict=True)
            if np.ptp(first[image > 0]) and np.ptp(second[image > 0])
        ]
        alike[method] = float(np.mean(correlations)) if correlations else float("nan")
    return maps, alike
