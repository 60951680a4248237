"""Reading what people wrote: `python -m benchmarks.handwriting DIR --model MODEL`.

DIR holds `photos` (one digit per picture), `cheques` (amounts) and `multi` (several digits), each with a `labels.csv`;
`benchmarks.pages` draws the pages. Writes `results/handwriting.json`, which holds only figures, the picture of a drawn
page, and, with `--gallery FOLDER`, the misread pictures.
"""

import argparse
import csv
import hashlib
import statistics
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

import tenfold
from benchmarks.pages import KINDS, compare, draw_page
from benchmarks.records import save, where
from tenfold.base.errors import TenfoldError
from tenfold.imaging import Page
from tenfold.imaging.lines import Line, find_lines
from tenfold.reader import Reader, Reading, annotate
from tenfold.reader.digits import Digit
from tenfold.reader.segment import cut_between
from tenfold.reader.text_line import read_line

RESULTS = Path("results/handwriting.json")
FIGURE = Path("docs/figures/page.jpg")
MISLABELED = Path(__file__).with_name("mislabeled_checks.csv")  # of the checks that were misread, each looked at
PAGES, FEW_PAGES = 30, 10  # drawn of each kind: for the reader, and for variants of it
SHOWN = (3, "squared")  # the seed and the kind of the page in the figure


@dataclass(frozen=True)
class Outcome:
    """One picture: the truth, the reading, and its source."""

    path: Path
    source: str
    truth: str
    text: str
    readings: list[Reading]

    @property
    def is_right(self) -> bool:
        """Whether nothing is missing, wrong or invented."""
        return self.text == self.truth

    @property
    def wrong_digits(self) -> int:
        """How many digits are missing, wrong or invented."""
        return edit_distance(self.truth.replace("|", ""), self.text.replace("|", ""))


