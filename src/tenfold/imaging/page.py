"""A picture together with the result of every step on the way to its connected components."""

import math
import os
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, UInt8
from PIL import Image

from tenfold.base.constants import constants
from tenfold.base.errors import NoDigitsError, TenfoldError
from tenfold.base.form import SIDE
from tenfold.imaging.components import Component, find_components, join, join_strokes, trim
from tenfold.imaging.ink import LONGEST, find_ink, find_mask
from tenfold.imaging.load import Picture, load_picture
from tenfold.imaging.normalize import cut_out, is_normal

shared = constants("page")
# Of the largest component's ink; a smaller component is not part of a single digit
SMALLEST_SHARE = shared["SMALLEST_SHARE"]

Part = tuple[float, float, float, float]  # left, top, right, bottom
WHOLE: Part = (0.0, 0.0, 1.0, 1.0)


@dataclass(frozen=True, eq=False)
class Page:
    """A picture and the result of each step of processing it.

    Attributes:
        name: the name of the file followed by a colon, to begin an error message with; empty if there is no file.
        picture: the picture as it was loaded, upright.
        scale: how many pixels of `ink` and `mask` make up one pixel of the picture, along each axis.
        ink: how probably each pixel is covered by writing, 0 to 255.
        mask: where there is ink.
        components: the connected components, without specks and with broken strokes joined.
        is_image: whether the picture already is an image like those of MNIST: one digit, with nothing left to do.
        turned: by how many quarters, counterclockwise, `ink` and all that follows from it are turned.
    """

    name: str
    picture: Image.Image
    scale: float
    ink: UInt8[np.ndarray, "rows columns"]
    mask: Bool[np.ndarray, "rows columns"]
    components: list[Component]
    is_image: bool = False
    turned: int = 0

    def turn(self, quarters: int) -> "Page":
        """The page, turned counterclockwise by quarters."""
        ink, mask = (np.ascontiguousarray(np.rot90(layer, quarters)) for layer in (self.ink, self.mask))
        components = join_strokes(find_components(mask, ink))
        return replace(self, ink=ink, mask=mask, components=components, turned=self.turned + quarters)

    def box(self, component: Component) -> tuple[int, int, int, int]:
        """The box of a component: x, y, width and height, in pixels of the picture."""
        left, top, right, bottom = component.x, component.y, component.right, component.bottom
        height, width = self.ink.shape
        for _ in range(self.turned):  # back, clockwise
            left, top, right, bottom = height - bottom, left, height - top, right
            height, width = width, height
        left, top = int(left / self.scale), int(top / self.scale)
        right, bottom = (int(np.ceil(end / self.scale)) for end in (right, bottom))
        return left, top, min(right, self.picture.width) - left, min(bottom, self.picture.height) - top

    def image(self, component: Component) -> UInt8[np.ndarray, "28 28"]:
        """Turn a component into an image like those of MNIST."""
        return self.ink if self.is_image else cut_out(self.ink, component)

    def digit(self) -> Component:
        """Join all components but the small ones: the digit, if the picture shows a single one."""
        largest = max(component.area for component in self.components)
        return join([component for component in self.components if component.area >= SMALLEST_SHARE * largest])


def open_page(source: Picture, part: Part = WHOLE) -> Page:
    """Take a picture through all the steps to its connected components.

    Args:
        source: anything that `tenfold.imaging.load.load_picture` accepts.
        part: where to look for ink: left, top, right and bottom, as shares of the picture's width and height.

    Raises:
        NoDigitsError: if nothing is written on it.
        TenfoldError: if it is not a picture, is damaged, too large, or too dense to be writing.
        OSError: if the file cannot be read.
    """
    name = f"{os.fspath(source)}: " if isinstance(source, str | os.PathLike) else ""
    picture = load_picture(source)
    if picture.size == (SIDE, SIDE):
        gray = np.asarray(picture.convert("L"))
        for ink in (gray, 255 - gray):
            if is_normal(ink):
                mask = ink > 0
                return Page(name, picture, 1.0, ink, mask, [trim(0, 0, mask)], is_image=True)
    fine = max(1, max(picture.size) // (2 * LONGEST))  # in color, the largest pictures would take gigabytes
    colors = np.asarray((picture.reduce(fine) if fine > 1 else picture).convert("RGB"))
    height, width = colors.shape[:2]
    left, top = int(part[0] * width), int(part[1] * height)
    found, scale = find_ink(colors[top : math.ceil(part[3] * height), left : math.ceil(part[2] * width)])
    left, top = round(scale * left), round(scale * top)
    below, beside = round(scale * height) - top - len(found), round(scale * width) - left - found.shape[1]
    ink = np.pad(found, ((top, max(0, below)), (left, max(0, beside))))
    return page_of_ink(name, picture, ink, scale / fine)


def page_of_ink(name: str, picture: Image.Image, ink: UInt8[np.ndarray, "rows columns"], scale: float = 1.0) -> Page:
    """Find the connected components of ink.

    Args:
        name: the name of the file followed by a colon, to begin an error message with; empty if there is no file.
        picture: the picture.
        ink: how probably each pixel is covered by writing, 0 to 255.
        scale: how many pixels of it make up one pixel of the picture, along each axis.

    Raises:
        NoDigitsError: if there is no ink, or nothing but specks.
        TenfoldError: if there is too much of it to be writing.
    """
    mask = find_mask(ink)
    try:
        components = join_strokes(find_components(mask, ink))
    except TenfoldError as error:
        raise TenfoldError(f"{name}{error}") from None
    if not components:
        raise NoDigitsError("nothing but specks" if mask.any() else "nothing is written on it", name.removesuffix(": "))
    return Page(name, picture, scale, ink, mask, components)


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
    page = open_page(source)
    return page.image(page.digit())
