"""What the network says of ink that may be a digit."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, UInt8

from tenfold.base.refusal import log_softmax, score
from tenfold.imaging import Component, Page
from tenfold.models import Model

DOUBT = 0.01  # added to the score of a digit, so that none is impossible


@dataclass(frozen=True, eq=False)
class Digit:
    """What the network saw and said.

    Attributes:
        component: the ink, of the page.
        image: likewise, as an image like those of MNIST.
        answer: the logarithms of the probabilities of the ten digits.
        score: how much it is seen to be a digit, from 0 to 1.
        cost: how much its being a digit surprises, in nats.
    """

    component: Component
    image: UInt8[np.ndarray, "28 28"]
    answer: Float[np.ndarray, "10"]
    score: float
    cost: float


def log_probabilities(images: UInt8[np.ndarray, "n 28 28"], model: Model) -> Float[np.ndarray, "n 10"]:
    """The logarithms of the probabilities of the ten digits for each image."""
    return log_softmax(model.logits(images))


def classify(page: Page, components: Sequence[Component], model: Model) -> list[Digit]:
    """Let the network see parts of a page."""
    images = np.array([page.image(component) for component in components], dtype=np.uint8).reshape(-1, 28, 28)
    digits = []
    for component, image, answer in zip(components, images, log_probabilities(images, model), strict=True):
        sure = score(answer)
        digits.append(Digit(component, image, answer, sure, -float(np.log(sure * np.exp(answer.max()) + DOUBT))))
    return digits
