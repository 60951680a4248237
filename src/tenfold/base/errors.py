"""What tenfold raises for input that it cannot use, or when the user interrupts it, and how it warns."""

import difflib
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import UnionType
from typing import Any


class TenfoldError(ValueError):
    """Bad input: the message is one line that names what is wrong, where, and what to do.

    Example:
        >>> import tenfold
        >>> tenfold.load("bundeld")
        Traceback (most recent call last):
            ...
        tenfold.base.errors.TenfoldError: bundeld: no such source; did you mean 'bundled'? ...
    """


class InterruptedRun(Exception):  # noqa: N818  # the user's wish, not an error
    """Training was stopped with Ctrl-C; the message says what was kept and how to continue."""


class NoDigitsError(TenfoldError):
    """A picture with no digit to read.

    Args:
        reason: why there is none, as far as is known.
        name: the picture's name, if it has one.

    Attributes:
        reason: why there is none, as far as is known.
        name: the picture's name; empty if it has none.

    Example:
        >>> import numpy as np, tenfold
        >>> try:
        ...     readings = tenfold.predict(np.full((100, 100), 255, np.uint8))
        ... except tenfold.NoDigitsError as error:
        ...     print(error.reason)
        nothing is written on it
    """

    def __init__(self, reason: str, name: str = "") -> None:
        super().__init__(reason, name)  # both, so that the error can be pickled
        self.reason = reason
        self.name = name

    def __str__(self) -> str:
        return f"{self.name}{': ' if self.name else ''}no digits found ({self.reason})"


class TenfoldWarning(UserWarning):
    """Input that could not be used as given: the message is one line that says what was done instead."""


def print_warning(message: str) -> None:
    """Write a warning as one line to standard error."""
    print(f"tenfold: warning: {message}", file=sys.stderr)


@contextmanager
def warnings_as_lines(tell: Callable[[str], object] = print_warning) -> Iterator[None]:
    """Hand the message of every `TenfoldWarning` to `tell`, once, without the source location that Python adds."""
    told: set[str] = set()
    with warnings.catch_warnings():
        warnings.simplefilter("always", TenfoldWarning)
        others = warnings.showwarning

        def show(message: Warning | str, category: type[Warning], *where: Any) -> None:
            if not issubclass(category, TenfoldWarning):
                others(message, category, *where)
            elif str(message) not in told:
                told.add(str(message))
                tell(str(message))

        warnings.showwarning = show  # type: ignore[assignment]
        yield


def require_type(value: object, kind: type | UnionType, what: str) -> None:
    """Check the type of an argument that is easily mistaken for another.

    Raises:
        TenfoldError: if it has another type; the message is `what`, which says what to give, then the type given.
    """
    if not isinstance(value, kind):
        raise TenfoldError(f"{what}, not {type(value).__name__}")


def in_words(error: OSError) -> str:
    """Return the message of a system error in one line: the file, and what is wrong with it."""
    reason = error.strerror or str(error)
    if isinstance(error, FileExistsError):  # where a folder was to be made
        reason = "exists and is not a folder; name another"
    return f"{error.filename}: {reason}" if error.filename else reason


def nearest(name: str, known: Iterable[str]) -> str:
    """Return the end of an error message about an unknown name: the most similar known name, or all of them."""
    known = list(known)
    similar = difflib.get_close_matches(name, known, n=1)
    return f"; did you mean {similar[0]!r}?" if similar else f"; choose from: {', '.join(known)}"
