"""Random changes to whole batches: the label stays true, the pixels change every time."""

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
Pixels = Annotated[float, Field(ge=0, le=SIDE)]  # beyond which an image is empty


@dataclass(frozen=True, kw_only=True, config=ConfigDict(extra="forbid", strict=True))
class Augment:
    """How training images are changed; 0 leaves a change out.

    Attributes:
        rotation: largest random rotation, in degrees.
        scale: largest random change of size, as a fraction.
        shear: largest random slant, as a fraction.
        shift: largest random shift, in pixels.
        elastic: largest random shift of the points that an elastic distortion follows, in pixels.
        augmix: the share of the images that random filters, curves, patches and textures change too.
        capture: the share of the images that are drawn as with other pens, on other papers, by other cameras.
        letterforms: the share of the images that are replaced by drawn digits of forms that MNIST lacks.
        crops: the share of the images that are cut out of a line of digits, with bits of their neighbors.
        negatives: how many images that show no digit join every batch, as a share of it; of those the network learns
            to find no digit likelier than another.
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
        """The limits that `distort` takes."""
        return self.rotation, self.scale, self.shear, self.shift, self.elastic


def augment(
    settings: Augment, images: Images, labels: Int64[Tensor, " batch"]
) -> tuple[Float[Tensor, "more 1 28 28"], Int64[Tensor, " batch"]]:
    """Change a batch at random, and add images of no digit.

    Random numbers come from PyTorch's global generator.

    Args:
        settings: what to change, and how much.
        images: digits in any order, pixels from 0 to 1.
        labels: their digits.

    Returns:
        The digits and behind them the images of no digit, from 0 to 1; and the labels of the digits.
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
