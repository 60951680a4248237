"""Forms: a template in TOML says where on a picture each number is, and what is known about it."""

import math
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from tenfold.base.errors import TenfoldError, nearest
from tenfold.base.files import TEXT, read_bytes
from tenfold.imaging import Component, Page
from tenfold.imaging.components import join, trim
from tenfold.imaging.page import Part
from tenfold.models import LineModel, Model
from tenfold.reader.arcs import digit_arc, page_arcs
from tenfold.reader.digits import classify
from tenfold.reader.known import Known
from tenfold.reader.lattice import unread_cost
from tenfold.reader.search import Arc, Arcs

STRETCHED = 0.03  # by how much the proportions of a picture may differ from those of the template
AROUND = 0.5  # of the highest cell: so far around all cells, ink is looked for
PART = 0.4  # heights of a rectangle: ink of a larger component that reaches this far into it is read
CERTAIN = 0.999  # no score makes it more certain than this that ink in a cell is a digit, or is none
TYPES = {"name": str, "cells": list, "length": int, "pattern": str, "range": str, "check": str}  # of a field's keys
IN_WORDS = {str: "text", list: "a list", int: "an integer"}

Rectangle = tuple[int, int, int, int]  # x, y, width, and height


@dataclass(frozen=True)
class Field:
    """A field of a form.

    Attributes:
        name: what it is called.
        cells: x, y, width, and height of the boxes for one digit each, from left to right; or of one box for a number.
        known: what is known about the number.
    """

    name: str
    cells: list[list[float]]
    known: Known


@dataclass(frozen=True)
class Form:
    """A form.

    Attributes:
        size: the width and the height of the pictures that its rectangles refer to; others are scaled.
        fields: its fields.
    """

    size: tuple[int, int]
    fields: list[Field]

    @classmethod
    def read(cls, path: str | os.PathLike) -> "Form":
        """Read a template.

        Raises:
            TenfoldError: if it is not valid TOML, a key or a value is wrong, or a cell lies outside the picture.
            OSError: if the file cannot be read.
        """
        try:
            values = tomllib.loads(read_bytes(path, TEXT).decode())
        except ValueError as error:
            raise TenfoldError(f"{path}: not valid TOML: {error}") from None
        return cls.parse(values, str(path))

    @classmethod
    def parse(cls, values: Mapping[str, Any], origin: str) -> "Form":
        """Make a form of a template's values; error messages name `origin`.

        Raises:
            TenfoldError: if a key or a value is wrong, or a cell lies outside the picture.
        """
        size, tables = values.get("size"), values.get("field")
        if {*values} - {"size", "field"} or not isinstance(tables, list) or not tables:
            raise TenfoldError(f"{origin}: a template has nothing but a size, and a table [[field]] for each field")
        if not (isinstance(size, list) and len(size) == 2 and all(type(one) is int and one > 0 for one in size)):
            raise TenfoldError(f"{origin}: size must be the width and the height of the pictures, such as [800, 1000]")
        fields = [_parse_field(table, size, f"{origin}, field {number}") for number, table in enumerate(tables, 1)]
        if len({field.name for field in fields}) < len(fields):
            raise TenfoldError(f"{origin}: there are two fields of one name")
        return cls((size[0], size[1]), fields)

    def part(self) -> Part:
        """The part of a picture that has all cells in it, for `tenfold.imaging.open_page`."""
        cells = np.array([cell for field in self.fields for cell in field.cells])
        margin = AROUND * cells[:, 3].max()
        low, high = (cells[:, :2] - margin).min(axis=0), (cells[:, :2] + cells[:, 2:] + margin).max(axis=0)
        left, top, right, bottom = (np.concatenate((low, high)) / (self.size * 2)).clip(0, 1).tolist()
        return left, top, right, bottom

    def cells(self, page: Page, field: Field) -> list[Rectangle]:
        """The cells of a field, in pixels of a picture.

        Raises:
            TenfoldError: if the picture does not have the proportions of the template.
        """
        wide, high = page.picture.width / self.size[0], page.picture.height / self.size[1]
        if abs(wide / high - 1) > STRETCHED:
            raise TenfoldError(
                f"{page.name}{page.picture.width}×{page.picture.height} pixels, but the template is for "
                f"{self.size[0]}×{self.size[1]}; crop the picture to the form"
            )
        return [(round(x * wide), round(y * high), round(w * wide), round(h * high)) for x, y, w, h in field.cells]


