"""The one exception for input that tenfold cannot use."""

import difflib
from collections.abc import Iterable


class TenfoldError(ValueError):
    """Bad input: the message is one line that names what is wrong, where, and what to do."""


class NoDigitsError(TenfoldError):
    """A picture in which there is no digit to read.

    Args:
        reason: why, as far as it is known.
        name: of the picture, if it has one.

    Attributes:
        reason: why, as far as it is known.
        name: of the picture, empty if it has none.
    """

    def __init__(self, reason: str, name: str = "") -> None:
        super().__init__(reason, name)  # both, so that it can be pickled
        self.reason = reason
        self.name = name

    def __str__(self) -> str:
        return f"{self.name}{': ' if self.name else ''}no digits found ({self.reason})"


def nearest(name: str, known: Iterable[str]) -> str:
    """The end of an error message about an unknown name: the most similar known one, or all of them."""
    known = list(known)
    similar = difflib.get_close_matches(name, known, n=1)
    return f"; did you mean {similar[0]!r}?" if similar else f"; choose from: {', '.join(known)}"
