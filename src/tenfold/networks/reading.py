"""The networks that the reader needs besides those for single digits: for whole text lines, and for ink."""

from torch import nn

from tenfold.base.form import CLASSES, LINE_SIGNS
from tenfold.networks.layers import Channels, UNet, block


def text_line_cnn(width: Channels = 32) -> list[nn.Module]:
    """Reads a whole text line: at every second column, it says which digit or sign is there, or that none is.

    Args:
        width: channels of the first convolution; the last ones have four times as many.

    Returns:
        Layers from standardized images `(batch, 1, 40, columns)` to logits `(batch, 21, columns / 2)` for the ten
        digits, `LINE_SIGNS`, and the blank of connectionist temporal classification; `columns` may be any even number.

    Sources: A. Graves et al., "Connectionist Temporal Classification", ICML 2006; without recurrent layers as in
    F. Yin et al., "Scene Text Recognition with Sliding Convolutional Character Models", 2017.
    """
    return [
        *block(1, width, kernel=5, stride=2, padding=2),  # (batch, 32, 20, columns / 2), as many columns below
        *block(width, width * 3 // 2, padding=1),  # (batch, 48, 20, ...)
        nn.MaxPool2d((2, 1)),  # (batch, 48, 10, ...)
        *block(width * 3 // 2, 2 * width, padding=1),  # (batch, 64, 10, ...)
        *block(2 * width, 2 * width, padding=1),  # (batch, 64, 10, ...)
        nn.MaxPool2d((2, 1)),  # (batch, 64, 5, ...)
        *block(2 * width, 3 * width, padding=1),  # (batch, 96, 5, ...)
        *block(3 * width, 4 * width, kernel=(5, 3), padding=(0, 1)),  # (batch, 128, 1, ...)
        *block(4 * width, 4 * width, kernel=(1, 7), padding=(0, 3)),  # (batch, 128, 1, ...): a digit's neighbors count
        *block(4 * width, 4 * width, kernel=(1, 7), padding=(0, 3)),  # (batch, 128, 1, ...)
        nn.Flatten(2),  # (batch, 128, ...)
        nn.Dropout(0.1),
        nn.Conv1d(4 * width, CLASSES + len(LINE_SIGNS) + 1, 1),  # (batch, 21, ...)
    ]


def ink_unet(width: Channels = 32) -> list[nn.Module]:
    """Finds the ink in a picture: for every pixel, whether it is covered by writing.

    Args:
        width: channels at half the resolution of the picture, where the U-Net begins and ends; twice as many below.

    Returns:
        Layers from pictures `(batch, 3, h, w)`, -2 to 2, to logits `(batch, 1, h, w)`; `h` and `w` are multiples of 32.

    Source: the U-Net of O. Ronneberger et al., MICCAI 2015, with few channels, padding and BatchNorm.
    """
    return [
        nn.Conv2d(3, width, 4, stride=2, padding=1),  # (batch, 32, h / 2, w / 2): a quarter of the pixels to compute
        UNet(width, [width, width * 3 // 2, 2 * width, 2 * width, 2 * width]),  # (batch, 32, h / 2, w / 2)
        nn.ConvTranspose2d(width, 1, 2, stride=2),  # (batch, 1, h, w)
    ]
