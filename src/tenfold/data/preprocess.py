"""From pixels to the tensors that networks read, one named step at a time.

`to_tensor` takes all four steps in order: `reshape`, `astype`, `normalize`, `standardize`.
"""

import numpy as np
import torch
from jaxtyping import Float, Shaped, UInt8
from torch import Tensor

from tenfold.data import MEAN as MEAN
from tenfold.data import STD as STD


def reshape(images: UInt8[np.ndarray, "n 28 28"]) -> UInt8[Tensor, "n 1 28 28"]:
    """Copy images into a tensor, adding the channel axis that convolutions expect; grayscale has one channel."""
    return torch.tensor(images).unsqueeze(1)  # (n, 28, 28) -> (n, 1, 28, 28)


def astype(pixels: Shaped[Tensor, "*shape"], dtype: torch.dtype = torch.float32) -> Float[Tensor, "*shape"]:
    """Convert pixels to a floating-point type, which gradients need."""
    return pixels.to(dtype)


def normalize(pixels: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """Scale pixels from 0…255 to 0…1."""
    return pixels / 255


def standardize(pixels: Float[Tensor, "*shape"], mean: float = MEAN, std: float = STD) -> Float[Tensor, "*shape"]:
    """Shift and scale pixels to mean 0 and standard deviation 1.

    Args:
        pixels: values from 0 to 1.
        mean: their mean; by default that of MNIST's training images.
        std: their standard deviation; by default that of MNIST's training images.

    Returns:
        The standardized pixels; with the defaults, from -0.42 (background) to 2.82 (full ink).
    """
    return (pixels - mean) / std


def to_tensor(images: UInt8[np.ndarray, "n 28 28"]) -> Float[Tensor, "n 1 28 28"]:
    """Prepare images for a network: `reshape`, `astype`, `normalize`, and `standardize`, in this order."""
    return standardize(normalize(astype(reshape(images))))
