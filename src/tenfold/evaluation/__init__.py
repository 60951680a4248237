"""How good a model is: `evaluate`, `Evaluation`, the mean of an ensemble."""

from tenfold.evaluation.metrics import ClassScores, Evaluation, Mistake, average, evaluate, wilson_interval

__all__ = ["ClassScores", "Evaluation", "Mistake", "average", "evaluate", "wilson_interval"]
