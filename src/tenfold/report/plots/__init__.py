"""Plots of digits, of training, and of mistakes.

Every function returns a matplotlib `Figure`. Jupyter shows it as the value of a cell; `figure.savefig("curves.png")`
writes it to a file. Nothing here touches pyplot's global state.
"""

from tenfold.report.plots.data import class_histogram, mean_and_variance, samples
from tenfold.report.plots.evaluation import (
    confusion_matrix,
    mistake_heat,
    reliability,
    risk_coverage,
    robustness,
    rotations,
    shifts,
)
from tenfold.report.plots.gallery import doubtful_labels, label_errors, mistakes
from tenfold.report.plots.interpretation import extremes, feature_maps, first_filters, plane, saliency, saliency_methods
from tenfold.report.plots.ranking import ranking
from tenfold.report.plots.style import Figure, confidence, percent
from tenfold.report.plots.training import curves, panels
from tenfold.report.plots.unfriendly import adversarial_images, attack_curves, unknown_images

__all__ = [
    "Figure",
    "adversarial_images",
    "attack_curves",
    "class_histogram",
    "confidence",
    "confusion_matrix",
    "curves",
    "doubtful_labels",
    "extremes",
    "feature_maps",
    "first_filters",
    "label_errors",
    "mean_and_variance",
    "mistake_heat",
    "mistakes",
    "panels",
    "percent",
    "plane",
    "ranking",
    "reliability",
    "risk_coverage",
    "robustness",
    "rotations",
    "saliency",
    "saliency_methods",
    "samples",
    "shifts",
    "unknown_images",
]
