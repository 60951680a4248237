"""How well the reader adapts to a new hand: `python -m benchmarks.adapt [DIR]`. Writes `results/adapt.json`.

Drawn hands, each with letterforms and a style of its own, are read before and after 1, 3, 5, and 10 digits of each
class were taught. Three methods are compared on validation hands and on the images that the recipe `reader` holds out;
the one in `tenfold.reader.adaptation` then reads other hands and the test images, once. With DIR, as in
`benchmarks.handwriting`, the sources of at least 20 pictures are halved: one half teaches, the other is read.
"""

import argparse
import contextlib
import csv
import hashlib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, UInt8

import tenfold
from benchmarks import records, refusal
from benchmarks.records import save, where
from tenfold import models, recipes
from tenfold.base.errors import NoDigitsError
from tenfold.base.form import CLASSES
from tenfold.base.refusal import Thresholds, log_softmax, score
from tenfold.data import Digits, preprocess, split
from tenfold.imaging import picture_to_image, read_pictures
from tenfold.networks.storage import restore
from tenfold.reader.adaptation import Adapted
from tenfold.synthesis import draw_negatives
from tenfold.synthesis.drawing import draw, pad
from tenfold.synthesis.framing import frame
from tenfold.synthesis.letterforms import letterforms

RESULTS = Path("results/adapt.json")
CORRECTIONS = (1, 3, 5, 10)  # of each class
READ = 10  # digits of each class that are read, and never taught
VALIDATION_HANDS, TEST_HANDS = range(12), range(1000, 1030)  # seeds
STYLE, WOBBLE = 0.12, 0.03  # how far a hand strays from the letterforms: always the same way, and each time anew
FEWEST = 20  # pictures of a source
REHEARSED = 6000  # training images of MNIST
DRAWN = 700  # scribbles, letters, and dots, each

Images = UInt8[np.ndarray, "n 28 28"]
Answer = Callable[[Images], Float[np.ndarray, "n 10"]]
Method = Callable[[Digits], Answer]  # from what is taught to what then reads


class Network:
    """The shipped network in PyTorch, for the methods that look at its last features; it remembers what it has read."""

    def __init__(self) -> None:
        self.layers = list(restore(models.SHIPPED / "reader.safetensors"))
        self._known: dict[bytes, tuple[np.ndarray, np.ndarray]] = {}

    def read(self, images: Images) -> tuple[Float[np.ndarray, "n features"], Float[np.ndarray, "n 10"]]:
        """The last features, and the logits."""
        key = hashlib.sha256(images.tobytes()).digest()
        if key not in self._known:
            with torch.inference_mode():
                features = preprocess.to_tensor(images)
                for layer in self.layers[:-1]:
                    features = layer(features)
                self._known[key] = features.double().numpy(), self.layers[-1](features).double().numpy()
        return self._known[key]

    def logits(self, images: Images) -> Float[np.ndarray, "n 10"]:
        """The logits alone."""
        return self.read(images)[1]


class Remembered:
    """The shipped reader, which remembers what it has read."""

    def __init__(self) -> None:
        self._model = models.load(models.shipped())
        self._known: dict[bytes, np.ndarray] = {}

    def logits(self, images: Images) -> Float[np.ndarray, "n 10"]:
        """The logits, computed once for the same images."""
        key = hashlib.sha256(images.tobytes()).digest()
        if key not in self._known:
            self._known[key] = self._model.logits(images)
        return self._known[key]


