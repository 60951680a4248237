"""Sheets of paper while they are written on: lines, scattered digits, forms with cells, or a single digit."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from tenfold.synthesis.numbers import choose_number
from tenfold.synthesis.pen import Canvas
from tenfold.synthesis.writing import (
    Alphabet,
    Character,
    Hand,
    choose_hand,
    neaten,
    write_digit,
    write_line,
    write_sign,
)


@dataclass(eq=False)
class Sheet:
    """A sheet of paper while it is written on, in pixels of the canvas.

    Attributes:
        ink: the writing.
        pitch: the distance of its lines.
        foot: where its first line stands; None if nothing stands on lines.
        cells: left, top, right and bottom of the cells that it is written in.
        characters: the digits and signs on it.
    """

    ink: Canvas
    pitch: float
    foot: float | None
    cells: list[tuple[float, float, float, float]]
    characters: list[Character]

    @classmethod
    def blank(cls, side: int, unit: float, random: np.random.Generator) -> "Sheet":
        """A square sheet for digits that are `unit` pixels high."""
        return cls(np.zeros((side, side), np.float32), unit * random.uniform(1.35, 2.6), None, [], [])


def write_sheet(alphabet: Alphabet, unit: float, side: int, clean: bool, random: np.random.Generator) -> Sheet:
    """Write on a sheet: lines, scattered digits, a form with cells, a single digit, or nothing.

    Args:
        alphabet: what can be written.
        unit: the height of a digit.
        side: the height and the width of the sheet.
        clean: whether this is to be a flawless drawing, which mostly shows a single digit.
        random: where the random numbers come from.
    """
    layouts = (_write_lines, _scatter, _fill_cells, _write_one, None)
    chances = (0.3, 0.1, 0.12, 0.41, 0.07) if clean else (0.38, 0.18, 0.26, 0.1, 0.08)
    layout: Callable[..., None] | None = layouts[random.choice(len(layouts), p=chances)]
    sheet = Sheet.blank(side, unit, random)
    if layout:
        layout(sheet, alphabet, choose_hand(unit, random), random)
    return sheet


def write_lines(alphabet: Alphabet, unit: float, side: int, random: np.random.Generator, neat: bool = False) -> Sheet:
    """Write on a sheet: mostly lines that begin near its left edge, otherwise scattered digits or a form with cells.

    Args:
        alphabet: what can be written.
        unit: the height of a digit.
        side: the height and the width of the sheet.
        random: where the random numbers come from.
        neat: whether digits and signs can be told apart and do not touch.
    """
    sheet = Sheet.blank(side, unit, random)
    hand = choose_hand(unit, random)
    hand = neaten(hand) if neat else hand
    kind = random.random()
    if kind < 0.75:
        _write_lines(sheet, alphabet, hand, random, starts=(0.1, 0.4))
    elif kind < 0.87:
        _scatter(sheet, alphabet, hand, random)
    else:
        _fill_cells(sheet, alphabet, hand, random)
    return sheet


def _write_lines(
    sheet: Sheet,
    alphabet: Alphabet,
    hand: Hand,
    random: np.random.Generator,
    starts: tuple[float, float] = (-0.3, 0.8),
) -> None:
    """Write numbers and words, line by line; lines start between these shares of the sheet's width."""
    side, foot = len(sheet.ink), sheet.pitch * random.uniform(-0.5, 1)
    number = 0
    while foot < side + hand.height:
        if random.random() < 0.85:
            line, written = write_line(choose_number(hand.separator, random), hand, alphabet, random)
            stands = [one.bottom for one in written if one.value.isdigit()][-1]
            left, top = int(side * random.uniform(*starts)) - written[0].left, int(foot) - stands
            _paste(sheet.ink, line, left, top)
            sheet.foot = foot
            for one in written:
                moved = Character(one.value, one.left + left, one.top + top, one.right + left, one.bottom + top, number)
                sheet.characters.append(moved)
            end = written[-1].right + left + 2 * hand.height
        else:
            end = side * random.uniform(-0.2, 0.7)
        if random.random() < 0.35:
            _write_word(sheet, alphabet, hand, end, foot, random)
        foot += sheet.pitch
        number += 1


