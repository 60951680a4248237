"""How well a model tells digits from what it was never meant to read: out-of-distribution detection, as in OpenOOD."""

import os
import warnings
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from jaxtyping import Float, UInt8
from torch import nn

from tenfold.base.errors import TenfoldError, TenfoldWarning
from tenfold.base.extras import needed_by
from tenfold.base.form import DIGITS
from tenfold.base.refusal import log_softmax
from tenfold.data import SIDE, Digits, load, read_idx
from tenfold.data.sources import class_folders
from tenfold.imaging import SUFFIXES
from tenfold.imaging.load import load_picture
from tenfold.imaging.normalize import normalize
from tenfold.models import Model, wrap
from tenfold.synthesis.negatives import SIGNS
from tenfold.synthesis.scenes import draw_scene
from tenfold.synthesis.writing import choose_hand, make_alphabet, write_strokes

FASHION = Path("/usr/share/datasets/fashion-mnist/t10k-images-idx3-ubyte.gz")  # of Debian's dataset-fashion-mnist
COUNT, SCENES, HANDS = 1000, 200, 10
LARGEST = 0.2  # of a scene's side: higher digits could still be read when it is reduced to 28x28
ACCEPTED = 0.95  # the share of the digits that is accepted where the share of the unknown inputs is measured

Logits = Float[np.ndarray, "n classes"]
Drawn = UInt8[np.ndarray, "n 28 28"]

SCORES: dict[str, Callable[[Logits], Float[np.ndarray, " n"]]] = {
    "maximum softmax": lambda logits: log_softmax(logits).max(axis=1),  # its logarithm, which does not round to 1
    "energy": lambda logits: np.logaddexp.reduce(logits, axis=1),
    # what `tenfold.base.refusal.score` squeezes into 0 to 1
    "divergence": lambda logits: -log_softmax(logits).mean(axis=1),
}


@dataclass(frozen=True)
class Separation:
    """How well one score separates digits from unknown inputs.

    Attributes:
        auroc: the probability that a random digit scores higher than a random unknown input; 0.5 is guessing.
        aupr_in: the average precision in finding the digits.
        aupr_out: the average precision in finding the unknown inputs. Both depend on how many there are of each.
        fpr95: the share of the unknown inputs that is accepted at the threshold that accepts 95% of the digits.
    """

    auroc: float
    aupr_in: float
    aupr_out: float
    fpr95: float


@dataclass(frozen=True)
class UnknownSet:
    """What a model makes of one kind of unknown inputs.

    Attributes:
        name: what they are.
        kind: "near" if they look like digits in some way, "far" if not, "own" if they are the user's.
        images: the inputs as the model gets them.
        separations: by score.
    """

    name: str
    kind: str
    images: Drawn
    separations: dict[str, Separation]

    def to_dict(self) -> dict[str, Any]:
        """The figures as plain values, ready for JSON."""
        figures = {score: asdict(one) for score, one in self.separations.items()}
        return {"name": self.name, "kind": self.kind, "n": len(self.images), "scores": figures}


def unknown_inputs(
    model: nn.Module | Model, digits: Digits, folder: str | os.PathLike | None = None, seed: int = 0
) -> list[UnknownSet]:
    """Measure how well a model's scores separate digits from other images.

    The scores are the maximum softmax probability, the energy (log-sum-exp of the logits), and the divergence from even
    probabilities, by which `tenfold.Reader` refuses what is not a digit.

    Args:
        model: a PyTorch module that takes standardized images `(batch, 1, 28, 28)` and returns logits, or a model from
            `tenfold.models.load`.
        digits: images that the model has never seen, of the classes that it knows.
        folder: pictures to measure as well, in it or in its folders; each is reduced to 28x28 gray pixels, with light
            backgrounds made dark.
        seed: starts the random numbers of what is drawn.

    Returns:
        Near sets first, then far ones, then the folder. Fashion-MNIST is left out where it is not installed.

    Raises:
        TenfoldError: if scikit-learn is not installed, the digits are other classes, or the folder holds no
            pictures, or digits.

    Sources: J. Yang et al., "OpenOOD: Benchmarking Generalized Out-of-Distribution Detection", NeurIPS 2022; D.
    Hendrycks and K. Gimpel, "A Baseline for Detecting Misclassified and Out-of-Distribution Examples", ICLR 2017; W.
    Liu et al., "Energy-based Out-of-distribution Detection", NeurIPS 2020.
    """
    with needed_by("the test on unknown inputs"):
        import sklearn.metrics  # noqa: F401
    own = [] if folder is None else [(str(folder), "own", _read_folder(Path(folder)))]
    if digits.classes != DIGITS:
        raise TenfoldError(f"{digits.source}: its classes are not digits, for which the unknown inputs were chosen")
    model = wrap(model)
    known = model.logits(digits.images)
    found = []
    for name, kind, images in [*_sets(np.random.default_rng(seed)), *own]:
        logits = model.logits(images)
        separations = {score: separation(rate(known), rate(logits)) for score, rate in SCORES.items()}
        found.append(UnknownSet(name, kind, images, separations))
        if kind == "own" and separations["maximum softmax"].fpr95 > 0.5:
            warnings.warn(
                f"{name}: the model accepts {separations['maximum softmax'].fpr95:.0%} of these pictures as it accepts "
                "95% of the digits; look whether they show digits",
                TenfoldWarning,
                stacklevel=2,
            )
    return found


