"""Data that several tests share."""

import signal

import numpy as np
import pytest
from hypothesis import settings

import tenfold
from tenfold import recipes
from tenfold.data import Digits, write_idx
from tenfold.recipes import Recipe

settings.register_profile("tenfold", deadline=None)  # a loaded machine is no failure
settings.load_profile("tenfold")

# the tests send Ctrl-C to processes; children of a background job would ignore it
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def mnist() -> tuple[Digits, Digits]:
    return tenfold.load()


@pytest.fixture(scope="session")
def few(mnist: tuple[Digits, Digits]) -> Digits:
    """A thousand training digits."""
    return mnist[0][:1000]


@pytest.fixture
def tiny_recipe() -> Recipe:
    """Three epochs of a small network, over in a second on `few`."""
    changes = {
        "network_options.width": 8,
        "epochs": 3,
        "batch_size": 100,
        "validation": 100,
        "augment.rotation": 5.0,
        "precision": "float32",
    }
    return recipes.load("quick", changes)


@pytest.fixture(scope="session")
def idx_folder(mnist: tuple[Digits, Digits], tmp_path_factory: pytest.TempPathFactory) -> str:
    """A small data set as a folder of IDX files: 600 images to train, 200 to test."""
    folder = tmp_path_factory.mktemp("idx")
    for prefix, digits in (("train", mnist[0][:600]), ("t10k", mnist[1][:200])):
        write_idx(folder / f"{prefix}-images-idx3-ubyte", digits.images)
        write_idx(folder / f"{prefix}-labels-idx1-ubyte", digits.labels)
    return str(folder)


@pytest.fixture
def random_digits() -> Digits:
    """Fifty images of noise with random labels."""
    generator = np.random.default_rng(0)
    return Digits(generator.integers(0, 256, (50, 28, 28), np.uint8), generator.integers(0, 10, 50, np.uint8))
