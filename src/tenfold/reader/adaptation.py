"""A model adapted to one hand: where images resemble those that were taught, its answers are corrected.

What the model got wrong on the taught images is learned by kernel ridge regression, beside the model, which stays as it
is. The farther an image is from all taught ones, the less its answer changes; far enough away, not at all.

Source: C. Saunders, A. Gammerman, V. Vovk, "Ridge regression learning algorithm in dual variables", ICML 1998.
"""

import math

import numpy as np
from jaxtyping import Bool, Float, UInt8

from tenfold.base.constants import constants
from tenfold.base.errors import TenfoldError
from tenfold.base.form import CLASSES, DIGITS, SIDE
from tenfold.base.refusal import log_softmax
from tenfold.data import Digits
from tenfold.models.base import Checked, Model, identify

shared = constants("adaptation")
MOST_TAUGHT = shared["MOST_TAUGHT"]  # digits
BLUR = shared["BLUR"]  # in sixteenths, the weights of a pixel and its neighbors, along rows and columns
REACH = shared["REACH"]  # the distance, for pixels from 0 to 1, at which similarity has fallen to exp(-1/2)
ALIKE = shared["ALIKE"]  # images that are less similar are not similar at all
RIDGE = shared["RIDGE"]  # keeps single images from being followed too closely
TAUGHT = shared["TAUGHT"]  # the probability that a taught image should have


class Adapted(Checked):
    """A model adapted to the hand that wrote some digits.

    Args:
        model: the model; it does not change.
        hand: digits of that hand, at most 1,000.

    Raises:
        TenfoldError: if there are more, or the model or the hand has other classes than the ten digits.

    Attributes:
        name: the model's name, followed by ", adapted".
        thresholds: the model's.
        before: the digit that the model reads in each of the taught images, `(n,)`.
        after: what is read there if all the others are taught, and this one is not, `(n,)`.

    Example:
        >>> import tenfold
        >>> from tenfold.reader import Reader
        >>> from tenfold.reader.adaptation import Adapted
        >>> train, test = tenfold.load()
        >>> adapted = Adapted(Reader().model, train[:50])
        >>> adapted.name, adapted.logits(test.images[:4]).argmax(axis=1)
        ('tenfold reader-int8, adapted', array([7, 2, 1, 0]))
    """

    def __init__(self, model: Model, hand: Digits) -> None:
        if len(hand) > MOST_TAUGHT:
            raise TenfoldError(f"{hand.source}: {len(hand):,} digits to teach; give at most {MOST_TAUGHT:,}")
        name, self.thresholds = identify(model)
        for source, classes in ((name, getattr(model, "classes", DIGITS)), (hand.source, hand.classes)):
            if classes != DIGITS:
                raise TenfoldError(f"{source}: has {len(classes)} classes of its own; only digits can be taught")
        self.name = f"{name}, adapted"
        self._model, self._taught = model, _blur(hand.images)
        logits = model.logits(hand.images)
        wanted = np.full((len(hand), CLASSES), math.log((1 - TAUGHT) / (CLASSES - 1)))
        wanted[np.arange(len(hand)), hand.labels] = math.log(TAUGHT)
        missing = wanted - log_softmax(logits.astype(np.float64))  # (n, 10), what the model lacks
        inverse = np.linalg.inv(_similarity(self._taught, self._taught) + RIDGE * np.eye(len(hand)))
        self._factors = inverse @ missing
        self.before = logits.argmax(axis=1)
        self.after = (logits + missing - self._factors / inverse.diagonal()[:, None]).argmax(axis=1)

    def _logits(self, images: UInt8[np.ndarray, "n 28 28"]) -> Float[np.ndarray, "n 10"]:
        correction = _similarity(_blur(images), self._taught) @ self._factors
        return self._model.logits(images) + correction.astype(np.float32)

    def was_taught(self, images: UInt8[np.ndarray, "n 28 28"]) -> Bool[np.ndarray, " n"]:
        """Whether one of the taught images is within `REACH` of each of these, so that its answer is the one taught."""
        return _similarity(_blur(images), self._taught).max(axis=1) > math.exp(-1 / 2)


def _blur(images: UInt8[np.ndarray, "n 28 28"]) -> Float[np.ndarray, "n 784"]:
    """Blur images, so that a stroke may lie a little aside: whole numbers, 256 times as large as the pixels."""
    margin = len(BLUR) // 2
    padded = np.pad(images.astype(np.float64), ((0, 0), (margin, margin), (margin, margin)))
    rows = sum(weight * padded[:, i : i + SIDE] for i, weight in enumerate(BLUR))
    return sum(weight * rows[:, :, i : i + SIDE] for i, weight in enumerate(BLUR)).reshape(-1, SIDE**2)


def _similarity(one: Float[np.ndarray, "n 784"], other: Float[np.ndarray, "m 784"]) -> Float[np.ndarray, "n m"]:
    """How similar blurred images are: 1 if they are equal, 0 if they are less so than `ALIKE`."""
    squares = (one**2).sum(axis=1)[:, None] + (other**2).sum(axis=1) - 2 * one @ other.T  # exact: whole numbers
    similarity = np.exp(-squares / (2 * (REACH * 255 * sum(BLUR) ** 2) ** 2))
    return np.where(similarity < ALIKE, 0, similarity)