def main() -> None:
    """Measure, and write the record."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.handwriting")
    parser.add_argument("folder", type=Path, metavar="DIR", help="with photos, cheques and multi")
    parser.add_argument("--model", type=Path, help="a run folder or a file; by default what comes with tenfold")
    parser.add_argument("--gallery", type=Path, metavar="FOLDER", help="write what was misread, with boxes")
    options = parser.parse_args()
    reader = Reader(options.model)
    measured = {
        "photos, single": read_folder(reader, options.folder / "photos", "label", single=True),
        "photos": read_folder(reader, options.folder / "photos", "label"),
        "cheques": read_folder(reader, options.folder / "cheques", "digits", line_break=""),
        "multi": read_folder(reader, options.folder / "multi", "digits_by_line"),
    }
    results: dict[str, Any] = {"measured": {**where(), "model": reader.name}}
    results |= {name: summarize(found) for name, found in measured.items()}
    for name, found in measured.items():  # choices were made on the other half
        results[f"{name}, reported half"] = summarize([outcome for outcome in found if not is_for_choices(outcome)])
    wrong = mislabeled()
    results["cheques, rightly labeled"] = summarize([one for one in measured["cheques"] if one.path.name not in wrong])
    results["pages"] = read_pages(reader, PAGES)
    alone, without = OnlyLines(options.model), Reader(options.model)
    without.line_model = None
    for name, other in (("without the line network", without), ("the line network alone", alone)):
        cheques = read_folder(other, options.folder / "cheques", "digits", line_break="")
        results[name] = {"cheques": summarize(cheques), "pages": read_pages(other, FEW_PAGES)}
    save(RESULTS, results)
    shown = draw_page(tenfold.load()[1], *SHOWN).picture
    annotate(Image.fromarray(shown), reader.read(shown)).save(FIGURE, quality=80)
    if options.gallery:
        for name, found in measured.items():
            write_gallery(options.gallery / name.replace(", ", "-"), found)


class OnlyLines(Reader):
    """Reads every line whole, with the network for lines, and with nothing else."""

    def find(self, page: Page, single: bool = False) -> tuple[Page, list[list[Digit]]]:
        """The digits that the network finds in each line."""
        assert self.line_model
        assert not single
        lines = [Line(components) for components in find_lines(page.components)]
        seen = [read_line(page, line, self.line_model).seen for line in lines]
        return page, [cut_between(page, line, found) for line, found in zip(lines, seen, strict=True) if found]


def read_folder(
    reader: Reader, folder: Path, column: str, line_break: str = "|", single: bool = False
) -> list[Outcome]:
    """Read all pictures of a folder.

    Args:
        reader: the reader to measure.
        folder: a folder of pictures with a `labels.csv`.
        column: the column with the truth.
        line_break: what separates lines in that column.
        single: whether each picture shows one digit.
    """
    found = []
    with (folder / "labels.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            path = folder / row["file"]
            readings = read_or_nothing(reader, path, single)
            lines: dict[int, str] = {}
            for reading in readings:
                if reading.label is not None:
                    lines[reading.line] = lines.get(reading.line, "") + str(reading.label)
            text = line_break.join(lines.values())
            found.append(Outcome(path, row.get("source", ""), row[column], text, readings))
    return found


def mislabeled() -> set[str]:
    """The files of checks whose labels are wrong."""
    with MISLABELED.open(newline="") as file:
        return {row["file"] for row in csv.DictReader(file)}


def read_or_nothing(reader: Reader, picture: Path | np.ndarray, single: bool = False) -> list[Reading]:
    """What is read in a picture; nothing if the reader gives up."""
    try:
        return reader.read(picture, single)
    except (TenfoldError, OSError):
        return []


def is_for_choices(outcome: Outcome) -> bool:
    """Whether settings may be chosen on this picture: the SHA-256 of the name of its source (or of its own) is even."""
    return is_even(outcome.source or outcome.path.name)


def is_even(name: str) -> bool:
    """Whether the SHA-256 of a name is even."""
    return hashlib.sha256(name.encode()).digest()[-1] % 2 == 0


def summarize(found: list[Outcome]) -> dict[str, Any]:
    """The fraction of pictures and of digits read correctly, over all pictures and as a mean over sources."""
    by_source: dict[str, list[bool]] = {}
    for outcome in found:
        by_source.setdefault(outcome.source, []).append(outcome.is_right)
    digits = sum(len(outcome.truth.replace("|", "")) for outcome in found)
    return {
        "pictures": len(found),
        "sources": len(by_source),
        "right": statistics.mean(outcome.is_right for outcome in found),
        "mean_over_sources": statistics.mean(statistics.mean(rights) for rights in by_source.values()),
        "digits": digits,
        "digits_right": 1 - sum(outcome.wrong_digits for outcome in found) / digits,
    }


def read_pages(reader: Reader, count: int) -> dict[str, Any]:
    """Digits found and read correctly, and digits invented, as fractions of those on `count` pages of each kind."""
    _, test = tenfold.load()
    found: dict[str, Any] = {"pages_of_each_kind": count}
    for kind in KINDS:
        scores = []
        for seed in range(count):
            page = draw_page(test, seed, kind)
            scores.append(compare(page, read_or_nothing(reader, page.picture)))
        digits = sum(score.digits for score in scores)
        found[kind] = {
            "digits": digits,
            "found_and_right": sum(score.right for score in scores) / digits,
            "invented": sum(score.invented for score in scores) / digits,
        }
    return found


def edit_distance(a: str, b: str) -> int:
    """The least number of characters to insert, delete or replace.

    Source: V. Levenshtein, "Binary codes capable of correcting deletions, insertions, and reversals", 1966.
    """
    row = list(range(len(b) + 1))
    for i, one in enumerate(a, 1):
        diagonal, row[0] = row[0], i
        for j, other in enumerate(b, 1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (one != other))
    return row[-1]


def write_gallery(folder: Path, found: list[Outcome]) -> None:
    """Write every misread picture with its boxes; the file name holds the truth and the reading."""
    from tenfold.imaging.load import load_picture

    folder.mkdir(parents=True, exist_ok=True)
    for outcome in found:
        if not outcome.is_right:
            name = f"{outcome.path.stem}-{outcome.truth}-read-{outcome.text or 'nothing'}.png".replace("|", "_")
            annotate(load_picture(outcome.path), outcome.readings).save(folder / name)


if __name__ == "__main__":
    main()
