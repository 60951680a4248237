"""`fit`, which trains a network, and what belongs to it: `History`, callbacks, checkpoints."""

from tenfold.training.callbacks import BestCheckpoint, Callback, CSVLogger, EarlyStopping, ProgressBar
from tenfold.training.checkpoint import Checkpoint
from tenfold.training.devices import choose_device
from tenfold.training.folds import out_of_fold
from tenfold.training.history import History
from tenfold.training.loop import fit, hold_out, run, seed_everything
from tenfold.training.state import DivergedError, Training
from tenfold.training.tasks import CHANCE_LOSS, SingleDigits, Task
from tenfold.training.trackers import MLflow, TensorBoard, WandB

__all__ = [
    "CHANCE_LOSS",
    "BestCheckpoint",
    "CSVLogger",
    "Callback",
    "Checkpoint",
    "DivergedError",
    "EarlyStopping",
    "History",
    "MLflow",
    "ProgressBar",
    "SingleDigits",
    "Task",
    "TensorBoard",
    "Training",
    "WandB",
    "choose_device",
    "fit",
    "hold_out",
    "out_of_fold",
    "run",
    "seed_everything",
]
