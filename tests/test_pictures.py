import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageDraw

from tenfold.data.pictures import picture_to_image, read_pictures
from tenfold.errors import TenfoldError


def seven(side=200, ink=0, paper=255, width=0.08):
    """Draw a seven that fills the middle of a square picture."""
    picture = Image.new("L", (side, side), paper)
    points = [(0.3 * side, 0.2 * side), (0.6 * side, 0.2 * side), (0.4 * side, 0.8 * side)]
    ImageDraw.Draw(picture).line(points, ink, round(width * side))
    return picture


def test_a_28x28_picture_keeps_its_pixels():
    image = np.random.default_rng(0).integers(0, 256, (28, 28), dtype=np.uint8)
    image[[0, -1]] = image[:, [0, -1]] = 3
    assert np.array_equal(picture_to_image(Image.fromarray(image)), image)
    assert np.array_equal(picture_to_image(Image.fromarray(255 - image)), image)


@pytest.mark.parametrize("side", [20, 100, 999])
def test_ink_is_20_pixels_long_and_centered_by_mass(side):
    image = picture_to_image(seven(side)).astype(float)
    rows, columns = np.flatnonzero(image.any(axis=1)), np.flatnonzero(image.any(axis=0))
    assert max(np.ptp(rows), np.ptp(columns)) + 1 == 20
    assert image.max() == 255
    index = np.arange(28)
    assert index @ image.sum(axis=1) / image.sum() == pytest.approx(14, abs=0.51)
    assert index @ image.sum(axis=0) / image.sum() == pytest.approx(14, abs=0.51)


def test_place_size_polarity_and_contrast_do_not_matter():
    image = picture_to_image(seven()).astype(int)
    moved = Image.new("L", (500, 300), 255)
    moved.paste(seven(), (250, 60))
    assert np.array_equal(picture_to_image(moved), image)
    for other in (
        seven(ink=255, paper=0),
        seven(ink=90, paper=230),
        seven().resize((800, 800), Image.Resampling.NEAREST),
    ):
        assert np.abs(picture_to_image(other) - image).mean() < 4


def test_every_kind_of_picture_gives_the_same_image():
    gray = seven()
    image = picture_to_image(gray)
    transparent = Image.new("RGBA", gray.size, (0, 0, 0, 0))
    transparent.putalpha(Image.fromarray(255 - np.asarray(gray)))
    deep = Image.fromarray(np.asarray(gray).astype(np.uint16) * 257)
    turned = gray.transpose(Image.Transpose.ROTATE_90)
    turned.getexif()[0x0112] = 6  # show it turned by 90° clockwise
    for kind in (gray.convert("RGB"), gray.convert("P"), gray.convert("1"), transparent, deep, turned):
        assert np.array_equal(picture_to_image(kind), image)


def test_files_become_images(tmp_path):
    for suffix in ("png", "bmp", "tiff"):
        seven().save(tmp_path / f"seven.{suffix}")
    images = read_pictures(sorted(tmp_path.iterdir()))
    assert images.shape == (3, 28, 28)
    assert np.all(images == picture_to_image(seven()))
    assert read_pictures([]).shape == (0, 28, 28)


def test_files_that_show_no_digit_are_named(tmp_path):
    file = tmp_path / "file.png"
    seven().save(file)
    whole = file.read_bytes()
    header = b"IHDR" + struct.pack(">IIBBBBB", 50_000, 50_000, 8, 0, 0, 0, 0)
    bomb = whole[:8] + struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header)) + whole[33:]
    bad = {"not a picture": b"seven", "damaged": whole[: len(whole) // 2], "too large": bomb}
    for reason, content in bad.items():
        file.write_bytes(content)
        with pytest.raises(TenfoldError, match=f"^{file}: {reason}"):
            read_pictures([file])
    for blank in (seven(ink=255), seven(ink=240), Image.new("L", (28, 28))):
        blank.save(file)
        with pytest.raises(TenfoldError, match=f"^{file}: blank"):
            read_pictures([file])
    with pytest.raises(FileNotFoundError):
        read_pictures([tmp_path / "missing.png"])
