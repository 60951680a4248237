"""How good a model is: evaluation, ensembles, comparison, calibration, selective prediction, robustness."""

from tenfold.evaluation.calibration import (
    Bin,
    Selection,
    apply_temperature,
    calibration_error,
    choose_threshold,
    fit_temperature,
    leave_out,
    reliability,
    risk_coverage,
    select,
)
from tenfold.evaluation.diagnosis import Diagnosis, diagnose
from tenfold.evaluation.intervals import paired_interval, wilson_interval
from tenfold.evaluation.metrics import Answer, ClassScores, Evaluation, average, evaluate, selective_prediction
from tenfold.evaluation.ranking import ModelResult, Pair, pairs
from tenfold.evaluation.robustness import Robustness, robustness
from tenfold.evaluation.significance import Comparison, Difference, compare

__all__ = [
    "Answer",
    "Bin",
    "ClassScores",
    "Comparison",
    "Diagnosis",
    "Difference",
    "Evaluation",
    "ModelResult",
    "Pair",
    "Robustness",
    "Selection",
    "apply_temperature",
    "average",
    "calibration_error",
    "choose_threshold",
    "compare",
    "diagnose",
    "evaluate",
    "fit_temperature",
    "leave_out",
    "paired_interval",
    "pairs",
    "reliability",
    "risk_coverage",
    "robustness",
    "select",
    "selective_prediction",
    "wilson_interval",
]
