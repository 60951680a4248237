"""Data that several tests share."""

import os

# the networks here are so small that a second thread only waits for the first, and on a loaded machine for seconds
os.environ["OMP_NUM_THREADS"] = "1"  # read when NumPy and PyTorch are imported, also by other processes

import shutil
import signal
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, settings

import tenfold
from tenfold import recipes
from tenfold.data import Digits, write_idx
from tenfold.recipes import Recipe

# a loaded machine is no failure, and every machine tries the same examples
settings.register_profile(
    "tenfold",
    max_examples=50,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("tenfold")

# the tests send Ctrl-C to processes; children of a background job would ignore it
signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("gpu") and not torch.cuda.is_available():
        pytest.skip("needs an NVIDIA GPU")


def forbid_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    """Where all that the tests need must be there, a test that is skipped has failed."""
    expected = hasattr(report, "wasxfail")  # it ran, and failed for the reason given
    if report.skipped and not expected and os.environ.get("TENFOLD_FORBID_SKIPS") == "1":
        *_, reason = report.longrepr
        report.outcome, report.longrepr = "failed", f"{report.nodeid}: {reason}; TENFOLD_FORBID_SKIPS=1 forbids that"


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector):
    report = yield
    forbid_skip(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item):
    report = yield
    if not (item.get_closest_marker("gpu") or item.get_closest_marker("cross")):
        forbid_skip(report)
    return report


@pytest.fixture(scope="session")
def mnist() -> tuple[Digits, Digits]:
    return tenfold.load()


@pytest.fixture(scope="session")
def few(mnist: tuple[Digits, Digits]) -> Digits:
    """A thousand training digits."""
    return mnist[0][:1000]


@pytest.fixture(scope="session")
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


@pytest.fixture(scope="session")
def nearest(mnist: tuple[Digits, Digits]) -> SimpleNamespace:
    """A model without training: how similar the most similar of 3,000 images is, class by class."""
    train = mnist[0][:3000]
    known = train.images.reshape(-1, 784).astype(np.float32)
    known /= np.linalg.norm(known, axis=1, keepdims=True)

    def logits(images):
        pixels = images.reshape(-1, 784).astype(np.float32)
        similarity = pixels @ known.T / np.linalg.norm(pixels, axis=1, keepdims=True)
        best = [similarity[:, train.labels == digit].max(axis=1) for digit in range(10)]
        return 30 * np.stack(best, axis=1)

    return SimpleNamespace(logits=logits)


@pytest.fixture(scope="session")
def lines(mnist):
    """Three lines of digits on white paper, and what they say."""
    picture = np.full((300, 400), 255, np.uint8)
    text = []
    for row in range(3):
        text.append("")
        for column in range(4 - row):
            index = 4 * row + column
            image = np.kron(mnist[0].images[index], np.ones((2, 2), np.uint8))
            top, left = 20 + 90 * row + 4 * column, 30 + 80 * column
            picture[top : top + 56, left : left + 56] -= image
            text[-1] += str(mnist[0].labels[index])
    return picture, text


@pytest.fixture(scope="session")
def playwright():
    sync_api = pytest.importorskip("playwright.sync_api")
    if shutil.which("chromium") is None:
        pytest.skip("no chromium on the path")
    with sync_api.sync_playwright() as started:
        yield started


@pytest.fixture(scope="session")
def browser(playwright):
    """Headless Chromium, shared by all tests that open pages."""
    from benchmarks.chromium import FLAGS

    chromium = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
    yield chromium
    chromium.close()
