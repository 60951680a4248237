"""The constants that the page in the browser uses too: each of them is one number in one place, `constants.json`."""

import json
from pathlib import Path
from typing import Any

_SHARED = json.loads(Path(__file__).with_name("constants.json").read_text("utf-8"))


def constants(module: str) -> dict[str, Any]:
    """The constants that a module shares with `web/reader`.

    Args:
        module: its name, such as "ink" for `tenfold.imaging.ink`.

    Returns:
        The constants by name: numbers, or lists of numbers.
    """
    return _SHARED[module]
