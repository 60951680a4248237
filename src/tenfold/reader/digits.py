"""Classifying connected components as digits."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, UInt8

from tenfold.base.constants import constants
from tenfold.base.refusal import log_softmax, score
from tenfold.imaging import Component, Page
from tenfold.models import Model
from tenfold.reader.adaptation import Adapted

shared = constants("digits")
DOUBT = shared["DOUBT"]  # added to the score of a digit, so that no digit is impossible


@dataclass(frozen=True, eq=False)
class Digit:
    """A connected component that has been classified.

    Attributes:
        component: the ink on the page.
        image: the ink as an image like those of MNIST.
        answer: the logarithms of the probabilities of the ten digits, or of the model's other classes.
        score: how certain it is that this is a digit, from 0 to 1.
        cost: what reading it as a digit costs, in nats; the more plausible, the less.
        taught: whether the model was adapted with an image much like this one, see `tenfold.reader.adaptation`.
    """

    component: Component
    image: UInt8[np.ndarray, "28 28"]
    answer: Float[np.ndarray, " classes"]
    score: float
    cost: float
    taught: bool = False


def log_probabilities(images: UInt8[np.ndarray, "n 28 28"], model: Model) -> Float[np.ndarray, "n classes"]:
    """The logarithms of the probabilities of the ten digits, or of the model's other classes, for each image."""
    return log_softmax(model.logits(images))


def classify(page: Page, components: Sequence[Component], model: Model) -> list[Digit]:
    """Classify connected components of a page, all in one batch."""
    images = np.array([page.image(component) for component in components], dtype=np.uint8).reshape(-1, 28, 28)
    answers = log_probabilities(images, model)
    taught = model.was_taught(images) if isinstance(model, Adapted) else np.zeros(len(images), bool)
    digits = []
    for component, image, answer, known in zip(components, images, answers, taught.tolist(), strict=True):
        sure = score(answer)
        cost = -float(np.log(sure * np.exp(answer.max()) + DOUBT))
        digits.append(Digit(component, image, answer, sure, cost, known))
    return digits
