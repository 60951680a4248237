"""Small inputs that readers failed on, and the page in two browsers: `python -m benchmarks.cases DIR`.

DIR holds `pictures`, which Python reads, and `strokes`, which the page reads in headless Chromium and Firefox; both
also read generated drawings, to be compared. Build the page first: `npm run build --prefix web`. Writes
`results/cases.json`.
"""

import argparse
import csv
import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.chromium import DIGITS
from benchmarks.records import save, where
from benchmarks.visits import BROWSERS, visit
from tenfold.base.errors import NoDigitsError
from tenfold.reader import Reader

RESULTS = Path("results/cases.json")
DRAWINGS = 1000
# Reads all drawings, one after the other, and sends the answers: lines separated by spaces, "?" is no digit.
HTML = b"""<!doctype html><script type="module">
import { reader } from "./reading.js";
const answers = [];
for (const strokes of await (await fetch("strokes")).json()) {
  const read = reader.read({ strokes: strokes.map((stroke) => stroke.map(([x, y]) => ({ x, y }))) });
  const lines = await read.then((found) => found.lines, () => []);
  answers.push(lines.map((line) => line.map(({ label }) => label ?? "?").join("")).join(" "));
}
fetch("answers", { method: "POST", body: JSON.stringify(answers) });
</script>"""

Drawing = list[list[list[float]]]  # the points x, y of each stroke, on a pad of 800 x 600


def main() -> None:
    """Read everything, and write the record."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cases", description=__doc__)
    parser.add_argument("folder", type=Path, metavar="DIR")
    folder = parser.parse_args().folder
    with (folder / "pictures" / "expected.csv").open() as table:
        pictures = {row["file"]: row["digits"] for row in csv.DictReader(table)}
    read = read_pictures([folder / "pictures" / file for file in pictures])
    results = {"measured": where(), "pictures": summarize([("all", *item) for item in pictures.items()], read)}
    cases = [
        (case["group"], case.get("name", case["expect"]), case["expect"], case["strokes"])
        for case in json.loads((folder / "strokes" / "strokes.json").read_text())
    ]
    drawings = [draw(seed) for seed in range(DRAWINGS)]
    strokes = json.dumps([strokes for *_, strokes in cases] + drawings).encode()
    answers = {name: visit(name, "/run.html", {"/run.html": HTML, "/strokes": strokes}) for name in BROWSERS}
    for name, found in answers.items():
        results[name] = summarize([case[:3] for case in cases], found[: len(cases)])
    pairs = zip(*(found[len(cases) :] for found in answers.values()), strict=True)
    results["drawings"] = {"n": DRAWINGS, "differ_between_browsers": sum(one != other for one, other in pairs)}
    save(RESULTS, results)


def read_pictures(files: list[Path]) -> list[str]:
    """What Python reads in each picture: lines separated by spaces, "?" is no digit."""
    answers, reader = [], Reader()
    for file in files:
        lines: dict[int, str] = {}
        try:
            for one in reader.read(file):
                lines[one.line] = lines.get(one.line, "") + ("?" if one.label is None else str(one.label))
        except NoDigitsError:
            pass
        answers.append(" ".join(lines.values()))
    return answers


def summarize(cases: list[tuple[str, str, str]], answers: list[str]) -> dict[str, Any]:
    """How many of each group are right, and the others; a sign or a letter is right if it is not read as a digit.

    Args:
        cases: the group, the name, and what is to be read.
        answers: what is read.
    """
    digits = [
        ["".join(filter(str.isdigit, text)) for text in texts] for texts in ([case[2] for case in cases], answers)
    ]
    wrong = [number for number, (expected, found) in enumerate(zip(*digits, strict=True)) if expected != found]
    counts, failed = Counter(case[0] for case in cases), Counter(cases[number][0] for number in wrong)
    return {
        "right": {group: [counts[group] - failed[group], counts[group]] for group in counts},
        "wrong": {f"{cases[number][0]} {cases[number][1]}": answers[number] for number in wrong},
    }


def draw(seed: int) -> Drawing:
    """Draw a number of one to five digits with the pen, some of them in whole units as mice do."""
    random = np.random.default_rng(seed)
    count, height = random.integers(1, 6), random.uniform(60, 400)
    height = min(height, 700 / (0.75 * count))
    left, top = random.uniform((20, 20), (780 - 0.75 * count * height, 580 - height))
    drawing = []
    for place in range(count):
        for stroke in DIGITS[int(random.integers(10))]:
            points = np.array(stroke) + random.normal(0, 0.02, (len(stroke), 2))
            moved = points * height + (left + 0.75 * height * place, top)
            drawing.append((moved.round() if seed % 2 else moved).tolist())
    return drawing


if __name__ == "__main__":
    main()
