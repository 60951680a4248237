"""The page's reader in a browser, beside Python's and OpenCV."""

import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from tenfold import models
from tenfold.reader import Reader

pytest.importorskip("playwright.sync_api")
ROOT = Path(__file__).parent.parent

pytestmark = pytest.mark.skipif(shutil.which("chromium") is None, reason="no chromium on the path")


@pytest.fixture(scope="module")
def model():
    pytest.importorskip("ai_edge_litert")
    return models.load(models.SHIPPED / "reader-int8.tflite")


@pytest.fixture(scope="module")
def parity():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT))
        from benchmarks import web_parity

        yield web_parity


@pytest.fixture(scope="module")
def browser(model, parity):
    with parity.open_browser(model) as browser:
        yield browser


def run(browser, operation: str, image: np.ndarray, *arguments: float) -> np.ndarray:
    """Call an operation on pixels of `web/reader`."""
    code = """async ([operation, width, height, pixels, more]) => {
      const names = ["distance", "filters", "labeling", "morphology", "resize"];
      const operations = Object.assign({}, ...(await Promise.all(names.map((name) => import(`/reader/${name}.js`)))));
      const found = operations[operation]({ width, height, data: Uint8Array.from(pixels) }, ...more);
      const { data, ...size } = found.labels ?? found;
      return [size.width, size.height, Array.from(data)];
    }"""
    height, width = image.shape
    width, height, pixels = browser.page.evaluate(code, [operation, width, height, image.ravel().tolist(), arguments])
    return np.array(pixels).reshape(height, width)


@pytest.mark.parametrize("seed", range(3))
def test_operations_are_those_of_opencv(browser, seed):
    random = np.random.default_rng(seed)
    height, width = (int(side) for side in random.integers(20, 120, 2))
    gray = cv2.GaussianBlur(random.integers(0, 256, (height, width), np.uint8), (0, 0), 1.5)
    mask = (gray > np.median(gray)).astype(np.uint8)
    smaller, whole, larger = (width - 7, height - 11), (width // 3, height // 3), (2 * width + 5, 3 * height + 1)
    thirds = gray[: 3 * whole[1], : 3 * whole[0]]
    kernel = np.ones((int(random.integers(2, 30)), int(random.integers(2, 30))), np.uint8)
    row = np.ones((1, 2 * kernel.shape[0]), np.uint8)
    side = int(random.integers(2, 30))
    disk = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    median = cv2.medianBlur(np.pad(gray, 9, mode="symmetric"), 19)[9:-9, 9:-9]
    bare = np.pad(mask, 1)
    expected = [
        ("shrink", gray, smaller, cv2.resize(gray, smaller, interpolation=cv2.INTER_AREA)),
        ("shrink", thirds, whole, cv2.resize(thirds, whole, interpolation=cv2.INTER_AREA)),
        ("stretch", gray, larger, cv2.resize(gray, larger, interpolation=cv2.INTER_LINEAR)),
        ("open", gray, kernel.shape[::-1], cv2.morphologyEx(gray, cv2.MORPH_OPEN, kernel)),
        ("keepRuns", mask, (row.size, 1), cv2.morphologyEx(mask, cv2.MORPH_OPEN, row)),
        ("keepRuns", mask, (row.size, 0), cv2.morphologyEx(mask, cv2.MORPH_CLOSE, row)),
        ("morphByDisk", gray, (side, True), cv2.dilate(gray, disk)),
        ("morphByDisk", gray, (side, False), cv2.erode(gray, disk)),
        ("blur", gray, (2 * side + 1,), cv2.blur(gray, (2 * side + 1, 2 * side + 1))),
        ("medianFilter", gray, (9,), median),
        ("connect", mask, (), cv2.connectedComponents(mask)[1]),
    ]
    for operation, image, arguments, result in expected:
        np.testing.assert_array_equal(run(browser, operation, image, *arguments), result, operation)
    # OpenCV calculates these two in another precision on other processors
    distance = cv2.distanceTransform(bare, cv2.DIST_L2, 5)
    np.testing.assert_allclose(run(browser, "distance", bare), distance, atol=1e-3)
    cubic = cv2.resize(gray, larger, interpolation=cv2.INTER_CUBIC)
    assert np.abs(run(browser, "enlarge", gray, *larger) - cubic).max() <= 1


def test_drawings_and_photographs_are_read_as_in_python(browser, parity, model, mnist):
    pictures = [parity.draw(mnist[1], seed) for seed in range(1000, 1080)] + [parity.photograph(mnist[1], 1000)]
    reader = Reader(model)
    found, _ = browser.read(pictures)
    expected = [parity.read_in_python(reader, picture) for picture in pictures]
    difference = parity.compare(expected, found)
    assert difference.images > 100
    assert difference.clear_pixels < 0.001
    assert difference.answers == []
    boxes = [[[tuple(digit["box"]) for digit in line] for line in lines] for lines in (*expected, *found)]
    assert boxes[: len(pictures)] == boxes[len(pictures) :]


def test_a_picture_without_digits_is_told(browser, parity, model):
    blank, ruled = np.full((2, 300, 400, 4), 255, np.uint8)
    ruled[145:155, 40:360, :3] = 0
    pictures = [parity.Drawing(pixels, single=False) for pixels in (blank, ruled)]
    reasons = ["blank", "nothing but lines and specks"]
    found, _ = browser.read(pictures)
    assert found == [parity.read_in_python(Reader(model), picture) for picture in pictures]
    assert found == [f"no digits found ({reason})" for reason in reasons]


def test_a_dense_picture_is_refused_as_in_python(browser, parity, model):
    dots = np.full((1000, 1000, 4), 255, np.uint8)
    y, x = np.mgrid[:1000, :1000] % 13
    dots[(x < 8) & (y < 8), :3] = 0
    dense = parity.Drawing(dots, single=False)
    found, _ = browser.read([dense])
    assert found == [parity.read_in_python(Reader(model), dense)]
    assert found[0].startswith("too dense to be writing (5,929 connected components")


def test_an_image_of_mnist_stays_as_it_is(browser, parity, mnist):
    image = mnist[1].images[0]
    pixels = np.dstack([image] * 3 + [np.full_like(image, 255)])
    (lines,), _ = browser.read([parity.Drawing(pixels, single=True)])
    assert lines[0][0]["image"] == image.ravel().tolist()
