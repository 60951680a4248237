"""The file of one hand: digits that somebody taught, with their labels, in a few kilobytes that the page reads, too."""

import base64
import os
import zlib

import numpy as np

from tenfold.base import strict_json
from tenfold.base.errors import TenfoldError
from tenfold.base.files import TEXT, read_bytes, write_atomically
from tenfold.base.form import SIDE
from tenfold.data.digits import Digits

FORMAT = "tenfold hand 1"  # web/hand.js has it, too


def write_hand(path: str | os.PathLike, digits: Digits) -> None:
    """Write taught digits into a file: JSON with the labels and, compressed, the images.

    Args:
        path: where to write; an existing file is replaced.
        digits: the digits.

    Raises:
        OSError: if it cannot be written.
    """
    images = base64.b64encode(zlib.compress(digits.images.tobytes(), 9)).decode()
    labels = "".join(str(label) for label in digits.labels)
    write_atomically(path, strict_json.dumps({"format": FORMAT, "labels": labels, "images": images}) + "\n")


def read_hand(path: str | os.PathLike) -> Digits:
    """Read the digits in a file that `write_hand` or the page wrote; no code from it runs.

    Raises:
        TenfoldError: if it is another kind of file, or damaged.
        OSError: if it cannot be read.
    """
    content = read_bytes(path, TEXT)
    if FORMAT.encode() not in content[:100]:
        raise TenfoldError(f"{path}: not a file of taught digits; write one with tenfold adapt, or save it on the page")
    found = strict_json.loads(content, str(path))
    try:
        labels = np.array([int(label) for label in found["labels"]], np.uint8)
        packed = base64.b64decode(found["images"], validate=True)
        size = len(labels) * SIDE**2
        pixels = zlib.decompressobj().decompress(packed, size + 1)  # no more, however much a hostile file holds
        images = np.frombuffer(pixels, np.uint8).reshape(len(labels), SIDE, SIDE)
    except (KeyError, TypeError, ValueError, zlib.error):
        raise TenfoldError(f"{path}: damaged; copy it again, or write it again") from None
    return Digits(images, labels, str(path))
