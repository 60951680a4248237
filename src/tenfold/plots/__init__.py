"""Pictures of digits, of training and of mistakes.

Every function returns a matplotlib `Figure`; in Jupyter it shows itself as the value of a cell, and
`figure.savefig("curves.png")` writes it to a file. Nothing here touches pyplot's global state.
"""

from tenfold.plots.data import class_histogram, mean_and_variance, samples
from tenfold.plots.evaluation import (
    confusion_matrix,
    mistake_heat,
    reliability,
    risk_coverage,
    robustness,
    rotations,
    shifts,
)
from tenfold.plots.gallery import contested, doubtful_labels, mistakes
from tenfold.plots.interpretation import extremes, feature_maps, first_filters, plane, saliency
from tenfold.plots.ranking import ranking
from tenfold.plots.style import Figure, confidence, percent
from tenfold.plots.training import curves, panels

__all__ = [
    "Figure",
    "class_histogram",
    "confidence",
    "confusion_matrix",
    "contested",
    "curves",
    "doubtful_labels",
    "extremes",
    "feature_maps",
    "first_filters",
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
    "samples",
    "shifts",
]
