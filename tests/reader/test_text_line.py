"""Text lines: drawing them, learning from them, and what a whole line tells of each piece of ink."""

import contextlib
from dataclasses import replace
from itertools import groupby, product

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tenfold import recipes
from tenfold.base.errors import TenfoldError
from tenfold.base.form import LINE_COLUMNS, LINE_SIDE, LINE_STEP
from tenfold.data import preprocess
from tenfold.imaging import open_page
from tenfold.imaging.lines import Line, find_lines
from tenfold.imaging.page import page_of_ink
from tenfold.models import SHIPPED, LiteRTLineModel, TorchLineModel
from tenfold.networks import build
from tenfold.reader import Reader, segment, to_text
from tenfold.reader.digits import classify
from tenfold.reader.lattice import Lattice
from tenfold.reader.segment import MOST_CANDIDATES, settle
from tenfold.reader.text_line import LEAST, LineReading, Strip, read_line
from tenfold.synthesis.numbers import choose_number
from tenfold.synthesis.scenes import SceneCharacter
from tenfold.synthesis.writing import choose_hand, make_alphabet, write_line
from tenfold.training import Training, run
from tenfold.training.text_line_task import TextLines, cut_out, draw_examples


class Said:
    """Says the same of every image."""

    def __init__(self, answers):
        self.answers = answers

    def logits(self, image):
        logits = np.zeros((image.shape[1] // LINE_STEP, 21), np.float32)
        logits[: len(self.answers)] = self.answers
        return logits


class Run:
    """Runs a network on images of any width."""

    def __init__(self, network):
        self.network = network.eval()

    @torch.inference_mode()
    def logits(self, image):
        pixels = torch.from_numpy(image)[None, None] / 255
        return self.network(preprocess.standardize(pixels))[0].T.numpy()


@pytest.fixture(scope="module")
def examples(mnist):
    return draw_examples(mnist[0][:2000], 60, seed=0)


@pytest.mark.parametrize("device", ["cpu", pytest.param("cuda", marks=pytest.mark.gpu)])
def test_a_network_learns_from_lines(examples, device):
    torch.manual_seed(0)
    recipe = recipes.load("text_lines", {"batch_size": 16})
    task = TextLines(examples[:-10], examples[-10:], recipe)
    history = run(Training(build("text_line_cnn", width=8), task, recipe, torch.device(device)))
    assert history["loss"][-1] < history["loss"][0] / 2
    assert history["validation_loss"][-1] < history["validation_loss"][0]


def test_what_no_ink_was_found_for_is_written_but_cannot_be_seen():
    ink = np.zeros((448, 448), np.uint8)
    ink[180:220, [100, 101, 102, 103, 120, 121, 122, 123]] = 255
    boxes = ("1", 102.0, 200.0, 40.0), (".", 112.0, 217.0, 5.0), ("1", 122.0, 200.0, 40.0)
    drawn = [SceneCharacter(*box, line=0) for box in boxes]
    for darkness, text in (0, "11"), (255, "1.1"):
        ink[215:220, 110:115] = darkness
        page = page_of_ink("", Image.new("RGB", (448, 448)), ink)
        (line,) = cut_out(page, drawn)
        assert (line.text, line.written) == (text, "1.1")


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 3))
def test_the_evidence_for_a_digit_is_the_sum_over_all_its_ways(seed, frames):
    logits = np.random.default_rng(seed).normal(0, 1, (frames, 21)).astype(np.float32)
    reading = LineReading(Strip(np.zeros((LINE_SIDE, 2 * frames), np.uint8), 0, 1.0), Said(logits))
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    expected = np.zeros(10)
    for way in product(range(21), repeat=frames):
        shown = [digit for digit, _ in groupby(way) if digit < 10]
        if len(shown) == 1:
            expected[shown[0]] += np.prod(probabilities[range(frames), way])
    found, expected = reading.digits(0.0, 2.0 * frames), np.maximum(np.log(expected), LEAST)
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-4)
    nothing = np.log(probabilities[:, 10:].sum(axis=1)).sum()
    assert reading.nothing(0.0, 2.0 * frames) == pytest.approx(max(nothing, LEAST), abs=1e-4)


def test_a_long_line_is_read_as_if_at_once():
    torch.manual_seed(0)
    model = Run(build("text_line_cnn"))
    image = np.random.default_rng(0).integers(0, 256, (LINE_SIDE, 300), dtype=np.uint8)
    reading = LineReading(Strip(image, 0, 1.0), model)
    whole = torch.log_softmax(torch.from_numpy(model.logits(image)), dim=1)
    whole = torch.column_stack((whole[:, :10], whole[:, 10:].logsumexp(dim=1))).numpy()  # a sign is no digit
    np.testing.assert_allclose(reading.answers[:-8], whole[:-8], atol=1e-4)  # at the end, paper is filled in


def test_both_files_of_the_line_model_read_the_same(examples):
    pytest.importorskip("ai_edge_litert")
    models = LiteRTLineModel(SHIPPED / "text-lines-int8.tflite"), TorchLineModel(SHIPPED / "text-lines.safetensors")
    for columns in LINE_COLUMNS:
        images = [example.image[:, :columns] for example in examples if example.image.shape[1] >= columns][:50]
        answers = [np.array([model.logits(image).argmax(axis=1) for image in images]) for model in models]
        assert (answers[0] == answers[1]).mean() > 0.98


def draw_number(digits, seed):
    """A number that is written in haste, dark on light, and its digits."""
    random = np.random.default_rng(seed)
    hand = replace(choose_hand(40.0, random), gaps=(-0.1, 0.05))
    canvas, _ = write_line(text := choose_number(hand.separator, random), hand, make_alphabet(digits), random)
    return 255 - (255 * canvas).astype(np.uint8), "".join(filter(str.isdigit, text))


def test_lines_are_read_better_by_two_networks(mnist, monkeypatch):
    lines = [draw_number(mnist[1], seed) for seed in range(24)]
    reader = Reader(SHIPPED / "reader-int8.tflite")

    def count_right():
        right = 0
        for picture, digits in lines:
            with contextlib.suppress(TenfoldError):  # nothing in it has the shape of a digit
                right += to_text(reader.read(picture)).replace("\n", "") == digits
        return right

    by_two = count_right()
    monkeypatch.setattr(segment, "CLEAR", np.inf)
    assert by_two > count_right() + 1


def path(lattice):
    candidates, cost = lattice.best_path()
    return [(candidate.first, candidate.last) for candidate in candidates], cost


def test_what_was_not_classified_is_on_no_best_path(mnist):
    reader = Reader(SHIPPED / "reader-int8.tflite")
    shown = []
    for seed in range(4):
        page = open_page(draw_number(mnist[1], seed)[0])
        lattice, whole = (Lattice(Line(find_lines(page.components)[0]), MOST_CANDIDATES) for _ in range(2))
        components = [candidate.component for candidate in whole.candidates]
        for candidate, digit in zip(whole.candidates, classify(page, components, reader.model), strict=True):
            candidate.classify(digit)
        settle(page, [lattice], reader.model)
        shown.append(np.mean([candidate.digit is not None for candidate in lattice.candidates]))
        assert path(lattice) == path(whole)
        for each in (lattice, whole):
            each.add_line(read_line(page, each.line, reader.line_model))
        settle(page, [lattice], reader.model)
        assert path(lattice) == path(whole)
    assert np.mean(shown) < 0.9
