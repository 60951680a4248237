"""How a network copes with an adversary, who changes images as little as it takes to have them misread."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, UInt8
from torch import Tensor, nn

from tenfold.base.errors import TenfoldError
from tenfold.data import Digits, preprocess
from tenfold.evaluation import autoattack
from tenfold.evaluation.autoattack import read, targeted_apgd, targeted_fab
from tenfold.evaluation.intervals import wilson_interval
from tenfold.evaluation.robustness import Accuracy
from tenfold.models import Model, TorchModel
from tenfold.training.adversarial import Images, Labels, Norm, cross_entropy, fgsm, gradient, pgd

IMAGES = 1000  # as in most published figures of slow attacks
BATCH = 250
RESTARTS = 5  # of PGD
RIVALS = 9  # wrong classes that the targeted attacks of AutoAttack try, the most probable ones first
SEED = 0
# The sizes of the changes. AutoAttack, the slowest, gets those that are usually published; the others have more.
EPSILONS: dict[Norm, tuple[float, ...]] = {"Linf": (0.02, 0.05, 0.1, 0.2, 0.3), "L2": (0.5, 1.0, 1.5, 2.0)}
PUBLISHED: dict[Norm, tuple[float, ...]] = {"Linf": (0.1, 0.2, 0.3), "L2": (1.5, 2.0)}
ATTACKS = ("FGSM", "PGD", "AutoAttack")

Attack = Callable[[nn.Module, Images, Labels, float, Norm], Images]


@dataclass(frozen=True)
class Attacked:
    """A model's accuracy under one attack.

    Attributes:
        attack: its name, one of `ATTACKS`.
        norm: "Linf" if it limits the change of every pixel, "L2" if the Euclidean length of all changes.
        epsilon: the limit; pixels are from 0 to 1.
        accuracy: the fraction of the images that are still read correctly, and its interval.
        images: the images of `AttackResult.clean_images` as the attack leaves them.
        readings: how the model reads these, as class numbers.
    """

    attack: str
    norm: Norm
    epsilon: float
    accuracy: Accuracy
    images: UInt8[np.ndarray, "few 28 28"]
    readings: list[int]


@dataclass(frozen=True)
class AttackResult:
    """A model's accuracies under attack.

    Attributes:
        n: the number of images, the first of the test images.
        clean: the accuracy on these without an attack.
        attacked: one entry for each attack, norm, and epsilon.
        clean_images: the first image of each class.
        labels: their true classes.
    """

    n: int
    clean: Accuracy
    attacked: list[Attacked]
    clean_images: UInt8[np.ndarray, "few 28 28"]
    labels: list[int]

    def find(self, attack: str, norm: Norm) -> list[Attacked]:
        """The accuracies under one attack, by rising epsilon."""
        return [one for one in self.attacked if (one.attack, one.norm) == (attack, norm)]

    def to_dict(self) -> dict[str, Any]:
        """The figures as plain values, ready for JSON; accuracies are fractions."""
        rows = [
            {"attack": one.attack, "norm": one.norm, "epsilon": one.epsilon, **asdict(one.accuracy)}
            for one in self.attacked
        ]
        return {"n": self.n, "clean": asdict(self.clean), "attacked": rows}


def network_of(model: nn.Module | Model) -> nn.Module:
    """The network to attack.

    Raises:
        TenfoldError: if the model has no gradients.
    """
    network = model.network if isinstance(model, TorchModel) else model
    if not isinstance(network, nn.Module):
        name = getattr(model, "name", type(model).__name__)
        raise TenfoldError(f"{name}: has no gradients, which attacks need; name the run or the .safetensors file")
    return network


def attack(model: nn.Module | Model, digits: Digits, images: int = IMAGES) -> AttackResult:
    """Attack a network with FGSM, PGD, and AutoAttack, and count what it still reads correctly.

    PGD takes 100 steps from each of five random starts; AutoAttack is the version "standard". What a smaller change has
    achieved counts for the larger ones, too. The adversary knows the network and has its gradients; it may move every
    pixel by any fraction, so its images are not rounded to 256 levels.

    Args:
        model: a PyTorch module that takes standardized images `(batch, 1, 28, 28)` and returns logits
            `(batch, classes)`, or such a module from `tenfold.models.load`.
        digits: labeled images that the model has never seen.
        images: how many of them to attack, the first ones.

    Raises:
        TenfoldError: if the model has no gradients, or fewer than four classes.

    Sources: see `tenfold.training.adversarial` and `tenfold.evaluation.autoattack`.
    """
    network = network_of(model)
    digits = digits[:images]
    first = np.unique(digits.labels, return_index=True)[1]
    device = next(network.parameters()).device
    pixels = preprocess.normalize(preprocess.astype(preprocess.reshape(digits.images))).to(device)
    labels = torch.tensor(digits.labels, dtype=torch.int64, device=device)
    mode = network.training
    network.eval()
    try:
        with torch.random.fork_rng():
            torch.manual_seed(SEED)
            clean = read(network, pixels)
            _check(network, pixels, labels, clean.shape[1])
            right = clean.argmax(dim=1) == labels
            attacked = [
                Attacked(name, norm, epsilon, _accuracy(left), *_pictures(network, moved[first]))
                for norm, epsilons in EPSILONS.items()
                for name, parts in _attacks(clean.shape[1]).items()
                for epsilon, left, moved in _rising(
                    *(network, pixels, labels, right, parts),
                    [one for one in epsilons if name != "AutoAttack" or one in PUBLISHED[norm]],
                    norm,
                )
            ]
    finally:
        network.train(mode)
    return AttackResult(len(digits), _accuracy(right), attacked, digits.images[first], digits.labels[first].tolist())


def _check(network: nn.Module, images: Images, labels: Labels, classes: int) -> None:
    if classes < 4:
        raise TenfoldError(f"AutoAttack compares four classes or more; this model has {classes}")
    if not gradient(network, images[:BATCH], labels[:BATCH], cross_entropy)[2].any():
        raise TenfoldError(
            "this network's gradients are all zero, because it rounds its activations, so no attack can follow them; "
            "attack one that does not"
        )


def _attacks(classes: int) -> dict[str, list[Attack]]:
    """The parts of each attack; each part attacks the images that those before it have left."""
    rivals = range(min(RIVALS, classes - 1))
    apgd, fab = ([partial(one, rank=rank) for rank in rivals] for one in (targeted_apgd, targeted_fab))
    strongest: list[Attack] = [autoattack.apgd, *apgd, *fab, autoattack.square]
    return {"FGSM": [fgsm], "PGD": [pgd] * RESTARTS, "AutoAttack": strongest}


def _rising(
    network: nn.Module,
    images: Images,
    labels: Labels,
    right: Bool[Tensor, " n"],
    parts: Sequence[Attack],
    epsilons: Sequence[float],
    norm: Norm,
) -> list[tuple[float, Bool[Tensor, " n"], Images]]:
    """For each epsilon, which images the network still reads correctly, and the changed images."""
    right, moved, found = right.clone(), images.clone(), []
    for epsilon in epsilons:
        for part in parts:
            for left in right.nonzero()[:, 0].split(BATCH) if right.any() else ():
                tried = part(network, images[left], labels[left], epsilon, norm)
                fooled = read(network, tried).argmax(dim=1) != labels[left]
                moved[left[fooled]], right[left[fooled]] = tried[fooled], False
        found.append((epsilon, right.clone(), moved.clone()))
    return found


def _accuracy(right: Bool[Tensor, " n"]) -> Accuracy:
    hits = int(right.sum())
    return Accuracy(hits / len(right), wilson_interval(hits, len(right)))


def _pictures(network: nn.Module, images: Images) -> tuple[UInt8[np.ndarray, "few 28 28"], list[int]]:
    """Images for people, rounded to 256 levels, and how the network reads them as they were."""
    readings = read(network, images).argmax(dim=1).tolist()
    return (255 * images[:, 0]).round().to(torch.uint8).cpu().numpy(), readings
