"""From a picture to the digits in it: `predict` and `Reader` return `Reading`s."""

from tenfold.reader.reader import Reader, predict
from tenfold.reader.reading import Reading, to_text
from tenfold.reader.show import annotate, explain

__all__ = [
    "Reader",
    "Reading",
    "annotate",
    "explain",
    "predict",
    "to_text",
]
