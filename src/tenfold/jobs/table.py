"""Numbers from many pictures as a table, and a page on which a person types those that are uncertain."""

import csv
import io
import os
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from tenfold.base.errors import TenfoldError
from tenfold.base.extras import needed_by
from tenfold.base.files import TEXT, read_bytes, write_atomically
from tenfold.imaging.load import load_picture
from tenfold.jobs.pictures import Source
from tenfold.reader import Number
from tenfold.reader.numbers import PLAIN, plain_number
from tenfold.reader.show import write

COLUMNS = ("file", "field", "text", "value", "probability", "box", "review")
AROUND = 0.3  # heights of a number: how much around it a crop shows

Row = dict[str, str]


class Table:
    """A CSV file with one row for each number, written while pictures are read; what it already holds is kept.

    Args:
        path: the file. Its columns are file, field, text, value, probability, box, and review: "yes" if a person should
            look at the number, "done" if one did.
        threshold: numbers of a lower probability are to be reviewed.
        review: the folder for the page and its crops; None for no page.

    Raises:
        TenfoldError: if there is a file that is no such table.
        OSError: if it cannot be read or written.
    """

    def __init__(self, path: Path, threshold: float, review: Path | None = None) -> None:
        self.path, self.threshold, self.review = path, threshold, review
        self.rows: list[Row] = []
        if path.exists():
            text = read_bytes(path, 10 * TEXT).decode(errors="surrogateescape")
            table = csv.DictReader(io.StringIO(text, newline=""))
            if tuple(table.fieldnames or ()) != COLUMNS:
                raise TenfoldError(f"{path}: exists, but is no table of numbers; name another file")
            self.rows = list(table)
            if not text.endswith("\n"):  # the last file's rows were not written to the end: read it again
                self.rows = [row for row in self.rows if row["file"] != self.rows[-1]["file"]]
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, _to_bytes([dict(zip(COLUMNS, COLUMNS, strict=True)), *self.rows]))

    def remaining(self, sources: Sequence[Source]) -> list[Source]:
        """The sources that have no row yet."""
        done = {row["file"] for row in self.rows}
        return [source for source in sources if str(source.path) not in done]

    def add(self, source: Source, numbers: Sequence[Number]) -> None:
        """Add a row for each number in a picture; if there is none, one row for a person who looks at all of it."""
        picture: Image.Image | None = None
        if not numbers or (self.review and any(map(self._is_doubtful, numbers))):
            picture = load_picture(source.path if source.data is None else source.data).convert("RGB")
            numbers = numbers or [Number("", None, 0.0, (0, 0, *picture.size), [])]
        if picture and self.review:
            (self.review / "crops").mkdir(parents=True, exist_ok=True)
            for place, number in enumerate(numbers, len(self.rows)):
                if self._is_doubtful(number):
                    x, y, width, height = number.box
                    edge = round(AROUND * height)
                    crop = picture.crop((x - edge, y - edge, x + width + edge, y + height + edge))
                    write(crop, self.review / "crops" / f"{place}.png")
        rows = [self._to_row(source, number) for number in numbers]
        with self.path.open("ab") as file:  # in one piece, so that all rows of a file are there, or the end is missing
            file.write(_to_bytes(rows))
        self.rows += rows

    def write_page(self) -> None:
        """Write the page on which a person types what was uncertain."""
        if not self.review:
            return
        with needed_by("--review"):
            from tenfold.report.review import render
        self.review.mkdir(parents=True, exist_ok=True)
        page = render(self.path.name, os.path.realpath(self.path), COLUMNS, self.rows, PLAIN.pattern)
        write_atomically(self.review / "index.html", page)

    def _is_doubtful(self, number: Number) -> bool:
        return number.probability < self.threshold or "?" in number.text

    def _to_row(self, source: Source, number: Number) -> Row:
        cells = (
            str(source.path),
            number.field,
            number.text,
            plain_number(number.text) or "",
            f"{number.probability:.6f}",
            " ".join(map(str, number.box)),
            "yes" if self._is_doubtful(number) else "",
        )
        return dict(zip(COLUMNS, cells, strict=True))


def _to_bytes(rows: Sequence[Row]) -> bytes:
    text = io.StringIO(newline="")
    csv.DictWriter(text, COLUMNS).writerows(rows)
    return text.getvalue().encode(errors="surrogateescape")
