"""The names of the classes in data sets that are not of digits."""

import string
from pathlib import Path

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


def number_classes(
    labels: Num[np.ndarray, "*n"], names: tuple[str, ...] | None = None
) -> tuple[Num[np.ndarray, "*n"], tuple[str, ...]]:
    """Find out which classes numbers stand for.

    Args:
        labels: the numbers of the classes.
        names: the names of the classes, if they are known.

    Returns:
        The labels, counted from 0, and the names of their classes. Without names, these are the ten digits, or the
        numbers from 0 to the largest label, if none up to 61 is missing.
    """
    if names == LETTERS and labels.min(initial=1) == 1:  # EMNIST counts them from 1
        return labels - labels.dtype.type(1), names
    if names is None and len(present := np.unique(labels)) > CLASSES:
        numbers = np.arange(min(len(present), MOST_CLASSES))
        names = tuple(map(str, numbers)) if np.array_equal(present, numbers) else None
    return labels, names or DIGITS
