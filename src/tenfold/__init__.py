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
    from tenfold.base.errors import NoDigitsError as NoDigitsError
    from tenfold.base.errors import TenfoldError as TenfoldError
    from tenfold.classical.estimator import DigitClassifier as DigitClassifier
    from tenfold.data import Digits as Digits
    from tenfold.data import load as load
    from tenfold.data import split as split
    from tenfold.evaluation import Evaluation as Evaluation
    from tenfold.evaluation import evaluate as evaluate
    from tenfold.networks import build as build
    from tenfold.networks import summary as summary
    from tenfold.networks.storage import restore as restore
    from tenfold.networks.storage import save as save
    from tenfold.reader import Number as Number
    from tenfold.reader import Reading as Reading
    from tenfold.reader import predict as predict
    from tenfold.reader import read_numbers as read_numbers
    from tenfold.recipes import Recipe as Recipe
    from tenfold.report import plots as plots
    from tenfold.training import History as History
    from tenfold.training import fit as fit
    from tenfold.training import seed_everything as seed_everything
    from tenfold.training.hub import push as push

# Where each public name lives. They are imported at first use: PyTorch and Matplotlib take seconds to load, if they are
# installed at all.
_HOMES = {
    "DigitClassifier": "classical.estimator",
    "Digits": "data",
    "Evaluation": "evaluation",
    "History": "training",
    "NoDigitsError": "base.errors",
    "Number": "reader",
    "Reading": "reader",
    "Recipe": "recipes",
    "TenfoldError": "base.errors",
    "build": "networks",
    "evaluate": "evaluation",
    "fit": "training",
    "load": "data",
    "predict": "reader",
    "push": "training.hub",
    "read_numbers": "reader",
    "restore": "networks.storage",
    "save": "networks.storage",
    "seed_everything": "training",
    "split": "data",
    "summary": "networks",
}

__all__ = ["__version__", "plots", *_HOMES]  # noqa: PLE0604


def __getattr__(name: str) -> Any:
    """Import a public name from its module at first use."""
    if name in _HOMES or name == "plots":
        with importlib.import_module("tenfold.base.extras").needed_by(f"tenfold.{name}"):
            module = importlib.import_module(f"tenfold.{_HOMES.get(name, 'report.plots')}")
        return module if name == "plots" else getattr(module, name)
    if name == "__version__":
        return importlib.import_module("tenfold.base.version").VERSION
    raise AttributeError(f"module 'tenfold' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
