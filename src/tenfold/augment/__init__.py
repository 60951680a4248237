"""Random changes to whole batches: the label stays true, the pixels change at every look."""

from tenfold.augment.forms import other_forms
from tenfold.augment.geometry import distort
from tenfold.augment.mixtures import mix
from tenfold.augment.nondigits import non_digits
from tenfold.augment.pens import rewrite
from tenfold.augment.rows import well_cut

__all__ = ["distort", "mix", "non_digits", "other_forms", "rewrite", "well_cut"]
