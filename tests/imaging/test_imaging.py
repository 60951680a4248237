import struct
import zlib

import cv2
import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw

from benchmarks.fuzz_pages import MEGABYTES, read
from tenfold.base.errors import TenfoldError
from tenfold.imaging import load as loading
from tenfold.imaging import open_page, picture_to_image, read_pictures
from tenfold.imaging.ink import typical_height
from tenfold.imaging.lines import Line, find_lines
from tenfold.imaging.page import page_of_ink
from tenfold.imaging.strips import cut_strip, ink_of

pytestmark = pytest.mark.fast


def seven(side=200, ink=0, paper=255, width=0.08):
    """Draw a seven that fills the middle of a square picture."""
    picture = Image.new("L", (side, side), paper)
    points = [(0.3 * side, 0.2 * side), (0.6 * side, 0.2 * side), (0.4 * side, 0.8 * side)]
    ImageDraw.Draw(picture).line(points, ink, round(width * side))
    return picture


def test_images_of_mnist_keep_their_pixels(mnist):
    for image in mnist[1].images[:20]:
        assert np.array_equal(picture_to_image(image), image)
        assert np.array_equal(picture_to_image(255 - image), image)


def test_ink_is_20_pixels_long_and_centered_by_mass():
    for side in (28, 100, 999):
        image = picture_to_image(seven(side)).astype(float)
        rows, columns = np.flatnonzero(image.any(axis=1)), np.flatnonzero(image.any(axis=0))
        assert max(np.ptp(rows), np.ptp(columns)) + 1 == 20
        assert image.max() == 255
        index = np.arange(28)
        assert index @ image.sum(axis=1) / image.sum() == pytest.approx(14, abs=0.51)
        assert index @ image.sum(axis=0) / image.sum() == pytest.approx(14, abs=0.51)


def test_place_size_polarity_contrast_shadow_and_stroke_hardly_matter():
    image = picture_to_image(seven()).astype(int)
    moved = Image.new("L", (500, 300), 255)
    moved.paste(seven(), (250, 60))
    shadow = np.asarray(seven()) * np.linspace(1, 0.4, 200)
    yellow = Image.merge("RGB", [Image.new("L", (200, 200), 255)] * 2 + [seven()])
    for other in (
        moved,
        seven(ink=255, paper=0),
        seven(ink=200, paper=230),
        seven().resize((800, 800), Image.Resampling.NEAREST),
        shadow.astype(np.uint8),
        yellow,
        seven(width=0.03),
    ):
        assert np.abs(picture_to_image(other) - image).mean() < 12  # the scale at which ink is sought differs a little


def test_ruled_lines_go_and_strokes_that_cross_them_stay():
    for gap in (26, 44):
        ruled = np.asarray(seven(200)).copy()
        ruled[gap::gap] = ruled[gap + 1 :: gap] = 120
        pages = [open_page(picture) for picture in (ruled, seven(200))]
        boxes = np.array([page.box(page.digit()) for page in pages])
        assert np.abs(boxes[0] - boxes[1]).max() < 12
    row = np.hstack([np.asarray(seven(200))[:166]] * 4)
    row[158:] = 60
    for turns in range(4):  # a line at the edge
        assert len(open_page(np.rot90(row, turns)).components) == 4


def page_of_sevens(paper):
    """Twelve small sevens on paper of given gray levels, 600 x 800."""
    ink = np.zeros((600, 800))
    for y in range(60, 540, 180):
        for x in range(80, 720, 180):
            ink[y : y + 90, x : x + 90] = 1 - np.asarray(seven(90, width=0.06)) / 255
    noise = np.random.default_rng(0).normal(0, 2, ink.shape)
    return (paper * (1 - 0.7 * cv2.GaussianBlur(ink, (0, 0), 1)) + noise).clip(0, 255).astype(np.uint8)


@pytest.mark.parametrize("steep", [0.02, 0.3])
def test_a_shadow_is_no_ink(steep):
    y, x = np.mgrid[:600, :800]
    light = 1 / (1 + np.exp((x - 250) * steep)) / (1 + np.exp((350 - y) * steep))  # in one corner
    page = page_of_sevens(120 + 120 * light)
    for gray in (page, 255 - page):
        components = open_page(gray).components
        assert 12 <= sum(component.height > 20 for component in components) <= 13  # perhaps the corner of a hard shadow


