"""The one exception for input that tenfold cannot use."""

import difflib
from collections.abc import Iterable


class TenfoldError(ValueError):
    """Bad input: the message is one line that names what is wrong, where, and what to do."""


def nearest(name: str, known: Iterable[str]) -> str:
    """The end of an error message about an unknown name: the most similar known one, or all of them."""
    known = list(known)
    similar = difflib.get_close_matches(name, known, n=1)
    return f"; did you mean {similar[0]!r}?" if similar else f"; choose from: {', '.join(known)}"
