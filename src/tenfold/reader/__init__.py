"""From a picture to what is written in it: `predict` returns `Reading`s of digits, `read_numbers` `Number`s."""

from tenfold.reader.form import Form
from tenfold.reader.known import Known
from tenfold.reader.numbers import Number
from tenfold.reader.reader import Reader, predict, read_numbers
from tenfold.reader.reading import Reading, to_text
from tenfold.reader.show import annotate, explain

__all__ = [
    "Form",
    "Known",
    "Number",
    "Reader",
    "Reading",
    "annotate",
    "explain",
    "predict",
    "read_numbers",
    "to_text",
]
