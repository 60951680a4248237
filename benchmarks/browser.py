"""How fast the page answers in headless Chromium: `python -m benchmarks.browser`. Writes `results/browser.json`.

`tenfold draw` serves the page, so build it first: `npm run build --prefix web`.
"""

import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

import tenfold
from benchmarks.chromium import DIGITS, FLAGS, Stroke
from benchmarks.records import save, where
from tenfold.data import write_hand

RESULTS = Path("results/browser.json")
FIGURE = Path("docs/figures/page-reads.png")
OPENINGS = 9
PAUSE = 250  # milliseconds between strokes
TAUGHT = 990  # digits; no more than 1,000 can be
# Runs in the page before anything else. Notes when strokes last grew, when the answer changed, and when its frame was
# painted.
WATCH = """
addEventListener("pointermove", (event) => { window.strokeAt = performance.now(); }, true);
addEventListener("DOMContentLoaded", () => {
  const note = () => {
    window.answerAt = performance.now();
    requestAnimationFrame(() => setTimeout(() => { window.paintedAt = performance.now(); }));
    if (/sure|no digit/.test(document.querySelector("#verdict").textContent)) window.firstAnswerAt ??= window.answerAt;
  };
  const what = { subtree: true, childList: true, characterData: true, attributes: true };
  new MutationObserver(note).observe(document.querySelector("#answer .read"), what);
});
"""
# Says which digit it is, and waits for the answer of the reader that has learned it.
CORRECT = """(digit) => new Promise((resolve) => {
  const [taught, pressed] = [document.querySelector("#taught"), performance.now()];
  const heard = () => taught.textContent && resolve(performance.now() - pressed);
  taught.textContent = "";
  new MutationObserver(heard).observe(taught, { childList: true });
  document.querySelector(`#correct [data-digit="${digit}"]`).click();
})"""


def main() -> None:
    """Open the page many times, draw, and write the measurements."""
    with serve() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        openings = [open_and_draw(browser, address) for _ in range(OPENINGS + 1)][1:]  # the first run fills file caches
        further = answer_times(browser, address)
        results = {
            "measured": where() | {"browser": f"Chromium {browser.version}"},
            "first_answer_seconds": summarize([seconds for seconds, _ in openings]),
            "further_answer_milliseconds": {
                name: summarize([answered for answered, _ in times]) for name, times in further.items()
            },
            "further_answer_painted_milliseconds": {
                name: summarize([painted for _, painted in times]) for name, times in further.items()
            },
            "correction_milliseconds": {
                name: summarize(times) for name, times in correction_times(browser, address).items()
            },
            "transferred_bytes": max(size for _, size in openings),
        }
        show(browser, address)
        browser.close()
    save(RESULTS, results)


def show(browser: Browser, address: str) -> None:
    """Let the page read its sample of a photographed note, for the README's figure."""
    page = browser.new_page(viewport={"width": 1280, "height": 770})
    page.goto(address)
    page.locator("#verdict").get_by_text("side by side").wait_for()
    page.locator("#samples [data-sample=page]").click()
    page.locator("#answer .read").get_by_text(re.compile(r"\d")).first.wait_for()
    page.wait_for_timeout(1000)  # bars that glide
    page.screenshot(path=FIGURE)


