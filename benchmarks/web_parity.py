"""Whether the page reads as Python does: `python -m benchmarks.web_parity`. Writes `results/web-parity.json`.

The same generated pictures go through `tenfold.reader` and through `web/reader` in headless Chromium; both ask the same
networks.
"""

import contextlib
import math
import shutil
import statistics
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from jaxtyping import Float, Int, UInt8
from PIL import Image

import tenfold
from benchmarks.chromium import DIGITS, FLAGS
from benchmarks.pages import KINDS, draw_page
from benchmarks.records import save, where
from tenfold import models
from tenfold.base.errors import NoDigitsError, TenfoldError
from tenfold.base.form import LINE_SIDE
from tenfold.base.refusal import Thresholds
from tenfold.data import Digits
from tenfold.imaging import open_page
from tenfold.imaging.ink import InkModel
from tenfold.imaging.page import page_of_ink
from tenfold.reader import Reader
from tenfold.reader.reader import NO_SHAPE

RESULTS = Path("results/web-parity.json")
ROOT = Path(__file__).parent.parent
READER = ROOT / "web" / "reader"
CONSTANTS = ROOT / "src" / "tenfold" / "base" / "constants.json"
DRAWINGS, PAGES = 1000, 20
SIZES = ((280, 280), (600, 300), (320, 480), (100, 60), (28, 28), (1024, 400))  # width and height of a drawing
MOST_DIGITS = 6
CLEAR = 8  # gray levels; pixels that differ by more differ clearly

Lines = list[list[dict[str, Any]]]  # digits of each line: label, box, image


@dataclass(frozen=True)
class Drawing:
    """A picture as the page has it, and how it is read.

    Attributes:
        pixels: red, green, blue and opacity.
        single: whether the picture is read as a single digit.
        is_drawing: whether its ink is known beforehand, as on the pad: black on white.
    """

    pixels: UInt8[np.ndarray, "height width 4"]
    single: bool
    is_drawing: bool = False


@dataclass(frozen=True)
class Difference:
    """What differs between two readings of the same pictures.

    Attributes:
        pictures: the number of pictures read.
        images: the number of 28x28 images compared; one that only one side found differs in all its pixels.
        pixels: the fraction of their pixels that differ at all.
        clear_pixels: the fraction of their pixels that differ by more than 8 gray levels.
        answers: the numbers of the pictures whose answers differ.
    """

    pictures: int
    images: int
    pixels: float
    clear_pixels: float
    answers: list[int]


class Browser:
    """Chromium with `web/reader`, asking the networks on this side.

    Attributes:
        page: an empty page of a server that has the modules under `/reader`.
        version: of Chromium.
    """

    def __init__(self, page: Any, version: str, pictures: list[Drawing], thresholds: Thresholds) -> None:
        self.page, self.version, self._pictures, self._thresholds = page, version, pictures, vars(thresholds)

    def read(self, pictures: Sequence[Drawing]) -> tuple[list[Lines | str], list[float]]:
        """What is found in each picture, and the milliseconds that this took without the networks."""
        self._pictures[:] = pictures
        answers = [
            self.page.evaluate(READ, [number, picture.single, picture.is_drawing, self._thresholds])
            for number, picture in enumerate(pictures)
        ]
        return [found for found, _ in answers], [time for _, time in answers]


def main() -> None:
    """Read on both sides, and write the record."""
    from playwright.sync_api import sync_playwright

    digits = tenfold.load()[1]
    model = models.load(models.SHIPPED / "reader-int8.tflite")
    drawings = [draw(digits, seed) for seed in range(DRAWINGS)]
    small = [drawing for drawing in drawings if drawing.single and drawing.pixels.shape[:2] == (300, 600)]
    results: dict[str, Any] = {"measured": {**where(), "opencv": cv2.__version__}}
    with (
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS) as chromium,
        serve_page(chromium, model) as browser,
    ):
        results["measured"]["chromium"] = browser.version
        for name, pictures in (
            ("drawings", drawings),
            ("pages", [photograph(digits, seed) for seed in range(PAGES)]),
        ):
            found, milliseconds = browser.read(pictures)
            difference = compare([read_in_python(Reader(model), picture) for picture in pictures], found)
            results[name] = {**vars(difference), "median_milliseconds": statistics.median(milliseconds)}
        results["one_digit_on_600x300_milliseconds"] = statistics.median(browser.read(small)[1])
    save(RESULTS, results)


