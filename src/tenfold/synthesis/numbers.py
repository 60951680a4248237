"""Numbers as people write them: amounts, dates, times, with the signs before, between, and after the digits."""

import math

import numpy as np
from jaxtyping import Float

from tenfold.base.form import CLASSES

LENGTHS = (0.06, 0.12, 0.2, 0.2, 0.2, 0.12, 0.06, 0.04)  # how often a number has one digit, two, ...
PLAIN = 0.7  # the share of numbers without signs, but for those that separate and end amounts
ENDINGS = (".", ",", "//", ".-", ".=", "-", "=", ",-")  # what closes an amount, so that nobody adds a digit


def choose_number(separator: str, random: np.random.Generator) -> str:
    """A random number.

    Args:
        separator: the mark between groups of three digits of an amount; may be empty.
        random: where the random numbers come from.

    Returns:
        Digits and characters of `LINE_SIGNS`; `'` is drawn, but no answer of the text line network.
    """
    if random.random() < PLAIN:
        return _choose_amount(separator, random)
    digits = random.integers(0, CLASSES, 8)
    a, b, c, d, *_ = ("".join(map(str, some)) for some in np.split(digits, (2, 4, 6)))
    whole = _digits(random)
    part = _digits(random)[:3]
    point = random.choice((".", ","))
    dot, colon = random.choice((".", "/", "-")), random.choice((":", "."))
    sign = random.choice(("-", "+"))
    formats = (
        f"{whole}{point}{part}",
        f"{whole[:3]}{point}{part[:1]}",
        f"{sign}{whole}",
        f"{sign}{whole[:2]}{point}{part}",
        f"{a}{dot}{b}{dot}{c}",
        f"{a}{dot}{b}{dot}{c}{d}",
        f"{a}{colon}{b}",
        f"{a}{colon}{b}{colon}{c}",
        f"{whole[:2]}{point * (random.random() < 0.3)}{part[:1]}%",
        f"({whole})",
        f"({a}){b}-{c}",
        f"{whole}/{part}",
        f"{whole}-{part}",
        f"{whole[:3]}{sign}{part}",
        f"{whole[:3]}:{part[:2]}",
    )
    return formats[random.integers(len(formats))]


def sign_strokes(sign: str, random: np.random.Generator) -> list[Float[np.ndarray, "_ 2"]]:
    """A sign as strokes, in heights of a digit: x to the right, y down from the top of the digits to their foot, 1.

    Args:
        sign: one of `.` `,` `'` `:` `-` `=` `/` `+` `%` `(` `)`.
        random: where the random numbers come from.
    """
    size = math.exp(random.normal(0, 0.15))
    middle = random.uniform(0.4, 0.65)
    t = np.linspace(0, 1, 8)
    if sign in ".:,'":
        dot = np.array(((0.0, 1.0), (0.03, 1.0)))
        tail = np.array(((0.0, 0.95), (-0.08 * size, 0.95 + 0.2 * size)))
        if sign == ":":
            top = random.uniform(0.15, 0.45)
            return [np.add(dot, (0, random.uniform(-0.2, 0))), np.add(dot, (random.normal(0, 0.03), top - 1))]
        return [dot] if sign == "." else [tail - (0, 0.95 * (sign == "'"))]
    if sign in "-=":
        length = random.uniform(0.2, 0.6) if random.random() < 0.8 else random.uniform(0.6, 1.6)
        wave = random.uniform(0, 0.1) * length * np.sin((6 + 8 * random.random()) * t + random.uniform(0, 6))
        dash = np.stack((length * t, middle + wave + random.normal(0, 0.05) * t), axis=1)
        below = np.add(dash, (random.normal(0, 0.05), random.uniform(0.15, 0.25)))
        return [dash] if sign == "-" else [dash - (0, 0.1), below - (0, 0.1)]
    if sign == "/":
        # longer and more slanted than ones, which it would be taken for; many of MNIST's ones are slanted, too
        size = max(1, size)
        return [np.array(((random.uniform(0.5, 0.9), -0.2), (0.0, 1.15))) * size + (0, 0.5 - 0.5 * size)]
    if sign == "+":
        half = 0.22 * size
        strokes = np.array((((0, -half), (0, half)), ((-half, 0), (half, 0))))
        return [*(strokes + random.normal(0, 0.02, (2, 1, 2)) + (half, middle))]
    if sign == "%":
        around = np.linspace(0, 2 * math.pi, 9)
        loop = random.uniform(0.1, 0.16) * size * np.stack((np.cos(around), np.sin(around)), axis=1)
        slash = np.array(((0.6, 0.0), (0.0, 1.0)))
        places = size * np.array(((0.12, 0.2), (0.5, 0.8)))
        return [size * slash, *(loop + place for place in places)]
    bow = random.uniform(0.1, 0.28) * np.sin(math.pi * t) * (-1 if sign == "(" else 1)
    return [np.stack((bow, 0.5 + 1.25 * size * (t - 0.5)), axis=1)]


def _choose_amount(separator: str, random: np.random.Generator) -> str:
    """Digits, often a round number, sometimes with the same digit twice in a row; in groups, and closed by a sign."""
    count = int(random.choice(len(LENGTHS), p=LENGTHS)) + 1
    digits = random.integers(0, CLASSES, count)
    if count > 2 and random.random() < 0.3:
        digits[-random.integers(1, count) :] = 0
    if count > 2 and random.random() < 0.1:
        place = random.integers(1, count)
        digits[place] = digits[place - 1]
    text = "".join(
        f"{digit}{separator}" if place % 3 == 0 and place else str(digit)
        for digit, place in zip(digits, range(count - 1, -1, -1), strict=True)
    )
    return text + (random.choice(ENDINGS) if random.random() < 0.4 else "")


def _digits(random: np.random.Generator) -> str:
    """One to four random digits."""
    return "".join(map(str, random.integers(0, CLASSES, random.integers(1, 5))))
