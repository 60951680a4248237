"""MNIST and other sources of digits: `load`, `split`, `Digits`, the IDX format."""

from tenfold.base.form import CLASSES, MEAN, SIDE, STD
from tenfold.data.arrays import to_digits
from tenfold.data.digits import Digits, shift, split, subset
from tenfold.data.hand import read_hand, write_hand
from tenfold.data.idx import parse_idx, read_idx, write_idx
from tenfold.data.label_errors import LABEL_ERRORS, known_label_errors
from tenfold.data.sources import load, load_pictures, locate

__all__ = [
    "CLASSES",
    "LABEL_ERRORS",
    "MEAN",
    "SIDE",
    "STD",
    "Digits",
    "known_label_errors",
    "load",
    "load_pictures",
    "locate",
    "parse_idx",
    "read_hand",
    "read_idx",
    "shift",
    "split",
    "subset",
    "to_digits",
    "write_hand",
    "write_idx",
]