def main() -> None:
    """Compare on validation hands, measure on test hands, and write the record."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.adapt")
    parser.add_argument("folder", type=Path, metavar="DIR", nargs="?", help="with photos")
    options = parser.parse_args()
    torch.set_grad_enabled(False)
    train, test = tenfold.load()
    fitted, held_out = split(train, recipes.load("reader").validation)
    network, reader = Network(), Remembered()
    features, _ = network.read(fitted.images[:REHEARSED])
    rehearsal = features.T @ features / REHEARSED
    methods: dict[str, tuple[Answer, Method]] = {
        **{
            f"neighbors, reach {reach}": (network.logits, partial(neighbors, network, reach))
            for reach in (0.5, 0.6, 0.7)
        },
        **{
            f"last layer, rehearsal {weight}": (network.logits, partial(last_layer, network, weight, rehearsal))
            for weight in (30, 100, 300)
        },
        "kernel ridge": (reader.logits, lambda hand: Adapted(reader, hand).logits),
    }
    torch.manual_seed(0)
    negatives = to_bytes(draw_negatives(torch.from_numpy(fitted.images[:1000])[:, None] / 255))
    results: dict[str, Any] = {"measured": where(), "validation": {}}
    for name, method in methods.items():
        results["validation"][name] = examine(*method, VALIDATION_HANDS, held_out, negatives)
        print(name, results["validation"][name], flush=True)
    results["test"] = examine(*methods["kernel ridge"], TEST_HANDS, test, drawn_negatives())
    if options.folder:
        results["sources"] = examine_sources(options.folder / "photos", reader)
    save(RESULTS, results)


def draw_hand(seed: int) -> Digits:
    """Draw 20 digits of each class as one hand writes them, the classes in turn: each class in one letterform.

    A hand has a slant, a width, and a way of straying from the letterforms; each of its digits strays a little more.
    """
    random = np.random.default_rng(seed)
    torch.manual_seed(seed)
    forms = [usual + hasty for usual, hasty in zip(letterforms(), letterforms(hasty=True), strict=True)]
    curves = pad([[list(map(tuple, stroke.tolist())) for stroke in some[random.integers(len(some))]] for some in forms])
    labels = torch.arange(CLASSES).repeat(max(CORRECTIONS) + READ)
    points = stray(stray(curves, STYLE)[labels], WOBBLE)
    wide = 0.5 * 3 ** torch.rand(1) * (1 + 0.1 * torch.randn(len(labels), 1, 1))
    slant = 0.7 * torch.rand(1) - 0.15 + 0.05 * torch.randn(len(labels), 1, 1)
    x, y = points[..., 0] - 0.5, points[..., 1] - 0.5
    drawn = frame(draw(14 + 18 * torch.stack((wide * x - slant * y, y), dim=3)))
    return Digits(to_bytes(drawn), labels.numpy().astype(np.uint8), f"hand {seed}")


def stray(points: Float[torch.Tensor, "n strokes points 2"], far: float) -> Float[torch.Tensor, "n strokes points 2"]:
    """Shift points along a smooth random field of their drawing, as `draw_letterforms` does."""
    phases = torch.einsum("nspd,wend->wensp", points, 6 * torch.randn(2, 2, len(points), 2))
    phases = phases + 6.3 * torch.rand(2, 2, len(points), 1, 1)
    return points + far * torch.sin(phases).sum(dim=0).movedim(0, 3)


def to_bytes(images: Float[torch.Tensor, "n 1 28 28"]) -> Images:
    """Images with pixels from 0 to 1 as uint8."""
    return (255 * images[:, 0]).round().clamp(0, 255).byte().numpy()


def neighbors(network: Network, reach: float, hand: Digits) -> Answer:
    """The nearest of the taught digits of each class, by the last features, outvotes the network where it is close."""
    taught, _ = network.read(hand.images)

    def read(images: Images) -> np.ndarray:
        features, logits = network.read(images)
        squares = (features**2).sum(axis=1)[:, None] + (taught**2).sum(axis=1) - 2 * features @ taught.T
        weights = 30 * np.exp(-squares.clip(0) / (2 * reach**2))
        votes = np.stack([weights[:, hand.labels == label].max(axis=1) for label in range(CLASSES)], axis=1)
        return np.log(np.exp(log_softmax(logits)) + votes + 1e-12)

    return read


def last_layer(network: Network, weight: float, rehearsal: Float[np.ndarray, "f f"], hand: Digits) -> Answer:
    """The last layer, changed so that the taught digits get what they lack, and MNIST's scores change little."""
    taught, logits = network.read(hand.images)
    wanted = np.where(np.arange(CLASSES) == hand.labels[:, None], np.log(0.999), np.log(0.001 / 9))
    missing = wanted - log_softmax(logits)
    change = np.linalg.solve(taught.T @ taught + weight * rehearsal + 1e-6 * np.eye(len(rehearsal)), taught.T @ missing)

    def read(images: Images) -> np.ndarray:
        features, logits = network.read(images)
        return logits + features @ change

    return read


def examine(before: Answer, adapt: Method, hands: range, digits: Digits, negatives: Images) -> dict[str, Any]:
    """The errors on hands before and after corrections; and what five of each class change elsewhere.

    Args:
        before: what reads before anything is taught.
        adapt: the method.
        hands: their seeds.
        digits: MNIST's, none of them seen in training.
        negatives: images without a digit.
    """
    errors, changes, more_refused = [], [], []
    accuracy, refused = 1 - error_rate(before, digits), share_refused(before, negatives)
    for seed in hands:
        hand = draw_hand(seed)
        read = hand[CLASSES * max(CORRECTIONS) :]
        answers = {count: adapt(hand[: CLASSES * count]) for count in CORRECTIONS}
        errors.append([error_rate(answer, read) for answer in (before, *answers.values())])
        changes.append(1 - error_rate(answers[5], digits) - accuracy)
        more_refused.append(share_refused(answers[5], negatives) - refused)
    return {
        "hands": len(hands),
        "errors": dict(zip(map(str, (0, *CORRECTIONS)), np.mean(errors, axis=0).tolist(), strict=True)),
        "mnist": {"accuracy": accuracy, "change": float(np.mean(changes)), "worst": float(np.min(changes))},
        "refused": {"share": refused, "change": float(np.mean(more_refused)), "worst": float(np.min(more_refused))},
    }