def draw(digits: Digits, seed: int) -> Drawing:
    """Draw a random digit, number or scribble on a canvas.

    Args:
        digits: MNIST digits, used in some drawings.
        seed: starts the random numbers.
    """
    random = np.random.default_rng(seed)
    width, height = SIZES[random.integers(len(SIZES))]
    single = bool(random.random() < 0.5)
    count = 1 if single else int(random.integers(1, MOST_DIGITS + 1))
    side = min(0.8 * height, 0.95 * width / (0.7 * count)) * random.uniform(0.5, 1)
    ink = np.zeros((height, width), np.float32)
    kind = random.choice(["pen", "mnist", "scribble"], p=[0.6, 0.3, 0.1])
    pen = max(1.0, side * random.uniform(0.03, 0.15))
    step = side * random.uniform(0.6, 0.9)  # the narrowest let digits touch
    left = random.uniform(0, max(1.0, width - count * step))
    for index in range(count):
        x, y = left + index * step, random.uniform(0, max(1.0, height - side))
        if kind == "mnist":
            _paste(ink, digits.images[random.integers(len(digits))], int(x), int(y), max(8, int(side)))
            continue
        scribble = random.uniform((0, 0), (0.6, 1), (random.integers(2, 9), 2)).tolist()
        for stroke in [scribble] if kind == "scribble" else DIGITS[int(random.integers(10))]:
            points = np.array(stroke) + random.normal(0, 0.02, (len(stroke), 2))
            _pen(ink, points * side + (x, y), pen)
    pixels, is_drawing = _paint(random, ink)
    return Drawing(pixels, single, is_drawing)


def photograph(digits: Digits, seed: int) -> Drawing:
    """A drawn page, as `benchmarks.pages` photographs it."""
    picture = draw_page(digits, seed, KINDS[seed % len(KINDS)]).picture
    return Drawing(np.dstack([picture, np.full(picture.shape[:2], 255, np.uint8)]), single=False)


def read_in_python(reader: Reader, drawing: Drawing) -> Lines | str:
    """What `tenfold.reader` finds, or its error message."""
    picture = Image.fromarray(drawing.pixels)
    try:
        page = page_of_ink("", picture, 255 - drawing.pixels[..., 0]) if drawing.is_drawing else open_page(picture)
    except TenfoldError as error:
        return str(error)
    page, lines = reader.find(page, drawing.single)
    if not lines:
        return str(NoDigitsError(NO_SHAPE))
    readings = iter(reader.to_readings(page, lines, drawing.single))
    return [
        [{"label": (reading := next(readings)).label, "box": reading.box, "image": digit.image} for digit in line]
        for line in lines
    ]


@contextlib.contextmanager
def serve_page(chromium: Any, model: models.Model) -> Iterator[Browser]:
    """Start a server on the loopback address, and open its page.

    Args:
        chromium: Playwright's browser.
        model: the network that the page asks.
    """
    pictures: list[Drawing] = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(model, pictures))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        page = chromium.new_page()
        page.goto(f"http://127.0.0.1:{server.server_port}/")
        yield Browser(page, chromium.version, pictures, Thresholds.read(models.SHIPPED / models.THRESHOLDS))
        page.close()
    finally:
        server.shutdown()
        server.server_close()


def compare(expected: Sequence[Lines | str], found: Sequence[Lines | str]) -> Difference:
    """Count what differs; where lines, digits or messages differ, so does the answer."""
    answers, images, differing, clear = [], 0, 0, 0
    for number, (one, other) in enumerate(zip(expected, found, strict=True)):
        if _labels(one) != _labels(other):
            answers.append(number)
        pair = [_images(one), _images(other)]
        gap = np.full((max(map(len, pair)), 784), 255)
        if len(pair[0]) == len(pair[1]):
            gap = np.abs(pair[0] - pair[1])
        images, differing, clear = images + len(gap), differing + (gap > 0).sum(), clear + (gap > CLEAR).sum()
    total = max(images * 784, 1)
    return Difference(len(expected), images, float(differing / total), float(clear / total), answers)


READ = """async ([number, single, isDrawing, thresholds]) => {
  const { Reader } = await import("/reader/index.js");
  let asked = 0;
  const ask = (network) => async (pixels) => {
    const start = performance.now();
    const response = await fetch(network, { method: "POST", body: pixels });
    const answer = new Float32Array(await response.arrayBuffer());
    asked += performance.now() - start;
    return answer;
  };
  const response = await fetch(`/pictures/${number}`);
  const pixels = new Uint8ClampedArray(await response.arrayBuffer());
  const picture = new ImageData(pixels, Number(response.headers.get("X-Width")));
  const start = performance.now();
  let found;
  try {
    const networks = { classify: ask("/digits"), classifyLine: ask("/line"), classifyInk: ask("/ink") };
    const { lines } = await new Reader(networks, thresholds).read(picture, { single, isDrawing });
    found = lines.map((line) => line.map(({ label, box, image }) => (
      { label, box: [box.x, box.y, box.width, box.height], image: Array.from(image) })));
  } catch (error) {
    found = error.message;
  }
  return [found, performance.now() - start - asked];
}"""


