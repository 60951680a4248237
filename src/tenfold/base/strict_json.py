"""JSON that every parser can read: without the NaN and infinity that Python writes and accepts by default."""

import json
from typing import Any

from tenfold.base.errors import TenfoldError


def dumps(value: Any, indent: int | None = None) -> str:
    """Write plain values as JSON.

    Raises:
        TenfoldError: if a number is infinite or not a number.
    """
    try:
        return json.dumps(value, indent=indent, allow_nan=False)
    except ValueError:
        raise TenfoldError(
            "a figure is infinite or not a number, which JSON cannot hold; the model is damaged"
        ) from None


def loads(text: str | bytes, name: str) -> Any:
    """Read JSON from outside; `name` identifies it in error messages.

    Raises:
        TenfoldError: if it is not JSON in UTF-8, holds NaN or infinity, or is nested too deeply.
    """
    try:
        return json.loads(text.decode() if isinstance(text, bytes) else text, parse_constant=_refuse)
    except ValueError as error:
        raise TenfoldError(f"{name}: damaged ({error})") from None
    except RecursionError:
        raise TenfoldError(f"{name}: damaged (nested too deeply)") from None


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not valid JSON")
