import math

import cv2
import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

from tenfold import synthesis
from tenfold.base.form import CENTER
from tenfold.data import preprocess
from tenfold.imaging.normalize import normalize
from tenfold.synthesis import augmix, crops, framing, sampling


def to_ink(images):
    """Pixels from 0 to 1, (n, 1, 28, 28)."""
    return preprocess.normalize(preprocess.astype(preprocess.reshape(images)))


def blob(row: int, column: int) -> torch.Tensor:
    image = torch.zeros(1, 1, 28, 28)
    image[..., row, column] = 1.0
    return image


def center_of_mass(images: torch.Tensor) -> torch.Tensor:
    weights = images[:, 0] / images.sum(dim=(1, 2, 3))[:, None, None]
    axis = torch.arange(28.0)
    return torch.stack(((weights.sum(1) * axis).sum(1), (weights.sum(2) * axis).sum(1)), dim=1)


def test_same_seed_same_distortion_and_each_image_its_own(few):
    images = to_ink(few.images[:1].repeat(8, axis=0))
    torch.manual_seed(1)
    first = synthesis.distort(images, rotation=10.0, scale=0.1, shear=0.1, shift=2.0, elastic=1.0)
    torch.manual_seed(1)
    assert torch.equal(first, synthesis.distort(images, rotation=10.0, scale=0.1, shear=0.1, shift=2.0, elastic=1.0))
    assert len({image.numpy().tobytes() for image in first}) == 8


@given(st.floats(0, 4), st.integers(0, 2**32 - 1))
def test_shift_stays_within_its_limit(limit, seed):
    torch.manual_seed(seed)
    moved = synthesis.distort(blob(14, 14).repeat(16, 1, 1, 1), shift=limit)
    assert (center_of_mass(moved) - 14).abs().max() <= limit + 1e-3


@given(st.floats(0, 90), st.integers(0, 2**32 - 1))
def test_rotation_keeps_the_distance_from_the_center_and_the_angle_within_its_limit(limit, seed):
    torch.manual_seed(seed)
    turned = synthesis.distort(blob(14, 22).repeat(16, 1, 1, 1), rotation=limit)
    x, y = (center_of_mass(turned) - 13.5).unbind(1)
    assert torch.allclose(torch.hypot(x, y), torch.tensor(math.hypot(8.5, 0.5)), atol=0.2)
    angles = torch.rad2deg(torch.atan2(y, x) - math.atan2(0.5, 8.5))
    assert angles.abs().max() <= limit + 1.5


def test_agrees_with_affine_grid(few, monkeypatch):
    images = to_ink(few.images[:1])
    draws = torch.tensor([[0.5], [0.2], [-0.3], [0.4], [0.6], [-0.7]])
    monkeypatch.setattr(torch, "rand", lambda *_, **__: (draws + 1) / 2)
    ours = synthesis.distort(images, rotation=20.0, scale=0.1, shear=0.2, shift=3.0)
    cos, sin = math.cos(math.radians(10)), math.sin(math.radians(10))
    matrix = torch.tensor([[[cos * 1.02, 0.08 - sin * 0.97, 3 * 0.6 / 14], [sin * 1.02, cos * 0.97, 3 * -0.7 / 14]]])
    grid = F.affine_grid(matrix, [1, 1, 28, 28], align_corners=False)
    assert torch.allclose(ours, F.grid_sample(images, grid, align_corners=False), atol=1e-5)


@given(st.floats(0.01, 3), st.integers(0, 2**32 - 1))
def test_elastic_distortion_moves_points_within_its_limit_and_by_different_ways(limit, seed):
    torch.manual_seed(seed)
    places = [(7, 7), (7, 20), (14, 14), (20, 7), (20, 20)]
    ways = []
    for row, column in places:
        torch.manual_seed(seed)
        moved = synthesis.distort(blob(row, column), elastic=limit)
        ways.append(center_of_mass(moved)[0] - torch.tensor([column, row]))
        assert ways[-1].abs().max() <= 1.5 * limit + 0.05
    assert not torch.allclose(ways[0], ways[-1], atol=1e-4)


# a chosen image goes through at least one of nine or eight changes, each with a chance of one third; two of them can
# leave a single pixel as it is
@pytest.mark.parametrize(
    ("change", "likely"), [(synthesis.apply_augmix, 1 - (2 / 3) ** 7), (synthesis.vary_capture, 1 - (2 / 3) ** 6)]
)
@given(share=st.floats(0, 1), seed=st.integers(0, 2**32 - 1))
def test_the_wanted_share_changes_and_stays_within_range(change, likely, share, seed):
    torch.manual_seed(seed)
    images = blob(14, 14).repeat(200, 1, 1, 1)
    changed = change(images, share)
    assert changed.min() >= 0
    assert changed.max() <= 1
    assert abs((changed != images).any(dim=(1, 2, 3)).float().mean() - share * likely) <= 0.15


