"""How good a model is: `evaluate`, `Evaluation`, the mean of an ensemble; what its curves say."""

from tenfold.evaluation.diagnosis import Diagnosis, diagnose
from tenfold.evaluation.metrics import ClassScores, Evaluation, Mistake, average, evaluate, wilson_interval
from tenfold.evaluation.robustness import Robustness, robustness

__all__ = [
    "ClassScores",
    "Diagnosis",
    "Evaluation",
    "Mistake",
    "Robustness",
    "average",
    "diagnose",
    "evaluate",
    "robustness",
    "wilson_interval",
]
