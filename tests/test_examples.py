"""The examples in docstrings do what they show, with nothing but what they import; every public name has one."""

import doctest

import pytest
import torch

import tenfold
from tenfold import evaluation
from tenfold.base import refusal
from tenfold.reader import Reader, to_text

GIVEN = {"torch": torch, "tenfold": tenfold}  # which the examples of networks do not import yet
SHOWN = {name: getattr(tenfold, name) for name in tenfold.__all__ if name not in ("__version__", "plots")}
SHOWN |= {"Reader": Reader, "to_text": to_text, "Thresholds": refusal.Thresholds}
SHOWN |= {"compare": evaluation.compare, "wilson_interval": evaluation.wilson_interval}


@pytest.mark.parametrize("name", SHOWN)
def test_an_example_does_what_it_shows(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    if name == "DigitClassifier":
        pytest.importorskip("sklearn")
    # not testmod: it skips what the checks of shapes and types have wrapped
    [example] = doctest.DocTestFinder(recurse=False).find(SHOWN[name], name, module=False, globs=dict(GIVEN))
    assert example.examples
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    assert runner.run(example).failed == 0
