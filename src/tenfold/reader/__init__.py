"""From a picture to the digits in it: `predict` and `Reader` return `Reading`s."""

from tenfold.reader.reading import Reader, Reading, predict
from tenfold.reader.show import annotate, explain

__all__ = ["Reader", "Reading", "annotate", "explain", "predict"]
