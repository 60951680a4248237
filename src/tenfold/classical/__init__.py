"""What needs scikit-learn: classical models on flattened pixels behind one interface, `Classifier`.

The networks as a scikit-learn estimator, `tenfold.DigitClassifier`, are in `tenfold.classical.estimator`.
"""

from tenfold.classical.features import add_shifts, deskew, hog
from tenfold.classical.pipelines import ESTIMATORS, Classifier

__all__ = ["ESTIMATORS", "Classifier", "add_shifts", "deskew", "hog"]
