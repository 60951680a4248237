"""How far whole numbers can be relied on: `python -m benchmarks.numbers DIR`.

Reads drawn lines with signs, drawn forms, and the amounts on checks in DIR/cheques, and writes `results/numbers.json`:
how many numbers are entirely right, how well their probabilities are calibrated, and how many of them can be accepted
at which error rate.

    python -m benchmarks.numbers --fit

fits the temperature, and the thresholds for `--error-rate`, on drawn lines of held-out digits, and writes them into the
package. Both are valid for these networks only: fit again after each training.
"""

import argparse
import csv
import json
import math
import statistics
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from jaxtyping import Bool, Float
from matplotlib import rc_context
from matplotlib.figure import Figure
from PIL import Image
from scipy.optimize import minimize_scalar

import tenfold
from benchmarks import companions, records
from benchmarks.forms import PATTERNS, TEMPLATE, draw_form
from benchmarks.handwriting import is_even, mislabeled
from tenfold import recipes
from tenfold.base.errors import TenfoldError
from tenfold.base.files import write_atomically
from tenfold.base.form import LINE_SIGNS
from tenfold.data import Digits, split
from tenfold.imaging import open_page
from tenfold.imaging.ink import look
from tenfold.imaging.page import page_of_ink
from tenfold.reader import Form, Known, Reader
from tenfold.reader.arcs import page_arcs
from tenfold.reader.known import NOTHING_KNOWN
from tenfold.reader.numbers import Calibration, to_number, to_value
from tenfold.reader.reader import CALIBRATION
from tenfold.reader.search import Arc, Arcs, find_best, log_probability
from tenfold.report.plots.style import STYLE
from tenfold.synthesis.scenes import draw_lines
from tenfold.synthesis.writing import make_alphabet
from tenfold.training.text_line_task import CANVAS, cut_out

RESULTS = Path("results/numbers.json")
FITTED_PAGES, PAGES, FORMS = 300, 300, 40  # drawn
CHUNK = 10  # pages, or forms, for a core at a time
RATES = (0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001)  # of errors
BINS = 15  # of probabilities
DRAWS = 1000  # of what is right, if all probabilities are true
DRAWN = (  # in the figure: as many as there are colors to tell apart
    *("lines", "lines, length", "lines, pattern", "neat lines, pattern"),
    *("forms, lines, form known", "neat forms, lines, form known", "forms, card, form known", "checks, reported half"),
)


@dataclass(frozen=True)
class Outcome:
    """A number: the truth, and the reading with its probability."""

    truth: str
    text: str
    probability: float

    @property
    def is_right(self) -> bool:
        """Whether all of it is right."""
        return self.text == self.truth

    @property
    def has_signs(self) -> bool:
        """Whether it is written with signs."""
        return not self.truth.isdigit()


