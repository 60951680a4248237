"""How a model from elsewhere expects its images, and what its answers mean: found out by trying.

A file states the shape and type of a network's input, but not whether its pixels go from 0 to 255 or from 0 to 1,
whether ink is light or dark, or whether its answers are logits or probabilities. A wrong guess about any of these makes
a good model look bad.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from itertools import product
from typing import Any

import numpy as np
from jaxtyping import Float, Shaped, UInt8

from tenfold.base.errors import TenfoldError
from tenfold.base.form import CLASSES, MEAN, SIDE, STD
from tenfold.base.refusal import log_softmax

BATCH = 256  # images at once, if the network takes any number
IMAGES = 300  # training images to try each convention on
LEAST = 0.5  # below this accuracy, a network is not a classifier of digits
# A rarer convention is chosen only if it reads clearly better, because a weak network may gain from more contrast than
# it was trained with: if its accuracy is higher by MORE, or lower by no more than CHANCE at LESS times the loss.
MORE, CHANCE, LESS = 0.1, 0.01, 0.75
CERTAIN = 1e-7  # probabilities are clipped here before the logarithm, as in Keras' own loss
ROUNDING = 1e-3  # by how much a probability may lie outside 0 to 1
LAYOUTS: tuple[tuple[int, ...], ...] = ((SIDE, SIDE), (SIDE, SIDE, 1), (1, SIDE, SIDE), (SIDE * SIDE,))
SCALES: dict[str, tuple[float, float]] = {  # what pixels 0 and 255 become, the usual scales first
    "from 0 to 1": (0.0, 1.0),
    "from 0 to 255": (0.0, 255.0),
    "from -1 to 1": (-1.0, 1.0),
    "from -128 to 127": (-128.0, 127.0),
    "standardized": (-MEAN / STD, (1 - MEAN) / STD),
}


@dataclass(frozen=True)
class FileNetwork:
    """A network as its file describes it.

    Attributes:
        shape: the shape of its input, the batch first; None stands for any size.
        dtype: the type of its input.
        run: turns such an input into the answers.
        quantization: the step and the zero point of an integer input, `value = step * (integer - zero)`.
    """

    shape: tuple[int | None, ...]
    dtype: np.dtype
    run: Callable[[np.ndarray], Any]
    quantization: tuple[float, int] | None = None


@dataclass(frozen=True)
class Convention:
    """How a network is given its images, and what its answers are.

    Attributes:
        layout: the shape of one image.
        scale: the range of its pixels, one of `SCALES`.
        dark: whether ink is dark on a light background, unlike in MNIST.
        answers: "logits", whose softmax gives probabilities, or "probabilities".
        accuracy: the fraction of the trial images read correctly.
    """

    layout: tuple[int, ...]
    scale: str
    dark: bool
    answers: str
    accuracy: float

    def __str__(self) -> str:
        ink = "dark ink on a light background" if self.dark else "light ink on a dark background"
        shape = ", ".join(("n", *map(str, self.layout)))
        return f"reads pixels {self.scale}, {ink}, of shape ({shape}), and answers in {self.answers}"

    def to_dict(self) -> dict[str, Any]:
        """The fields as plain values, ready for JSON."""
        return asdict(self) | {"layout": list(self.layout)}


def find(network: FileNetwork, name: str) -> Convention:
    """Find the convention under which a network reads a few hundred images best.

    These are training images, which the network may have been trained on. They show what works all the same, and the
    test images are left for the one reading that is reported.

    Args:
        network: the network, from a file.
        name: the file's name, for error messages.

    Raises:
        TenfoldError: if the network reads digits under none of the conventions.
    """
    layouts = [layout for layout in LAYOUTS if _fits(network.shape[1:], layout)]
    if not layouts:
        known = " or ".join(str(("n", *layout)).replace("'", "") for layout in LAYOUTS)
        raise TenfoldError(
            f"{name}: takes {_written(network.shape)}, which are not images of digits; those are {known}"
        )
    from tenfold.data import load  # here, because files of our own need no trial

    digits = load()[0][:IMAGES]
    best: tuple[float, Convention] | None = None
    refusals: list[TenfoldError] = []
    for layout, dark, scale in product(layouts, (False, True), SCALES):
        try:
            answers = _ask(network, _to_input(digits.images, layout, scale, dark), name)
        except TenfoldError as error:
            refusals.append(error)
            continue
        if not np.isfinite(answers).all():
            continue
        kind = "probabilities" if ((answers > -ROUNDING) & (answers < 1 + ROUNDING)).all() else "logits"
        logits = _to_logits(answers, kind)
        accuracy, loss = float((logits.argmax(axis=1) == digits.labels).mean()), _loss(logits, digits.labels)
        if (
            best is None
            or accuracy > best[1].accuracy + MORE
            or (accuracy > best[1].accuracy - CHANCE and loss < LESS * best[0])
        ):
            best = loss, Convention(layout, scale, dark, kind, accuracy)
    if best is None:
        raise refusals[0] if refusals else TenfoldError(f"{name}: its answers are infinite or not a number")
    if best[1].accuracy < LEAST:
        raise TenfoldError(
            f"{name}: not a classifier of digits: given pixels {', '.join(SCALES)}, with light ink or dark, "
            f"it reads {best[1].accuracy:.0%} of {IMAGES} training images"
        )
    return best[1]


def read(
    network: FileNetwork, convention: Convention, images: UInt8[np.ndarray, "n 28 28"], name: str
) -> Float[np.ndarray, "n 10"]:
    """The logits of a network whose images follow a convention; error messages name `name`."""
    values = _to_input(images, convention.layout, convention.scale, convention.dark)
    return _to_logits(_ask(network, values, name), convention.answers)


def _to_input(
    images: UInt8[np.ndarray, "n 28 28"], layout: tuple[int, ...], scale: str, dark: bool
) -> Float[np.ndarray, "n ..."]:
    low, high = SCALES[scale]
    share = (255 - images if dark else images).reshape(-1, *layout) / np.float32(255)
    return (low + (high - low) * share).astype(np.float32)


def _ask(network: FileNetwork, values: Float[np.ndarray, "n ..."], name: str) -> Float[np.ndarray, "n 10"]:
    """The answers of a network as float32, computed in batches of the size that it accepts."""
    size = network.shape[0] or BATCH
    found = np.empty((len(values), CLASSES), np.float32)
    for start in range(0, len(values), size):
        some = values[start : start + size]
        batch = some
        if network.shape[0] and len(some) < size:
            batch = np.concatenate([some, np.zeros((size - len(some), *some.shape[1:]), some.dtype)])
        try:
            with np.errstate(over="ignore"):  # the caller reports infinite answers
                answers = np.asarray(network.run(_cast(batch, network)), dtype=np.float32)
        except Exception as error:  # whatever a runtime raises
            reason = (str(error).strip().splitlines() or [""])[0][:100]
            raise TenfoldError(f"{name}: does not run on images {batch.shape} ({reason})") from None
        if answers.size != len(batch) * CLASSES:
            raise TenfoldError(
                f"{name}: answers {len(batch)} images with numbers of shape {answers.shape}, not with {CLASSES} each"
            )
        found[start : start + len(some)] = answers.reshape(len(batch), CLASSES)[: len(some)]
    return found


def _cast(values: Float[np.ndarray, "n ..."], network: FileNetwork) -> Shaped[np.ndarray, "n ..."]:
    if network.dtype.kind == "f":
        return values.astype(network.dtype)
    if network.quantization:
        step, zero = network.quantization
        values = values / step + zero
    limits = np.iinfo(network.dtype)
    return np.clip(np.rint(values), limits.min, limits.max).astype(network.dtype)


def _to_logits(answers: Float[np.ndarray, "n 10"], kind: str) -> Float[np.ndarray, "n 10"]:
    return np.log(np.clip(answers, CERTAIN, None)) if kind == "probabilities" else answers


def _loss(logits: Float[np.ndarray, "n 10"], labels: UInt8[np.ndarray, " n"]) -> float:
    """Mean cross-entropy in nats."""
    return -float(log_softmax(logits.astype(np.float64))[np.arange(len(labels)), labels].mean())


def _fits(shape: Sequence[int | None], layout: tuple[int, ...]) -> bool:
    return len(shape) == len(layout) and all(size in (None, wanted) for size, wanted in zip(shape, layout, strict=True))


def _written(shape: Sequence[int | None]) -> str:
    return f"({', '.join('n' if size is None else str(size) for size in shape)})"
