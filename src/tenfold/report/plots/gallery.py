"""Images beside their labels and readings."""

import numpy as np
from jaxtyping import Int64
from matplotlib import rc_context

from tenfold.data import Digits
from tenfold.evaluation import Answer, Evaluation
from tenfold.report.plots.style import STYLE, Figure, confidence


def _gallery(answers: list[Answer], digits: Digits, nothing: str, given: str = "true") -> Figure:
    """Show images with their labels and readings, or write `nothing`."""
    if not answers:
        figure = Figure(figsize=(6, 1.2))
        figure.text(0.5, 0.5, nothing, ha="center", va="center", size=12)
        return figure
    columns = min(5, len(answers))
    rows = -(-len(answers) // columns)
    # a single column would be too narrow for its title
    figure = Figure(figsize=(max(2.4, 1.2 * columns), 1.55 * rows), layout="constrained")
    for place, answer in enumerate(answers, start=1):
        axes = figure.add_subplot(rows, columns, place)
        axes.imshow(digits.images[answer.index], cmap="gray_r", vmin=0, vmax=255)
        title = f"{given} {digits.classes[answer.label]} read {digits.classes[answer.prediction]}"
        axes.set_title(title, loc="center", size=10, weight="normal", pad=4)
        axes.set_xlabel(f"{confidence(answer.probability)} · #{answer.index}", size=9, labelpad=3)
        axes.set(xticks=[], yticks=[])
        axes.spines[:].set_visible(True)
    return figure


@rc_context(STYLE)
def mistakes(evaluation: Evaluation, digits: Digits, count: int = 25) -> Figure:
    """Show misclassified images, the most confident mistakes first, each with its index in `digits`.

    Args:
        evaluation: the answers to `digits`.
        digits: the images.
        count: the largest number of images to draw.
    """
    return _gallery(evaluation.mistakes[:count], digits, f"No mistakes among {len(evaluation):,} images")


@rc_context(STYLE)
def label_errors(evaluation: Evaluation, digits: Digits) -> Figure:
    """Show the test images with known label errors, each with its label and the digit read.

    Args:
        evaluation: the answers to `digits`.
        digits: the images; label errors are known only in MNIST's own test set.
    """
    return _gallery(evaluation.label_error_answers, digits, "No label errors are known in these images", "label")


@rc_context(STYLE)
def doubtful_labels(out_of_fold: Evaluation, digits: Digits, indices: Int64[np.ndarray, " doubtful"]) -> Figure:
    """Show at most 25 images with likely label errors, each with its label and the digit read.

    Args:
        out_of_fold: the answers to `digits` of networks that were not trained on them.
        digits: the images.
        indices: the likely label errors, from `tenfold.evaluation.interpretation.doubtful_labels`.
    """
    mistakes = {mistake.index: mistake for mistake in out_of_fold.mistakes}
    shown = [mistakes[index] for index in indices[:25].tolist()]
    return _gallery(shown, digits, f"No doubtful labels among {len(digits):,} images", "label")
