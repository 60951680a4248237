import numpy as np
import pytest
from scipy import ndimage

from tenfold.evaluation.corruptions import CORRUPTIONS, corrupt, turn, warp


@pytest.fixture(scope="module")
def images(mnist):
    return mnist[1].images[:100]


def test_there_are_the_fifteen_of_mnist_c_in_its_order():
    names = "shot_noise impulse_noise glass_blur motion_blur shear scale rotate brightness translate stripe"
    assert list(CORRUPTIONS) == [*names.split(), "fog", "spatter", "dotted_line", "zigzag", "canny_edges"]


def test_corrupted_digits_are_reproducible_and_all_changed(images):
    before = images.copy()
    for name in CORRUPTIONS:
        corrupted = corrupt(images, name, seed=3)
        assert (corrupted.dtype, corrupted.shape) == (np.uint8, (100, 28, 28))
        np.testing.assert_array_equal(corrupted, corrupt(images, name, seed=3))
        np.testing.assert_array_equal(images, before)
        assert (corrupted != images).any(axis=(1, 2)).all()
        assert corrupt(images[:1], name).shape == (1, 28, 28)


def test_random_corruptions_differ_by_seed_by_image_and_by_corruption(images):
    certain = {"scale", "brightness", "stripe", "canny_edges"}
    same = np.repeat(images[:1], 20, axis=0)
    for name in CORRUPTIONS:
        corrupted = corrupt(same, name, seed=0)
        assert np.array_equal(corrupted, corrupt(same, name, seed=1)) == (name in certain)
        assert (corrupted == corrupted[0]).all() == (name in certain)
    directions = [
        (corrupt(images, name)[:, :14].mean(axis=(1, 2)) > images[:, :14].mean(axis=(1, 2)))
        for name in ("shear", "rotate")
    ]
    assert not np.array_equal(*directions)


def test_noise_has_its_statistics():
    gray = np.full((50, 28, 28), 85, np.uint8)  # a third of full ink: one photon of three
    shot = corrupt(gray, "shot_noise")
    for photons, probability in enumerate(np.exp(-1) / np.array([1, 1, 2])):
        assert (shot == 85 * photons).mean() == pytest.approx(probability, abs=0.01)
    impulse = corrupt(gray, "impulse_noise")
    assert [(impulse == value).mean() for value in (0, 85, 255)] == pytest.approx([0.085, 0.83, 0.085], abs=0.01)


def test_blurs_keep_the_ink_but_soften_it_and_scale_shrinks(images):
    for name in ("glass_blur", "motion_blur"):
        blurred = corrupt(images, name).astype(float)
        assert blurred.mean() == pytest.approx(images.mean(), rel=0.02)
        assert blurred.std() < 0.85 * images.std()
    assert corrupt(images, "scale").sum() == pytest.approx(0.7**2 * images.sum(), rel=0.02)


def test_translate_moves_all_ink_diagonally(images):
    inner = np.pad(images[:, 4:24, 4:24], ((0, 0), (4, 4), (4, 4)))  # no ink leaves the picture
    moved = [
        np.subtract(ndimage.center_of_mass(after), ndimage.center_of_mass(before))
        for before, after in zip(inner, corrupt(inner, "translate"), strict=True)
    ]
    np.testing.assert_allclose(np.abs(moved), 3)
    assert len(np.unique(np.sign(moved), axis=0)) == 4


def test_rotate_goes_both_ways_by_the_same_angle(images):
    rotated = corrupt(images, "rotate")
    left, right = warp(images, turn(0.4)), warp(images, turn(-0.4))
    lefts = (rotated == left).all(axis=(1, 2))
    assert (lefts ^ (rotated == right).all(axis=(1, 2))).all()
    assert 20 < lefts.sum() < 80


def test_fog_brightens_smoothly_and_leaves_a_quarter_of_the_contrast():
    half = np.zeros((60, 28, 28), np.uint8)
    half[:, :, 14:] = 255
    foggy = corrupt(half, "fog").astype(float)
    edge = foggy[:, :, 14] - foggy[:, :, 13]
    assert edge.mean() == pytest.approx(255 / 4, abs=4)
    assert np.abs(np.diff(foggy[:, :, :14], axis=2)).mean() < 3
    assert 50 < foggy[:, :, :14].mean() < 140
    assert foggy[:, 0, 0].std() > 20  # some are thick, some are thin
    assert not corrupt(np.zeros((2, 28, 28), np.uint8), "fog").any()


def test_lines_only_add_ink(images):
    for name in ("dotted_line", "zigzag"):
        assert (corrupt(images, name) >= images).all()
    blank = np.zeros((300, 28, 28), np.uint8)
    dotted = corrupt(blank, "dotted_line").any(axis=1)  # (n, 28): is there ink in the column
    assert np.flatnonzero(dotted.any(axis=0)).tolist() == [2, 3, 6, 7, 10, 11, 14, 15, 18, 19, 22, 23, 26]
    drawn = corrupt(blank, "zigzag")
    assert not drawn[:, :, [0, 27]].any()
    inside = drawn[~drawn[:, [0, 1, 26, 27]].any(axis=(1, 2))]
    assert len(inside) > 100
    for steps in np.sign(np.diff(inside.argmax(axis=1)[:, 2:24].astype(int), axis=1)):
        assert (np.diff(steps[steps != 0]) != 0).sum() == 5  # the sixth peak is in column 24


def test_canny_finds_the_outline_of_a_square():
    square = np.zeros((2, 28, 28), np.uint8)
    square[0, 8:20, 8:20] = 255
    edges = corrupt(square, "canny_edges")
    assert set(np.unique(edges)) == {0, 255}
    assert not edges[1].any()
    filled = ndimage.binary_fill_holes(edges[0])
    assert edges[0][11:17, 11:17].sum() == 0
    assert filled[9:19, 9:19].all()
    assert not filled[:7].any()
    faint = square // 255 * 5  # too faint for an edge
    assert not corrupt(faint, "canny_edges").any()
