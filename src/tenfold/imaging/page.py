"""A picture with everything that was found out about it on the way to its ink."""

import os
from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Bool, UInt8
from PIL import Image

from tenfold.base.errors import NoDigitsError, TenfoldError
from tenfold.imaging.components import Component, drop_lines, find_components, join, join_strokes, trim
from tenfold.imaging.ink import binarize, even_out_light, invert_to_light_ink
from tenfold.imaging.load import Picture, load, to_gray
from tenfold.imaging.normalize import SIDE, cut_out, is_normal

LONGEST = 2000  # pixels; larger pictures are made smaller
SHORTEST = 4 * SIDE  # pixels; smaller pictures are made larger, so that strokes have room
SMALLEST_SHARE = 0.05  # of the ink of the largest part; in a picture of one digit, less belongs to no digit


@dataclass(frozen=True, eq=False)
class Page:
    """A picture and what each step made of it.

    Attributes:
        name: of the file with a colon after it, to begin an error with; empty if there is no file.
        picture: upright, as it was loaded.
        gray: light ink on darker paper.
        scale: pixels of the following for one of the picture.
        ink: evened out, 0 is paper.
        mask: where there is ink.
        clean: likewise, without ruled lines.
        components: connected ink, without specks and frames and with broken strokes joined.
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
        """x, y, width and height of a part, in pixels of the picture."""
        left, top = int(component.x / self.scale), int(component.y / self.scale)
        right, bottom = (int(np.ceil(end / self.scale)) for end in (component.right, component.bottom))
        return left, top, min(right, self.picture.width) - left, min(bottom, self.picture.height) - top

    @property
    def is_image(self) -> bool:
        """Whether the picture is an image like those of MNIST: of one digit, with nothing left to do."""
        return self.ink is self.gray

    def image(self, component: Component) -> UInt8[np.ndarray, "28 28"]:
        """A part as an image like those of MNIST."""
        return self.gray if self.is_image else cut_out(self.ink, component)

    def digit(self) -> Component:
        """All ink, less what is small beside it: the digit, if the picture shows one."""
        largest = max(component.area for component in self.components)
        return join([component for component in self.components if component.area >= SMALLEST_SHARE * largest])


def open_page(source: Picture) -> Page:
    """Take all the steps from a picture to its ink.

    Args:
        source: as for `tenfold.imaging.load.load`.

    Raises:
        NoDigitsError: if it is blank, or shows nothing but lines and specks.
        TenfoldError: if it is no picture, is damaged, too large, or too dense to be writing.
        OSError: if the file cannot be read.
    """
    name = f"{os.fspath(source)}: " if isinstance(source, str | os.PathLike) else ""
    picture = load(source)
    gray = invert_to_light_ink(to_gray(picture))
    if is_normal(gray):
        mask = gray > 0
        return Page(name, picture, gray, 1.0, gray, mask, mask, [trim(0, 0, mask)])
    resized, scale = _resize(gray)
    ink = even_out_light(resized)
    mask, faint = binarize(ink)
    clean = drop_lines(mask, faint)
    try:
        components = join_strokes(find_components(clean))
    except TenfoldError as error:
        raise TenfoldError(f"{name}{error}") from None
    if not components:
        shown = os.fspath(source) if isinstance(source, str | os.PathLike) else ""
        raise NoDigitsError("nothing but lines and specks" if mask.any() else "blank", shown)
    return Page(name, picture, gray, scale, ink, mask, clean, components)


def read_pictures(paths: Iterable[str | os.PathLike]) -> UInt8[np.ndarray, "n 28 28"]:
    """Read picture files that show one digit each.

    Args:
        paths: the files (BMP, GIF, JPEG, PNG, PPM, TIFF or WebP), of any size.

    Returns:
        Images like those of MNIST: light ink on black, of 28x28.

    Raises:
        TenfoldError: if a file is no picture, is damaged, blank, too large, or too dense to be writing.
        OSError: if a file cannot be read.
    """
    return np.array([picture_to_image(path) for path in paths], dtype=np.uint8).reshape(-1, SIDE, SIDE)


def picture_to_image(source: Picture) -> UInt8[np.ndarray, "28 28"]:
    """Turn a picture of one digit into an image like those of MNIST; one that already is one keeps its pixels.

    Args:
        source: as for `tenfold.imaging.load.load`.

    Raises:
        TenfoldError, OSError: as `open_page`.
    """
    page = open_page(source)
    return page.image(page.digit())


def _resize(gray: UInt8[np.ndarray, "h w"]) -> tuple[UInt8[np.ndarray, "h2 w2"], float]:
    """A picture of workable size, and the scale."""
    height, width = gray.shape
    if max(height, width) > LONGEST:
        scale = LONGEST / max(height, width)
        size = (max(1, round(scale * width)), max(1, round(scale * height)))
        return cv2.resize(gray, size, interpolation=cv2.INTER_AREA), scale
    scale = -(-SHORTEST // min(height, width))
    scale = max(1, min(scale, LONGEST // max(height, width)))
    return cv2.resize(gray, (scale * width, scale * height), interpolation=cv2.INTER_CUBIC), float(scale)
