"""Forms: a template in TOML says where on a picture each number is, and what is known about it."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any

from pydantic import ConfigDict
from pydantic import Field as Limits
from pydantic.dataclasses import dataclass as checked_dataclass

from tenfold.base import settings
from tenfold.base.errors import TenfoldError
from tenfold.imaging import Component, Page
from tenfold.imaging.components import join, trim
from tenfold.models import LineModel, Model
from tenfold.reader.arcs import digit_arc, page_arcs
from tenfold.reader.digits import classify
from tenfold.reader.known import Known
from tenfold.reader.lattice import belief, unread_cost
from tenfold.reader.search import Arc

STRETCHED = 0.03  # by how much the proportions of a picture may differ from those of the template
PART = 0.4  # heights of a rectangle: ink of a larger component that reaches this far into it is read

Rectangle = tuple[int, int, int, int]  # x, y, width, and height
Lengths = Annotated[list[Annotated[float, Limits(ge=0, le=100_000)]], Limits(min_length=4, max_length=4)]


@checked_dataclass(frozen=True, kw_only=True, config=ConfigDict(extra="forbid", strict=True))
class Field(metaclass=settings.InOneLine):
    """A field of a form, as a template gives it.

    Attributes:
        name: what it is called.
        cells: x, y, width, and height of the boxes for one digit each, from left to right; or of one box for a number.
        length: how many digits the number has; this and the following as in `tenfold.reader.Known`.
        pattern: its form.
        range: its smallest and its largest value.
        check: its check digit.
    """

    name: settings.Name
    cells: Annotated[list[Lengths], Limits(min_length=1, max_length=100)]
    length: int | None = None
    pattern: str | None = None
    range: str | None = None
    check: str | None = None


@dataclass(frozen=True)
class Form:
    """A form.

    Attributes:
        size: the width and the height of the pictures that its rectangles refer to; others are scaled.
        fields: its fields, and what is known about the number in each.
    """

    size: tuple[int, int]
    fields: list[tuple[Field, Known]]

    @classmethod
    def read(cls, path: str | os.PathLike) -> "Form":
        """Read a template.

        Raises:
            TenfoldError: if it is not valid TOML, a key or a value is wrong, or a cell lies outside the picture.
            OSError: if the file cannot be read.
        """
        return cls.parse(settings.read(path), str(path))

    @classmethod
    def parse(cls, values: Mapping[str, Any], origin: str) -> "Form":
        """Make a form of a template's values; error messages name `origin`.

        Raises:
            TenfoldError: if a key or a value is wrong, or a cell lies outside the picture.
        """
        size, tables = values.get("size"), values.get("field")
        if (
            {*values} - {"size", "field"}
            or not isinstance(tables, list)
            or not tables
            or not all(isinstance(one, dict) for one in tables)
        ):
            raise TenfoldError(
                f"{origin}: a template has a size, and for each field a table [[field]]; see docs/numbers.md"
            )
        if not (isinstance(size, list) and len(size) == 2 and all(isinstance(one, int) and one > 0 for one in size)):
            raise TenfoldError(f"{origin}: size must be the width and the height of the pictures, such as [800, 1000]")
        fields: list[tuple[Field, Known]] = []
        for number, table in enumerate(tables, 1):
            field = settings.parse(Field, table, f"{origin}, field {number}")
            place = f"{origin}, field {field.name!r}"
            for x, y, width, height in field.cells:
                if x + width > size[0] or y + height > size[1] or not width * height:
                    raise TenfoldError(f"{place}: the cell {[x, y, width, height]} is not inside {size[0]}×{size[1]}")
            if field.name in {other.name for other, _ in fields}:
                raise TenfoldError(f"{place}: there are two fields of this name")
            try:
                fields.append((field, Known(field.length, field.pattern, field.range, field.check)))
            except TenfoldError as error:
                raise TenfoldError(f"{place}: {error}") from None
        return cls((size[0], size[1]), fields)

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


def cell_arcs(
    page: Page, cells: list[Rectangle], model: Model, line_model: LineModel | None, margin: float
) -> list[Arc]:
    """The arcs of a field: of one digit in each cell, or of a text line if there is a single cell.

    Args:
        page: the page.
        cells: the cells, in pixels of the picture.
        model: the model that classifies single digits.
        line_model: the model that reads whole lines.
        margin: as for `tenfold.reader.arcs.page_arcs`.

    Returns:
        The arcs; none if all cells are empty.
    """
    inked = [_ink_within(page, cell) for cell in cells]
    if len(cells) == 1:
        lines = page_arcs(replace(page, components=inked[0]), model, line_model, margin) if inked[0] else []
        return max(lines, key=lambda arcs: sum(arc.component.area for arc in arcs if arc.component), default=[])
    filled = [join(components) for components in inked if components]
    digits = iter(classify(page, filled, model))
    arcs = []
    for place, (components, cell) in enumerate(zip(inked, cells, strict=True)):
        nothing = 0.0
        if components:
            digit = next(digits)
            arcs.append(digit_arc(place, place + 1, digit, -belief(digit)))
            nothing = unread_cost(digit.component, cell[3] * page.scale)
        arcs.append(Arc(place, place + 1, {"": nothing}))
    return arcs if filled else []


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
