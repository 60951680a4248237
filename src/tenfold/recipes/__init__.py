"""Recipes: everything that decides a training run, in one TOML file each, read into one dataclass."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Annotated, Any, Literal

import tomli_w
from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from tenfold.base import settings
from tenfold.base.errors import TenfoldError
from tenfold.base.settings import Count, Fraction, Name, Seed
from tenfold.synthesis import Augment

# far above what trains, and low enough for a step in float32, whose numbers end at 3e38
Rate = Annotated[float, Field(gt=0, le=1e20)]


@dataclass(frozen=True, kw_only=True, config=ConfigDict(extra="forbid", strict=True))
class Recipe:
    """What to train and how.

    Attributes:
        name: what the recipe is called.
        network: a name for `tenfold.build`.
        network_options: that network's options.
        seed: starts every random stream: initial weights, order of the images, augmentation, Dropout.
        validation: how many training images are held out to measure on; 0 trains on all.
        train_images: how many of the others to train on, every class in the same proportion; 0 is all of them.
        epochs: passes over the training images; a fraction of one is allowed, then some images are never seen.
        batch_size: images a step.
        optimizer: "adamw", "adam", "sgd" (with Nesterov momentum), or "muon" for the filters of convolutions with AdamW
            for the rest.
        peak_lr: the highest learning rate.
        muon_lr: likewise, of the filters under Muon.
        muon_momentum: of Muon.
        warmup: the fraction of all steps in which the learning rate rises.
        schedule: "one-cycle" rises, then falls to zero, both in a straight line; "constant" rises, then stays.
        momentum: of SGD; in Adam the decay of the gradient's mean (beta 1).
        beta2: in Adam the decay of the squared gradient's mean.
        weight_decay: pulls weights (not biases, not BatchNorm) toward zero.
        label_smoothing: the share of the target that is spread over all ten classes.
        augment: how the training images are changed, see `tenfold.synthesis.Augment`.
        temperature: what the finished network's logits are divided by, so that its probabilities can be believed; for
            recipes that train on all images. Where some are held out, it is fitted on those instead.
        precision: "auto" is bfloat16 where the processor or GPU computes in it and float32 elsewhere.
    """

    name: Name
    network: str
    network_options: dict[str, bool | int | float | str] = Field(default_factory=dict)
    seed: Seed = 0
    validation: Count
    train_images: Count = 0
    epochs: Annotated[float, Field(gt=0, le=10_000)]  # a day and more
    batch_size: Annotated[int, Field(ge=2, le=10_000)]  # more would take gigabytes in most networks
    optimizer: Literal["adamw", "adam", "sgd", "muon"]
    peak_lr: Rate
    muon_lr: Rate = 0.1
    muon_momentum: Fraction = 0.6
    warmup: Fraction
    schedule: Literal["one-cycle", "constant"]
    momentum: Fraction
    beta2: Fraction
    weight_decay: Annotated[float, Field(ge=0, le=100)]  # whose product with any rate float32 still holds
    label_smoothing: Fraction
    temperature: Annotated[float, Field(ge=0.01, le=100)] = 1.0  # networks need 0.3 to 3
    precision: Literal["auto", "float32", "bfloat16"]
    augment: Augment = Field(default_factory=Augment)

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
    values, origin = settings.find(name, __name__, "recipe")
    changes = changes or {}
    if changes.get("network", values.get("network")) != values.get("network"):
        values["network_options"] = {}
    return parse(settings.change(values, changes), origin)


def parse(values: Mapping[str, Any], origin: str = "recipe") -> Recipe:
    """Make a recipe from plain values; `origin` stands in the error messages.

    Raises:
        TenfoldError: if a key is unknown or missing, or a value has the wrong type or range.
    """
    return settings.parse(Recipe, values, origin)


def parse_changes(assignments: Iterable[str]) -> dict[str, Any]:
    """Read `key=value` assignments from the command line, each value as TOML would read it, or else as text.

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
