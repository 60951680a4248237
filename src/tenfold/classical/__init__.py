"""Classical models on flattened pixels: scikit-learn pipelines behind one interface, `Classifier`."""

from tenfold.classical.features import add_shifts, deskew, hog
from tenfold.classical.pipelines import MODELS, Classifier

__all__ = ["MODELS", "Classifier", "add_shifts", "deskew", "hog"]
