"""Pictures given as numbers: arrays, tensors, nested lists."""

from typing import Any

import numpy as np
from jaxtyping import Shaped, UInt8

from tenfold.base.errors import TenfoldError
from tenfold.base.form import SIDE
from tenfold.imaging.normalize import is_normal

CHANNELS = (3, 4)
WANTED = "a picture is (height, width) or (height, width, 3 or 4)"
ONE_BY_ONE = "read them one by one, or images like those of MNIST with tenfold.reader.Reader().read_images"
TOLERANCE = 1e-3  # by how much interpolation may overshoot 0 and 1


def to_levels(values: Any) -> UInt8[np.ndarray, "height width *channels"]:
    """Turn numbers into 8-bit gray levels or colors.

    Args:
        values: an array, a tensor or nested lists. Leading and trailing axes of length 1 are dropped; a row of 784
            numbers is an image of 28x28. Booleans and numbers from 0 to 1 run from black to white, except in `uint8`;
            other numbers run from 0 to 255, or to 65535 in `uint16`.

    Returns:
        The picture, uint8 of shape (height, width) or (height, width, 3 or 4).

    Raises:
        TenfoldError: if the values are not a picture, or are several; the message says what to do.
    """
    pixels = _as_array(values)
    shape = pixels.shape
    while pixels.ndim > 2 and 1 in (pixels.shape[0], pixels.shape[-1]):
        pixels = pixels[0] if pixels.shape[0] == 1 else pixels[..., 0]
    if pixels.size == SIDE * SIDE and pixels.ndim < 3 and pixels.shape[0] in (1, SIDE * SIDE):
        pixels = pixels.reshape(SIDE, SIDE)
    if pixels.ndim == 4 or (pixels.ndim == 3 and pixels.shape[-1] not in CHANNELS):
        if pixels.ndim == 3 and pixels.shape[0] in CHANNELS:
            raise TenfoldError(
                f"an array {shape}: if it is in color, put the channels last (transpose); if several, {ONE_BY_ONE}"
            )
        raise TenfoldError(f"an array {shape} is not a picture; if it is several pictures, {ONE_BY_ONE}")
    if pixels.ndim not in (2, 3):
        raise TenfoldError(f"an array {shape} is not a picture; {WANTED}")
    if not pixels.size:
        raise TenfoldError(f"an array {shape} is an empty picture")
    levels = _scale(pixels)
    if levels.ndim == 2 and levels.shape[1] == SIDE * SIDE and any(map(is_normal, levels.reshape(-1, SIDE, SIDE))):
        raise TenfoldError(f"an array {shape} is {len(levels)} images, each in a row; {ONE_BY_ONE}")
    return levels


def _as_array(values: Any) -> Shaped[np.ndarray, "..."]:
    if hasattr(values, "detach"):  # a PyTorch tensor, perhaps on a GPU, with a gradient or in bfloat16
        values = values.detach().cpu()
        values = values.float() if values.is_floating_point() else values
    try:
        pixels = np.asarray(values)
    except (TypeError, ValueError, RuntimeError) as error:
        reason = str(error).partition("\n")[0]
        raise TenfoldError(
            f"this {type(values).__name__} is not a picture; do its rows differ in length? ({reason})"
        ) from None
    if pixels.dtype.kind not in "buif":
        what = type(values).__name__ if pixels.ndim == 0 else f"{type(values).__name__} of {pixels.dtype}"
        raise TenfoldError(
            f"this {what} is not a picture; give a path, a file, bytes, a Pillow image or numbers, "
            "and read several pictures one by one"
        )
    return pixels


def _scale(pixels: Shaped[np.ndarray, "..."]) -> UInt8[np.ndarray, "..."]:
    """Scale values of any accepted range to 0 to 255."""
    if pixels.dtype == np.uint8:
        return pixels
    low, high = float(pixels.min()), float(pixels.max())
    if not np.isfinite((low, high)).all():
        raise TenfoldError("a picture must not hold infinite numbers or NaN; see numpy.nan_to_num")
    largest = 65535 if pixels.dtype == np.uint16 else 255
    if low < -TOLERANCE or high > largest + TOLERANCE:
        raise TenfoldError(
            f"a picture ranges from 0 to 1 or from 0 to 255, this one from {low:g} to {high:g}; "
            "undo its standardization, or scale it"
        )
    if 1 + TOLERANCE < high < 2:  # neither white nor nearly black
        raise TenfoldError(
            f"a picture ranges from 0 to 1 or from 0 to 255, this one from {low:g} to {high:g}; clip it, or scale it"
        )
    if high <= 1 + TOLERANCE:
        return np.rint(np.clip(pixels, 0, 1) * np.float32(255)).astype(np.uint8)
    if pixels.dtype == np.uint16:
        return (pixels // (257 if high > 255 else 1)).astype(np.uint8)
    return np.rint(np.clip(pixels, 0, 255)).astype(np.uint8)