def main() -> None:
    """Fit, or measure and write the record."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.numbers")
    parser.add_argument("folder", type=Path, metavar="DIR", nargs="?", help="with cheques")
    parser.add_argument("--fit", action="store_true", help="fit the temperature and the thresholds instead")
    options = parser.parse_args()
    if options.fit:
        _, held_out = split(tenfold.load()[0], recipes.load("text_lines").validation)
        drawn = (draw_and_read(held_out, FITTED_PAGES, first_seed=100, neat=neat) for neat in (False, True))
        fitted = fit([line for lines in drawn for line in lines])
        write_atomically(CALIBRATION, json.dumps(asdict(fitted)) + "\n")
        return
    test = tenfold.load()[1]
    lines, neat = (draw_and_read(test, PAGES, first_seed=0, neat=neat) for neat in (False, True))
    reader = Reader()
    temperature = reader.calibration.temperature
    sources = {
        "lines": [decode(line, NOTHING_KNOWN, temperature) for line in lines],
        "lines, length": [decode(line, Known(sum(map(str.isdigit, line[0]))), temperature) for line in lines],
        "lines, pattern": [decode(line, Known(pattern=form_of(line[0])), temperature) for line in lines],
        "neat lines": [decode(line, NOTHING_KNOWN, temperature) for line in neat],
        "neat lines, pattern": [decode(line, Known(pattern=form_of(line[0])), temperature) for line in neat],
    }
    forms = companions.on_all_cores(partial(read_forms, test), range(FORMS // CHUNK))
    neat_forms = companions.on_all_cores(partial(read_forms, test, neat=True), range(FORMS // CHUNK))
    for some in (forms, neat_forms):
        sources |= {kind: [outcome for chunk, _ in some for outcome in chunk[kind]] for kind in some[0][0]}
    results: dict[str, Any] = {
        "measured": records.where(),
        "seconds_a_form": sum(seconds for _, seconds in forms) / FORMS,
        "calibration": asdict(reader.calibration),
    }
    if options.folder:
        sources |= read_cheques(reader, options.folder / "cheques")
    results["sources"] = {name: summarize(found, reader.calibration) for name, found in sources.items()}
    results["signs"] = {sign: count_sign(sign, sources["lines"]) for sign in LINE_SIGNS}
    records.save(RESULTS, results)


Drawn = tuple[str, Arcs]  # what a line says, and all that it may say


def draw_and_read(digits: Digits, pages: int, first_seed: int, neat: bool = False) -> list[Drawn]:
    """Draw pages of text lines with these digits, touching or not, and find the arcs of their lines, on all cores."""
    seeds = range(first_seed, first_seed + pages // CHUNK)
    chunks = companions.on_all_cores(partial(_draw_and_read, digits, neat), seeds)
    return [line for chunk in chunks for line in chunk]


def _draw_and_read(digits: Digits, neat: bool, seed: int) -> list[Drawn]:
    cv2.setNumThreads(1)
    torch.manual_seed(seed)
    random, alphabet, reader = np.random.default_rng(seed), make_alphabet(digits), Reader()
    found: list[Drawn] = []
    for _ in range(CHUNK):
        scene = draw_lines(alphabet, random, CANVAS, neat)
        try:
            page = page_of_ink("", Image.fromarray(scene.picture), look(scene.picture))
        except TenfoldError:  # too faint to find any ink
            continue
        examples = cut_out(page, scene.characters)
        for example, line in zip(examples, page_arcs(page, reader.model, reader.line_model), strict=True):
            if example and any(map(str.isdigit, example.written)):
                arcs = [Arc(one.first, one.last, one.costs) for one in line.arcs]
                found.append((example.written, Arcs(arcs, line.columns)))
    return found


def decode(line: Drawn, known: Known, temperature: float) -> Outcome:
    """The best number in a line."""
    truth, arcs = line
    best = find_best(arcs, known, temperature)
    return Outcome(truth, best[0][0].text if best else "", best[0][1] if best else 0.0)


def form_of(text: str) -> str:
    """The pattern of a number: `d` for each digit."""
    return "".join("d" if character.isdigit() else character for character in text)


def fit(lines: Sequence[Drawn]) -> Calibration:
    """Fit the temperature by the likelihood of what is right and what is wrong, then the thresholds.

    A quarter of the lines is enough for the temperature; rare mistakes that seem certain need all of them.
    """

    def loss(temperature: float) -> float:
        found = [decode(line, NOTHING_KNOWN, temperature) for line in lines[::4]]
        sure = np.clip([one.probability if one.is_right else 1 - one.probability for one in found], 1e-6, 1)
        return -float(np.log(sure).mean())

    temperature = float(minimize_scalar(loss, bounds=(0.5, 4.0), method="bounded", options={"xatol": 0.05}).x)
    found = [decode(line, NOTHING_KNOWN, temperature) for line in lines]
    chosen = [(rate, *accept(found, rate)) for rate in RATES]
    enough = tuple((rate, lowest) for rate, lowest, kept in chosen if kept * len(found) * rate >= 1)  # one may be wrong
    return Calibration(round(temperature, 3), enough)


def accept(found: Sequence[Outcome], rate: float) -> tuple[float, float]:
    """The lowest probability at which at most this share of the accepted numbers is wrong, and the share accepted."""
    ordered = sorted(found, key=lambda one: -one.probability)
    wrong = np.cumsum([not one.is_right for one in ordered])
    enough = np.flatnonzero(wrong <= rate * np.arange(1, len(ordered) + 1))
    if not len(enough):
        return 1.0, 0.0
    return ordered[int(enough[-1])].probability, float(enough[-1] + 1) / len(ordered)


def calibration_error(probabilities: Float[np.ndarray, " n"], right: Bool[np.ndarray, " n"]) -> float:
    """The gap between how probable numbers seemed and how many were right, averaged over all.

    Even if all probabilities are true, it is above 0, because numbers are few.
    """
    places = np.minimum((probabilities * BINS).astype(int), BINS - 1)
    gaps = np.bincount(places, right, BINS) - np.bincount(places, probabilities, BINS)
    return float(np.abs(gaps).sum() / len(right))


def summarize(found: Sequence[Outcome], calibration: Calibration) -> dict[str, Any]:
    """The share that is right, with and without signs; calibration; and coverage against error."""
    probabilities = np.array([one.probability for one in found])
    right = np.array([one.is_right for one in found])
    random = np.random.default_rng(0)
    by_chance = [calibration_error(probabilities, random.random(len(found)) < probabilities) for _ in range(DRAWS)]
    valued = [to_value(one.text) == to_value(one.truth) for one in found if to_value(one.truth) is not None]
    kept = {rate: probabilities >= lowest for rate, lowest in calibration.curve}
    return {
        "numbers": len(found),
        "right": float(right.mean()),
        "right_with_signs": share([one.is_right for one in found if one.has_signs]),
        "right_without_signs": share([one.is_right for one in found if not one.has_signs]),
        "value_right": share(valued),
        "calibration_error": calibration_error(probabilities, right),
        "calibration_error_by_chance": statistics.mean(by_chance),
        "coverage": {f"{rate:g}": accept(found, rate)[1] for rate in RATES},
        "at_threshold": {
            f"{rate:g}": {"accepted": float(some.mean()), "wrong": share((~right[some]).tolist())}
            for rate, some in kept.items()
        },
    }


def share(of: Sequence[bool]) -> float | None:
    """The share that is true; None of nothing."""
    return statistics.mean(of) if of else None


def count_sign(sign: str, found: Sequence[Outcome]) -> dict[str, int]:
    """How often a sign was written, in how many of these lines as many were read, and how often it was invented."""
    with_it = [one for one in found if sign in one.truth]
    extra = sum(max(0, one.text.count(sign) - one.truth.count(sign)) for one in found)
    return {
        "lines": len(with_it),
        "lines_with_as_many": sum(one.text.count(sign) == one.truth.count(sign) for one in with_it),
        "invented": extra,
    }


def read_forms(digits: Digits, seed: int, neat: bool = False) -> tuple[dict[str, list[Outcome]], float]:
    """Draw forms and read each of their fields, with nothing known and with what the template knows, by kind.

    Returns:
        What was read; the seconds that one core took to read with what the template knows.
    """
    cv2.setNumThreads(1)
    alphabet, reader = make_alphabet(digits), Reader()
    known = Form.parse(TEMPLATE, "template")
    unknown = replace(known, fields=[replace(field, known=NOTHING_KNOWN) for field in known.fields])
    found: dict[str, list[Outcome]] = {}
    seconds = 0.0
    for number in range(CHUNK):
        drawn = draw_form(alphabet, CHUNK * seed + number, neat)
        for form, name in ((unknown, "nothing known"), (known, "form known")):
            started = time.perf_counter()
            for one in reader.read_numbers(drawn.picture, form=form):
                truth = drawn.truths[one.field]
                kind = f"{'neat ' if neat else ''}forms, {'lines' if one.field in PATTERNS else one.field}"
                found.setdefault(f"{kind}, {name}", []).append(Outcome(truth, one.text, one.probability))
            seconds += time.perf_counter() - started if form is known else 0.0
    return found, seconds


@dataclass(frozen=True)
class DigitsAre:
    """An automaton that accepts these digits, and any signs between them: of checks, only the digits are labeled."""

    digits: str
    start: int = 0

    def step(self, state: int, character: str) -> int | None:
        """How many of the digits are behind a character."""
        if not character.isdigit():
            return state
        return state + 1 if self.digits[state : state + 1] == character else None

    def accepts(self, state: int) -> bool:
        """Whether all digits were there."""
        return state == len(self.digits)


def read_digits(reader: Reader, file: Path) -> tuple[str, float]:
    """The digits of the numbers in a picture, and the probability that they are right, whatever the signs."""
    temperature, least = reader.calibration.temperature, reader.thresholds
    assert least is not None
    try:
        page, _ = reader.find(open_page(file))
        lines = page_arcs(page, reader.model, reader.line_model)
    except TenfoldError:
        return "", 0.0
    text, logarithm = "", 0.0
    for place, line in enumerate(lines):
        if number := to_number(page, line, NOTHING_KNOWN, temperature, least, reader.name, place):
            digits = "".join(filter(str.isdigit, number.text))
            logarithm += log_probability(line, DigitsAre(digits), temperature)
            text += digits
    return text, math.exp(min(logarithm, 0.0)) if text else 0.0


def read_cheques(reader: Reader, folder: Path) -> dict[str, list[Outcome]]:
    """Read the amounts on checks; only their digits are labeled."""
    found: dict[str, list[Outcome]] = {}
    wrong = mislabeled()
    with (folder / "labels.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            one = Outcome(row["digits"], *read_digits(reader, folder / row["file"]))
            found.setdefault("checks", []).append(one)
            if not is_even(row["file"]):
                found.setdefault("checks, reported half", []).append(one)
            if row["file"] not in wrong:
                found.setdefault("checks, rightly labeled", []).append(one)
    return found


def table(results: dict[str, Any]) -> str:
    """The table of how many numbers are right, and how many can be accepted."""
    rows = [
        (
            name,
            source["numbers"],
            f"{source['right']:.1%}",
            *("" if source[part] is None else f"{source[part]:.1%}" for part in ("right_with_signs", "value_right")),
            f"{source['calibration_error']:.1%} ({source['calibration_error_by_chance']:.1%})",
            *(f"{source['coverage'][rate]:.0%}" for rate in ("0.01", "0.001")),
        )
        for name, source in results["sources"].items()
    ]
    columns = (
        *("numbers", "n", "right", "with signs", "value right"),
        *("calibration error (by chance)", "accepted at 1%", "at 0.1%"),
    )
    signs = ", ".join(
        f"`{sign}` {counts['lines_with_as_many'] / counts['lines']:.0%}"
        for sign, counts in results["signs"].items()
        if counts["lines"]
    )
    return records.table(
        columns,
        rows,
        "By chance: the calibration error of as many numbers if all of their probabilities were true.",
        f"Lines with a sign in which it was read as often as it was written: {signs}.",
        f"One core takes {results['seconds_a_form']:.1f} s for a form of 800×1,000 pixels.",
        records.place(results["measured"]),
    )


@rc_context(STYLE)
def figure(results: dict[str, Any]) -> Figure:
    """Plot which share of the numbers can be accepted at which share of errors among them."""
    drawn = Figure(figsize=(9, 4.2), layout="constrained", dpi=160)
    axes = drawn.add_subplot()
    for name, source in results["sources"].items():
        if name in DRAWN:
            points = [(100 * float(rate), 100 * coverage) for rate, coverage in source["coverage"].items()]
            axes.plot(*zip(*points, strict=True), marker="o", label=name)
    axes.set(xscale="log", xlabel="errors among the accepted numbers, %", ylabel="accepted numbers, %", ylim=(0, 102))
    axes.set_xticks([0.1, 1, 10], ["0.1", "1", "10"])
    axes.set_title("Coverage against error")
    drawn.legend(loc="outside right upper", fontsize=8)
    return drawn


if __name__ == "__main__":
    main()
