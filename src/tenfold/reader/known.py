"""What is known about a number beforehand: its length, pattern, range, or check digit, as finite automata.

The search for the best path carries their states along, so a path that cannot be the number is never followed. Source:
composition of weighted automata, as in M. Mohri, F. Pereira, M. Riley, "Weighted finite-state transducers in speech
recognition", Computer Speech & Language 16(1), 2002.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from functools import cached_property, partial
from typing import Any, Protocol, runtime_checkable

from tenfold.base.errors import TenfoldError
from tenfold.base.form import CHARACTERS, LINE_SIGNS

MOST = 100  # digits in a number, characters in a pattern


@runtime_checkable
class Automaton(Protocol):
    """A finite automaton over digits and signs; its states can be anything hashable but None."""

    @property
    def start(self) -> Any:
        """The state before the first character."""

    def step(self, state: Any, character: str) -> Any:
        """The state after a character; None if no number goes on like this."""

    def accepts(self, state: Any) -> bool:
        """Whether a number may end here."""


@dataclass(frozen=True)
class Known:
    """What is known about every number in a picture.

    Args:
        length: how many digits it has.
        pattern: its form: `d` is a digit, other digits and signs stand for themselves; `?` after one of them means at
            most one, `*` any number. "dd.dd.dddd" is a date.
        range: the smallest and the largest value, such as "0:100"; it is then a plain number, with at most one decimal
            sign.
        check: the digit that checks the others: "luhn", "ean13", "isbn13", or "mod97".

    Raises:
        TenfoldError: if one of them cannot be understood, or no number fits all of them.

    Example:
        >>> from tenfold.reader import Known
        >>> known = Known(pattern="dd:dd")
        >>> known.fits("12:30"), known.fits("1230")
        (True, False)
    """

    length: int | None = None
    pattern: str | None = None
    range: str | None = None
    check: str | None = None

    def __post_init__(self) -> None:
        if not self._some_number_fits():
            given = " and ".join(f"{name} {value}" for name, value in asdict(self).items() if value is not None)
            raise TenfoldError(f"no number fits {given}; correct or leave out one of them")

    def __bool__(self) -> bool:
        return len(self._automata) > 1

    @cached_property
    def _automata(self) -> "list[Automaton]":
        parts: list[Automaton] = [_AnyDigit()]
        if self.length is not None:
            parts.append(_Length(self.length))
        if self.pattern is not None:
            parts.append(Pattern(self.pattern))
        if self.range is not None:
            parts.append(_Range(self.range))
        if self.check is not None:
            if self.check not in CHECKS:
                raise TenfoldError(f"check {self.check!r}: there is no such check digit, only {', '.join(CHECKS)}")
            parts.append(CHECKS[self.check]())
        return parts

    @cached_property
    def required_signs(self) -> str:
        """The signs that the pattern asks for, without those that may be left out."""
        return "".join(re.findall(rf"[{re.escape(LINE_SIGNS)}](?![?*])", self.pattern or ""))

    @property
    def start(self) -> tuple:
        """The state before the first character."""
        return tuple(part.start for part in self._automata)

    def step(self, state: tuple, character: str) -> tuple | None:
        """The state after a character; None if no number goes on like this."""
        after = []
        for part, one in zip(self._automata, state, strict=True):
            after.append(part.step(one, character))
            if after[-1] is None:
                return None
        return tuple(after)

    def accepts(self, state: tuple) -> bool:
        """Whether a number may end here."""
        return all(part.accepts(one) for part, one in zip(self._automata, state, strict=True))

    def fits(self, text: str) -> bool:
        """Whether a text is such a number."""
        state: tuple | None = self.start
        for character in text:
            if state is not None:
                state = self.step(state, character)
        return state is not None and self.accepts(state)

    def _some_number_fits(self) -> bool:
        reached: set[tuple | None] = {self.start, None}
        waiting = [self.start]
        while waiting:
            state = waiting.pop()
            if self.accepts(state):
                return True
            after = {self.step(state, character) for character in CHARACTERS} - reached
            reached |= after
            waiting += filter(None, after)
        return False


class _AnyDigit:
    """A number has at least one digit: signs alone are dirt."""

    start = False

    def step(self, state: bool, character: str) -> bool:
        return state or character.isdigit()

    def accepts(self, state: bool) -> bool:
        return state


class _Length:
    """A number of digits; signs do not count."""

    start = 0

    def __init__(self, length: int) -> None:
        if not 1 <= length <= MOST:
            raise TenfoldError(f"length {length}: must be 1 to {MOST}")
        self._length = length

    def step(self, state: int, character: str) -> int | None:
        after = state + character.isdigit()
        return after if after <= self._length else None

    def accepts(self, state: int) -> bool:
        return state == self._length


class Pattern:
    """A pattern, as in `Known`; a state is the set of places in it that may come next.

    Args:
        pattern: the pattern; a text without `d`, `?` and `*` accepts only itself.

    Raises:
        TenfoldError: if it cannot be understood.
    """

    def __init__(self, pattern: str) -> None:
        if not 1 <= len(pattern) <= MOST:
            raise TenfoldError(f"pattern {pattern!r}: must have 1 to {MOST} characters")
        self._places: list[tuple[str, str]] = []  # what may stand there, and how often
        for character in pattern:
            if character in "?*" and self._places and not self._places[-1][1]:
                self._places[-1] = self._places[-1][0], character
            elif character == "d" or character in CHARACTERS:
                self._places.append(("0123456789" if character == "d" else character, ""))
            else:
                raise TenfoldError(
                    f"pattern {pattern!r}: {character!r} cannot stand there; d is a digit, digits and {LINE_SIGNS} "
                    "stand for themselves, and ? or * follows one of them"
                )
        self.start = self._closed({0})

    def step(self, state: frozenset[int], character: str) -> frozenset[int] | None:
        """The places after a character; None if there are none."""
        after = set()
        for place in state:
            if place < len(self._places) and character in self._places[place][0]:
                after.add(place if self._places[place][1] == "*" else place + 1)
        return self._closed(after) if after else None

    def accepts(self, state: frozenset[int]) -> bool:
        """Whether the end is among the places."""
        return len(self._places) in state

    def _closed(self, places: set[int]) -> frozenset[int]:
        """Add the places behind those that may be left out."""
        for place, (_, often) in enumerate(self._places):
            if place in places and often:
                places.add(place + 1)
        return frozenset(places)


class _Range:
    """A plain number between two bounds: perhaps + or -, digits, perhaps a decimal sign and more of them, perhaps %.

    A state is the part of the number that was reached, the sign, and how the digits compare with those of each bound.
    """

    start = "start", "", ((0, 0, False), (0, 0, False))

    def __init__(self, text: str) -> None:
        try:
            low, high = self._bounds = tuple(map(Decimal, text.split(":")))
            if not all(bound.is_finite() and abs(bound.adjusted()) < MOST for bound in self._bounds):
                raise ValueError
        except (ArithmeticError, ValueError):
            raise TenfoldError(f"range {text!r}: write two numbers and a colon, as in 0:100") from None
        if low > high:
            raise TenfoldError(f"range {text!r}: the first number must not be larger than the second")
        self._comparisons = [_Comparison(abs(bound)) for bound in self._bounds]

    def step(self, state: tuple, character: str) -> tuple | None:
        part, sign, compared = state
        if character in "+-" and part == "start":
            return "sign", character, compared
        if character == "%" and part in ("whole", "fraction"):
            return "end", sign, compared
        if character in ".," and part == "whole":
            part = "point"
        elif character.isdigit() and part != "end":
            part = "fraction" if part in ("point", "fraction") else "whole"
        else:
            return None
        steps = zip(self._comparisons, compared, strict=True)
        return part, sign, tuple(bound.step(one, character) for bound, one in steps)

    def accepts(self, state: tuple) -> bool:
        part, sign, compared = state
        if part not in ("whole", "fraction", "end"):
            return False
        side = -1 if sign == "-" else 1
        orders = [
            side * comparison.order(one) if side * bound >= 0 else side
            for bound, comparison, one in zip(self._bounds, self._comparisons, compared, strict=True)
        ]
        return orders[0] >= 0 >= orders[1]


class _Comparison:
    """Compares a number with a bound, digit by digit, both without their signs.

    A state is how many digits were compared (without leading zeros, and from anew after the decimal sign), whether they
    are smaller (-1), equal (0), or larger (1), and whether the decimal sign is behind them.
    """

    def __init__(self, bound: Decimal) -> None:
        whole, _, self._fraction = f"{bound:f}".partition(".")
        self._whole = whole.lstrip("0")

    def step(self, state: tuple[int, int, bool], character: str) -> tuple[int, int, bool]:
        count, order, is_fraction = state
        if not character.isdigit():
            return 0, self._order_of_whole(count, order), True
        if character == "0" and not (count or is_fraction):
            return state
        digits = self._fraction if is_fraction else self._whole
        other = digits[count : count + 1] or "0"
        return min(count, len(digits)) + 1, order or (character > other) - (character < other), is_fraction

    def order(self, state: tuple[int, int, bool]) -> int:
        """Whether a number that ends here is smaller (-1), equal (0), or larger (1)."""
        count, order, _ = state if state[2] else self.step(state, ".")
        return order or -bool(self._fraction[count:].strip("0"))

    def _order_of_whole(self, count: int, order: int) -> int:
        longer = count - len(self._whole)
        return (longer > 0) - (longer < 0) or order


class _Luhn:
    """Luhn's check digit: from the right, every second digit is doubled, and all digits add up to a multiple of ten.

    A state is how many digits there are, up to 2; their sum if the last one stays as it is; and that if it is doubled.
    """

    start = 0, 0, 0

    def step(self, state: tuple[int, int, int], character: str) -> tuple[int, int, int]:
        if not character.isdigit():
            return state
        count, single, doubled = state
        twice = sum(map(int, str(2 * int(character))))
        return min(count + 1, 2), (doubled + int(character)) % 10, (single + twice) % 10

    def accepts(self, state: tuple[int, int, int]) -> bool:
        return state[:2] == (2, 0)


class _Ean13:
    """The check digit of article numbers and books: 13 digits, counted once and three times in turn, modulo 10."""

    start = 0, 0

    def __init__(self, prefixes: Sequence[str]) -> None:
        self._prefixes = prefixes

    def step(self, state: tuple[int, int], character: str) -> tuple[int, int] | None:
        count, total = state
        if not character.isdigit():
            return state
        if count == 13 or (self._prefixes and count < 3 and character not in {one[count] for one in self._prefixes}):
            return None
        return count + 1, (total + (3 if count % 2 else 1) * int(character)) % 10

    def accepts(self, state: tuple[int, int]) -> bool:
        return state == (13, 0)


class _Mod97:
    """ISO 7064, modulo 97-10: the number leaves a remainder of 1; its last two digits are the check digits."""

    start = 0, 0

    def step(self, state: tuple[int, int], character: str) -> tuple[int, int]:
        if not character.isdigit():
            return state
        return min(state[0] + 1, 3), (10 * state[1] + int(character)) % 97

    def accepts(self, state: tuple[int, int]) -> bool:
        return state == (3, 1)


CHECKS: dict[str, Callable[[], Automaton]] = {
    "luhn": _Luhn,
    "ean13": partial(_Ean13, ()),
    "isbn13": partial(_Ean13, ("978", "979")),
    "mod97": _Mod97,
}

NOTHING_KNOWN = Known()
