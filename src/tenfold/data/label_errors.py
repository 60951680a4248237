"""The labels of MNIST's test set that human raters contest."""

from tenfold.data.digits import Digits

# `Digits.sha256()` of MNIST's own 10,000 test images and labels.
TEST_SHA256 = "c3f9adf9c66efb572b1f9326c3a511b45910c7173b97be66ceceeeeaef6b802b"
LABEL_ERRORS = (947, 1621, 1901, 2130, 2462, 2597, 2654, 3520, 3558, 5937, 6651, 6783, 8527, 9679, 9729)


def known_label_errors(digits: Digits) -> tuple[int, ...]:
    """List the indices of the labels that fewer than three of five human raters chose; known for MNIST's test set only.

    The raters were shown the test images at which a model had stumbled, so there may be more such labels.

    Returns:
        `LABEL_ERRORS` if these are MNIST's test images and labels, all of them and in their order; otherwise none.

    Source: Northcutt, Athalye and Mueller, "Pervasive Label Errors in Test Sets Destabilize Machine Learning
    Benchmarks", NeurIPS Datasets and Benchmarks, 2021; the votes are in `mturk/mnist_mturk.json` of
    github.com/cleanlab/label-errors.
    """
    return LABEL_ERRORS if digits.sha256() == TEST_SHA256 else ()
