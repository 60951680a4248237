"""MNIST and the other ways to get digits: `load`, `split`, `Digits`, the IDX format."""

from tenfold.data.contested import CONTESTED, contested
from tenfold.data.digits import CLASSES, MEAN, SIDE, STD, Digits, shift, split, subset
from tenfold.data.idx import parse_idx, read_idx, write_idx
from tenfold.data.sources import load, locate

__all__ = [
    "CLASSES",
    "CONTESTED",
    "MEAN",
    "SIDE",
    "STD",
    "Digits",
    "contested",
    "load",
    "locate",
    "parse_idx",
    "read_idx",
    "shift",
    "split",
    "subset",
    "write_idx",
]
