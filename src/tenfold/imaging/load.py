"""Loading pictures of every kind, upright."""

import io
import os
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Int
from PIL import Image, ImageOps, UnidentifiedImageError

from tenfold.base.constants import constants
from tenfold.base.errors import TenfoldError
from tenfold.base.files import DATA, check_size, read_bytes, read_stream
from tenfold.imaging.arrays import to_levels

FORMATS = ("BMP", "GIF", "JPEG", "PNG", "PPM", "TIFF", "WEBP")  # no format whose decoder starts other programs
SUFFIXES = (".bmp", ".gif", ".jpeg", ".jpg", ".pbm", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp")
shared = constants("load")
MOST_PIXELS = shared["MOST_PIXELS"]  # in a picture, taken from the header before anything is decoded
MOST_WEBP = 60_000_000  # pixels in a WebP file, whose decoder takes five times the memory of the others
MOST_NARROW = 1000  # times as long as wide; in anything narrower, digits would be at most 2 of 2,000 pixels high
STRIP = 10_000_000  # pixels that are processed at a time
# Of 255: visible areas that vary less than this have one color, and transparency gives their shape
FLAT = shared["FLAT"]

Picture = Any  # whatever `load_picture` accepts; it rejects everything else with a message


def load_picture(source: Picture) -> Image.Image:
    """Load a picture as it is meant to be seen: upright, 8 bits per channel, transparent areas filled.

    Args:
        source: the path or the bytes of a BMP, GIF, JPEG, PNG, PPM, TIFF or WebP file, or such a file opened for
            reading bytes; a Pillow image; or an array, a tensor or nested lists as described in
            `tenfold.imaging.arrays.to_levels`.

    Returns:
        The picture in mode L or RGB.

    Raises:
        TenfoldError: if it is not a picture, is damaged, is animated or has several pages, has more than 100 million
            pixels (60 million in a WebP file), is more than 1,000 times as long as it is wide, or is in a file of more
            than 256 MiB.
        OSError: if the file cannot be read.
    """
    is_file = isinstance(source, str | os.PathLike | bytes | bytearray | memoryview) or hasattr(source, "read")
    if not is_file and not isinstance(source, Image.Image):
        source = Image.fromarray(to_levels(source))
    if isinstance(source, Image.Image):
        _check_size(source)
        return _to_plain(ImageOps.exif_transpose(source))
    name = os.fspath(source) if isinstance(source, str | os.PathLike) else "picture"
    with _open(source) as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow warns about odd metadata, and about sizes that are checked here
        try:
            with Image.open(file, formats=FORMATS) as picture:
                _check_size(picture)
                # Counting the pages would take long. In MPO files, phones add further views of one picture.
                if getattr(picture, "is_animated", False) and picture.format != "MPO":
                    raise TenfoldError("several pictures in one; save the one to be read by itself")
                ImageOps.exif_transpose(picture, in_place=True)
                return _to_plain(picture)
        except Image.DecompressionBombError:
            raise TenfoldError(f"{name}: {_too_large('it')}") from None
        except TenfoldError as error:
            raise TenfoldError(f"{name}: {error}") from None
        except UnidentifiedImageError:
            raise TenfoldError(f"{name}: not a picture ({', '.join(FORMATS)} can be read)") from None
        except Exception as error:  # on damaged files, decoders raise nearly anything
            raise TenfoldError(f"{name}: damaged picture ({type(error).__name__}: {error})") from None


def _open(source: Any) -> io.BytesIO | io.BufferedReader:
    """Open a source as a file that can be read in any order; bytes, open files and pipes are held in memory."""
    if isinstance(source, bytes | bytearray | memoryview):
        return io.BytesIO(source)
    if hasattr(source, "read"):
        if not isinstance(source.read(0), bytes):
            raise TenfoldError("a file must be open for reading bytes; open it with: open(path, 'rb')")
        return io.BytesIO(read_stream(source, DATA, "picture"))
    if Path(source).is_file():
        check_size(source, DATA)
        return Path(source).open("rb")
    return io.BytesIO(read_bytes(source, DATA))


def _strips(picture: Image.Image) -> Iterator[tuple[int, Image.Image]]:
    """Yield a picture in strips, each after the number of its top row: a whole large one takes too much memory."""
    rows = max(1, STRIP // picture.width)
    for top in range(0, picture.height, rows):
        yield top, picture.crop((0, top, picture.width, min(top + rows, picture.height)))


def _check_size(picture: Image.Image) -> None:
    width, height = picture.size
    most = MOST_WEBP if picture.format == "WEBP" else MOST_PIXELS
    if width * height > most:
        raise TenfoldError(_too_large(f"{width}x{height}", most))
    if not width * height:
        raise TenfoldError(f"the picture is {width}x{height} pixels, so it is empty")
    if max(width, height) > MOST_NARROW * min(width, height):
        raise TenfoldError(f"too narrow, {width}x{height} pixels; nothing can be read in a strip like that")


def _to_plain(picture: Image.Image) -> Image.Image:
    """Convert a picture to mode L or RGB."""
    if picture.mode.startswith("I"):  # 16 bits, which Pillow would clip instead of scaling
        most = max(int(np.asarray(strip).max()) for _, strip in _strips(picture))
        step = 257 if most > 255 else 1
        levels = [(np.asarray(strip).clip(0, 65535) // step).astype(np.uint8) for _, strip in _strips(picture)]
        return Image.fromarray(np.concatenate(levels))
    if picture.has_transparency_data:
        return _fill(picture)
    mode = "L" if picture.mode in ("1", "L", "F") else "RGB"
    return picture if picture.mode == mode else picture.convert(mode)


def _fill(picture: Image.Image) -> Image.Image:
    """Lay a transparent picture on white; if its visible areas have one color, draw their shape in black instead."""
    counts = np.zeros(256, int)  # of each gray level among the visible pixels
    for _, strip in _strips(picture):
        colors = strip.convert("RGBA")
        visible = np.asarray(colors.getchannel("A")) > 127
        counts += np.bincount(np.asarray(colors.convert("L"))[visible], minlength=256)
    is_flat = _spread(counts) < FLAT and counts.sum() < picture.width * picture.height
    filled = Image.new("L" if is_flat else "RGB", picture.size)
    for top, strip in _strips(picture):
        colors = strip.convert("RGBA")
        if is_flat:
            filled.paste(ImageOps.invert(colors.getchannel("A")), (0, top))
        else:
            filled.paste(Image.alpha_composite(Image.new("RGBA", strip.size, "white"), colors).convert("RGB"), (0, top))
    return filled


def _spread(counts: Int[np.ndarray, "256"]) -> float:
    """The standard deviation of gray levels, given how often each occurs; 0 if there are none."""
    total, levels = max(counts.sum(), 1), np.arange(256)
    return float(np.sqrt((levels - levels @ counts / total) ** 2 @ counts / total))


def _too_large(what: str, most: int = MOST_PIXELS) -> str:
    return f"too large, {what} has more than {most // 10**6} million pixels; scale it down"
