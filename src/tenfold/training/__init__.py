"""`fit` trains a network; `History`, callbacks and checkpoints go with it."""

from tenfold.training.callbacks import BestCheckpoint, Callback, CSVLogger, EarlyStopping, ProgressBar
from tenfold.training.checkpoint import Checkpoint
from tenfold.training.devices import choose_device
from tenfold.training.folds import out_of_fold
from tenfold.training.history import History
from tenfold.training.loop import BLOWN_UP, CHANCE_LOSS, DivergedError, Training, fit, hold_out, seed_everything

__all__ = [
    "BLOWN_UP",
    "CHANCE_LOSS",
    "BestCheckpoint",
    "CSVLogger",
    "Callback",
    "Checkpoint",
    "DivergedError",
    "EarlyStopping",
    "History",
    "ProgressBar",
    "Training",
    "choose_device",
    "fit",
    "hold_out",
    "out_of_fold",
    "seed_everything",
]
