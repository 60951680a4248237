"""Recipes: everything that decides a training run, in one TOML file each, read into one dataclass."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal

import tomli_w
from pydantic import ConfigDict, Field, ValidationError
from pydantic.dataclasses import dataclass

from tenfold.errors import TenfoldError, nearest

Name = Annotated[str, Field(pattern=r"^\w[\w.-]*$")]  # it becomes the name of a folder
Fraction = Annotated[float, Field(ge=0, lt=1)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NotNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]


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
        rotation: largest random rotation, in degrees.
        scale: largest random change of size, as a fraction.
        shear: largest random slant, as a fraction.
        shift: largest random shift, in pixels.
        elastic: largest random shift of the points that an elastic distortion follows, in pixels.
        mixture: the share of the images that random filters, curves, patches and textures change too.
        temperature: what the finished network's logits are divided by, so that its probabilities can be believed; for
            recipes that train on all images. Where some are held out, it is fitted on those instead.
        precision: "auto" is bfloat16 where the processor or GPU computes in it and float32 elsewhere.
    """

    name: Name
    network: str
    network_options: dict[str, bool | int | float | str] = Field(default_factory=dict)
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 0
    validation: Annotated[int, Field(ge=0)]
    train_images: Annotated[int, Field(ge=0)] = 0
    epochs: Positive
    batch_size: Annotated[int, Field(ge=2)]
    optimizer: Literal["adamw", "adam", "sgd", "muon"]
    peak_lr: Positive
    muon_lr: Positive = 0.1
    muon_momentum: Fraction = 0.6
    warmup: Fraction
    schedule: Literal["one-cycle", "constant"]
    momentum: Fraction
    beta2: Fraction
    weight_decay: NotNegative
    label_smoothing: Fraction
    rotation: NotNegative
    scale: Fraction
    shear: NotNegative
    shift: NotNegative
    elastic: NotNegative = 0.0
    mixture: Annotated[float, Field(ge=0, le=1)] = 0.0
    temperature: Positive = 1.0
    precision: Literal["auto", "float32", "bfloat16"]

    @property
    def augments(self) -> bool:
        """Whether the strokes are moved in training."""
        return any((self.rotation, self.scale, self.shear, self.shift, self.elastic))

    def to_toml(self) -> str:
        """The recipe as TOML that `load` reads back."""
        return tomli_w.dumps({key: value for key, value in asdict(self).items() if value != {}})


KEYS = tuple(Recipe.__dataclass_fields__)


def names() -> list[str]:
    """The names of the recipes that come with tenfold."""
    return sorted(
        Path(entry.name).stem for entry in resources.files(__name__).iterdir() if entry.name.endswith(".toml")
    )


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
    if name.endswith(".toml"):
        origin, content = name, Path(name).read_bytes()
    elif name in names():
        origin, content = f"recipe {name!r}", resources.files(__name__).joinpath(f"{name}.toml").read_bytes()
    else:
        raise TenfoldError(f"there is no recipe {name!r}{nearest(name, names())}")
    try:
        values = tomllib.loads(content.decode())
    except ValueError as error:  # not TOML, or not even UTF-8
        raise TenfoldError(f"{origin}: not valid TOML: {error}") from None
    changes = dict(changes or {})
    if changes.get("network", values.get("network")) != values.get("network"):
        values["network_options"] = {}
    for key, value in changes.items():
        if key.startswith("network_options."):
            options = values.get("network_options")
            values["network_options"] = {
                **(options if isinstance(options, dict) else {}),
                key.removeprefix("network_options."): value,
            }
        else:
            values[key] = value
    return parse(values, origin)


def parse(values: Mapping[str, Any], origin: str = "recipe") -> Recipe:
    """Make a recipe from plain values; `origin` stands in the error messages.

    Raises:
        TenfoldError: if a key is unknown or missing, or a value has the wrong type or range.
    """
    try:
        return Recipe(**values)
    except ValidationError as error:
        raise TenfoldError(f"{origin}: {explain(error, KEYS)}") from None


def explain(error: ValidationError, known: Iterable[str]) -> str:
    """Say in one line what is wrong with the keys and values of a file whose keys should be `known`.

    An unknown key comes first: it is likely the reason why another one is missing.
    """
    problems = error.errors()
    unknown = [problem for problem in problems if problem["type"] == "unexpected_keyword_argument"]
    problem = (unknown or problems)[0]
    # of several allowed types, pydantic names the one that it tried: "constrained-int"
    key = ".".join(part for part in map(str, problem["loc"][:2]) if re.fullmatch(r"\w+", part))
    if unknown:
        return f"there is no key {key!r}{nearest(key, known)}"
    if problem["type"] in ("missing", "missing_argument"):
        return f"{key!r} is missing"
    return f"{key} = {problem['input']!r}: {problem['msg'][0].lower() + problem['msg'][1:]}"


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
            changes[key.strip()] = tomllib.loads(f"value = {value}")["value"]
        except tomllib.TOMLDecodeError:
            changes[key.strip()] = value.strip()
    return changes
