"""What the network says of ink that may be a digit."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, UInt8

from tenfold.data import CLASSES
from tenfold.models import Model
from tenfold.pictures import Page, Part

# How far an answer is from none, in nats, for what is as likely a digit as not; how fast doubt fades on both sides.
HALF_SURE, STEEP = 1.0, 0.5
DOUBT = 0.01  # added to the score of a digit, so that none is impossible


@dataclass(frozen=True, eq=False)
class Digit:
    """What the network saw and said.

    Attributes:
        part: the ink, of the page.
        image: likewise, as an image like those of MNIST.
        answer: the logarithms of the probabilities of the ten digits.
        score: how much it is seen to be a digit, from 0 to 1.
        surprise: how much its being a digit surprises, in nats.
    """

    part: Part
    image: UInt8[np.ndarray, "28 28"]
    answer: Float[np.ndarray, "10"]
    score: float
    surprise: float


def classify(images: UInt8[np.ndarray, "n 28 28"], model: Model) -> Float[np.ndarray, "n 10"]:
    """The logarithms of the probabilities of the ten digits for each image."""
    return log_softmax(model.logits(images))


def log_softmax(logits: Float[np.ndarray, "*n classes"]) -> Float[np.ndarray, "*n classes"]:
    """The logarithms of the probabilities that logits stand for; importing SciPy for it would take long."""
    logits = logits - logits.max(axis=-1, keepdims=True)
    return logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))


def score(answer: Float[np.ndarray, "10"]) -> float:
    """How much the network sees a digit, from 0 to 1, by how far its answer is from that of no idea at all.

    The distance is the divergence (Kullback and Leibler's, in nats) of even probabilities from those of the answer,
    which training makes small for all that is no digit. Unlike the largest probability it is high also for what may be
    a 4 or a 9.

    Args:
        answer: the logarithms of the probabilities of the ten digits.
    """
    distance = -float(answer.mean()) - math.log(CLASSES)
    return 1 / (1 + math.exp(STEEP * (HALF_SURE - distance)))


def look(page: Page, parts: Sequence[Part], model: Model) -> list[Digit]:
    """Let the network see parts of a page."""
    images = np.array([page.image(part) for part in parts], dtype=np.uint8).reshape(-1, 28, 28)
    digits = []
    for part, image, answer in zip(parts, images, classify(images, model), strict=True):
        sure = score(answer)
        digits.append(Digit(part, image, answer, sure, -float(np.log(sure * np.exp(answer.max()) + DOUBT))))
    return digits
