from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.utils.data import DataLoader, Dataset, Subset, TensorDataset

from tenfold.base.errors import TenfoldError
from tenfold.data import Digits, preprocess, shift, split, to_digits

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


class Torchvision(Dataset):
    """As torchvision has them: Pillow images, transformed, and labels."""

    def __init__(self, digits, transform=lambda picture: picture):
        self.digits = replace(digits, transform=transform)

    def __len__(self):
        return len(self.digits)

    def __getitem__(self, index):
        return self.digits[index]


def to_unit(picture):
    return torch.from_numpy(np.array(picture, dtype=np.float32) / 255)[None]


def test_digits_are_a_data_set_for_loaders_with_workers_and_transforms(few):
    digits = few[:20]
    image, label = digits[np.int64(3)]
    assert torch.equal(image, preprocess.to_tensor(digits.images[3:4])[0])
    assert (label, type(label)) == (digits.labels[3], int)
    for source, images in (
        (digits, preprocess.to_tensor(digits.images)),
        (replace(digits, transform=to_unit), torch.tensor(digits.images).unsqueeze(1) / 255),
        (replace(digits, transform=to_unit)[:20][list(range(20))], torch.tensor(digits.images).unsqueeze(1) / 255),
    ):
        batches = list(DataLoader(source, batch_size=8, num_workers=2))
        assert torch.equal(torch.cat([batch for batch, _ in batches]), images)
        assert torch.cat([labels for _, labels in batches]).tolist() == digits.labels.tolist()
    assert [label for _, label in Subset(digits, [3, 5])] == digits.labels[[3, 5]].tolist()
    with pytest.raises(IndexError):
        digits[20]


def test_every_usual_form_of_data_becomes_digits(few):
    digits = few[:20]
    images, labels = torch.tensor(digits.images), torch.tensor(digits.labels)
    pairs = [{"image": image, "label": label} for image, label in Torchvision(digits)]
    for data in (
        digits,
        (digits.images, digits.labels),
        (images.unsqueeze(1) / 255, torch.nn.functional.one_hot(labels.long(), 10)),
        (images.reshape(20, 784).double().requires_grad_(), labels.tolist()),
        TensorDataset(preprocess.to_tensor(digits.images), labels),
        Torchvision(digits),
        Torchvision(digits, to_unit),
        Torchvision(digits, lambda picture: preprocess.standardize(to_unit(picture))),
        Subset(digits, range(20)),
        pairs,
    ):
        assert to_digits(data).sha256() == digits.sha256()
    for data, message in (
        ((images, labels, labels), "not 3 things"),
        ((images, labels[:3]), "20 images but labels of shape"),
        ((images[:, :14], labels), r"these are \(20, 14, 28\)"),
        ((images * 2.0, labels), "from 0 to 1 or from 0 to 255, these run from 0 to 510"),
        ((np.full((1, 784), "x"), [1]), "images must be numbers"),
        (TensorDataset(images), "does not hold pairs"),
        ([(torch.zeros(28, 28), 1), (torch.zeros(14, 14), 1)], "differ in shape"),
        (iter(pairs), "not list_iterator"),
    ):
        with pytest.raises(TenfoldError, match=message):
            to_digits(data)
