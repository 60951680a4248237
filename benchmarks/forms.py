"""Drawn forms: printed labels and boxes, and in them numbers by a drawn hand.

    python -m benchmarks.forms FOLDER

writes some of them, and their template, for inspection.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import tomli_w
from jaxtyping import UInt8
from PIL import Image

import tenfold
from tenfold.reader import Known
from tenfold.synthesis.camera import degrade
from tenfold.synthesis.pen import Canvas
from tenfold.synthesis.writing import Alphabet, choose_hand, make_alphabet, neaten, write_digit, write_line

SIZE = (800, 1000)  # the width and the height in pixels
ROW, TOP, LEFT = 68, 60, 260  # pixels: from field to field, of the first field, and of all fields
BOX, CELL = (400, 52), (44, 52)  # the width and the height
PATTERNS = {  # of the numbers in boxes
    "date": "dd.dd.dddd",
    "day": "dd/dd/dd",
    "time": "dd:dd",
    "duration": "dd:dd:dd",
    "phone": "ddd-dddd",
    "area": "(dd)dddd",
    "abroad": "+dddddddd",
    "amount": "ddd.dd",
    "balance": "-dd,dd",
    "share": "dd%",
}
CARD = 6  # digits in cells, the last of which is Luhn's check digit
TEMPLATE: dict[str, Any] = {
    "size": list(SIZE),
    "field": [
        *(
            {"name": name, "cells": [[LEFT, TOP + ROW * row, *BOX]], "pattern": pattern}
            for row, (name, pattern) in enumerate(PATTERNS.items())
        ),
        *(
            {"name": name, "cells": [[LEFT + CELL[0] * cell, TOP + ROW * row, *CELL] for cell in range(CARD)], **known}
            for row, name, known in ((10, "number", {}), (11, "card", {"check": "luhn"}), (12, "empty", {}))
        ),
    ],
}


@dataclass(frozen=True)
class DrawnForm:
    """A form as a picture, and what is written in each of its fields."""

    picture: UInt8[np.ndarray, "1000 800 3"]
    truths: dict[str, str]


def draw_form(alphabet: Alphabet, seed: int, neat: bool = False) -> DrawnForm:
    """Fill in a form, and scan it.

    Args:
        alphabet: what can be written.
        seed: starts the random numbers.
        neat: whether it is filled in with care, so that digits and signs can be told apart and do not touch.
    """
    random = np.random.default_rng(seed)
    blank = np.full((SIZE[1], SIZE[0], 3), random.uniform(225, 255), np.uint8)
    ink = np.zeros(blank.shape[:2], np.float32)
    hand = choose_hand(random.uniform(24, 32), random)
    if neat:
        hand = neaten(hand)
    truths = {}
    for field in TEMPLATE["field"]:
        cells = field["cells"]
        cv2.putText(blank, field["name"], (40, cells[0][1] + 36), cv2.FONT_HERSHEY_SIMPLEX, 0.7, (60, 60, 60), 1)
        for x, y, width, height in cells:
            cv2.rectangle(blank, (x, y), (x + width, y + height), (130, 130, 130), 1)
        pattern = "" if field["name"] == "empty" else field.get("pattern", CARD * "d")
        text = choose_text(pattern, field.get("check"), random) if pattern else ""
        truths[field["name"]] = text
        if len(cells) > 1:
            for digit, (x, y, width, height) in zip(text, cells, strict=False):
                glyph = write_digit(alphabet, int(digit), hand, hand.height, random)[:height, :width]
                _put(ink, glyph, x + (width - glyph.shape[1]) // 2, y + (height - len(glyph)) // 2)
        else:
            line, written = write_line(text, hand, alphabet, random)
            line = line[:, min(one.left for one in written) :]  # without the letter that may stand before it
            line = line[np.ix_(line.any(axis=1), line.any(axis=0))]
            scale = min(1.0, 380 / line.shape[1], 46 / len(line))
            line = cv2.resize(line, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
            x, y, _, height = cells[0]
            _put(ink, line, x + 8, y + (height - len(line)) // 2)
    pen = random.uniform(0, 110, 3).astype(np.float32)
    page = blank + ink[..., None] * (pen - blank)
    square = cv2.copyMakeBorder(page, 0, 0, 0, SIZE[1] - SIZE[0], cv2.BORDER_REPLICATE)
    scanned = degrade(square, False, True, random)[:, : SIZE[0]]
    return DrawnForm(np.clip(scanned, 0, 255).astype(np.uint8), truths)


def choose_text(pattern: str, check: str | None, random: np.random.Generator) -> str:
    """A random number of this form, with the right check digit."""
    while True:
        text = "".join(str(random.integers(10)) if one == "d" else one for one in pattern)
        if Known(check=check).fits(text):
            return text


def _put(canvas: Canvas, glyph: Canvas, left: int, top: int) -> None:
    place = canvas[top : top + len(glyph), left : left + glyph.shape[1]]
    np.maximum(place, glyph[: len(place), : place.shape[1]], out=place)


def main() -> None:
    """Write forms and their template."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.forms")
    parser.add_argument("folder", type=Path, metavar="FOLDER")
    parser.add_argument("--count", type=int, default=10)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    (options.folder / "form.toml").write_text(tomli_w.dumps(TEMPLATE))
    alphabet = make_alphabet(tenfold.load()[1])
    for seed in range(options.count):
        Image.fromarray(draw_form(alphabet, seed).picture).save(options.folder / f"{seed}.png")


if __name__ == "__main__":
    main()
