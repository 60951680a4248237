import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tenfold.base.errors import TenfoldError
from tenfold.data import Digits, preprocess, shift, split

pytestmark = pytest.mark.fast

LABELS = st.lists(st.integers(0, 9), min_size=2, max_size=300).map(lambda labels: np.array(labels, dtype=np.uint8))


def numbered(labels):
    """Digits whose images spell their index, so that each can be told from the others."""
    images = np.zeros((len(labels), 28, 28), dtype=np.uint8)
    images[:, 0, 0], images[:, 0, 1] = np.divmod(np.arange(len(labels)), 256)
    return Digits(images, labels)


def numbers(digits):
    return digits.images[:, 0, 0].astype(int) * 256 + digits.images[:, 0, 1]


@given(labels=LABELS, data=st.data())
def test_split_is_stratified_disjoint_complete_and_repeatable(labels, data):
    digits = numbered(labels)
    validation = data.draw(st.integers(1, len(digits) - 1))
    seed = data.draw(st.integers(0, 2**32))
    train, held_out = split(digits, validation, seed)

    assert len(held_out) == validation
    assert sorted([*numbers(train), *numbers(held_out)]) == list(range(len(digits)))
    for part in (train, held_out):
        assert np.array_equal(part.labels, labels[numbers(part)])
        assert np.all(np.diff(numbers(part)) > 0)
    assert np.all(np.abs(held_out.counts() - digits.counts() * validation / len(digits)) < 1)
    assert split(digits, validation, seed)[1].sha256() == held_out.sha256()


def test_a_split_leaves_neither_part_empty_and_follows_its_seed():
    digits = numbered(np.arange(100, dtype=np.uint8) % 10)
    assert not np.array_equal(numbers(split(digits, 50, 0)[1]), numbers(split(digits, 50, 1)[1]))
    for validation in (-1, 0, 100, 101):
        with pytest.raises(TenfoldError, match="choose 1 to 99"):
            split(digits, validation)


def test_images_and_labels_that_do_not_fit_are_refused():
    for shape, labels, message in (
        ((2, 28, 28), [1], "2 images but 1 labels"),
        ((1, 28, 28), [10], "label 10 at index 0 is not a digit"),
        ((0, 28, 28), [], "holds no images"),
    ):
        with pytest.raises(TenfoldError, match=f"^here: {message}"):
            Digits(np.zeros(shape, dtype=np.uint8), np.array(labels, dtype=np.uint8), "here")


def test_reversed_digits_become_tensors():
    images = numbered(np.arange(10, dtype=np.uint8))[::-1].images
    assert torch.equal(preprocess.reshape(images)[:, 0, 0, 1], torch.arange(9, -1, -1, dtype=torch.uint8))


def test_the_checksum_covers_pixels_and_labels():
    digits = numbered(np.arange(10, dtype=np.uint8))
    assert digits.sha256() == digits[::-1][::-1].sha256()
    assert digits.sha256() != Digits(digits.images, digits.labels[::-1]).sha256()
    assert digits.sha256() != Digits(digits.images[::-1], digits.labels).sha256()


def test_shifts_move_every_pixel(few):
    moved = shift(few.images, -2, 5)
    np.testing.assert_array_equal(moved[:, :-2, 5:], few.images[:, 2:, :-5])
    assert not moved[:, -2:].any()
    assert not moved[:, :, :5].any()
    np.testing.assert_array_equal(shift(few.images, 0, 0), few.images)
