"""Opening pages of a browser and drawing there, for the tests of all of them."""

import numpy as np

from benchmarks.chromium import DIGITS

TIMEOUT = 240_000  # of one step, in milliseconds: a loaded machine is no failure
# All at once: for every movement of a real mouse, the browser paints the page.
DRAW = """(strokes) => {
  const pad = document.querySelector("#pad");
  const { left, top, width } = pad.getBoundingClientRect();
  for (const stroke of strokes) {
    const send = (type, [x, y]) => {
      const place = { clientX: left + width * x, clientY: top + width * y };
      pad.dispatchEvent(new PointerEvent(type, { pointerId: 1, ...place }));
    };
    send("pointerdown", stroke[0]);
    for (const point of stroke) send("pointermove", point);
    send("pointerup", stroke.at(-1));
  }
}"""


def open_page(browser, address, **options):
    """A new page of a browser or a context, and what it says on the console."""
    page = browser.new_page(**options)
    page.set_default_timeout(TIMEOUT)
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(address)
    return page, said


def draw(page, strokes):
    """Draw strokes as a mouse does; coordinates go right and down, in widths of the pad."""
    steps = [np.arange(3 * len(stroke) - 2) / 3 for stroke in strokes]
    fine = [
        np.stack([np.interp(at, range(len(stroke)), axis) for axis in np.transpose(stroke)], axis=1).tolist()
        for at, stroke in zip(steps, strokes, strict=True)
    ]
    page.evaluate(DRAW, fine)


def draw_digit(page, digit, left=0.3, top=0.08, size=0.6):
    """Draw a digit into a part of the pad."""
    draw(page, [[(left + size * x, top + size * y) for x, y in stroke] for stroke in DIGITS[digit]])
