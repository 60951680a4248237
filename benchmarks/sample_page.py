"""Draw the page of numbers that the drawing page offers to try: `python -m benchmarks.sample_page`.

Writes `web/sample.jpg`.
"""

from pathlib import Path

import numpy as np
from PIL import Image

import tenfold
from tenfold.synthesis import camera, printing, writing

FILE = Path("web/sample.jpg")
SIDE, TOP, HEIGHT = 880, 60, 660  # of the square canvas; of the part that is kept, as high as the drawing pad
UNIT, PITCH = 82, 148  # the height of a digit, and from one line to the next
NUMBERS = ("1847", "65320", "907", "28416")
PAPER, INK, RULES = (243, 241, 234), (38, 52, 110), (188, 202, 218)
SEED = 13


def main() -> None:
    """Write the numbers on ruled paper in one hand, in uneven light, and keep the picture."""
    random = np.random.default_rng(SEED)
    alphabet = writing.make_alphabet(tenfold.load()[0])
    hand = writing.Hand(
        UNIT,
        slant=0.14,
        width=1,
        pen=0.085,
        redraws=True,
        slope=0,
        gaps=(0.16, 0.3),
        clearance=0.05,
        nesting=0.75,
        forms=0.1,
        hasty=False,
        joins=False,
        separator="",
    )
    ink = np.zeros((SIDE, SIDE), np.float32)
    for line, number in enumerate(NUMBERS):
        written, digits = writing.write_line(number, hand, alphabet, random)
        top = TOP + 34 + line * PITCH
        left = int(random.uniform(60, 190))
        part = written[digits[0].top - 12 : digits[0].bottom + 12, digits[0].left - 8 : digits[-1].right + 8]
        place = ink[top : top + part.shape[0], left : left + part.shape[1]]
        np.maximum(place, part, out=place)
    page = np.empty((SIDE, SIDE, 3), np.float32)
    page[:] = PAPER
    rules = printing.rulings(SIDE, PITCH, TOP + 134, 2, random)[..., None]
    page += rules * (np.array(RULES, np.float32) - page)
    page += 0.9 * ink[..., None] * (np.array(INK, np.float32) - page)
    noisy = camera.shade(page, random) + random.normal(0, 2, (SIDE, SIDE, 1))
    picture = Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8)[TOP : TOP + HEIGHT])
    picture.save(FILE, quality=70, optimize=True)


if __name__ == "__main__":
    main()
