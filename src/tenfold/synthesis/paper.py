"""Paper for text lines: ruled lines, printed patterns, light, and the camera.

Lengths are in heights of a digit unless they are said to be in pixels.
"""

import cv2
import numpy as np
from jaxtyping import UInt8

from tenfold.synthesis.camera import cloud
from tenfold.synthesis.printing import fine_pattern
from tenfold.synthesis.writing import Canvas


def print_lines(shape: tuple[int, int], foot: float, unit: float, random: np.random.Generator) -> Canvas:
    """Draw the ruled lines below or above a text line, and the side of a box, each in some of the pictures.

    Args:
        shape: rows and columns of the canvas.
        foot: the row that the digits stand on.
        unit: the height of a digit, in pixels.
        random: where the random numbers come from.

    Returns:
        How much of each pixel is covered, 0 to 1.
    """
    y, x = np.indices(shape, np.float32)
    lines = np.zeros(shape, np.float32)
    if random.random() < 0.35:
        for _ in range(random.integers(1, 3)):
            level = (
                foot + unit * random.uniform(-0.05, 0.35) if random.random() < 0.7 else random.uniform(0, 0.1) * len(y)
            )
            away = np.abs(y - level - x * random.normal(0, 0.01))
            lines = np.maximum(lines, _line(away, unit * random.uniform(0.03, 0.1)) * random.uniform(0.3, 1))
    if random.random() < 0.1:
        side = random.choice((random.uniform(0, 0.04), random.uniform(0.97, 1))) * shape[1]
        lines = np.maximum(lines, _line(np.abs(x - side), 0.06 * unit) * random.uniform(0.4, 1))
    return lines


def _line(away: Canvas, width: float) -> Canvas:
    return np.clip(width / 2 + 0.5 - away, 0, 1)


def lay_on_paper(ink: Canvas, unit: float, random: np.random.Generator) -> Canvas:
    """Lay ink on paper that is unevenly lit and may be printed with fine lines, as checks are.

    Args:
        ink: how much of each pixel is ink, 0 to 1.
        unit: the height of a digit, in pixels.
        random: where the random numbers come from.

    Returns:
        Gray levels, not yet clipped to 0 to 255.
    """
    shape = ink.shape
    y = np.arange(shape[0])[:, None]
    x = np.arange(shape[1])
    paper = random.uniform(120, 250)
    dark = random.uniform(10, 0.5 * paper)
    light = paper * (1 + 0.1 * random.random() * cloud((2, 3), shape, random).clip(-1.5, 1.5))
    if random.random() < 0.15:  # another paper, or a shadow
        light = np.where(
            y + x * random.normal(0, 0.1) < shape[0] * random.uniform(0.1, 0.9), light * random.uniform(0.7, 1.3), light
        )
    if random.random() < 0.6:
        light = light * (1 - random.uniform(0.05, 0.4) * fine_pattern(shape, unit, random))
    worn = random.uniform(0, 0.35) * cloud((6, 10), shape, random).clip(0, 2)
    cover = np.clip(ink * (1 - worn), 0, 1)
    return light * (1 - cover) + np.minimum(dark * random.uniform(0.8, 1.1), light) * cover


def photograph(gray: Canvas, scale: float, random: np.random.Generator) -> UInt8[np.ndarray, "h w"]:
    """Rescale, blur and add noise a little, as a camera or a scanner does, and sometimes compress as JPEG.

    Args:
        gray: gray levels, which are clipped to 0 to 255.
        scale: the size of the picture, relative to `gray`.
        random: where the random numbers come from.
    """
    picture = cv2.resize(gray.astype(np.float32), None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    if random.random() < 0.5:
        picture = cv2.GaussianBlur(picture, (0, 0), random.uniform(0.3, 0.9))
    picture += random.choice((0, 3, 9)) * random.random() * random.normal(0, 1, picture.shape)
    levels = np.clip(picture, 0, 255).astype(np.uint8)
    if random.random() < 0.4:
        quality = int(random.uniform(35, 90))
        _, packed = cv2.imencode(".jpg", levels, [cv2.IMWRITE_JPEG_QUALITY, quality])
        return np.asarray(cv2.imdecode(packed, cv2.IMREAD_GRAYSCALE))
    return levels