def examine_sources(folder: Path, reader: Remembered) -> list[dict[str, Any]]:
    """The errors on the pictures of each large source: every second one of a class is taught, the others are read."""
    by_source: dict[str, list[tuple[int, Path]]] = {}
    with (folder / "labels.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            by_source.setdefault(row["source"], []).append((int(row["label"]), folder / row["file"]))
    found = []
    for name, pictures in sorted(by_source.items()):
        if len(pictures) < FEWEST:
            continue
        pictures.sort()
        labels = np.array([label for label, _ in pictures], np.uint8)
        digits = Digits(read_pictures(path for _, path in pictures), labels, name)
        taught, read = digits[::2], digits[1::2]
        answers = {"before": reader.logits, "after": Adapted(reader, taught).logits}
        is_for_choices = hashlib.sha256(name.encode()).digest()[-1] % 2 == 0
        counts = {when: round(error_rate(answer, read) * len(read)) for when, answer in answers.items()}
        found.append({"for_choices": is_for_choices, "taught": len(taught), "read": len(read), "errors": counts})
    return found


def table(results: dict[str, Any]) -> str:
    """The errors before and after corrections, and what else changes, for `benchmarks.publish`."""
    tested = results["test"]
    names = ("neighbors", "last layer", "kernel ridge")
    tried = {name: [row for key, row in results["validation"].items() if key.startswith(name)] for name in names}
    fitting = {  # of each method, the settings with the fewest errors that cost MNIST at most 0.05 points
        name: min((row["errors"]["5"] for row in rows if row["mnist"]["change"] >= -0.0005), default=None)
        for name, rows in tried.items()
    }
    before = results["validation"]["kernel ridge"]["errors"]["0"]
    compared = "; ".join(
        f"{name} {'always cost more' if errors is None else f'{errors:.1%}'}" for name, errors in fitting.items()
    )
    mnist, refused = tested["mnist"], tested["refused"]
    notes = [
        f"Means over {tested['hands']} drawn hands, {CLASSES * READ} digits each.",
        f"After five, {mnist['accuracy'] + mnist['change']:.3%} of MNIST's test images are read right "
        f"({100 * mnist['change']:+.3f} points; {100 * mnist['worst']:+.2f} with the worst hand), and "
        f"{refused['share'] + refused['change']:.2%} of scribbles, letters, and dots are refused "
        f"({100 * refused['change']:+.2f} points).",
        f"On {results['validation']['kernel ridge']['hands']} validation hands, {before:.1%} were misread before. "
        f"After five of each class, at a cost of at most 0.05 points on MNIST's held-out images: {compared}.",
    ]
    for source in results.get("sources", []):
        half = "half for choices" if source["for_choices"] else "reported half"
        notes.append(
            f"Of {source['read']} pictures by one source of real handwriting ({half}), {source['errors']['before']} "
            f"were misread before {source['taught']} others were taught, and {source['errors']['after']} after."
        )
    rows = [(count, f"{errors:.1%}") for count, errors in tested["errors"].items()]
    return records.table(("digits taught of each class", "misread"), rows, *notes, records.place(results["measured"]))


def error_rate(answer: Answer, digits: Digits) -> float:
    """The share of the digits that are misread."""
    return float((answer(digits.images).argmax(axis=1) != digits.labels).mean())


def share_refused(answer: Answer, images: Images) -> float:
    """The share of the images whose answers are refused."""
    least = Thresholds.read(models.SHIPPED / models.THRESHOLDS).alone
    return float(np.mean([score(one) < least for one in log_softmax(answer(images))]))


def drawn_negatives() -> Images:
    """Scribbles, letters, and dots, as `benchmarks.refusal` draws them; those without ink are left out."""
    images = []
    for draw_one in (refusal.scribble, refusal.letter, refusal.dots):
        for picture in refusal.drawings(draw_one)[:DRAWN]:
            with contextlib.suppress(NoDigitsError):
                images.append(picture_to_image(picture))
    return np.stack(images)


if __name__ == "__main__":
    main()
