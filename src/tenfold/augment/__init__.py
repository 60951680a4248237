"""Random changes to whole batches: the label stays true, the pixels change at every look."""

from tenfold.augment.geometry import distort
from tenfold.augment.mixtures import mix
from tenfold.augment.nondigits import non_digits
from tenfold.augment.pens import rewrite

__all__ = ["distort", "mix", "non_digits", "rewrite"]