def separation(known: Float[np.ndarray, " n"], unknown: Float[np.ndarray, " m"]) -> Separation:
    """Measure how well a score, high for what is known, separates the known from the unknown."""
    from sklearn.metrics import average_precision_score, roc_auc_score

    scores, is_known = np.concatenate((known, unknown)), np.repeat((1, 0), (len(known), len(unknown)))
    threshold = np.quantile(known, 1 - ACCEPTED, method="lower")
    return Separation(
        auroc=float(roc_auc_score(is_known, scores)),
        aupr_in=float(average_precision_score(is_known, scores)),
        aupr_out=float(average_precision_score(1 - is_known, -scores)),
        fpr95=float((unknown >= threshold).mean()),
    )


def _sets(random: np.random.Generator) -> Iterator[tuple[str, str, Drawn]]:
    """Name, kind, and images of every set."""
    if FASHION.is_file():
        yield "Fashion-MNIST", "near", read_idx(FASHION)
    yield f"letters in {HANDS} hands", "near", _letters(random)
    yield "noise", "far", random.integers(0, 256, (COUNT, SIDE, SIDE), dtype=np.uint8)
    yield "textures", "far", _textures(random)
    yield "drawn scenes", "far", _scenes(random)


def _letters(random: np.random.Generator) -> Drawn:
    """Letters that no digit looks like, as ten hands write them."""
    letters = [[np.array(stroke, np.float32) for stroke in strokes] for name, *strokes in SIGNS if len(name) == 1]
    hands = [choose_hand(80.0, random) for _ in range(HANDS)]
    inks = [
        write_strokes(letters[random.integers(len(letters))], hands[number % HANDS], 80.0, random)
        for number in range(COUNT)
    ]
    return np.stack([normalize((255 * ink).astype(np.uint8)) for ink in inks])


def _textures(random: np.random.Generator) -> Drawn:
    """Pieces of the two photographs that come with scikit-learn, of a temple and of a flower."""
    from sklearn.datasets import load_sample_images

    photographs = [cv2.cvtColor(image, cv2.COLOR_RGB2GRAY) for image in load_sample_images().images]
    pieces = []
    for number in range(COUNT):
        photograph = photographs[number % 2]
        top, left = (random.integers(size - 2 * SIDE) for size in photograph.shape)
        pieces.append(photograph[top : top + 2 * SIDE : 2, left : left + 2 * SIDE : 2])
    return np.stack(pieces)


def _scenes(random: np.random.Generator) -> Drawn:
    """Whole drawn pages on tables, with writing too small to be read at this size."""
    alphabet = make_alphabet(load()[0])
    images: list[np.ndarray] = []
    while len(images) < SCENES:
        scene = draw_scene(alphabet, random)
        if all(one.height < LARGEST * len(scene.ink) for one in scene.characters):
            images.append(_reduce(cv2.cvtColor(scene.picture, cv2.COLOR_RGB2GRAY)))
    return np.stack(images)


def _reduce(picture: UInt8[np.ndarray, "h w"]) -> UInt8[np.ndarray, "28 28"]:
    """Reduce a gray picture to an image like those of the digits, light on dark."""
    if picture.shape != (SIDE, SIDE):
        picture = cv2.resize(picture, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    border = np.concatenate((picture[0], picture[-1], picture[:, 0], picture[:, -1]))
    return 255 - picture if np.median(border) > 127 else picture


def _read_folder(folder: Path) -> Drawn:
    if not folder.is_dir():
        raise TenfoldError(f"{folder}: no such folder; name one with pictures that show no digit")
    if digits := class_folders(folder):
        names = ", ".join(path.name for path in digits)
        raise TenfoldError(f"{folder}: its folders are named after digits ({names}); unknown inputs must not show any")
    paths = [path for path in sorted(folder.rglob("*")) if path.suffix.lower() in SUFFIXES and path.is_file()]
    if not paths:
        raise TenfoldError(f"{folder}: holds no pictures ({', '.join(SUFFIXES)})")
    return np.stack([_reduce(np.asarray(load_picture(path).convert("L"))) for path in paths])
