"""Recipes of classical models: everything that decides how one is trained, in one TOML file each."""

from collections.abc import Mapping
from typing import Any

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from tenfold.base import settings
from tenfold.base.settings import Count, Name, Positive, Seed


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
    seed: Seed = 0
    shifts: bool = False
    deskew: bool = False
    hog: bool = False
    pca: Count = 0
    nystroem: Count = 0
    nystroem_gamma: Positive = 0.02


def names() -> list[str]:
    """The names of the classical recipes that come with tenfold."""
    return settings.names(__name__)


def load(name: str, changes: Mapping[str, Any] | None = None) -> Recipe:
    """Read a recipe and change some of its values.

    Args:
        name: one of `names()`, or the path of a TOML file.
        changes: values to use instead, by key; `model_options.C` reaches into a table.

    Raises:
        TenfoldError: if there is no such recipe, or a key or value is wrong.
        OSError: if the file cannot be read.
    """
    values, origin = settings.find(name, __name__, "classical recipe")
    return parse(settings.change(values, changes or {}), origin)


def parse(values: Mapping[str, Any], origin: str = "recipe") -> Recipe:
    """Make a recipe from plain values; `origin` stands in the error messages.

    Raises:
        TenfoldError: if a key is unknown or missing, or a value has the wrong type or range.
    """
    return settings.parse(Recipe, values, origin)