@pytest.mark.parametrize("depth", [0.1, 0.4])
def test_pale_squares_in_a_shadow_are_no_ink(depth):
    y, x = np.mgrid[:600, :800]
    squares = np.minimum((x + 0.03 * y) % 70, (y - 0.02 * x) % 70) < 2
    light = 1 - 0.4 / (1 + np.exp((300 - x - y / 3) / 5))
    assert len(open_page(page_of_sevens(240 * light)).components) == 12
    page = open_page(page_of_sevens(240 * light * (1 - depth * squares)))
    assert len(page.components) == 12
    assert all(40 < page.box(component)[3] < 75 for component in page.components)


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


def test_numbers_of_every_kind_give_the_same_image(mnist):
    image = mnist[1].images[0]
    share = image / np.float32(255)
    kinds = [image.astype(dtype) for dtype in (np.int64, np.uint16, np.float64, np.int16)]
    kinds += [share, share.astype(np.float64), 257 * image.astype(np.uint16), image.tolist(), share.tolist(), 1 - share]
    kinds += [image[None], image[..., None], share[None, None], share[None, ..., None], np.dstack([share] * 3)]
    kinds += [image.reshape(784), image.reshape(1, 784), image.reshape(784, 1), image.ravel().tolist()]
    kinds += [torch.tensor(image), torch.tensor(share)[None].requires_grad_(), torch.tensor(image)[None] / 255]
    for kind in kinds:
        assert np.array_equal(picture_to_image(kind), image)
    for binary in (image > 127, (image > 127).astype(int), (image > 127).tolist()):
        assert np.array_equal(
            picture_to_image(binary), picture_to_image(np.where(image > 127, 255, 0).astype(np.uint8))
        )


def test_numbers_that_are_no_picture_are_told(mnist):
    images = mnist[1].images[:64]
    share = images[0] / 255
    for numbers, *words in (
        (images, "(64, 28, 28)", "one by one", "read_images"),
        (images[:, None] / 255, "(64, 1, 28, 28)", "read_images"),
        (images.reshape(64, 784), "64 images, each in a row", "read_images"),
        (images[:3], "(3, 28, 28)", "channels last", "read_images"),
        (torch.tensor(images), "(64, 28, 28)"),
        ([Image.fromarray(image) for image in images[:2]], "(2, 28, 28)", "one by one"),
        (["one.png", "other.png"], "list", "one by one"),
        (np.where(share > 0.5, np.nan, share), "NaN"),
        ((share - 0.13) / 0.3, "from -0.43", "standardization"),
        (images[0].astype(int) + 300, "from 300 to 555"),
        (share.astype(complex), "complex"),
        (np.array([[None]]), "object"),
        ([[1, 2], [3]], "differ in length"),
        (np.arange(100), "(100,)", "(height, width)"),
        *((np.linspace(0, most, 784).reshape(28, 28), "ranges from 0 to 1 or from 0 to 255") for most in (1.01, 1.99)),
        (None, "NoneType", "path"),
        (7, "()"),
        ([], "(0,)"),
    ):
        with pytest.raises(TenfoldError) as error:
            picture_to_image(numbers)
        assert all(word in str(error.value) for word in words), error.value
        assert "\n" not in str(error.value)


