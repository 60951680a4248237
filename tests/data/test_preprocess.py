import pytest
import torch
from makers import make_digits

from tenfold.data import preprocess

pytestmark = pytest.mark.fast


def test_steps_in_order_make_the_tensor():
    images = make_digits([7] * 50).images
    pixels = preprocess.reshape(images)
    assert (pixels.shape, pixels.dtype) == ((50, 1, 28, 28), torch.uint8)
    normalized = preprocess.normalize(preprocess.astype(pixels))
    assert (normalized.min(), normalized.max()) == (0.0, 1.0)
    assert torch.equal(preprocess.standardize(normalized), preprocess.to_tensor(images))


def test_constants_are_those_of_the_training_images(mnist):
    images = mnist[0].images
    assert images.mean() / 255 == pytest.approx(preprocess.MEAN, abs=5e-5)
    assert images.std() / 255 == pytest.approx(preprocess.STD, abs=5e-5)
