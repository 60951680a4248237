"""Augmentation: random changes to whole batches, after which the labels still hold."""

from typing import Annotated

import torch
from jaxtyping import Float, Int64
from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass
from torch import Tensor

from tenfold.base.settings import Fraction
from tenfold.data import SIDE
from tenfold.synthesis.augmix import apply_augmix
from tenfold.synthesis.capture import vary_capture
from tenfold.synthesis.crops import crop_digits
from tenfold.synthesis.geometry import distort
from tenfold.synthesis.letterforms import draw_letterforms
from tenfold.synthesis.negatives import draw_negatives
from tenfold.synthesis.sampling import Images

__all__ = [
    "Augment",
    "apply_augmix",
    "augment",
    "crop_digits",
    "distort",
    "draw_letterforms",
    "draw_negatives",
    "vary_capture",
]

Share = Annotated[float, Field(ge=0, le=1)]
Pixels = Annotated[float, Field(ge=0, le=SIDE)]  # a larger shift would leave an image empty


@dataclass(frozen=True, kw_only=True, config=ConfigDict(extra="forbid", strict=True))
class Augment:
    """How training images are augmented; 0 leaves a change out.

    Attributes:
        rotation: the largest random rotation, 0 to 180 degrees.
        scale: the largest random change of size, as a fraction below 1.
        shear: the largest random slant, as a fraction from 0 to 1.
        shift: the largest random shift, 0 to 28 pixels.
        elastic: the largest random shift of the points that an elastic distortion follows, 0 to 28 pixels.
        augmix: the share of the images that are mixed with random filters, curves, patches and textures.
        capture: the share of the images that are redrawn as if by other pens, on other paper, by other cameras.
        letterforms: the share of the images that are replaced by drawn digits in letterforms that MNIST lacks.
        crops: the share of the images that are cropped from a line of digits, with bits of their neighbors.
        negatives: how many images without a digit are added to every batch, as a share of it; for these, the network
            learns to find all digits equally probable.
    """

    rotation: Annotated[float, Field(ge=0, le=180)] = 0.0
    scale: Fraction = 0.0
    shear: Share = 0.0
    shift: Pixels = 0.0
    elastic: Pixels = 0.0
    augmix: Share = 0.0
    capture: Share = 0.0
    letterforms: Share = 0.0
    crops: Share = 0.0
    negatives: Share = 0.0

    @property
    def distortion(self) -> tuple[float, float, float, float, float]:
        """The limits that `distort` takes: rotation, scale, shear, shift, elastic."""
        return self.rotation, self.scale, self.shear, self.shift, self.elastic


def augment(
    settings: Augment, images: Images, labels: Int64[Tensor, " batch"]
) -> tuple[Float[Tensor, "more 1 28 28"], Int64[Tensor, " batch"]]:
    """Augment a batch at random, and add negatives: images without a digit.

    Random numbers come from PyTorch's global generator.

    Args:
        settings: what to change, and by how much.
        images: digits in any order, pixels from 0 to 1.
        labels: the digits they show, 0 to 9.

    Returns:
        The digits followed by the negatives, pixels from 0 to 1; and the labels of the digits.
    """
    images, labels = draw_letterforms(images, labels, settings.letterforms)
    count = round(settings.negatives * len(images))
    others = draw_negatives(images[:count]) if count else images[:0]
    images = torch.cat((crop_digits(images, settings.crops), others))  # (batch + count, 1, 28, 28)
    if settings.capture:
        images = vary_capture(images, settings.capture)
    if any(settings.distortion):
        images = distort(images, *settings.distortion)
    if settings.augmix:
        images = apply_augmix(images, settings.augmix)
    return images, labels
