"""A picture together with the result of every step on the way to its connected components."""

import os
from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Bool, UInt8
from PIL import Image

from tenfold.base.constants import constants
from tenfold.base.errors import NoDigitsError, TenfoldError
from tenfold.base.form import SIDE
from tenfold.imaging.components import Component, drop_lines, find_components, join, join_strokes, trim
from tenfold.imaging.ink import find_ink, invert_to_light_ink
from tenfold.imaging.load import Picture, load_picture, to_gray
from tenfold.imaging.normalize import cut_out, is_normal

shared = constants("page")
LONGEST = shared["LONGEST"]  # pixels; larger pictures are scaled down
# Pixels, four times the side of an image; smaller pictures are scaled up, so that strokes have room
SHORTEST = shared["SHORTEST"]
# Of the largest component's ink; a smaller component is not part of a single digit
SMALLEST_SHARE = shared["SMALLEST_SHARE"]


@dataclass(frozen=True, eq=False)
class Page:
    """A picture and the result of each step of processing it.

    Attributes:
        name: the name of the file followed by a colon, to begin an error message with; empty if there is no file.
        picture: the picture as it was loaded, upright.
        gray: its gray levels, with light ink on darker paper.
        scale: how many pixels of `ink`, `mask` and `clean` make up one pixel of the picture, along each axis.
        ink: how much ink there is, with the light evened out; 0 is paper.
        mask: where there is ink.
        clean: where there is ink, without ruled lines.
        components: the connected components, without specks and frames and with broken strokes joined.
    """

    name: str
    picture: Image.Image
    gray: UInt8[np.ndarray, "height width"]
    scale: float
    ink: UInt8[np.ndarray, "rows columns"]
    mask: Bool[np.ndarray, "rows columns"]
    clean: Bool[np.ndarray, "rows columns"]
    components: list[Component]

    def box(self, component: Component) -> tuple[int, int, int, int]:
        """The box of a component: x, y, width and height, in pixels of the picture."""
        left, top = int(component.x / self.scale), int(component.y / self.scale)
        right, bottom = (int(np.ceil(end / self.scale)) for end in (component.right, component.bottom))
        return left, top, min(right, self.picture.width) - left, min(bottom, self.picture.height) - top

    @property
    def is_image(self) -> bool:
        """Whether the picture already is an image like those of MNIST: one digit, with nothing left to do."""
        return self.ink is self.gray

    def image(self, component: Component) -> UInt8[np.ndarray, "28 28"]:
        """Turn a component into an image like those of MNIST."""
        return self.gray if self.is_image else cut_out(self.ink, component)

    def digit(self) -> Component:
        """Join all components but the small ones: the digit, if the picture shows a single one."""
        largest = max(component.area for component in self.components)
        return join([component for component in self.components if component.area >= SMALLEST_SHARE * largest])


def open_page(source: Picture, ruled: bool = True) -> Page:
    """Take a picture through all the steps to its connected components.

    Args:
        source: anything that `tenfold.imaging.load.load_picture` accepts.
        ruled: whether ruled lines and boxes are to be erased. Now and then a long, straight stroke of a digit is taken
            for one, so nothing is erased where there is known to be a single digit.

    Raises:
        NoDigitsError: if it is blank, or shows nothing but lines and specks.
        TenfoldError: if it is not a picture, is damaged, too large, or too dense to be writing.
        OSError: if the file cannot be read.
    """
    name = f"{os.fspath(source)}: " if isinstance(source, str | os.PathLike) else ""
    picture = load_picture(source)
    gray = invert_to_light_ink(to_gray(picture))
    if is_normal(gray):
        mask = gray > 0
        return Page(name, picture, gray, 1.0, gray, mask, mask, [trim(0, 0, mask)])
    resized, scale = _resize(gray)
    ink, mask, faint = find_ink(resized, ruled)
    clean = drop_lines(mask, faint) if ruled else mask
    try:
        components = join_strokes(find_components(clean))
    except TenfoldError as error:
        raise TenfoldError(f"{name}{error}") from None
    if not components:
        shown = os.fspath(source) if isinstance(source, str | os.PathLike) else ""
        raise NoDigitsError("nothing but lines and specks" if mask.any() else "blank", shown)
    return Page(name, picture, gray, scale, ink, mask, clean, components)


def read_pictures(paths: Iterable[str | os.PathLike]) -> UInt8[np.ndarray, "n 28 28"]:
    """Turn picture files that show one digit each into images like those of MNIST.

    Args:
        paths: the files (BMP, GIF, JPEG, PNG, PPM, TIFF or WebP).

    Returns:
        The images, light ink (255) on black (0).

    Raises:
        TenfoldError: if a file is not a picture, is damaged, blank, too large, or too dense to be writing.
        OSError: if a file cannot be read.
    """
    return np.array([picture_to_image(path) for path in paths], dtype=np.uint8).reshape(-1, SIDE, SIDE)


def picture_to_image(source: Picture) -> UInt8[np.ndarray, "28 28"]:
    """Turn a picture of one digit into an image like those of MNIST; one that already is one keeps its pixels.

    Args:
        source: anything that `tenfold.imaging.load.load_picture` accepts.

    Returns:
        The image, light ink (255) on black (0).

    Raises:
        TenfoldError: if it is not a picture, is damaged, blank, too large, or too dense to be writing.
        OSError: if the file cannot be read.
    """
    page = open_page(source, ruled=False)
    return page.image(page.digit())


def _resize(gray: UInt8[np.ndarray, "h w"]) -> tuple[UInt8[np.ndarray, "h2 w2"], float]:
    """Scale a picture to a workable size; returns it with the factor."""
    height, width = gray.shape
    if max(height, width) > LONGEST:
        scale = LONGEST / max(height, width)
        size = (max(1, round(scale * width)), max(1, round(scale * height)))
        return cv2.resize(gray, size, interpolation=cv2.INTER_AREA), scale
    scale = -(-SHORTEST // min(height, width))
    scale = max(1, min(scale, LONGEST // max(height, width)))
    return cv2.resize(gray, (scale * width, scale * height), interpolation=cv2.INTER_CUBIC), float(scale)
