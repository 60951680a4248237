"""Numbers from many pictures as a table, and a page on which a person types those that are uncertain."""

import csv
import io
import os
import re
from collections.abc import Callable, Sequence
from itertools import groupby
from pathlib import Path

from PIL import Image

from tenfold.base.errors import TenfoldError
from tenfold.base.extras import needed_by
from tenfold.base.files import TEXT, read_bytes, write_atomically
from tenfold.imaging.load import load_picture
from tenfold.jobs.pictures import Source
from tenfold.reader import Number
from tenfold.reader.numbers import PLAIN, plain_number
from tenfold.reader.reader import is_idx, read_idx_images
from tenfold.reader.show import write

COLUMNS = ("file", "field", "text", "value", "probability", "box", "review")
REVIEWS = ("", "yes", "done")  # what the last column may hold
AROUND = 0.3  # heights of a number: how much around it a crop shows

Row = dict[str, str]


class Table:
    """A CSV file with one row for each number, written while pictures are read; what it already holds is kept.

    Args:
        path: the file. Its columns are file, field, text, value, probability, box, and review: "yes" if a person should
            look at the number, "done" if one did.
        threshold: numbers of a lower probability are to be reviewed, also those that the table already holds.
        review: the folder for the page and its crops; None for no page.

    Raises:
        TenfoldError: if there is a file that is no such table.
        OSError: if it cannot be read or written.
    """

    def __init__(self, path: Path, threshold: float, review: Path | None = None) -> None:
        self.path, self.threshold, self.review = path, threshold, review
        self.rows = _read(path) if path.exists() else []
        self._data: dict[str, bytes] = {}  # of what came on standard input
        for row in self.rows:
            if row["review"] != "done":
                row["review"] = self._flag(float(row["probability"]), row["text"])
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, _to_bytes([dict(zip(COLUMNS, COLUMNS, strict=True)), *self.rows]))

    def remaining(self, sources: Sequence[Source]) -> list[Source]:
        """The sources that have no row yet."""
        done = {row["file"] for row in self.rows}
        return [source for source in sources if str(source.path) not in done]

    def add(self, source: Source, numbers: Sequence[Number]) -> None:
        """Add a row for each number in a picture; if there is none, one row for a person who looks at all of it."""
        if source.data is not None:
            self._data[str(source.path)] = source.data
        if not numbers:
            numbers = [Number("", None, 0.0, (0, 0, *self._open(str(source.path))(0).size), [])]
        rows = [self._to_row(source, number) for number in numbers]
        with self.path.open("ab") as file:  # in one piece, so that all rows of a file are there, or the end is missing
            file.write(_to_bytes(rows))
        self.rows += rows

    def write_page(self) -> list[TenfoldError | OSError]:
        """Write the page on which a person types what was uncertain, and the crops that it shows.

        Returns:
            Why some pictures cannot be shown.
        """
        if not self.review:
            return []
        with needed_by("--review"):
            from tenfold.report.review import render
        (self.review / "crops").mkdir(parents=True, exist_ok=True)
        problems: list[TenfoldError | OSError] = []
        for file, rows in groupby(enumerate(self.rows), lambda numbered: numbered[1]["file"]):
            doubtful = [(place, *one) for place, one in enumerate(rows) if one[1]["review"] == "yes"]
            if not doubtful:
                continue
            try:
                picture_of = self._open(file)
                for place, number, row in doubtful:
                    x, y, width, height = map(int, row["box"].split())
                    edge = round(AROUND * height)
                    picture = picture_of(place)
                    right, bottom = min(x + width + edge, picture.width), min(y + height + edge, picture.height)
                    crop = picture.crop((max(0, x - edge), max(0, y - edge), right, bottom))
                    write(crop, self.review / "crops" / f"{number}.png")
            except (TenfoldError, OSError) as error:
                problems.append(error)
        page = render(self.path.name, os.path.realpath(self.path), COLUMNS, self.rows, PLAIN.pattern)
        write_atomically(self.review / "index.html", page)
        return problems

    def _open(self, file: str) -> Callable[[int], Image.Image]:
        """The picture that a number of a file stands in, by the number's place: an IDX file has one for each."""
        if is_idx(file):
            images = read_idx_images(file)
            return lambda place: Image.fromarray(images[place]).convert("RGB")
        picture = load_picture(self._data.get(file, file)).convert("RGB")
        return lambda _: picture

    def _flag(self, probability: float, text: str) -> str:
        """What the column `review` says of a number that no person has looked at."""
        return "yes" if probability < self.threshold or "?" in text else ""

    def _to_row(self, source: Source, number: Number) -> Row:
        cells = (
            str(source.path),
            number.field,
            number.text,
            plain_number(number.text) or "",
            f"{number.probability:.6f}",
            " ".join(map(str, number.box)),
            self._flag(number.probability, number.text),
        )
        return dict(zip(COLUMNS, cells, strict=True))


def _read(path: Path) -> list[Row]:
    """The rows of a table; without those of its last file, if the last row was not written to its end."""
    text = read_bytes(path, 10 * TEXT).decode("utf-8-sig", errors="surrogateescape")  # Excel marks its UTF-8
    table = csv.DictReader(io.StringIO(text, newline=""))
    if tuple(table.fieldnames or ()) != COLUMNS:
        raise TenfoldError(
            f"{path}: exists, but is no table of numbers, with the columns {','.join(COLUMNS)}; name another file"
        )
    rows = list(table)
    wrong = next((number for number, row in enumerate(rows) if not _is_row(row)), None)
    if wrong is None:
        return rows
    last = {row["file"] for row in rows[-2:] if row["file"].startswith(rows[-1]["file"])}  # it may be cut, too
    typed = any(row["review"] == "done" for row in rows if row["file"] in last)
    if wrong < len(rows) - 1 or text.endswith("\n") or typed:
        file = rows[wrong]["file"]
        raise TenfoldError(f"{path}: row {wrong + 1} is damaged; mend it, or remove all rows of {file!r}")
    return [row for row in rows if row["file"] not in last]


def _is_row(row: Row) -> bool:
    if set(row) != {*COLUMNS} or None in row.values() or row["review"] not in REVIEWS:
        return False
    return bool(re.fullmatch(r"[01](\.\d*)?", row["probability"]) and re.fullmatch(r"-?\d+( -?\d+){3}", row["box"]))


def _to_bytes(rows: Sequence[Row]) -> bytes:
    text = io.StringIO(newline="")
    csv.DictWriter(text, COLUMNS).writerows(rows)
    return text.getvalue().encode(errors="surrogateescape")
