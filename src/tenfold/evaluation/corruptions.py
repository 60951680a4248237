"""The 15 corruptions of MNIST-C: worse images that people can still read.

For evaluation only: nothing here may be called in training, or the figures would no longer show how a network copes
with images of a kind that it has never seen.

Every corruption takes images, `uint8 (n, 28, 28)`, and a NumPy generator, and returns new images of the same shape and
type. The random ones treat every image differently. The parameters are those of the published data set, so the figures
can be compared with published ones; the random numbers are our own.

Source: Mu and Gilmer, "MNIST-C: A Robustness Benchmark for Computer Vision", 2019, arXiv:1906.02337, figure 1; the
parameters from github.com/google-research/mnist-c, `corruptions.py`.
"""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float, UInt8
from scipy import ndimage

from tenfold.data import SIDE

Images = UInt8[np.ndarray, "n 28 28"]
Intensities = Float[np.ndarray, "n 28 28"]
Matrix = Float[np.ndarray, "2 2"]
ROWS, COLUMNS = np.mgrid[:SIDE, :SIDE]
CENTER = (SIDE - 1) / 2


def corrupt(images: Images, name: str, seed: int = 0) -> Images:
    """Corrupt images; the same seed gives the same images, and each corruption has its own random numbers.

    Args:
        images: the images to corrupt; they are not changed in place.
        name: one of `CORRUPTIONS`.
        seed: starts the random numbers for noise, lines, and directions.
    """
    return CORRUPTIONS[name](images, np.random.default_rng([seed, list(CORRUPTIONS).index(name)]))


def shot_noise(images: Images, generator: np.random.Generator) -> Images:
    """Count photons: every pixel is a Poisson variable, where full ink is 3 photons."""
    return _to_pixels(generator.poisson(_intensities(images) * 3) / 3)


def impulse_noise(images: Images, generator: np.random.Generator) -> Images:
    """Sprinkle salt and pepper: 8.5% of the pixels become white, 8.5% black."""
    chance = generator.random(images.shape, dtype=np.float32)
    return np.where(chance < 0.085, 0, np.where(chance < 0.17, 255, images)).astype(np.uint8)


def glass_blur(images: Images, generator: np.random.Generator) -> Images:
    """Look through frosted glass: blur with sigma 0.7, swap neighboring pixels twice over, blur again."""
    blurred = _to_pixels(_blur(_intensities(images), 0.7))
    pixels = blurred.reshape(len(images), -1).T.copy()  # (784, n)
    each = np.arange(len(images))
    # half of the pixels may move: left, up, both, or not at all
    steps = np.array([0, 1, SIDE, SIDE + 1, 0, 0, 0, 0])
    for _ in range(2):
        for row in range(SIDE - 1, 1, -1):
            for column in range(SIDE - 1, 1, -1):
                here = row * SIDE + column
                there = here - steps[generator.integers(len(steps), size=len(images))]
                moved = pixels[here].copy()
                pixels[here] = pixels[there, each]
                pixels[there, each] = moved
    return _to_pixels(_blur(_intensities(pixels.T.reshape(images.shape)), 0.7))


def motion_blur(images: Images, generator: np.random.Generator) -> Images:
    """Move the camera: smear to one side with half a Gaussian of sigma 3, 21 pixels long, at -45 to 45 degrees."""
    angle = np.radians(generator.uniform(-45, 45, (len(images), 1)))
    steps = np.arange(21)
    weights = np.exp(-(steps**2) / (2 * 3**2), dtype=np.float32)
    each = np.arange(len(images))[:, None, None]
    smeared = np.zeros(images.shape, dtype=np.float32)
    for step, weight in zip(steps, weights / weights.sum(), strict=True):
        rows = np.clip(np.arange(SIDE) + np.rint(step * np.sin(angle)).astype(int), 0, SIDE - 1)  # (n, 28)
        columns = np.clip(np.arange(SIDE) + np.rint(step * np.cos(angle)).astype(int), 0, SIDE - 1)
        smeared += weight * images[each, rows[:, :, None], columns[:, None, :]]
    return _to_pixels(smeared / 255)


def shear(images: Images, generator: np.random.Generator) -> Images:
    """Slant to the left or right by sin(0.4) = 0.39 pixels a row, and make 1 / cos(0.4) = 1.09 times as tall."""
    return _either_way(images, generator, lambda way: np.array([[np.cos(0.4), 0], [-way * np.sin(0.4), 1]]))


def scale(images: Images, generator: np.random.Generator) -> Images:
    """Shrink to 0.7 of the size."""
    return warp(images, np.eye(2) / 0.7)


def rotate(images: Images, generator: np.random.Generator) -> Images:
    """Turn by 0.4 rad (23 degrees) to the left or to the right."""
    return _either_way(images, generator, lambda way: turn(way * 0.4))