@given(st.integers(0, 2**32 - 1))
def test_a_curve_gives_equal_pixels_equal_values_and_a_patch_changes_only_its_inside(seed):
    torch.manual_seed(seed)
    stripes = (torch.arange(28) // 7 / 4).expand(8, 1, 28, 28)
    recolored = augmix.intensity_curve(stripes)
    assert (recolored.unflatten(3, (4, 7)).std(dim=4) < 1e-6).all()
    torch.manual_seed(seed)
    square = sampling.each(stripes) < 0.5
    inside = torch.where(square, sampling.rectangle(stripes), sampling.half_plane(stripes))
    torch.manual_seed(seed)
    patched = augmix.patch(stripes)
    assert torch.equal(patched[~inside], stripes[~inside])


def test_outlines_leave_strokes_hollow_and_a_stroke_lies_over_what_is_there(mnist):
    torch.manual_seed(0)
    block = torch.zeros(50, 1, 28, 28)
    block[:, :, 8:20, 8:20] = 1.0
    hollow = augmix.outline(block)
    assert (hollow[:, :, 10:18, 10:18] == 0).all()
    assert (hollow[:, :, 7, 8:20] > 0).all()
    digits = to_ink(mnist[0].images[:200])
    crossed = augmix.stroke(digits)
    paper = (crossed < digits).any(dim=(1, 2, 3))
    assert 0.05 < paper.float().mean() < 0.3
    assert (crossed[~paper] >= digits[~paper]).all()


@given(st.integers(0, 2**32 - 1))
def test_a_filter_keeps_the_brightest_value_and_reaches_no_farther_than_its_kernel(seed):
    torch.manual_seed(seed)
    filtered = augmix.smooth_filter(0.8 * blob(14, 14).repeat(8, 1, 1, 1))
    assert torch.allclose(filtered.amax(dim=(1, 2, 3)), torch.tensor(0.8))
    outside = torch.ones(28, 28, dtype=torch.bool)
    outside[11:18, 11:18] = False
    assert (filtered[:, 0, outside] == 0).all()


def test_negatives_are_as_many_as_the_digits_and_each_another(few):
    for count in (1, 4, 50):
        torch.manual_seed(0)
        drawn = synthesis.draw_negatives(to_ink(few.images[:count]))
        assert drawn.shape == (count, 1, 28, 28)
        assert drawn.min() >= 0
        assert drawn.max() <= 1
        assert len({image.numpy().tobytes() for image in drawn}) == count


def test_what_is_framed_is_as_large_as_a_digit_and_its_center_of_mass_in_the_middle():
    canvas = torch.zeros(2, 1, 40, 120)
    canvas[0, 0, 3:33, 70:75] = 1.0  # higher than wide, off center
    canvas[1, 0, 20:24, 10:50] = 0.5
    framed = framing.frame(canvas)
    top, bottom, left, right = framing.extent(framed > framing.INK)
    sides = torch.maximum(bottom - top, right - left)
    assert sides.tolist() == pytest.approx([20, 20], abs=2)  # strokes are thickened a little
    assert torch.allclose(center_of_mass(framed), torch.tensor(float(CENTER)), atol=0.1)
    assert framed.amax(dim=(1, 2, 3)).tolist() == pytest.approx([1, 1])
    assert (framing.frame(torch.zeros(1, 1, 40, 40)) == 0).all()


def test_drawn_digits_and_those_cut_out_of_pictures_have_mnists_form(mnist):
    digits = [cv2.resize(image, (84, 84)) for image in mnist[0].images[:200]]
    drawn = framing.frame(torch.from_numpy(np.stack(digits) / np.float32(255))[:, None])
    cut_out = torch.from_numpy(np.stack([normalize(digit) for digit in digits]) / np.float32(255))[:, None]
    for images in (drawn, cut_out, to_ink(mnist[0].images)):
        assert torch.allclose(center_of_mass(images).mean(dim=0), torch.tensor(float(CENTER)), atol=0.05)


def test_well_cut_digits_keep_their_ink_and_badly_cut_ones_do_not(few):
    torch.manual_seed(0)
    images = to_ink(few.images)
    uncut = synthesis.crop_digits(images, 0.25)
    assert torch.equal(uncut[: len(images) // 2], images[: len(images) // 2])
    likeness = [
        F.cosine_similarity(cut.flatten(1), framing.frame(images).flatten(1)).median()
        for cut in (synthesis.crop_digits(images, 1.0), crops.crop_fragments(images))
    ]
    assert likeness[0] > 0.7
    assert likeness[1] < 0.5


def test_other_forms_replace_the_wanted_share_and_say_what_they_are(few):
    torch.manual_seed(0)
    images = to_ink(few.images)
    labels = torch.tensor(few.labels, dtype=torch.int64)
    drawn, digits = synthesis.draw_letterforms(images, labels, 0.5)
    assert torch.equal(drawn[1::2], images[1::2])
    assert torch.equal(digits[1::2], labels[1::2])
    assert set(digits[::2].tolist()) == set(range(10))
    assert (drawn != images).any(dim=(1, 2, 3)).tolist() == [True, False] * (len(images) // 2)
