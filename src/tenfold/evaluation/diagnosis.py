"""Diagnosis from training curves: whether a run underfit, overfit, diverged, or stopped too early; what would help."""

import math
from dataclasses import dataclass
from typing import Literal

from tenfold.base.form import DIGITS
from tenfold.training import CHANCE_LOSS, History

Verdict = Literal["underfitting", "overfitting", "healthy", "diverged", "undertrained", "unknown"]

GOOD = 0.97  # a network with one hidden layer reads more than that: below it, something is missing
GAP = 0.02  # more than chance causes on a thousand validation images (1 point), less than training on 500 causes (8)
RISE = 0.2  # how far validation loss must be above its lowest for two epochs: single epochs jump by a tenth
FALL = 0.1  # a new lowest loss by that much: a converged run does not find one
SETTLED = 0.1  # a learning rate below this part of its highest: the schedule has come to its end


@dataclass(frozen=True)
class Diagnosis:
    """What a history shows.

    Attributes:
        verdict: "underfitting", "overfitting", "healthy", "diverged", "undertrained" or "unknown".
        reason: the figures behind the verdict, as a sentence.
        advice: what to change, one sentence each, the most promising first; empty if nothing needs to change.
    """

    verdict: Verdict
    reason: str
    advice: tuple[str, ...] = ()

    def __str__(self) -> str:
        return " ".join([f"{self.verdict.capitalize()}: {self.reason}", *self.advice])


def diagnose(history: History, classes: tuple[str, ...] = DIGITS) -> Diagnosis:
    """Read a history the way an experienced person reads the curves.

    Training figures come from augmented batches, while the weights are still changing, so they may well be worse than
    the validation figures; only the reverse counts as a gap.

    Args:
        history: of a finished, stopped, or diverged run; a verdict other than "diverged" needs validation figures.
        classes: what was learned.

    Returns:
        The verdict with its reason; "unknown" if there is no epoch, nothing was held out, or the classes are not
        digits.
    """
    if history.diverged or any(
        value is not None and not math.isfinite(value) for row in history.rows for value in row.values()
    ):
        return Diagnosis("diverged", "the loss became infinite or not a number.", _CALMER)
    if not history.rows:
        return Diagnosis("unknown", "no epoch was finished, so there are no figures to read.")
    if classes != DIGITS:
        return Diagnosis("unknown", "what accuracy is to be expected is known for digits only.")
    rows = [
        (row["loss"], row["accuracy"], row["validation_loss"], row["validation_accuracy"], row["learning_rate"])
        for row in history.rows
    ]
    if any(value is None for row in rows for value in row):
        return Diagnosis("unknown", "no images were held out for validation; set validation in the recipe.")
    losses, accuracies, validation_losses, validation_accuracies, rates = zip(*rows, strict=True)
    return _read(losses, accuracies, validation_losses, validation_accuracies, rates)


_CALMER = (
    "Lower the learning rate: try a tenth of peak_lr, and with Muon a tenth of muon_lr.",
    "If it must be that high, let it rise more slowly at first (warmup).",
)


def _read(
    losses: tuple[float, ...],
    accuracies: tuple[float, ...],
    validation_losses: tuple[float, ...],
    validation_accuracies: tuple[float, ...],
    rates: tuple[float, ...],
) -> Diagnosis:
    training, validation = accuracies[-1], validation_accuracies[-1]
    gap = training - validation
    poor = max(training, validation) < GOOD
    lowest = min(validation_losses)
    risen = min(validation_losses[-2:]) > (1 + RISE) * lowest
    falling = any(
        values[-1] < (1 - FALL) * min((CHANCE_LOSS, *values[:-1]))  # before the first epoch a network can only guess
        for values in (losses, validation_losses)
    )
    settled = len(rates) == 1 or rates[-1] < SETTLED * max(rates)  # a single epoch does not tell
    accuracy = f"accuracy is {training:.2%} in training and {validation:.2%} in validation"

    if poor and (max(losses) > 2 * CHANCE_LOSS or losses[-1] > 2 * min(losses)):
        return Diagnosis(
            "diverged",
            f"training loss went up to {max(losses):.3g}, where blind guessing has {CHANCE_LOSS:.2f}; {accuracy}.",
            _CALMER,
        )
    if (gap > GAP and (training >= GOOD or not falling)) or (risen and gap > 0 and not poor):
        best = validation_losses.index(lowest) + 1
        trend = f"; validation loss rose from {lowest:.3f} after epoch {best} to {validation_losses[-1]:.3f}"
        return Diagnosis(
            "overfitting",
            f"{accuracy}, a gap of {100 * gap:.1f} points{trend if risen else ''}.",
            (
                "Train on more images, if there are any.",
                "Augment: distorted images (rotation, scale, shift, elastic) are the next best thing to new ones.",
                "Regularize: Dropout, more weight decay, label smoothing, or a smaller network.",
                *((f"Stop earlier: validation loss was lowest after epoch {best}.",) if risen else ()),
            ),
        )
    if falling and (poor or not settled):
        return Diagnosis(
            "undertrained",
            f"the loss was still falling in the last epoch, to {losses[-1]:.3f} in training and "
            f"{validation_losses[-1]:.3f} in validation; {accuracy}.",
            ("Train for more epochs.", "A higher learning rate may get there in fewer."),
        )
    if poor:
        harder = "Augment and regularize less: the network does worse on the distorted images than on the others."
        return Diagnosis(
            "underfitting",
            f"{accuracy}, and the loss fell by less than {FALL:.0%} in the last epoch: it ends at {losses[-1]:.3f} and "
            f"{validation_losses[-1]:.3f}.",
            (
                "Use a larger network, one with convolutions: this one cannot fit even the images it is trained on.",
                "Try another learning rate, ten times higher and ten times lower.",
                *((harder,) if gap < -GAP else ()),
            ),
        )
    return Diagnosis(
        "healthy",
        f"{accuracy}, validation loss ends at {validation_losses[-1]:.4f}"
        + (", its lowest." if validation_losses[-1] == lowest else f" after a lowest of {lowest:.4f}."),
        ("For higher accuracy, use more images, stronger augmentation with more epochs, or a larger network.",),
    )
