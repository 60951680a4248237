"""From a picture to the digits in it: `predict` and `Reader` return `Reading`s."""

from tenfold.reader.reading import Reader, Reading, predict, to_text
from tenfold.reader.show import annotate, explain, save_annotated, save_explained

__all__ = ["Reader", "Reading", "annotate", "explain", "predict", "save_annotated", "save_explained", "to_text"]
