"""The names of the classes in data sets that are not of digits."""

import string
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Num

from tenfold.base.form import CLASSES, DIGITS, MOST_CLASSES

LETTERS = tuple(string.ascii_uppercase)  # of either case
# where EMNIST's "balanced" and "bymerge" tell small letters from capital ones
MERGED = (*DIGITS, *LETTERS, *"abdefghnqrt")
EVERYTHING = (*DIGITS, *LETTERS, *string.ascii_lowercase)
FASHION = (
    *("T-shirt/top", "trouser", "pullover", "dress", "coat"),
    *("sandal", "shirt", "sneaker", "bag", "ankle boot"),
)
KMNIST = ("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo")
SETS = {  # by what the path of a data set has in it
    "emnist-letters": LETTERS,
    "emnist-balanced": MERGED,
    "emnist-bymerge": MERGED,
    "emnist-byclass": EVERYTHING,
    "fashion-mnist": FASHION,
    "fashionmnist": FASHION,  # torchvision's folder
    "kmnist": KMNIST,
}


def look_up_classes(path: Path) -> tuple[str, ...] | None:
    """The classes of the data set that a file and the two folders above it are named after; None if it is unknown."""
    place = "/".join(path.absolute().parts[-3:]).lower().replace("_", "-")
    return next((names for word, names in SETS.items() if word in place), None)


def from_zero(labels: Any, names: tuple[str, ...] | None) -> Any:
    """The labels of a whole data set with these classes, counted from 0: EMNIST counts its letters from 1."""
    numbers = np.asarray(labels)
    if names != LETTERS or numbers.dtype.kind not in "uif" or not numbers.size or numbers.min() != 1:
        return labels
    return numbers - numbers.dtype.type(1)


def number_classes(labels: Num[np.ndarray, "*n"]) -> tuple[str, ...]:
    """The classes that numbers stand for: the ten digits; or the numbers from 0 to the largest, if none is missing."""
    present = np.unique(labels)
    numbers = np.arange(len(present))
    more = CLASSES < len(present) <= MOST_CLASSES and np.array_equal(present, numbers)
    return tuple(map(str, numbers)) if more else DIGITS
