"""From a picture to the digits in it: `predict` and `Reader` return `Reading`s."""

from tenfold.reader.files import Wish, find_sources, read_sources
from tenfold.reader.reader import Reader, predict
from tenfold.reader.reading import Reading, to_text
from tenfold.reader.show import annotate, explain

__all__ = [
    "Reader",
    "Reading",
    "Wish",
    "annotate",
    "explain",
    "find_sources",
    "predict",
    "read_sources",
    "to_text",
]
