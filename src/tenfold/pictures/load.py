"""Picture files of every kind, upright and in gray."""

import io
import os
import warnings
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from jaxtyping import UInt8
from PIL import Image, ImageOps, UnidentifiedImageError

from tenfold.errors import TenfoldError
from tenfold.pictures.arrays import to_levels

FORMATS = ("BMP", "GIF", "JPEG", "PNG", "PPM", "TIFF", "WEBP")  # no format whose decoder starts other programs
MOST_PIXELS = 100_000_000  # of a picture; looked up in the header, before any is decoded
FLAT = 10  # of 255; visible parts that differ less among themselves are one color, whose shape is told by transparency

Picture = Any  # what `load` takes; it says of everything else what it is


def load(source: Picture) -> Image.Image:
    """Load a picture as it is meant to be seen: turned upright, 8 bits a channel, transparent parts filled.

    Args:
        source: the path or the bytes of a BMP, GIF, JPEG, PNG, PPM, TIFF or WebP file, or such a file, open for reading
            bytes; a Pillow image; or an array, a tensor or nested lists, see `tenfold.pictures.arrays.to_levels`.

    Returns:
        The picture in mode L or RGB.

    Raises:
        TenfoldError: if it is no picture, is damaged, moves or has several pages, or has more than 100 million pixels.
        OSError: if the file cannot be read.
    """
    if isinstance(source, Image.Image):
        return _upright(source)
    if isinstance(source, str | os.PathLike):
        name, data = os.fspath(source), Path(source).read_bytes()
    elif isinstance(source, bytes | bytearray | memoryview):
        name, data = "picture", bytes(source)
    elif hasattr(source, "read"):
        name, data = "picture", source.read()
        if not isinstance(data, bytes):
            raise TenfoldError("a file must be open for reading bytes; open it with: open(path, 'rb')")
    else:
        return _upright(Image.fromarray(to_levels(source)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow warns of oddities in metadata, and of sizes that are checked here
        try:
            with Image.open(io.BytesIO(data), formats=FORMATS) as picture:
                count = getattr(picture, "n_frames", 1)
                if count > 1 and picture.format != "MPO":  # with which phones add other views of one picture
                    raise TenfoldError(f"{count} pictures in one; save the one to be read by itself")
                return _upright(picture)
        except Image.DecompressionBombError:
            raise TenfoldError(f"{name}: {_too_large('it')}") from None
        except TenfoldError as error:
            raise TenfoldError(f"{name}: {error}") from None
        except UnidentifiedImageError:
            raise TenfoldError(f"{name}: not a picture ({', '.join(FORMATS)} can be read)") from None
        except Exception as error:  # on damaged files, decoders raise nearly anything
            raise TenfoldError(f"{name}: damaged picture ({type(error).__name__}: {error})") from None


def to_gray(picture: Image.Image) -> UInt8[np.ndarray, "height width"]:
    """Mix the color channels to the one gray that shows most.

    Yellow ink on white hardly differs in brightness, but in blue: the channels are weighted by the direction of
    greatest variance among the colors (the first principal component).

    Args:
        picture: in mode L or RGB.

    Returns:
        Gray levels, 0 to 255.
    """
    pixels = np.asarray(picture)
    if pixels.ndim == 2:
        return pixels
    step = max(1, int(np.sqrt(pixels.shape[0] * pixels.shape[1]) // 500))
    sample = pixels[::step, ::step].reshape(-1, 3).astype(np.float32)
    _, vectors = np.linalg.eigh(np.cov(sample.T)) if len(sample) > 1 else (None, np.eye(3))
    weights = np.abs(vectors[:, -1])
    return cv2.transform(pixels, (weights / weights.sum())[None])


def _upright(picture: Image.Image) -> Image.Image:
    width, height = picture.size
    if width * height > MOST_PIXELS:
        raise TenfoldError(_too_large(f"{width}x{height}"))
    if not width * height:
        raise TenfoldError(f"the picture is {width}x{height} pixels, so empty")
    picture = ImageOps.exif_transpose(picture)
    if picture.mode.startswith("I"):  # 16 bits, which Pillow would clip and not scale
        levels = np.clip(np.asarray(picture), 0, 65535)
        return Image.fromarray((levels // (257 if levels.max() > 255 else 1)).astype(np.uint8))
    if picture.has_transparency_data:
        return _fill(picture.convert("RGBA"))
    return picture.convert("L" if picture.mode in ("1", "L", "F") else "RGB")


def _fill(picture: Image.Image) -> Image.Image:
    """Lay a picture on white; if its visible parts are of one color, their shape is black on white."""
    *_, alpha = picture.split()
    gray, opacity = np.asarray(picture.convert("L")), np.asarray(alpha)
    visible = gray[opacity > 127]
    if visible.size < gray.size and (not visible.size or visible.std() < FLAT):
        return ImageOps.invert(alpha)
    return Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture).convert("RGB")


def _too_large(what: str) -> str:
    return f"too large, {what} has more than {MOST_PIXELS // 10**6} million pixels; scale it down"
