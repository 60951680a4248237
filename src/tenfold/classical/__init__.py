"""Classical models on flattened pixels: scikit-learn pipelines behind one interface, `Classifier`."""

from tenfold.classical.features import add_shifts, deskew, hog
from tenfold.classical.pipelines import ESTIMATORS, Classifier

__all__ = ["ESTIMATORS", "Classifier", "add_shifts", "deskew", "hog"]