def test_files_that_show_no_digit_are_named(tmp_path):
    file = tmp_path / "file.png"
    seven().save(file)
    whole = file.read_bytes()
    header = b"IHDR" + struct.pack(">IIBBBBB", 50_000, 50_000, 8, 0, 0, 0, 0)
    bomb = whole[:8] + struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header)) + whole[33:]
    seven().save(file, save_all=True, append_images=[seven(ink=90)])
    moving = file.read_bytes()
    bad = {
        "not a picture": b"seven",
        "damaged": whole[: len(whole) // 2],
        "too large": bomb,
        "several pictures": moving,
    }
    for reason, content in bad.items():
        file.write_bytes(content)
        with pytest.raises(TenfoldError, match=f"^{file}: {reason}"):
            read_pictures([file])
    for blank in (seven(ink=255), Image.new("L", (28, 28)), Image.new("L", (1, 1))):
        blank.save(file)
        with pytest.raises(TenfoldError, match=rf"^{file}: no digits found \(nothing is written on it\)"):
            read_pictures([file])
    with pytest.raises(FileNotFoundError):
        read_pictures([tmp_path / "missing.png"])


def test_what_lies_in_no_memory_at_once_looks_the_same(monkeypatch):
    random = np.random.default_rng(0)
    colors = Image.fromarray(random.integers(0, 256, (60, 40, 4), np.uint8))
    flat = Image.new("RGBA", (40, 60), (9, 9, 9))
    flat.putalpha(colors.getchannel("A"))
    deep = Image.fromarray(random.integers(0, 65536, (60, 40), np.uint16))
    kinds = [
        colors,
        colors.convert("RGB"),
        colors.convert("LA"),
        flat,
        deep,
        colors.convert("P"),
        colors.convert("CMYK"),
    ]
    whole = [loading.load_picture(kind) for kind in kinds]
    monkeypatch.setattr(loading, "STRIP", 40 * 7)  # pixels: seven rows at a time
    for kind, picture in zip(kinds, whole, strict=True):
        assert loading.load_picture(kind) == picture


def test_strips_too_narrow_for_digits_are_refused_before_they_are_decoded(tmp_path):
    for size in ((1, 1001), (10, 10_000_000), (100_000_000, 1)):
        (tmp_path / "strip.pgm").write_bytes(b"P5 %d %d 255\n" % size)
        with pytest.raises(TenfoldError, match=f"strip.pgm: too narrow, {size[0]}x{size[1]}"):
            open_page(tmp_path / "strip.pgm")


def test_a_large_picture_takes_little_memory(tmp_path):
    large = Image.new("P", (10_000, 10_000), 1)
    large.putpalette([255, 0, 0, 255, 255, 255, 0, 0, 0])
    ImageDraw.Draw(large).line([(4000, 2000), (6000, 2000), (4500, 8000)], 2, 600)
    large.paste(0, (0, 0, 100, 100))  # transparent
    large.save(tmp_path / "large.png", transparency=0, compress_level=1)
    outcome = read(tmp_path / "large.png")
    assert "large.png: 7" in outcome.out
    assert outcome.megabytes < MEGABYTES


def test_what_is_too_dense_to_be_writing_is_refused():
    y, x = np.mgrid[:1000, :1000] % 13
    blank = Image.new("L", (1000, 1000))
    dots = np.where((x < 8) & (y < 8), 255, 0).astype(np.uint8)
    with pytest.raises(TenfoldError, match=r"^dots.png: too dense to be writing \(5,929 connected components"):
        page_of_ink("dots.png: ", blank, dots)
    y, x = np.mgrid[:2000, :2000]
    nested = np.where(np.maximum(abs(x - 1000), abs(y - 1000)) % 8 < 3, 255, 0).astype(np.uint8)
    with pytest.raises(TenfoldError, match=r"^too dense"):  # few components, but each in a box of most of the picture
        page_of_ink("", blank, nested)


def test_a_sheet_on_a_table_is_no_stroke():
    mask = np.zeros((256, 256), bool)
    mask[40:200, 30:220] = True
    assert typical_height(mask) == 0
    mask[210:230, 40:44] = True
    assert typical_height(mask) == 20


def test_lines_are_cut_out_level():
    ink = np.zeros((200, 400), np.uint8)
    for x in range(60, 340, 40):
        ink[80:110, x : x + 6] = 255
    sloping = np.stack([np.roll(column, round(0.15 * x)) for x, column in enumerate(ink.T)], axis=1)
    strips = []
    for each in (ink, sloping):
        page = page_of_ink("", Image.fromarray(each), each)
        [components] = find_lines(page.components)
        line = Line(components)
        strips.append(cut_strip(ink_of(line, page), line, 30.0).image.astype(int))
    assert strips[0].shape == strips[1].shape
    assert np.abs(strips[0] - strips[1]).mean() < 6


def test_a_line_is_cut_out_without_its_neighbors():
    ink = np.zeros((200, 400), np.uint8)
    for x in range(60, 340, 40):
        ink[40:70, x : x + 6] = 255
    both = ink.copy()
    both[75:105, 80:320:40] = both[75:105, 81:320:40] = 255

    def first_strip(drawn):
        page = page_of_ink("", Image.fromarray(drawn), drawn)
        line = Line(find_lines(page.components)[0])
        return cut_strip(ink_of(line, page), line, 30.0).image

    np.testing.assert_array_equal(first_strip(both), first_strip(ink))