@contextmanager
def serve() -> Iterator[str]:
    """Run `tenfold draw` on a free port."""
    command = [sys.executable, "-m", "tenfold", "draw", "--no-browser", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:  # noqa: S603
        assert server.stdout
        try:
            yield server.stdout.readline().split()[0]
        finally:
            server.terminate()


def open_and_draw(browser: Browser, address: str) -> tuple[float, int]:
    """Open the page in a fresh profile and draw at once.

    Returns:
        Seconds from the start of the navigation to the first answer, and the bytes of all response bodies until the
        page is stored for offline use.
    """
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    sizes = []
    context.on("requestfinished", lambda request: sizes.append(request.sizes()["responseBodySize"]))
    page = context.new_page()
    page.add_init_script(WATCH)
    page.goto(address, wait_until="commit")
    page.locator("#verdict").get_by_text(re.compile("Loading|side by side")).wait_for()  # until then, no stroke is seen
    draw(page, DIGITS[7], 0.3, 0.08, 0.6)
    page.locator("#verdict").get_by_text(re.compile("sure")).wait_for()
    seconds = page.evaluate("window.firstAnswerAt") / 1000
    page.evaluate("navigator.serviceWorker.ready.then(() => 0)")
    page.wait_for_timeout(500)
    context.close()
    return seconds, sum(sizes)


def answer_times(browser: Browser, address: str) -> dict[str, list[tuple[float, float]]]:
    """The measurements of `draw` for each stroke, of a single digit and of a number."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.add_init_script(WATCH)
    page.goto(address)
    page.get_by_text("several side by side").wait_for()
    times: dict[str, list[tuple[float, float]]] = {"one digit": [], "five digits": []}
    for _ in range(10):
        for digit in (3, 4, 7):
            times["one digit"] += draw(page, DIGITS[digit], 0.3, 0.08, 0.6)
            page.keyboard.press("Delete")
        for place, digit in enumerate((3, 1, 4, 5, 9)):
            times["five digits"] += draw(page, DIGITS[digit], 0.05 + 0.18 * place, 0.25, 0.22)
        page.keyboard.press("Delete")
    page.close()
    return times


def correction_times(browser: Browser, address: str) -> dict[str, list[float]]:
    """Milliseconds from a correction to the next answer, by how much was taught before."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.add_init_script(WATCH)
    page.goto(address)
    page.get_by_text("several side by side").wait_for()
    draw(page, DIGITS[3], 0.3, 0.08, 0.6)
    times = {}
    for taught in (0, TAUGHT):
        if taught:
            with tempfile.TemporaryDirectory() as folder:
                write_hand(Path(folder) / "my.hand", tenfold.load()[0][:taught])
                page.locator("#hand input").set_input_files(Path(folder) / "my.hand")
                page.locator("#hand-state").get_by_text(f"{taught + 1} taught").wait_for()
        times[f"{taught} digits"] = [page.evaluate(CORRECT, digit) for digit in (8, 3) * 10]
    page.close()
    return times


def draw(page: Page, digit: list[Stroke], left: float, top: float, size: float) -> list[tuple[float, float]]:
    """Draw a digit into a part of the pad, given in fractions of the pad's width.

    Returns:
        For each stroke, the milliseconds from its last movement to the last change of the answer, and to the frame that
        shows it.
    """
    times = []
    for stroke in digit:
        trace(page, [(left + size * x, top + size * y) for x, y in stroke])
        page.wait_for_timeout(PAUSE)
        while not page.evaluate("window.paintedAt > window.strokeAt"):  # slow, or not loaded yet
            page.wait_for_timeout(PAUSE)
        times.append(tuple(page.evaluate("[window.answerAt - window.strokeAt, window.paintedAt - window.strokeAt]")))
    return times


def trace(page: Page, stroke: Stroke) -> None:
    """Draw a stroke with the mouse; coordinates go right and down, in widths of the pad."""
    pad = page.locator("#pad")
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    assert box
    points = [(box["x"] + box["width"] * x, box["y"] + box["width"] * y) for x, y in stroke]
    page.mouse.move(*points[0])
    page.mouse.down()
    for point in points[1:]:
        page.mouse.move(*point, steps=3)
    page.mouse.up()


def summarize(values: list[float]) -> dict[str, float]:
    """Median, 95th percentile and maximum."""
    return {
        "n": len(values),
        "median": statistics.median(values),
        "p95": statistics.quantiles(values, n=20, method="inclusive")[-1],
        "max": max(values),
    }


if __name__ == "__main__":
    main()
