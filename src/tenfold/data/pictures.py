"""Pictures of single digits, made to look like those of MNIST."""

import os
import warnings
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from jaxtyping import Float, UInt8
from PIL import Image, ImageOps, UnidentifiedImageError

from tenfold.data.digits import SIDE
from tenfold.errors import TenfoldError

FORMATS = ("BMP", "GIF", "JPEG", "PNG", "PPM", "TIFF", "WEBP")  # no format whose decoder starts other programs
INK_SIDE = 20
MIN_CONTRAST = 32  # of 255; what differs less from the background is noise, not ink


def read_pictures(paths: Iterable[str | os.PathLike]) -> UInt8[np.ndarray, "n 28 28"]:
    """Read picture files that show one digit each.

    Args:
        paths: the files (BMP, GIF, JPEG, PNG, PPM, TIFF or WebP), of any size.

    Returns:
        The images as `picture_to_image` makes them.

    Raises:
        TenfoldError: if a file is no picture, is damaged, blank, or too large to be decoded safely.
        OSError: if a file cannot be read.
    """
    return np.array([_read_picture(Path(path)) for path in paths], dtype=np.uint8).reshape(-1, SIDE, SIDE)


def picture_to_image(picture: Image.Image) -> UInt8[np.ndarray, "28 28"]:
    """Turn a picture of one digit into an image like those of MNIST: light ink on black, 28x28.

    Bright borders mean dark ink on paper, which is inverted. Nothing else happens to a picture of 28x28. Any other is
    cut to its ink, scaled until the longer side has 20 pixels, and placed with its center of mass in the center.

    Args:
        picture: of any mode and size; transparent parts count as white.

    Returns:
        The image, 0 is background and 255 full ink.

    Raises:
        TenfoldError: if the picture is blank.

    Source: Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, "Gradient-based learning applied to document recognition",
    Proceedings of the IEEE 86(11), 1998, section III.A.
    """
    gray = _grayscale(picture)
    border = np.concatenate([gray[0], gray[-1], gray[:, 0], gray[:, -1]])
    background = int(np.median(border))
    if background > 127:
        gray, background = 255 - gray, 255 - background
    brightest = int(gray.max())
    if brightest - background < MIN_CONTRAST:
        raise TenfoldError("blank, no ink to be seen")
    if gray.shape == (SIDE, SIDE):
        return gray
    ink = gray > (background + brightest) / 2
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    cut = gray[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return _center(_shrink(np.maximum(cut, background).astype(np.float32) - background))


def _grayscale(picture: Image.Image) -> UInt8[np.ndarray, "height width"]:
    """Upright, 8 bits, transparent parts white."""
    picture = ImageOps.exif_transpose(picture)
    if picture.mode.startswith("I"):  # 16 bits, which Pillow would clip and not scale
        scaled: np.ndarray = np.clip(np.asarray(picture), 0, 65535) // 257
        return scaled.astype(np.uint8)
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture)
    return np.array(picture.convert("L"))


def _shrink(ink: Float[np.ndarray, "height width"]) -> Float[np.ndarray, "rows columns"]:
    """Scale until the longer side has 20 pixels and the strongest of them 255."""
    scale = INK_SIDE / max(ink.shape)
    height, width = (max(1, round(scale * side)) for side in ink.shape)
    small: np.ndarray = np.array(Image.fromarray(ink).resize((width, height), Image.Resampling.HAMMING))
    small *= 255 / small.max()
    return small


def _center(ink: Float[np.ndarray, "rows columns"]) -> UInt8[np.ndarray, "28 28"]:
    """Place `ink` with its center of mass at pixel (14, 14), where MNIST has it, as far as it fits."""
    image = np.zeros((SIDE, SIDE), dtype=np.uint8)
    corner = []
    for axis, side in enumerate(ink.shape):
        profile = ink.sum(axis=1 - axis)
        center_of_mass = np.arange(side) @ profile / profile.sum()
        corner.append(int(np.clip(round(SIDE / 2 - center_of_mass), 0, SIDE - side)))
    top, left = corner
    image[top : top + ink.shape[0], left : left + ink.shape[1]] = ink.round()
    return image


def _read_picture(path: Path) -> UInt8[np.ndarray, "28 28"]:
    """One picture file as an image; what is wrong with it names the file."""
    with path.open("rb") as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow warns of oddities in metadata
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            with Image.open(file, formats=FORMATS) as picture:
                return picture_to_image(picture)
        except (Image.DecompressionBombWarning, Image.DecompressionBombError):
            raise TenfoldError(f"{path}: too large, more than {Image.MAX_IMAGE_PIXELS} pixels; scale it down") from None
        except TenfoldError as error:
            raise TenfoldError(f"{path}: {error}") from None
        except UnidentifiedImageError:
            raise TenfoldError(f"{path}: not a picture ({', '.join(FORMATS)} can be read)") from None
        except Exception as error:  # on damaged files, decoders raise nearly anything
            raise TenfoldError(f"{path}: damaged picture ({type(error).__name__}: {error})") from None
