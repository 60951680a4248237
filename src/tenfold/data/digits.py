"""`Digits`: images and labels that belong together."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from numbers import Integral
from typing import Any, overload

import numpy as np
from jaxtyping import Int64, Num, UInt8

from tenfold.base.errors import TenfoldError, require_type
from tenfold.base.extras import needed_by
from tenfold.base.form import DIGITS, MOST_CLASSES, SIDE


@dataclass(frozen=True, eq=False)
class Digits:
    """Handwritten digits with their labels; also a map-style data set for PyTorch's `DataLoader`.

    `digits[3]` is one image and its label; `digits[:100]` and `digits[digits.labels == 7]` are `Digits` again.

    Attributes:
        images: grayscale pixels, `uint8 (n, 28, 28)`, 0 is background and 255 full ink.
        labels: the digit each image shows, `uint8 (n,)`, 0 to 9; of other data, the place of its class in `classes`.
        source: where they came from, in words.
        transform: as in torchvision, what turns the Pillow image of an item into what `digits[3]` gives; None for the
            standardized tensor that networks read. `tenfold.fit` and `tenfold.evaluate` use the images as they are.
        classes: the names of the classes; by default the ten digits.

    Raises:
        TenfoldError: if the shapes, types, or counts do not fit, or a label is not 0 to 9, or not that of a class.

    Example:
        >>> import tenfold
        >>> train, test = tenfold.load()
        >>> train.counts()
        array([5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949])
        >>> sevens = train[train.labels == 7]
        >>> sevens.images.shape
        (6265, 28, 28)
        >>> image, label = train[0]
        >>> image.shape, label
        (torch.Size([1, 28, 28]), 5)
    """

    images: np.ndarray  # shapes and types are checked below, to say in plain words what is wrong with a user's data
    labels: np.ndarray
    source: str = "memory"
    transform: Callable[[Any], Any] | None = None
    classes: tuple[str, ...] = DIGITS

    def __post_init__(self) -> None:
        images, labels = self.images, self.labels
        require_type(images, np.ndarray, f"{self.source}: images must be a NumPy array")
        require_type(labels, np.ndarray, f"{self.source}: labels must be a NumPy array")
        if images.dtype != np.uint8 or images.ndim != 3 or images.shape[1:] != (SIDE, SIDE):
            raise TenfoldError(
                f"{self.source}: images must be uint8 (n, 28, 28), these are {images.dtype} {images.shape}"
            )
        if labels.dtype != np.uint8 or labels.ndim != 1:
            raise TenfoldError(f"{self.source}: labels must be uint8 (n,), these are {labels.dtype} {labels.shape}")
        if len(images) != len(labels):
            raise TenfoldError(f"{self.source}: {len(images)} images but {len(labels)} labels; each image needs one")
        if len(images) == 0:
            raise TenfoldError(f"{self.source}: holds no images")
        if not 2 <= len(set(self.classes)) == len(self.classes) <= MOST_CLASSES:
            raise TenfoldError(f"{self.source}: needs 2 to {MOST_CLASSES} classes with different names")
        check_labels(labels, self.classes, self.source)

    def __len__(self) -> int:
        return len(self.labels)

    @overload
    def __getitem__(self, index: Integral | int) -> tuple[Any, int]: ...

    @overload
    def __getitem__(self, index: slice | np.ndarray | list[int]) -> "Digits": ...

    def __getitem__(self, index: Any) -> Any:
        """Return one image, transformed, with its label; or, for a slice, indices, or a mask, `Digits`."""
        if isinstance(index, Integral):
            return self._transformed(self.images[index]), int(self.labels[index])
        # a reversed view has negative strides, which PyTorch refuses
        images, labels = np.ascontiguousarray(self.images[index]), np.ascontiguousarray(self.labels[index])
        return replace(self, images=images, labels=labels)

    def _transformed(self, image: UInt8[np.ndarray, "28 28"]) -> Any:
        if self.transform is not None:
            from PIL import Image

            return self.transform(Image.fromarray(image))
        with needed_by("a tensor"):
            from tenfold.data.preprocess import to_tensor  # here, because PyTorch takes seconds to load

        return to_tensor(image[None])[0]

    def counts(self) -> Int64[np.ndarray, " classes"]:
        """Count the images of each class, for digits from 0 to 9."""
        return np.bincount(self.labels, minlength=len(self.classes))

    def sha256(self) -> str:
        """Return a checksum of the pixels and the labels, in hexadecimal."""
        digest = hashlib.sha256(np.ascontiguousarray(self.images).data)
        digest.update(np.ascontiguousarray(self.labels).data)
        return digest.hexdigest()


def check_labels(labels: Num[np.ndarray, " n"], classes: tuple[str, ...], source: str) -> None:
    """Check that labels are the numbers of classes.

    Raises:
        TenfoldError: if one is not.
    """
    wrong = ~np.isin(labels, np.arange(len(classes)))
    if wrong.any():
        where = int(np.argmax(wrong))
        kind = "a digit" if classes == DIGITS else "the number of a class"
        raise TenfoldError(
            f"{source}: label {labels[where]:g} at index {where} is not {kind}; labels must be 0 to {len(classes) - 1}"
        )


def split(digits: Digits, validation: int, seed: int = 0) -> tuple[Digits, Digits]:
    """Split into training and validation digits, with every class in the same proportion in both.

    Args:
        digits: the digits to split.
        validation: how many images go into the validation split; at least 1, and not all of them.
        seed: the same seed always gives the same split, another seed another one.

    Returns:
        `(train, validation)`, both in their original order.

    Raises:
        TenfoldError: if `validation` leaves one of the two empty.

    Example:
        >>> import tenfold
        >>> train, test = tenfold.load()
        >>> train, validation = tenfold.split(train, 5000)
        >>> len(train), len(validation)
        (55000, 5000)
    """
    require_type(digits, Digits, "split needs Digits, such as the first of the two that tenfold.load() returns")
    require_type(validation, Integral, "the validation split is a number of images")
    if not 0 < validation < len(digits):
        raise TenfoldError(f"cannot take {validation} images from {len(digits)}; choose 1 to {len(digits) - 1}")
    generator = np.random.default_rng(seed)
    quota, remainders = np.divmod(digits.counts() * validation, len(digits))
    quota[np.argsort(-remainders, kind="stable")[: validation - quota.sum()]] += 1
    held_out = np.zeros(len(digits), dtype=bool)
    for label, count in enumerate(quota):
        members = np.flatnonzero(digits.labels == label)
        held_out[generator.permutation(members)[:count]] = True
    return digits[~held_out], digits[held_out]


def subset(digits: Digits, n: int) -> Digits:
    """Take `n` of the digits, with every class in the same proportion; always the same ones.

    Raises:
        TenfoldError: if `n` is less than 1 or more than there are.
    """
    return digits if n == len(digits) else split(digits, n)[1]


def shift(images: UInt8[np.ndarray, "n 28 28"], down: int, right: int) -> UInt8[np.ndarray, "n 28 28"]:
    """Shift images by whole pixels, fewer than 28 either way; the vacated pixels become background."""
    border = max(abs(down), abs(right))
    padded = np.pad(images, ((0, 0), (border, border), (border, border)))
    return padded[:, border - down :, border - right :][:, :SIDE, :SIDE]
