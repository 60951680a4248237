"""Recipes of classical models: everything that determines the training, in one TOML file each."""

from collections.abc import Mapping
from typing import Any

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from tenfold.base import settings
from tenfold.base.settings import Count, Name, Positive, Seed


@dataclass(frozen=True, kw_only=True, config=ConfigDict(extra="forbid", strict=True))
class Recipe(metaclass=settings.InOneLine):
    """What to train and how.

    Attributes:
        name: what the recipe is called.
        model: one of `tenfold.classical.ESTIMATORS`.
        model_options: parameters of that scikit-learn class.
        seed: starts the random numbers of forests, boosting, and the Nyström approximation.
        shifts: whether to learn copies shifted by one pixel as well, see `Classifier.fit`.
        deskew: whether to deskew the digits.
        hog: whether to replace the pixels by histograms of oriented gradients.
        pca: the number of dimensions to which principal component analysis reduces the features; 0 for no reduction.
        nystroem: the number of training images with which the Nyström approximation compares each image, by an RBF
            kernel; a linear model on these approximates a kernel machine. 0 for no approximation.
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
    """Make a recipe from plain values; error messages name `origin`.

    Raises:
        TenfoldError: if a key is unknown or missing, or a value has the wrong type or range.
    """
    return settings.parse(Recipe, values, origin)