def _handler(model: models.Model, pictures: Sequence[Drawing]) -> type[BaseHTTPRequestHandler]:
    """Serves an empty page, the modules, the pictures and the networks."""
    line_model, ink_model = models.load_for_lines(), InkModel()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            folder, _, name = self.path.removeprefix("/").partition("/")
            if self.path == "/reader/constants.js":  # as `web/build.mjs` writes it
                self._send(b"export default " + CONSTANTS.read_bytes(), "text/javascript")
            elif name in ("litert.js", "networks.js"):  # the networks are on this side
                self._send(b"export const loadNetworks = null", "text/javascript")
            elif folder == "reader":
                self._send((READER / name).read_bytes(), "text/javascript")
            elif folder == "pictures":
                pixels = pictures[int(name)].pixels
                self._send(pixels.tobytes(), "application/octet-stream", pixels.shape[1])
            else:
                self._send(b"", "text/html")

        def do_POST(self) -> None:
            pixels = np.frombuffer(self.rfile.read(int(self.headers["Content-Length"])), np.uint8)
            if self.path == "/line":
                answer = line_model.logits(pixels.reshape(LINE_SIDE, -1))
            elif self.path == "/ink":
                side = math.isqrt(len(pixels) // 3)
                answer = ink_model(pixels.reshape(side, side, 3)) / np.float32(255)
            else:
                answer = model.logits(pixels.reshape(-1, 28, 28))
            self._send(answer.tobytes(), "application/octet-stream")

        def _send(self, data: bytes, kind: str, width: int = 0) -> None:
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(data)))
            self.send_header("X-Width", str(width))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Write no log."""

    return Handler


def _images(found: Lines | str) -> Int[np.ndarray, "n 784"]:
    images = [] if isinstance(found, str) else [digit["image"] for line in found for digit in line]
    return np.array(images, int).reshape(-1, 784)


def _labels(found: Lines | str) -> str | list[list[int | None]]:
    return found if isinstance(found, str) else [[digit["label"] for digit in line] for line in found]


def _pen(ink: Float[np.ndarray, "h w"], points: Float[np.ndarray, "n 2"], width: float) -> None:
    """Draw a smooth curve through points with a round pen."""
    for _ in range(3):  # cut the corners, as G. Chaikin does
        start, end = points[:-1], points[1:]
        middle = np.stack([0.75 * start + 0.25 * end, 0.25 * start + 0.75 * end], axis=1).reshape(-1, 2)
        points = np.concatenate([points[:1], middle, points[-1:]])
    shifted = np.round(points * 16).astype(np.int32)  # in 16ths of a pixel
    cv2.polylines(ink, [shifted], False, 1.0, max(1, round(width)), cv2.LINE_AA, shift=4)


def _paste(ink: Float[np.ndarray, "h w"], image: UInt8[np.ndarray, "28 28"], x: int, y: int, side: int) -> None:
    large = cv2.resize(image, (side, side), interpolation=cv2.INTER_CUBIC).astype(np.float32) / 255
    place = ink[y : y + side, x : x + side]
    np.maximum(place, large[: place.shape[0], : place.shape[1]], out=place)


def _paint(random: np.random.Generator, ink: Float[np.ndarray, "h w"]) -> tuple[UInt8[np.ndarray, "h w 4"], bool]:
    """Dark on light, light on dark, in colors, or on nothing at all; and whether it is a drawing as on the pad."""
    kind = random.choice(["dark", "light", "colored", "transparent"])
    if kind == "transparent":
        color = random.integers(0, 256, 3)
        return np.dstack([np.broadcast_to(color, (*ink.shape, 3)), 255 * ink]).astype(np.uint8), False
    pen, paper = {"dark": (0, 255), "light": (255, 0), "colored": (0, 0)}[kind]
    colors = np.array([[pen] * 3, [paper] * 3], float)
    if kind == "colored":
        colors = np.array([random.integers(0, 128, 3), random.integers(160, 256, 3)], float)
    mixed = ink[..., None] * colors[0] + (1 - ink[..., None]) * colors[1]
    pixels = np.dstack([mixed, np.full(ink.shape, 255)]).round().astype(np.uint8)
    return pixels, bool(kind == "dark" and random.random() < 0.5)


if __name__ == "__main__":
    main()
