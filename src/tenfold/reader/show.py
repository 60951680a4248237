"""Drawing what was read on the picture, and every step on the way as a picture."""

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jaxtyping import UInt8
from PIL import Image, ImageDraw

from tenfold.base.files import write_atomically
from tenfold.imaging import Page
from tenfold.reader.digits import Digit
from tenfold.reader.reading import Reading

READ, REFUSED = (0, 114, 178), (213, 94, 0)  # blue and vermilion, which color-blind people tell apart


def annotate(picture: Image.Image, readings: Sequence[Reading]) -> Image.Image:
    """Draw a box around every digit, and above it what was read.

    Args:
        picture: the upright picture, as `tenfold.imaging.load.load_picture` returns it.
        readings: what was read in it.

    Returns:
        A copy of the picture, in mode RGB.
    """
    drawn = picture.convert("RGB")
    draw = ImageDraw.Draw(drawn)
    line = max(1, round(max(drawn.size) / 500))
    for reading in readings:
        x, y, width, height = reading.box
        color = REFUSED if reading.label is None else READ
        draw.rectangle((x - line, y - line, x + width + line, y + height + line), outline=color, width=line)
        text = "?" if reading.label is None else str(reading.label)
        size = max(10, min(height // 2, 16 * line))
        draw.text((x, max(0, y - line)), text, color, font_size=size, anchor="lb" if y > size else "lt")
    return drawn


def explain(page: Page, lines: Sequence[Sequence[Digit]]) -> dict[str, Image.Image]:
    """Show every step from the picture to the images that were classified.

    Args:
        page: the page.
        lines: its digits, as `Reader.find` returns them.

    Returns:
        Pictures by name, in the order of the steps.
    """
    images = [np.hstack([digit.image for digit in line]) for line in lines]
    widest = max((image.shape[1] for image in images), default=28)
    seen = [np.pad(image, ((0, 0), (0, widest - image.shape[1]))) for image in images]
    return {
        "1-picture": page.picture,
        "2-ink": Image.fromarray(page.ink),
        "3-mask": Image.fromarray(np.where(page.mask, 255, 0).astype(np.uint8)),
        "4-components": _components(page),
        "5-digits": Image.fromarray(np.vstack(seen) if seen else np.zeros((28, 28), np.uint8)),
    }


def write(picture: Image.Image, path: Path) -> None:
    """Write a picture in the format that the path's suffix names, either completely or not at all.

    Raises:
        OSError: if it cannot be written.
    """
    content = io.BytesIO()
    picture.save(content, Image.registered_extensions()[path.suffix.lower()])
    write_atomically(path, content.getvalue())


def _components(page: Page) -> Image.Image:
    """Draw each component in a different gray, so that joined and separate strokes can be told apart."""
    drawn: UInt8[np.ndarray, "h w"] = np.zeros(page.mask.shape, np.uint8)
    for number, component in enumerate(page.components):
        drawn[component.y : component.bottom, component.x : component.right][component.mask] = 255 - number * 67 % 192
    return Image.fromarray(drawn)