def brightness(images: Images, generator: np.random.Generator) -> Images:
    """Add half of the full intensity to every pixel."""
    return _to_pixels(_intensities(images) + 0.5)


def translate(images: Images, generator: np.random.Generator) -> Images:
    """Shift diagonally, by 3 pixels to the left or right and 3 up or down."""
    down, right = 3 * generator.choice([-1, 1], (2, len(images), 1))
    padded = np.pad(images, ((0, 0), (3, 3), (3, 3)))
    rows, columns = np.arange(SIDE) + 3 - down, np.arange(SIDE) + 3 - right  # (n, 28)
    return padded[np.arange(len(images))[:, None, None], rows[:, :, None], columns[:, None, :]]


def stripe(images: Images, generator: np.random.Generator) -> Images:
    """Invert the left and the right quarter of the image."""
    inverted = images.copy()
    for quarter in (slice(0, 7), slice(21, 28)):
        inverted[:, :, quarter] = 255 - images[:, :, quarter]
    return inverted


def fog(images: Images, generator: np.random.Generator) -> Images:
    """Add three times a random landscape of clouds, from 0 to 1, and dim the sum back to the image's range."""
    intensities = _intensities(images)
    brightest = intensities.max(axis=(1, 2), keepdims=True)
    return _to_pixels((intensities + 3 * _clouds(len(images), generator)) * brightest / (brightest + 3))


def spatter(images: Images, generator: np.random.Generator) -> Images:
    """Throw mud: a quarter of the full intensity, where blurred noise is above a threshold."""
    liquid = _blur(generator.normal(0.65, 0.3, images.shape).astype(np.float32), 1.0)
    mud = _blur((liquid > 0.65).astype(np.float32), 1.5)
    mud[mud < 0.8] = 0
    return _to_pixels(_intensities(images) * (1 - mud) + 63 / 255 * mud)


def dotted_line(images: Images, generator: np.random.Generator) -> Images:
    """Draw a straight dotted line from the left edge to the right edge, dots and gaps 2 pixels wide."""
    start, end = generator.integers(0, 27, (2, len(images)))
    dots = _line(0, start, 27, end) * (COLUMNS // 2 % 2 == 1)
    return _to_pixels(_intensities(images) + dots)


def zigzag(images: Images, generator: np.random.Generator) -> Images:
    """Draw a zigzag from column 2 to 25 with 6 peaks, 4 pixels apart and 2 high, along a line that tilts a little."""
    start = generator.integers(0, 27, len(images))
    angle = np.arctan(generator.integers(-5, 5, len(images)) / 23)
    along = np.array([0, 2, 6, 10, 14, 18, 22, 23]) + np.zeros((len(images), 1))
    along[:, -1] /= np.cos(angle)
    across = np.array([0, 2, -2, 2, -2, 2, -2, 0])
    # turn the corners by the angle, around the first
    columns = 2 + along.T * np.cos(angle) - across[:, None] * np.sin(angle)  # (8, n)
    rows = start + along.T * np.sin(angle) + across[:, None] * np.cos(angle)
    drawn = _intensities(images)
    for corner in range(len(across) - 1):
        drawn += _line(columns[corner], rows[corner], columns[corner + 1], rows[corner + 1])
    return _to_pixels(drawn)


def canny_edges(images: Images, generator: np.random.Generator) -> Images:
    """Keep only the edges, one pixel wide: Canny's detector with sigma 1 and thresholds 0.1 and 0.2.

    Source: Canny, "A computational approach to edge detection", IEEE TPAMI 8, 1986.
    """
    smooth = ndimage.gaussian_filter(_intensities(images), 1, mode="constant", axes=(1, 2))
    sobel = np.outer([-1, 0, 1], [1, 2, 1])
    down, right = ndimage.correlate(smooth, sobel[None]), ndimage.correlate(smooth, sobel.T[None])
    strength = np.hypot(down, right)
    inside = np.zeros(images.shape, dtype=bool)
    inside[:, 1:-1, 1:-1] = True  # pixels with eight neighbors
    place = n, row, column = np.nonzero(inside & (strength >= 0.1))
    # non-maximum suppression: no stronger gradient one step uphill or downhill, interpolated between two neighbors
    steep, flat = np.abs(down[place]), np.abs(right[place])
    diagonal = np.minimum(steep, flat) / np.maximum(steep, flat)
    ridge = np.ones(len(n), dtype=bool)
    for step in (1, -1):
        row_step, column_step = step * np.sign(down[place]).astype(int), step * np.sign(right[place]).astype(int)
        straight = strength[n, row + row_step * (steep >= flat), column + column_step * (steep < flat)]
        oblique = strength[n, row + row_step, column + column_step]
        ridge &= (1 - diagonal) * straight + diagonal * oblique <= strength[place]
    edges = np.zeros(images.shape, dtype=bool)
    edges[place] = ridge
    # hysteresis: a weak edge stays where it is connected to a strong one, within its own image
    neighbors = np.zeros((3, 3, 3), dtype=bool)
    neighbors[1] = True
    labels, count = ndimage.label(edges, neighbors)
    strong = np.zeros(count + 1, dtype=bool)
    strong[labels[edges & (strength >= 0.2)]] = True
    return 255 * strong[labels].astype(np.uint8)


CORRUPTIONS: dict[str, Callable[[Images, np.random.Generator], Images]] = {
    corruption.__name__: corruption
    for corruption in (
        shot_noise,
        impulse_noise,
        glass_blur,
        motion_blur,
        shear,
        scale,
        rotate,
        brightness,
        translate,
        stripe,
        fog,
        spatter,
        dotted_line,
        zigzag,
        canny_edges,
    )
}


def warp(images: Images, matrix: Matrix) -> Images:
    """Transform images around their center, with bilinear interpolation and background outside.

    Args:
        images: what to transform.
        matrix: from (row, column) in the output to (row, column) in the input, around the center.
    """
    spatial = np.eye(3)
    spatial[1:, 1:] = matrix
    middle = np.array([0, CENTER, CENTER])
    offset = middle - spatial @ middle
    warped = ndimage.affine_transform(_intensities(images), spatial, offset, order=1, mode="grid-constant")
    return _to_pixels(warped)


def turn(angle: float) -> Matrix:
    """The matrix for `warp` that turns images by an angle in radians, counterclockwise."""
    return np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])


