"""Recipes: everything that determines a training run, in one TOML file each, read into one dataclass."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Annotated, Any, Literal

import tomli_w
from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from tenfold.base import settings
from tenfold.base.errors import TenfoldError, require_type
from tenfold.base.settings import Count, Fraction, Name, Seed
from tenfold.synthesis import Augment

# far above any rate that trains, yet low enough for a step in float32, whose numbers end at 3e38
Rate = Annotated[float, Field(gt=0, le=1e20)]


@dataclass(frozen=True, kw_only=True, config=ConfigDict(extra="forbid", strict=True))
class Attack:
    """How the training images are attacked, see `tenfold.training.adversarial.harden`.

    Attributes:
        epsilon: the largest change of a pixel, 0 to 1; 0 trains on the images as they are.
        steps: how many steps of projected gradient descent, each about as costly as a step of training.
        ramp: epochs over which the change grows to `epsilon`; large ones from the start can leave a network guessing.
    """

    epsilon: Annotated[float, Field(ge=0, le=1)] = 0.0
    steps: Annotated[int, Field(ge=1, le=1000)] = 10
    ramp: Annotated[int, Field(ge=1, le=10_000)] = 1


@dataclass(frozen=True, kw_only=True, config=ConfigDict(extra="forbid", strict=True))
class Unlabeled:
    """How a network learns from images without labels, see `tenfold.training.few_labels.pseudo_label`.

    Attributes:
        ratio: how many of them to add to a batch for each labeled image, 0 to 100; 0 leaves them out.
        confidence: how probable the network must find its answer, 0 to 1, for the image to count.
    """

    ratio: Annotated[int, Field(ge=0, le=100)] = 0
    confidence: Annotated[float, Field(ge=0, le=1)] = 0.95


@dataclass(frozen=True, kw_only=True, config=ConfigDict(extra="forbid", strict=True))
class Recipe(metaclass=settings.InOneLine):
    """What to train and how.

    Attributes:
        name: what the recipe is called.
        network: a name for `tenfold.build`.
        network_options: that network's options.
        seed: starts every random stream: initial weights, order of the images, augmentation, Dropout.
        validation: how many training images to hold out for validation; 0 trains on all.
        train_images: how many of the others to train on, every class in the same proportion; 0 means all of them.
        labels: how many of the images to train on keep their label, as many of every class, chosen by the seed; 0 means
            all. An epoch stays as long as with all labels: the labeled images are shown again and again.
        wrong_labels: the fraction of these labels that are exchanged for another class at random, to see what label
            errors do.
        epochs: passes over the training images; with less than one, some images are never seen.
        hardest: after `hardest_after` epochs, only this fraction of the images seen so far is shown, those with the
            greatest loss when last shown, or that of the letterform in their place; 0 means all. An epoch stays as
            long, so these images are shown several times.
        hardest_after: the epochs, at most one, after which the hardest images are chosen, and then chosen anew.
        batch_size: images per step.
        optimizer: "adamw", "adam", "sgd" (with Nesterov momentum), or "muon", which updates the filters of convolutions
            and leaves the rest to AdamW.
        peak_lr: the highest learning rate; with Muon, that of AdamW.
        muon_lr: the highest learning rate of the filters under Muon.
        muon_momentum: the momentum of Muon.
        warmup: the fraction of all steps during which the learning rate rises.
        schedule: "one-cycle" rises, then falls to zero, both linearly; "constant" rises, then stays.
        momentum: the momentum of SGD, or the decay of the mean gradient in Adam (beta 1).
        beta2: the decay of the mean squared gradient in Adam.
        weight_decay: pulls weights, but not biases or BatchNorm, toward zero.
        label_smoothing: the fraction of the target that is spread over all ten classes.
        augment: how the training images are augmented, see `tenfold.synthesis.Augment`.
        attack: how the augmented images are attacked, if at all, see `Attack`.
        unlabeled: how the images that are not among `labels` are used, if at all, see `Unlabeled`.
        temperature: divides the finished network's logits, to calibrate its probabilities; for recipes that train on
            all images. Where some are held out, it is fitted on those instead.
        precision: "auto" means bfloat16 where the hardware computes in it, and float32 elsewhere.

    Example:
        >>> from tenfold import recipes
        >>> recipe = recipes.load("quick", {"optimizer": "sgd", "peak_lr": 0.05})
        >>> recipe.network, recipe.optimizer
        ('cnn', 'sgd')
    """

    name: Name
    network: str
    network_options: dict[str, bool | int | float | str] = Field(default_factory=dict)
    seed: Seed = 0
    validation: Count
    train_images: Count = 0
    labels: Count = 0
    wrong_labels: Fraction = 0.0
    epochs: Annotated[float, Field(gt=0, le=10_000)]  # a day and more
    hardest: Fraction = 0.0
    hardest_after: Annotated[float, Field(gt=0, le=1)] = 1.0
    batch_size: Annotated[int, Field(ge=2, le=10_000)]  # more would take gigabytes in most networks
    optimizer: Literal["adamw", "adam", "sgd", "muon"]
    peak_lr: Rate
    muon_lr: Rate = 0.1
    muon_momentum: Fraction = 0.6
    warmup: Fraction
    schedule: Literal["one-cycle", "constant"]
    momentum: Fraction
    beta2: Fraction
    weight_decay: Annotated[float, Field(ge=0, le=100)]  # its product with any rate still fits into float32
    label_smoothing: Fraction
    temperature: Annotated[float, Field(ge=0.01, le=100)] = 1.0  # networks need 0.3 to 3
    precision: Literal["auto", "float32", "bfloat16"]
    augment: Augment = Field(default_factory=Augment)
    attack: Attack = Field(default_factory=Attack)
    unlabeled: Unlabeled = Field(default_factory=Unlabeled)

    def to_toml(self) -> str:
        """The recipe as TOML that `load` reads back."""
        return tomli_w.dumps({key: value for key, value in asdict(self).items() if value != {}})


def names() -> list[str]:
    """The names of the recipes that come with tenfold."""
    return settings.names(__name__)


def load(name: str, changes: Mapping[str, Any] | None = None) -> Recipe:
    """Read a recipe and change some of its values.

    Args:
        name: one of `names()`, or the path of a TOML file.
        changes: values to use instead, by key; `network_options.width` reaches into a table. Changing the network
            drops the options of the old one.

    Raises:
        TenfoldError: if there is no such recipe, or a key or value is wrong.
        OSError: if the file cannot be read.
    """
    require_type(name, str, "a recipe is named by a string")
    values, origin = settings.find(name, __name__, "recipe")
    changes = changes or {}
    if changes.get("network", values.get("network")) != values.get("network"):
        values["network_options"] = {}
    return parse(settings.change(values, changes), origin)


def parse(values: Mapping[str, Any], origin: str = "recipe") -> Recipe:
    """Make a recipe from plain values; error messages name `origin`.

    Raises:
        TenfoldError: if a key is unknown or missing, or a value has the wrong type or range.
    """
    return settings.parse(Recipe, values, origin)


def parse_changes(assignments: Iterable[str]) -> dict[str, Any]:
    """Read `key=value` assignments from the command line, each value as TOML if it is valid, otherwise as text.

    Raises:
        TenfoldError: if one has no `=`.
    """
    changes = {}
    for assignment in assignments:
        key, equals, value = assignment.partition("=")
        if not equals:
            raise TenfoldError(f"--set {assignment}: write key=value, for example --set peak_lr=0.01")
        try:
            changes[key.strip()] = settings.parse_toml(f"value = {value}", key)["value"]
        except TenfoldError:
            changes[key.strip()] = value.strip()
    return changes
