"""Label errors in MNIST's test set: labels that most human raters reject."""

from tenfold.data.digits import Digits

# `Digits.sha256()` of MNIST's own 10,000 test images and labels.
TEST_SHA256 = "c3f9adf9c66efb572b1f9326c3a511b45910c7173b97be66ceceeeeaef6b802b"
LABEL_ERRORS = (947, 1621, 1901, 2130, 2462, 2597, 2654, 3520, 3558, 5937, 6651, 6783, 8527, 9679, 9729)


def known_label_errors(digits: Digits) -> tuple[int, ...]:
    """List the known label errors: labels that fewer than three of five human raters chose.

    They are known for MNIST's test set only. The raters were shown just the images that a model had doubts about, so
    there may be more.

    Returns:
        The indices `LABEL_ERRORS` if these are all of MNIST's test images and labels in their original order;
        otherwise none.

    Source: Northcutt, Athalye, and Mueller, "Pervasive Label Errors in Test Sets Destabilize Machine Learning
    Benchmarks", NeurIPS Datasets and Benchmarks, 2021; the votes are in `mturk/mnist_mturk.json` of
    github.com/cleanlab/label-errors.
    """
    return LABEL_ERRORS if digits.sha256() == TEST_SHA256 else ()