def _parse_field(table: Any, size: list[int], origin: str) -> Field:
    if not isinstance(table, dict):
        raise TenfoldError(f"{origin}: must be a table")
    for key, value in table.items():
        if key not in TYPES:
            raise TenfoldError(f"{origin}: there is no key {key!r}{nearest(key, TYPES)}")
        if type(value) is not TYPES[key]:
            raise TenfoldError(f"{origin}: {key} = {value!r} must be {IN_WORDS[TYPES[key]]}")
    if not {"name", "cells"} <= {*table}:
        raise TenfoldError(f"{origin}: needs a name and cells")
    if not table["cells"]:
        raise TenfoldError(f"{origin}: cells must not be empty")
    for cell in table["cells"]:
        if not (isinstance(cell, list) and len(cell) == 4 and all(type(one) in (int, float) for one in cell)):
            raise TenfoldError(
                f"{origin}: the cell {cell!r} must be x, y, width, and height, such as [260, 60, 44, 52]"
            )
        x, y, width, height = cell
        if not (0 <= x < x + width <= size[0] and 0 <= y < y + height <= size[1]):
            raise TenfoldError(f"{origin}: the cell {cell} is not inside {size[0]}×{size[1]}")
    try:
        known = Known(**{key: value for key, value in table.items() if key not in ("name", "cells")})
    except TenfoldError as error:
        raise TenfoldError(f"{origin}: {error}") from None
    return Field(table["name"], [[float(one) for one in cell] for cell in table["cells"]], known)


def cell_arcs(
    page: Page, cells: list[Rectangle], model: Model, line_model: LineModel | None, margin: float, temperature: float
) -> Arcs | None:
    """The arcs of a field: of one digit in each cell, or of a text line if there is a single cell.

    Args:
        page: the page.
        cells: the cells, in pixels of the picture.
        model: the model that classifies single digits.
        line_model: the model that reads whole lines.
        margin: as for `tenfold.reader.arcs.page_arcs`.
        temperature: what the costs of all arcs will be divided by. Those of single digits are multiplied by it first,
            because the model's probabilities are calibrated as they are.

    Returns:
        The arcs; None if all cells are empty.
    """
    inked = [_ink_within(page, cell) for cell in cells]
    if len(cells) == 1:
        lines = page_arcs(replace(page, components=inked[0]), model, line_model, margin) if inked[0] else []
        return max(lines, key=lambda line: sum(arc.component.area for arc in line.arcs if arc.component), default=None)
    filled = [join(components) for components in inked if components]
    digits = iter(classify(page, filled, model))
    arcs = []
    for place, (components, cell) in enumerate(zip(inked, cells, strict=True)):
        nothing = 0.0
        if components:
            digit = next(digits)
            sure = min(max(digit.score, 1 - CERTAIN), CERTAIN)
            arcs.append(digit_arc(place, place + 1, digit, -temperature * (math.log(sure) + digit.answer)))
            nothing = temperature * (unread_cost(digit.component, cell[3] * page.scale) - math.log(1 - sure))
        arcs.append(Arc(place, place + 1, {"": nothing}))
    return Arcs(arcs) if filled else None


def _ink_within(page: Page, cell: Rectangle) -> list[Component]:
    """The components in a cell; of those that reach into it from outside, the part inside."""
    left, top, right, bottom = (round(page.scale * at) for at in (*cell[:2], cell[0] + cell[2], cell[1] + cell[3]))
    found = []
    for one in page.components:
        part = one.mask[max(0, top - one.y) : max(0, bottom - one.y), max(0, left - one.x) : max(0, right - one.x)]
        if part.any():
            inside = trim(max(left, one.x), max(top, one.y), part)
            if inside.area > one.area / 2 or inside.height > PART * (bottom - top):
                found.append(inside)
    return found
