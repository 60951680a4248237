"""Digits as other libraries hold them, turned into `Digits`: arrays, tensors, and PyTorch's data sets."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import UInt8

from tenfold.base.errors import TenfoldError
from tenfold.base.form import CLASSES, DIGITS, MEAN, MOST_CLASSES, SIDE, STD
from tenfold.data.classes import number_classes
from tenfold.data.digits import Digits, check_labels

SHAPES = ((SIDE, SIDE), (SIDE, SIDE, 1), (1, SIDE, SIDE), (SIDE * SIDE,))  # of one image
TOLERANCE = 1e-3  # by how much pixels may miss their range, from rounding


def to_digits(data: Any, source: str = "memory", classes: tuple[str, ...] | None = None) -> Digits:
    """Turn images and labels of any usual kind into `Digits`.

    Args:
        data: `Digits`; a pair of images and labels, each an array or a tensor, as `to_images` and `to_labels` describe
            them; or a map-style data set such as PyTorch's, whose items are pairs of an image (a tensor, an array, or a
            Pillow image) and a label, or dictionaries with `image` and `label`. Each item is taken once, so that a
            random transform is drawn once, too.
        source: where they come from, in words.
        classes: the names of the classes; by default those that the data set has, see also `to_labels`.

    Returns:
        The digits.

    Raises:
        TenfoldError: if it is nothing of the kind, or the images or the labels cannot be used.
    """
    if isinstance(data, Digits):
        return data
    if isinstance(data, tuple) and any(isinstance(part, Digits) for part in data):
        raise TenfoldError("digits are needed, not a tuple of them; give one of the two that tenfold.load() returns")
    if not isinstance(data, tuple):
        classes = classes or _class_names(data)
        data = _collect(data, source)
    if len(data) != 2:
        raise TenfoldError(f"{source}: give a pair of images and labels, not {len(data)} things")
    images = to_images(data[0], source)
    labels, classes = to_labels(data[1], len(images), source, classes)
    return Digits(images, labels, source, classes=classes)


def _collect(data: Any, source: str) -> tuple[Any, Any]:
    """The images and the labels of a data set."""
    if not (hasattr(data, "__getitem__") and hasattr(data, "__len__")) or isinstance(data, Mapping | np.ndarray | str):
        advice = "; give its .dataset" if hasattr(data, "dataset") else ""
        raise TenfoldError(
            "digits are what tenfold.load() returns, a pair of images and labels, or a map-style data set, not "
            f"{type(data).__name__}{advice}"
        )
    items = [data[index] for index in range(len(data))]
    if items and isinstance(items[0], Mapping):
        items = [(item["image"], item["label"]) if {"image", "label"} <= set(item) else () for item in items]
    if not items or not all(isinstance(item, tuple | list) and len(item) == 2 for item in items):
        raise TenfoldError(f"{source}: this {type(data).__name__} does not hold pairs of an image and a label")
    try:
        images, labels = (np.stack([_as_array(item[part]) for item in items]) for part in (0, 1))
    except ValueError:
        raise TenfoldError(f"{source}: the images of this {type(data).__name__} differ in shape") from None
    # torchvision leaves EMNIST's images as they are stored: column by column
    return images.swapaxes(-1, -2) if type(data).__name__ == "EMNIST" else images, labels


def _class_names(data: Any) -> tuple[str, ...] | None:
    """The names of the classes of a data set, as torchvision's have them; a "3 - three" is a 3."""
    names = tuple(map(str, getattr(data, "classes", None) or ()))
    return tuple(name[0] if name[1:4] == " - " and name[0] in DIGITS else name for name in names) or None


def to_images(values: Any, source: str = "memory", largest: float | None = None) -> UInt8[np.ndarray, "n 28 28"]:
    """Turn images into `uint8 (n, 28, 28)`.

    Args:
        values: an array or a tensor of shape (n, 28, 28), (n, 28, 28, 1), (n, 1, 28, 28), or (n, 784). `uint8` runs
            from 0 to 255; other numbers do so, too, or from 0 to 1; images standardized with MNIST's mean and standard
            deviation, as in PyTorch's example, are recognized by their background.
        source: where they come from, for error messages.
        largest: 1 or 255, the number for full ink; by default 1 if no number is larger.

    Returns:
        The images, 0 is background and 255 full ink.

    Raises:
        TenfoldError: if they have another shape or range, or are not numbers.
    """
    pixels = _as_array(values)
    if pixels.shape[1:] not in SHAPES:
        raise TenfoldError(
            f"{source}: images must be (n, 28, 28), (n, 28, 28, 1), or (n, 784), these are {pixels.shape}"
        )
    pixels = pixels.reshape(-1, SIDE, SIDE)
    if pixels.dtype == np.uint8 or not len(pixels):
        return pixels.astype(np.uint8, copy=False)
    if pixels.dtype.kind not in "buif":
        raise TenfoldError(f"{source}: images must be numbers, these are {pixels.dtype}")
    low, high = float(pixels.min()), float(pixels.max())
    if abs(low + MEAN / STD) < TOLERANCE:  # the background, standardized
        pixels = pixels * STD + MEAN
        low, high = low * STD + MEAN, high * STD + MEAN
    largest = largest or (1 if high <= 1 + TOLERANCE else 255)
    if not (low >= -TOLERANCE and high <= largest + TOLERANCE):  # NaN is neither
        raise TenfoldError(
            f"{source}: pixels must run from 0 to 1 or from 0 to 255, these run from {low:g} to {high:g}; leave out "
            "what scales them"
        )
    return np.rint(np.clip(pixels, 0, largest) * np.float32(255 / largest)).astype(np.uint8)


def to_labels(
    values: Any, n: int, source: str = "memory", classes: tuple[str, ...] | None = None
) -> tuple[UInt8[np.ndarray, " n"], tuple[str, ...]]:
    """Turn the labels of `n` images into `uint8 (n,)`.

    Args:
        values: an array or a tensor of the digits as numbers or as text, in one row or column; or one-hot, of shape
            (n, 10). Data with more classes, at most 62, number them from 0, or have a column for each.
        n: how many images there are.
        source: where they come from, for error messages.
        classes: the names of the classes, if they are known.

    Returns:
        The labels, and the names of their classes, which without `classes` are digits or numbers.

    Raises:
        TenfoldError: if a label is not a digit or the number of a class, or there are more or fewer than `n`.
    """
    labels = _as_array(values)
    columns = labels.shape[1] if labels.ndim == 2 else 0
    if columns in range(CLASSES, MOST_CLASSES + 1) and np.all(labels.max(1) == 1) and np.all(labels.sum(1) == 1):
        return labels.argmax(axis=1).astype(np.uint8), classes or tuple(map(str, range(columns)))
    if labels.size != n or labels.ndim > 2:
        raise TenfoldError(f"{source}: {n} images but labels of shape {labels.shape}; each image needs one")
    labels = labels.reshape(-1)
    try:
        numbers = labels.astype(np.float64)
    except (TypeError, ValueError):
        raise TenfoldError(f"{source}: labels must be the digits 0 to 9, these are {labels.dtype}") from None
    classes = classes or number_classes(numbers)
    check_labels(numbers, classes, source)
    return numbers.astype(np.uint8), classes


def _as_array(values: Any) -> np.ndarray:
    if hasattr(values, "detach"):  # a PyTorch tensor, perhaps on a GPU, with a gradient or in bfloat16
        values = values.detach().cpu()
        values = values.float() if values.is_floating_point() else values
    return np.asarray(values)
