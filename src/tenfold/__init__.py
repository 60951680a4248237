"""Handwritten digit classification on MNIST, from pixels to phone.

>>> import tenfold
>>> train, test = tenfold.load()
>>> model = tenfold.build("cnn")
>>> history = tenfold.fit(model, train, "quick")
>>> print(tenfold.evaluate(model, test))
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tenfold import plots as plots
    from tenfold.data import Digits as Digits
    from tenfold.data import load as load
    from tenfold.data import split as split
    from tenfold.errors import TenfoldError as TenfoldError
    from tenfold.evaluation import Evaluation as Evaluation
    from tenfold.evaluation import evaluate as evaluate
    from tenfold.networks import build as build
    from tenfold.networks import summary as summary
    from tenfold.reader import Reading as Reading
    from tenfold.reader import predict as predict
    from tenfold.recipes import Recipe as Recipe
    from tenfold.training import History as History
    from tenfold.training import fit as fit
    from tenfold.training import seed_everything as seed_everything
    from tenfold.weights import restore as restore
    from tenfold.weights import save as save

__version__ = "0.1.0"

# Where each public name lives. They are imported at first use: PyTorch and matplotlib take seconds to load.
_HOMES = {
    "Digits": "data",
    "Evaluation": "evaluation",
    "History": "training",
    "Reading": "reader",
    "Recipe": "recipes",
    "TenfoldError": "errors",
    "build": "networks",
    "evaluate": "evaluation",
    "fit": "training",
    "load": "data",
    "predict": "reader",
    "restore": "weights",
    "save": "weights",
    "seed_everything": "training",
    "split": "data",
    "summary": "networks",
}

__all__ = ["__version__", "plots", *_HOMES]  # noqa: PLE0604


def __getattr__(name: str) -> Any:
    """Import a public name from its module at first use."""
    if name in _HOMES:
        return getattr(importlib.import_module(f"tenfold.{_HOMES[name]}"), name)
    if name == "plots":
        return importlib.import_module("tenfold.plots")
    raise AttributeError(f"module 'tenfold' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
