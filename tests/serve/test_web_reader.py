"""The page's reader in a browser, beside Python's and OpenCV."""

import cv2
import numpy as np
import pytest

from benchmarks import web_parity as parity
from tenfold import models
from tenfold.reader import Reader


@pytest.fixture(scope="module")
def model():
    pytest.importorskip("ai_edge_litert")
    return models.load(models.SHIPPED / "reader-int8.tflite")


@pytest.fixture(scope="module")
def reader_page(model, browser):
    with parity.serve_page(browser, model) as page:
        yield page


def run(reader_page, operation: str, image: np.ndarray, *arguments: float) -> np.ndarray:
    """Call an operation of `web/reader/image.js`."""
    code = """async ([operation, width, height, pixels, more]) => {
      const names = ["distance", "labeling", "morphology", "resize"];
      const operations = Object.assign({}, ...(await Promise.all(names.map((name) => import(`/reader/${name}.js`)))));
      const found = operations[operation]({ width, height, data: Uint8Array.from(pixels) }, ...more);
      const { data, ...size } = found.labels ?? found;
      return [size.width, size.height, Array.from(data)];
    }"""
    height, width = image.shape
    width, height, pixels = reader_page.page.evaluate(
        code, [operation, width, height, image.ravel().tolist(), arguments]
    )
    return np.array(pixels).reshape(height, width)


@pytest.mark.parametrize("seed", range(2))
def test_operations_are_those_of_opencv(reader_page, seed):
    random = np.random.default_rng(seed)
    height, width = (int(side) for side in random.integers(20, 120, 2))
    gray = cv2.GaussianBlur(random.integers(0, 256, (height, width), np.uint8), (0, 0), 1.5)
    colors = np.dstack([gray[::-1], gray, gray[:, ::-1]])  # OpenCV has other code for them
    mask = (gray > np.median(gray)).astype(np.uint8)
    smaller, whole, larger = (width - 7, height - 11), (width // 3, height // 3), (2 * width + 5, 3 * height + 1)
    thirds = gray[: 3 * whole[1], : 3 * whole[0]]
    side = int(random.integers(2, 30))
    disk = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    bare = np.pad(mask, 1)
    expected = [
        ("shrink", gray, smaller, cv2.resize(gray, smaller, interpolation=cv2.INTER_AREA)),
        ("shrink", thirds, whole, cv2.resize(thirds, whole, interpolation=cv2.INTER_AREA)),
        ("shrink", gray, smaller, cv2.resize(colors, smaller, interpolation=cv2.INTER_AREA)[..., 1]),
        ("dilate", gray, (), cv2.dilate(gray, np.ones((3, 3), np.uint8))),
        ("morphByDisk", gray, (side, True), cv2.dilate(gray, disk)),
        ("morphByDisk", gray, (side, False), cv2.erode(gray, disk)),
        ("connect", mask, (), cv2.connectedComponents(mask)[1]),
    ]
    for operation, image, arguments, result in expected:
        np.testing.assert_array_equal(run(reader_page, operation, image, *arguments), result, operation)
    # OpenCV calculates these two in another precision on other processors
    distance = cv2.distanceTransform(bare, cv2.DIST_L2, 5)
    np.testing.assert_allclose(run(reader_page, "distance", bare), distance, atol=1e-3)
    cubic = cv2.resize(gray, larger, interpolation=cv2.INTER_CUBIC)
    assert np.abs(run(reader_page, "enlarge", gray, *larger) - cubic).max() <= 1


def test_drawings_and_photographs_are_read_as_in_python(reader_page, model, mnist):
    pictures = [parity.draw(mnist[1], seed) for seed in range(1000, 1030)] + [parity.photograph(mnist[1], 1000)]
    reader = Reader(model)
    found, _ = reader_page.read(pictures)
    expected = [parity.read_in_python(reader, picture) for picture in pictures]
    difference = parity.compare(expected, found)
    assert difference.images > 30
    assert difference.clear_pixels < 0.01
    assert len(difference.answers) <= 1  # pixels differ by rounding, which may tip a close call
    boxes = [[[tuple(digit["box"]) for digit in line] for line in lines] for lines in (*expected, *found)]
    assert boxes[: len(pictures)] == boxes[len(pictures) :]


def test_a_picture_without_digits_or_too_dense_is_told_as_in_python(reader_page, model):
    blank, speck = np.full((2, 300, 400, 4), 255, np.uint8)
    speck[145:147, 200:202, :3] = 0
    dots = np.full((1000, 1000, 4), 255, np.uint8)
    y, x = np.mgrid[:1000, :1000] % 13
    dots[(x < 8) & (y < 8), :3] = 0
    drawings = [parity.Drawing(pixels, single=False, is_drawing=True) for pixels in (blank, speck, dots)]
    pictures = [*drawings, parity.Drawing(blank, single=False)]
    reader = Reader(model)
    found, _ = reader_page.read(pictures)
    assert found == [parity.read_in_python(reader, picture) for picture in pictures]
    assert found[:2] == ["no digits found (nothing is written on it)", "no digits found (nothing but specks)"]
    assert found[2].startswith("too dense to be writing (5,929 connected components")


def test_an_image_of_mnist_stays_as_it_is(reader_page, mnist):
    image = mnist[1].images[0]
    pixels = np.dstack([image] * 3 + [np.full_like(image, 255)])
    (lines,), _ = reader_page.read([parity.Drawing(pixels, single=True)])
    assert lines[0][0]["image"] == image.ravel().tolist()