def _write_word(
    sheet: Sheet, alphabet: Alphabet, hand: Hand, left: float, foot: float, random: np.random.Generator
) -> None:
    """Write letters and signs."""
    for _ in range(random.integers(1, 9)):
        glyph = write_sign(alphabet, hand, hand.height * random.uniform(0.5, 1.1), random)
        _paste(sheet.ink, glyph, int(left), int(foot) - len(glyph))
        left += glyph.shape[1] + hand.height * random.uniform(0, 0.25)


def _scatter(sheet: Sheet, alphabet: Alphabet, hand: Hand, random: np.random.Generator) -> None:
    sheet.pitch = hand.height * random.uniform(1.2, 2.5)
    for left, top in _grid(sheet, 0.55, random):
        _write_at(sheet, alphabet, hand, left + sheet.pitch / 2, top + sheet.pitch / 2, random)


def _fill_cells(sheet: Sheet, alphabet: Alphabet, hand: Hand, random: np.random.Generator) -> None:
    is_form = random.random() < 0.4  # otherwise some cells here and there, each by itself or beside others
    apart = hand.height * (0.0 if is_form else random.choice((0.0, random.uniform(0.1, 1.5))))
    sheet.pitch = hand.height * random.uniform(1.2, 2.2) + apart
    inset = hand.height * random.uniform(-0.02, 0.12) + apart / 2
    for left, top in _grid(sheet, 1.0 if is_form else random.uniform(0.05, 0.8), random):
        if not is_form:
            left, top = np.array((left, top)) + hand.height * random.normal(0, 0.06, 2)
        sheet.cells.append((left + inset, top + inset, left + sheet.pitch - inset, top + sheet.pitch - inset))
        if random.random() < 0.75:
            _write_at(sheet, alphabet, hand, left + sheet.pitch / 2, top + sheet.pitch / 2, random)


def _write_one(sheet: Sheet, alphabet: Alphabet, hand: Hand, random: np.random.Generator) -> None:
    side = len(sheet.ink)
    hand = replace(hand, height=side * random.uniform(0.2, 0.6))
    x, y = side * random.uniform(0.3, 0.7, 2)
    _write_at(sheet, alphabet, hand, x, y, random)


def _grid(sheet: Sheet, share: float, random: np.random.Generator) -> list[tuple[float, float]]:
    """The left and the top of a share of the cells of a grid, row by row."""
    start = sheet.pitch * random.uniform(-1, 0, 2)
    across, down = sheet.pitch, sheet.pitch * random.uniform(1, 1.2)
    places = [
        (x, y) for y in np.arange(start[1], len(sheet.ink), down) for x in np.arange(start[0], len(sheet.ink), across)
    ]
    return [place for place in places if random.random() < share]


def _write_at(sheet: Sheet, alphabet: Alphabet, hand: Hand, x: float, y: float, random: np.random.Generator) -> None:
    """Write a digit, or sometimes a sign, around a point."""
    size = hand.height * math.exp(random.normal(0, 0.12))
    if random.random() < 0.07:
        size *= random.uniform(0.4, 0.7)
    digit = int(random.integers(10)) if random.random() < 0.92 else None
    if digit is None:
        glyph = write_sign(alphabet, hand, size, random)
    else:
        glyph = write_digit(alphabet, digit, hand, size, random)
    x, y = np.array((x, y)) + hand.height * random.normal(0, 0.08, 2)
    height, width = glyph.shape
    left, top = int(x - width / 2), int(y - height / 2)
    _paste(sheet.ink, glyph, left, top)
    if digit is not None:
        sheet.characters.append(Character(str(digit), left, top, left + width, top + height, len(sheet.characters)))


def _paste(canvas: Canvas, glyph: Canvas, left: int, top: int) -> None:
    """Draw a glyph, as far as it lies on the canvas."""
    glyph = glyph[max(0, -top) :, max(0, -left) :]
    place = canvas[max(0, top) : max(0, top) + len(glyph), max(0, left) : max(0, left) + glyph.shape[1]]
    np.maximum(place, glyph[: len(place), : place.shape[1]], out=place)
