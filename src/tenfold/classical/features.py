"""Features for classical models, instead of bare pixels: deskewed digits, histograms of gradients, shifted copies."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache

import numpy as np
from jaxtyping import Float32

from tenfold.base.errors import TenfoldError
from tenfold.data import SIDE, Digits, shift

BATCH = 1000  # images at a time, so that the arrays stay in the processor's cache
CELLS = 7  # per side, each of 4x4 pixels
ORIENTATIONS = 8
CLIP = 0.2  # the largest entry of a normalized histogram, so that no single edge decides

Pixels = Float32[np.ndarray, "n 784"]


def to_pixels(images: np.ndarray) -> Pixels:
    """Flatten images to vectors of 784 pixels from 0 to 1.

    Args:
        images: `uint8 (n, 28, 28)`.

    Raises:
        TenfoldError: if the images have another type or shape, or there are none.
    """
    if images.dtype != np.uint8 or images.shape[1:] != (SIDE, SIDE) or not len(images):
        raise TenfoldError(f"images must be uint8 (n, 28, 28), these are {images.dtype} {images.shape}")
    return images.reshape(-1, SIDE * SIDE).astype(np.float32) / 255


def deskew(pixels: Pixels) -> Pixels:
    """Deskew slanted digits: shift every pixel row so that the covariance of the ink's x and y becomes 0.

    The center of mass stays where it is; ink is interpolated linearly between pixels.

    Source: LeCun et al., "Gradient-based learning applied to document recognition", Proc. IEEE 86, 1998, section III.A.
    """
    return _by_batches(_deskew, pixels)


def _deskew(pixels: Pixels) -> Pixels:
    images = pixels.reshape(-1, SIDE, SIDE)
    place = np.arange(SIDE, dtype=np.float32)
    ink = np.maximum(images.sum(axis=(1, 2)), 1e-6)  # (n,)
    rows, columns = images.sum(axis=2), images.sum(axis=1)  # (n, 28)
    y, x = place - (rows @ place / ink)[:, None], place - (columns @ place / ink)[:, None]  # from the center of mass
    covariance = np.einsum("nij,ni,nj->n", images, y, x, optimize=True) / ink
    variance = (rows * y**2).sum(axis=1) / ink
    slant = covariance / np.maximum(variance, 1e-6)
    origin = place + (slant[:, None] * y)[:, :, None]  # (n, 28, 28): where on its row a pixel's ink comes from
    left = np.floor(origin).astype(np.int16)
    share = origin - left
    padded = np.pad(images, ((0, 0), (0, 0), (1, 1)))  # beyond the edges there is no ink

    def take(column: np.ndarray) -> np.ndarray:
        return np.take_along_axis(padded, np.clip(column + 1, 0, SIDE + 1), axis=2)

    upright = (1 - share) * take(left) + share * take(left + 1)
    return upright.reshape(pixels.shape)


def hog(pixels: Pixels) -> Float32[np.ndarray, "n features"]:
    """Histograms of oriented gradients: the strength of edges in each direction, in each part of the image.

    Each gradient is shared linearly between the two nearest of 8 directions and the four nearest of 7x7 cells; each
    group of 2x2 cells is normalized separately (L2, clipped at 0.2, L2 again).

    Source: N. Dalal and B. Triggs, "Histograms of Oriented Gradients for Human Detection", CVPR 2005.
    """
    return _by_batches(_hog, pixels)


def _hog(pixels: Pixels) -> Float32[np.ndarray, "n features"]:
    down, right = np.gradient(pixels.reshape(-1, SIDE, SIDE), axis=(1, 2))
    strength = np.hypot(down, right)
    direction = np.arctan2(down, right) * np.float32(ORIENTATIONS / (2 * np.pi))  # in steps, -4 to 4
    window = _window()
    histograms = []
    for step in range(ORIENTATIONS):
        distance = np.abs((direction - step + ORIENTATIONS / 2) % ORIENTATIONS - ORIENTATIONS / 2)
        histograms.append(window @ (strength * np.maximum(1 - distance, 0)) @ window.T)  # (n, 7, 7)
    cells = np.stack(histograms, axis=-1)  # (n, 7, 7, 8)
    corners = (cells[:, :-1, :-1], cells[:, :-1, 1:], cells[:, 1:, :-1], cells[:, 1:, 1:])
    blocks = _normalize(np.minimum(_normalize(np.concatenate(corners, axis=-1)), CLIP))  # (n, 6, 6, 32)
    return blocks.reshape(len(pixels), -1)


@cache
def _window() -> Float32[np.ndarray, "cells 28"]:
    """How much each row of pixels belongs to each row of cells: 1 at a cell's center, 0 at its neighbors' centers."""
    size = SIDE / CELLS
    centers = (np.arange(CELLS) + 0.5) * size
    distance = np.abs(np.arange(SIDE) + 0.5 - centers[:, None]) / size
    return np.maximum(1 - distance, 0).astype(np.float32)


def _normalize(blocks: Float32[np.ndarray, "*n features"]) -> Float32[np.ndarray, "*n features"]:
    length = np.sqrt((blocks**2).sum(axis=-1, keepdims=True) + 1e-4)
    return blocks / length


def _by_batches(function: Callable[[Pixels], np.ndarray], pixels: Pixels) -> np.ndarray:
    return np.concatenate([function(pixels[start : start + BATCH]) for start in range(0, len(pixels), BATCH)])


def add_shifts(digits: Digits) -> Digits:
    """The digits, and four copies shifted by one pixel: up, down, left, and right."""
    ways = ((0, 0), (-1, 0), (1, 0), (0, -1), (0, 1))
    images = np.concatenate([shift(digits.images, down, right) for down, right in ways])
    return replace(digits, images=images, labels=np.tile(digits.labels, len(ways)))
