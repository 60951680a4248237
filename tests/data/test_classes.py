"""Data sets whose classes are not the ten digits."""

import json
import string
from types import SimpleNamespace

import numpy as np
import pytest
import scipy.io
from makers import write_csv, write_parquet
from PIL import Image

import tenfold
from tenfold import TenfoldError
from tenfold.data import load, to_digits, write_idx
from tenfold.data.classes import EVERYTHING, FASHION, KMNIST, MERGED

pytestmark = pytest.mark.fast

LETTERS = tuple(string.ascii_uppercase)
LABELS = np.arange(94, dtype=np.uint8) % 47
IMAGES = np.random.default_rng(0).integers(0, 256, (94, 28, 28), np.uint8)


def write_set(folder, prefix, labels, images=IMAGES):
    folder.mkdir(parents=True, exist_ok=True)
    for part in ("train", "test"):
        write_idx(folder / f"{prefix}{part}-images-idx3-ubyte", images[: len(labels)])
        write_idx(folder / f"{prefix}{part}-labels-idx1-ubyte", labels)


def test_emnist_s_sets_lie_in_one_folder_and_are_turned(tmp_path):
    raw = tmp_path / "EMNIST" / "raw"  # torchvision's
    turned = IMAGES.transpose(0, 2, 1)
    write_set(raw, "emnist-letters-", LABELS % 26 + np.uint8(1), turned)
    write_set(raw, "emnist-balanced-", LABELS, turned)
    write_set(raw, "emnist-byclass-", LABELS, turned)
    write_set(raw, "emnist-digits-", LABELS % 10, turned)
    for name, classes, labels in (
        ("letters", LETTERS, LABELS % 26),
        ("balanced", MERGED, LABELS),
        ("byclass", EVERYTHING, LABELS),
        ("digits", tuple("0123456789"), LABELS % 10),
    ):
        for digits in load(raw / f"emnist-{name}-train-images-idx3-ubyte"):
            assert digits.classes == classes
            assert np.array_equal(digits.labels, labels)
            assert np.array_equal(digits.images, IMAGES)
    assert len(MERGED) == 47
    assert len(EVERYTHING) == 62
    with pytest.raises(TenfoldError, match=r"could be .*emnist-letters-.*; give one of the files"):
        load(tmp_path)


def test_clothes_and_characters_are_known_by_their_folders(tmp_path):
    for folder, classes in (("FashionMNIST/raw", FASHION), ("kmnist", KMNIST)):
        write_set(tmp_path / folder, "", LABELS % 10)
        assert [digits.classes for digits in load(tmp_path / folder)] == [classes] * 2


def test_csv_matlab_and_parquet(tmp_path):
    letters = LABELS % 26 + 1
    write_csv(tmp_path / "emnist-letters-train.csv", IMAGES.transpose(0, 2, 1), letters, names=False)
    train, test = load(tmp_path / "emnist-letters-train.csv")
    assert train.classes == test.classes == LETTERS
    assert train.labels[0] == letters[0] - 1

    part = {"images": IMAGES.transpose(0, 2, 1).reshape(-1, 784), "labels": letters[:, None]}
    codes = [[label, 64 + label, 96 + label] for label in range(1, 27)]
    scipy.io.savemat(tmp_path / "letters.mat", {"dataset": {"train": part, "test": part, "mapping": codes}})
    for digits in load(tmp_path / "letters.mat"):
        assert digits.classes == LETTERS
        assert np.array_equal(digits.labels, letters - 1)

    names = {"info": {"features": {"label": {"names": ["T - shirt / top", "Trouser"], "_type": "ClassLabel"}}}}
    write_parquet(tmp_path / "train.parquet", IMAGES, LABELS % 2, {"huggingface": json.dumps(names)})
    assert load(tmp_path / "train.parquet")[1].classes == ("T - shirt / top", "Trouser")


def test_numbers_and_columns_are_classes_if_none_is_missing():
    for labels in (LABELS, np.eye(47)[LABELS]):
        digits = to_digits((IMAGES, labels))
        assert digits.classes == tuple(map(str, range(47)))
        assert np.array_equal(digits.labels, LABELS)
        assert tenfold.split(digits, 47)[1].counts().tolist() == [1] * 47
    for wrong in (LABELS[:12] + np.uint8(1), LABELS[:94] + np.uint8(16)):  # a gap; more than 62
        with pytest.raises(TenfoldError, match="is not a digit; labels must be 0 to 9"):
            to_digits((IMAGES[: len(wrong)], wrong))
    with pytest.raises(TenfoldError, match="label 2 at index 1 is not the number of a class; labels must be 0 to 1"):
        to_digits((IMAGES[:2], [0, 2]), classes=("a", "b"))
    with pytest.raises(TenfoldError, match="2 to 62 classes with different names"):
        to_digits((IMAGES[:2], [0, 1]), classes=("a", "a"))


class EMNIST(list):  # as in torchvision, whose images are not turned
    classes = ("N/A", "a", "b")


def test_the_data_sets_of_torchvision():
    digits = to_digits(EMNIST([(Image.fromarray(image.T), 1) for image in IMAGES[:3]]))
    assert digits.classes == ("N/A", "a", "b")
    assert np.array_equal(digits.images, IMAGES[:3])
    mnist = SimpleNamespace(classes=["0 - zero", "1 - one"], pairs=[(IMAGES[0], 1)])
    kind = type("MNIST", (list,), {"classes": mnist.classes})
    assert to_digits(kind(mnist.pairs)).classes == ("0", "1")
