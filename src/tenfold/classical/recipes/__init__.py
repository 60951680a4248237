"""Recipes of classical models: everything that decides how one is trained, in one TOML file each."""

import tomllib
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Annotated, Any

from pydantic import ConfigDict, Field, ValidationError
from pydantic.dataclasses import dataclass

from tenfold.errors import TenfoldError, nearest
from tenfold.recipes import Name, Positive, explain

Count = Annotated[int, Field(ge=0)]


@dataclass(frozen=True, kw_only=True, config=ConfigDict(extra="forbid", strict=True))
class Recipe:
    """What to train and how.

    Attributes:
        name: what the recipe is called.
        model: one of `tenfold.classical.MODELS`.
        model_options: parameters of that scikit-learn class.
        seed: starts the random numbers of forests, boosting and the Nyström approximation.
        shifts: whether to learn copies shifted by one pixel too, see `Classifier.fit`.
        deskew: whether slanted digits are made upright.
        hog: whether histograms of gradients stand for the pixels.
        pca: to how many dimensions principal component analysis reduces the features; 0 is no reduction.
        nystroem: how many training images the Nyström approximation compares each image with, by an RBF kernel; a
            linear model on that is nearly one with the kernel. 0 is no approximation.
        nystroem_gamma: how fast that kernel falls with the squared distance.
    """

    name: Name
    model: str
    model_options: dict[str, bool | int | float | str] = Field(default_factory=dict)
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 0
    shifts: bool = False
    deskew: bool = False
    hog: bool = False
    pca: Count = 0
    nystroem: Count = 0
    nystroem_gamma: Positive = 0.02


def names() -> list[str]:
    """The names of the classical recipes that come with tenfold."""
    return sorted(
        Path(entry.name).stem for entry in resources.files(__name__).iterdir() if entry.name.endswith(".toml")
    )


def load(name: str, changes: Mapping[str, Any] | None = None) -> Recipe:
    """Read a recipe and change some of its values.

    Args:
        name: one of `names()`, or the path of a TOML file.
        changes: values to use instead, by key; `model_options.C` reaches into a table.

    Raises:
        TenfoldError: if there is no such recipe, or a key or value is wrong.
        OSError: if the file cannot be read.
    """
    if name.endswith(".toml"):
        origin, content = name, Path(name).read_bytes()
    elif name in names():
        origin, content = f"recipe {name!r}", resources.files(__name__).joinpath(f"{name}.toml").read_bytes()
    else:
        raise TenfoldError(f"there is no classical recipe {name!r}{nearest(name, names())}")
    try:
        values = tomllib.loads(content.decode())
    except ValueError as error:  # not TOML, or not even UTF-8
        raise TenfoldError(f"{origin}: not valid TOML: {error}") from None
    for key, value in (changes or {}).items():
        table, dot, option = key.partition(".")
        values[table] = {**values.get(table, {}), option: value} if dot else value
    return parse(values, origin)


def parse(values: Mapping[str, Any], origin: str = "recipe") -> Recipe:
    """Make a recipe from plain values; `origin` stands in the error messages.

    Raises:
        TenfoldError: if a key is unknown or missing, or a value has the wrong type or range.
    """
    try:
        return Recipe(**values)
    except ValidationError as error:
        raise TenfoldError(f"{origin}: {explain(error, Recipe.__dataclass_fields__)}") from None
