import json

import numpy as np
import pytest

from tenfold.base.errors import TenfoldError
from tenfold.evaluation import Robustness, robustness, wilson_interval
from tenfold.evaluation.corruptions import CORRUPTIONS, corrupt
from tenfold.evaluation.robustness import DEGREES, DIRECTIONS, PIXELS


@pytest.fixture(scope="module")
def digits(mnist):
    return mnist[1][:60]


@pytest.fixture(scope="module")
def result(nearest, digits):
    return robustness(nearest, digits)


@pytest.fixture
def folder(tmp_path, digits):
    """MNIST-C as published, of sixty images; canny_edges is as clean as identity."""
    for name in ("identity", *CORRUPTIONS):
        images = digits.images if name in ("identity", "canny_edges") else corrupt(digits.images, name, seed=7)
        (tmp_path / name).mkdir()
        np.save(tmp_path / name / "test_images.npy", images[..., None])
        np.save(tmp_path / name / "test_labels.npy", digits.labels.astype(np.int64))
    return tmp_path


def test_every_corruption_has_its_accuracy_beside_the_clean_one(result, digits):
    assert list(result.corrupted) == list(CORRUPTIONS)
    for one in (result.clean, *result.corrupted.values()):
        hits = round(one.accuracy * result.n)
        assert one.interval == wilson_interval(hits, result.n)
    assert result.mean == pytest.approx(np.mean([one.accuracy for one in result.corrupted.values()]))
    # corrupted digits are still digits: far above chance for a model that knows whole clean images only
    assert 0.3 < result.mean < result.clean.accuracy
    assert result.corrupted["shot_noise"].accuracy > 0.7


def test_curves_begin_with_the_clean_accuracy_and_fall(result):
    for direction in DIRECTIONS:
        curve = result.shifts[direction]
        assert (len(curve), curve[0]) == (len(PIXELS), result.clean.accuracy)
        assert curve[-1] < curve[0] - 0.3
    assert len(result.rotations) == len(DEGREES)
    assert result.rotations[DEGREES.index(0)] == result.clean.accuracy
    assert max(result.rotations[0], result.rotations[-1]) < result.clean.accuracy - 0.2


def test_the_same_seed_gives_the_same_figures(result, nearest, digits):
    assert json.dumps(robustness(nearest, digits).to_dict()) == json.dumps(result.to_dict())
    other = robustness(nearest, digits, seed=1)
    assert other.corrupted != result.corrupted
    assert (other.clean, other.shifts, other.rotations) == (result.clean, result.shifts, result.rotations)


def test_published_arrays_replace_our_own(folder, nearest, digits, result):
    published = robustness(nearest, digits, folder=folder)
    assert isinstance(published, Robustness)
    assert published.source == str(folder)
    assert published.corrupted["canny_edges"] == published.clean == result.clean
    assert published.corrupted["scale"] == result.corrupted["scale"]
    assert published.shifts == result.shifts


def test_files_that_do_not_fit_are_named(folder, nearest, digits):
    images = np.zeros((60, 28, 28, 1), np.uint8)
    for file, content, message in (
        ("fog/test_images.npy", None, "no such file"),
        ("identity/test_labels.npy", None, "no such file"),
        ("zigzag/test_images.npy", images[..., 0], r"must be uint8 \(60, 28, 28, 1\), is uint8 \(60"),
        ("zigzag/test_images.npy", images.astype(float), "is float64"),
        ("zigzag/test_images.npy", images[:59], r"is uint8 \(59"),
        ("identity/test_images.npy", np.uint8(3), r"must be uint8 \(n, 28, 28, 1\), is uint8 \(\)"),
        ("zigzag/test_labels.npy", np.zeros((60, 10), np.int64), r"must be integers \(60,\)"),
        ("zigzag/test_labels.npy", np.full(60, 10), "not 0 to 9"),
        ("zigzag/test_labels.npy", np.full(60, -1), "not 0 to 9"),
        ("zigzag/test_labels.npy", np.full(60, None), "not a NumPy array file"),
        ("zigzag/test_images.npy", b"\x93NUMPY", "not a NumPy array file"),
        ("zigzag/test_images.npy", b"", "not a NumPy array file"),
    ):
        path = folder / file
        whole = path.read_bytes()
        path.unlink()
        if isinstance(content, bytes):
            path.write_bytes(content)
        elif content is not None:
            np.save(path, content)
        with pytest.raises(TenfoldError, match=message) as error:
            robustness(nearest, digits, folder=folder)
        assert str(path) in str(error.value)
        assert "\n" not in str(error.value)
        path.write_bytes(whole)
