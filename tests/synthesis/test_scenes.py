"""Drawn scenes: their ink and digits are where the truth says."""

import itertools
import math
from dataclasses import replace

import cv2
import numpy as np
import pytest

from tenfold.base.form import LINE_SIGNS
from tenfold.data import Digits
from tenfold.synthesis.numbers import choose_number, sign_strokes
from tenfold.synthesis.pen import draw_stroke, thin
from tenfold.synthesis.scenes import draw_lines, draw_scene
from tenfold.synthesis.writing import choose_hand, has_specks, make_alphabet, stroke_width, write_digit, write_line

SCENES = 40


@pytest.fixture(scope="module")
def scenes(mnist):
    alphabet = make_alphabet(mnist[0])
    return [draw_scene(alphabet, np.random.default_rng(seed), side=128) for seed in range(SCENES)]


def test_the_same_seed_draws_the_same_scene(scenes, mnist):
    again = draw_scene(make_alphabet(mnist[0]), np.random.default_rng(1), side=128)
    assert np.array_equal(again.picture, scenes[1].picture)
    assert np.array_equal(again.ink, scenes[1].ink)
    assert again.characters == scenes[1].characters


def test_digits_are_where_there_is_ink(scenes):
    written = bare = 0
    for scene in scenes:
        for digit in filter(lambda one: one.value.isdigit(), scene.characters):
            reach = digit.height / 2 + 1
            if digit.height >= 10 and min(digit.x, digit.y) > reach and max(digit.x, digit.y) < 128 - reach:
                top, bottom, left, right = (
                    round(place) for middle in (digit.y, digit.x) for place in (middle - reach, middle + reach)
                )
                written += 1
                bare += scene.ink[top:bottom, left:right].max() < 128
    assert written > 60
    assert bare < written / 20  # some were written past the edge of the paper


def test_ink_shows_in_the_picture(scenes):
    differences = []
    for scene in scenes:
        covered, paper = scene.ink > 200, scene.ink == 0
        if covered.any() and paper.any():
            levels = scene.picture.astype(float)
            differences.append(np.abs(np.median(levels[covered], axis=0) - np.median(levels[paper], axis=0)).max())
    assert np.median(differences) > 40


def test_lines_hold_digits_about_as_high_as_the_ink_network_sees_best(mnist):
    alphabet = make_alphabet(mnist[0])
    drawn = [draw_lines(alphabet, np.random.default_rng(seed), side=192) for seed in range(10)]
    heights = [digit.height for scene in drawn for digit in scene.characters if digit.value.isdigit()]
    assert len(heights) > 50
    assert 24 < np.median(heights) < 36


def test_numbers_are_written_with_their_signs(mnist):
    alphabet, random = make_alphabet(mnist[0]), np.random.default_rng(0)
    seen = set()
    for _ in range(300):
        text = choose_number("'", random)
        assert any(map(str.isdigit, text))
        seen |= set(text)
    assert seen == set("0123456789'" + LINE_SIGNS)
    hand = replace(choose_hand(40.0, random), slope=0.0, pen=0.08)
    canvas, written = write_line("-7.5%", hand, alphabet, random)
    minus, seven, point, *_ = written
    assert "".join(one.value for one in written) == "-7.5%"
    assert all(canvas[one.top : one.bottom, one.left : one.right].max() > 0.5 for one in written)
    assert minus.right - minus.left > 2 * (minus.bottom - minus.top)
    assert abs(point.bottom - seven.bottom) < 10
    assert point.bottom - point.top < 15


def test_a_slash_is_no_one():
    random = np.random.default_rng(0)
    for _ in range(100):
        [((right, top), (left, bottom))] = sign_strokes("/", random)
        assert top < 0 < 1 < bottom  # digits reach from 0 to 1
        assert right - left > 0.3 * (bottom - top)


def test_pens_have_the_width_that_they_are_said_to_have():
    for pen, turn in itertools.product((1.0, 1.6, 3.0, 5.3), (0.0, 0.3, 0.8)):
        canvas = np.zeros((80, 80), np.float32)
        half = 30 * np.array((math.cos(turn), math.sin(turn)))
        draw_stroke(canvas, np.array((40 - half, 40 + half)), pen)
        assert canvas.sum() == pytest.approx(60 * pen + math.pi * pen**2 / 4, rel=0.25)


def test_strokes_are_as_wide_as_they_seem(mnist):
    for pen in (1.5, 2.5, 4.0):
        canvas = np.zeros((28, 28), np.float32)
        draw_stroke(canvas, np.array(((8.0, 22.0), (12.0, 6.0), (20.0, 14.0))), pen)
        width = stroke_width(np.asarray(255 * canvas, np.uint8)[None])
        assert width == pytest.approx(pen, rel=0.2)


def test_digits_with_specks_are_not_written_with(mnist):
    image = mnist[0].images[0].copy()
    assert not has_specks(image)
    image[2:4, 2:4] = 255
    assert has_specks(image)
    soiled = mnist[0].images[:500].copy()
    soiled[::8, :2, :2] = 255
    alphabet, random = make_alphabet(Digits(soiled, mnist[0].labels[:500])), np.random.default_rng(0)
    hand = replace(choose_hand(40.0, random), forms=0.0, pen=0.08, redraws=True, slant=0.0, width=1.0)
    heights = [len(write_digit(alphabet, digit % 10, hand, 40.0, random)) for digit in range(50)]
    assert max(heights) < 47  # from the speck in the corner to the foot of the digit, it is about 50


def test_center_lines_are_thin_and_as_connected_as_the_digit(mnist):
    for image in mnist[0].images[:100]:
        ink = cv2.resize(image, None, fx=3, fy=3, interpolation=cv2.INTER_CUBIC) > 100
        lines = thin(ink)
        assert cv2.connectedComponents(lines.astype(np.uint8))[0] == cv2.connectedComponents(ink.astype(np.uint8))[0]
        assert not (lines & ~ink).any()
        assert cv2.erode(lines.astype(np.uint8), np.ones((3, 3))).sum() == 0