def _either_way(images: Images, generator: np.random.Generator, matrix: Callable[[int], Matrix]) -> Images:
    """Warp a random half of the images by `matrix(1)`, the others by `matrix(-1)`."""
    ways = generator.choice([-1, 1], len(images))
    warped = np.empty_like(images)
    for way in (-1, 1):
        warped[ways == way] = warp(images[ways == way], matrix(way))
    return warped


def _intensities(images: Images) -> Intensities:
    return images / np.float32(255)


def _to_pixels(intensities: Intensities) -> Images:
    return np.rint(np.clip(intensities, 0, 1) * 255).astype(np.uint8)


def _blur(intensities: Intensities, sigma: float) -> Intensities:
    return ndimage.gaussian_filter(intensities, sigma, mode="nearest", axes=(1, 2))


def _line(
    left: Float[np.ndarray, " n"] | int, start: np.ndarray, right: Float[np.ndarray, " n"] | int, end: np.ndarray
) -> Intensities:
    """A line in each image from (row `start`, column `left`) to (row `end`, column `right`), fading to its sides."""
    left, start, right, end = (np.reshape(value, (-1, 1, 1)).astype(np.float32) for value in (left, start, right, end))
    distance = np.abs(ROWS - start - (end - start) / (right - left) * (COLUMNS - left))  # vertical, as published
    fading = 1 + np.log(1 - np.minimum(distance, 2.2) / 2.3)
    between = (np.floor(left) <= COLUMNS) & (np.ceil(right) > COLUMNS)
    return between * np.maximum(fading, 0)


def _clouds(n: int, generator: np.random.Generator) -> Intensities:
    """Landscapes by the diamond-square algorithm: 28x28 corners of 256x256 ones that go from 0 to 1.

    The random heights become 1.4² times smaller from one level to the next. Landscapes repeat beyond their edges.

    Source: Fournier, Fussell, and Carpenter, "Computer rendering of stochastic models", CACM 25, 1982.
    """
    corners = np.empty((n, SIDE, SIDE), dtype=np.float32)
    for first in range(0, n, 50):  # a few at a time: all would need gigabytes
        count = min(50, n - first)
        heights, roughness = np.zeros((count, 1, 1), dtype=np.float32), np.float32(1)
        while (side := heights.shape[1]) < 256:
            noise = roughness * (2 * generator.random((3, count, side, side), dtype=np.float32) - 1)
            right, below = np.roll(heights, -1, axis=2), np.roll(heights, -1, axis=1)
            middle = (heights + right + below + np.roll(below, -1, axis=2)) / 4 + noise[0]
            finer = np.empty((count, 2 * side, 2 * side), dtype=np.float32)
            finer[:, ::2, ::2], finer[:, 1::2, 1::2] = heights, middle
            finer[:, ::2, 1::2] = (heights + right + middle + np.roll(middle, 1, axis=1)) / 4 + noise[1]
            finer[:, 1::2, ::2] = (heights + below + middle + np.roll(middle, 1, axis=2)) / 4 + noise[2]
            heights, roughness = finer, roughness / np.float32(1.4**2)
        low, high = heights.min(axis=(1, 2), keepdims=True), heights.max(axis=(1, 2), keepdims=True)
        corners[first : first + count] = (heights[:, :SIDE, :SIDE] - low) / (high - low)
    return corners
