"""Random changes to whole batches: the label stays true, the pixels change at every look."""

from tenfold.augment.geometry import distort
from tenfold.augment.mixtures import mix

__all__ = ["distort", "mix"]
