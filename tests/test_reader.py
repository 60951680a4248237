import contextlib
import io
import itertools
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image, ImageDraw

import tenfold
from tenfold import TenfoldError, models
from tenfold.data import write_idx
from tenfold.pictures import open_page
from tenfold.reader import Reader, Wish, annotate, explain, files, find_sources, read_sources, segment

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def model(mnist):
    """The class of the most similar of 3,000 images: a network that needs no training."""
    train = mnist[0][:3000]
    known = train.images.reshape(-1, 784).astype(np.float32)
    known /= np.linalg.norm(known, axis=1, keepdims=True)

    def logits(images):
        pixels = images.reshape(-1, 784).astype(np.float32)
        similarity = pixels @ known.T / np.linalg.norm(pixels, axis=1, keepdims=True)
        best = [similarity[:, train.labels == digit].max(axis=1) for digit in range(10)]
        return 30 * np.stack(best, axis=1)

    return SimpleNamespace(logits=logits)


@pytest.fixture(scope="module")
def lines(mnist):
    """Three lines of digits on white paper, and what they say."""
    picture = np.full((300, 400), 255, np.uint8)
    text = []
    for row in range(3):
        text.append("")
        for column in range(4 - row):
            index = 4 * row + column
            image = np.kron(mnist[0].images[index], np.ones((2, 2), np.uint8))
            top, left = 20 + 90 * row + 4 * column, 30 + 80 * column
            picture[top : top + 56, left : left + 56] -= image
            text[-1] += str(mnist[0].labels[index])
    return picture, text


def say(readings):
    numbers = sorted({reading.line for reading in readings})
    return ["".join(str(reading.label) for reading in readings if reading.line == number) for number in numbers]


def test_lines_are_read_in_order(model, lines):
    picture, text = lines
    readings = Reader(model).read(picture)
    assert say(readings) == text
    for reading in readings:
        x, y, width, height = reading.box
        assert (picture[y : y + height, x : x + width] < 128).any(axis=0).mean() > 0.9


@pytest.mark.parametrize("change", ["turned", "inverted", "larger", "smaller", "shadow", "color", "ruled"])
def test_how_the_picture_was_taken_does_not_matter(model, lines, change):
    picture, text = lines
    if change == "turned":
        picture = Image.fromarray(picture).transpose(Image.Transpose.ROTATE_90)
        picture.getexif()[0x0112] = 6
    elif change == "inverted":
        picture = 255 - picture
    elif change in ("larger", "smaller"):
        picture = Image.fromarray(picture)
        picture = picture.resize([side * 9 // (3 if change == "larger" else 12) for side in picture.size])
    elif change == "shadow":
        picture = (picture * np.linspace(1, 0.4, 400)).astype(np.uint8)
    elif change == "color":
        picture = np.stack([picture, np.full_like(picture, 255), np.full_like(picture, 255)], axis=2)
    elif change == "ruled":
        picture = picture.copy()
        picture[85::90] //= 2
    assert say(Reader(model).read(picture)) == text


def test_specks_are_not_read(model, lines):
    picture, text = lines
    random = np.random.default_rng(0)
    picture = picture.copy()
    picture[random.integers(0, 300, 40), random.integers(0, 400, 40)] = 0
    assert say(Reader(model).read(picture)) == text


def test_touching_digits_are_divided(model, mnist):
    zeros = mnist[0].images[mnist[0].labels == 0][:2]
    ink = [np.kron(zero[:, zero.any(axis=0)], np.ones((2, 2), np.uint8)) for zero in zeros]
    first, second = (np.pad(digit, ((20, 20), (0, 0))) for digit in ink)
    overlap = 6
    both = np.zeros((96, first.shape[1] + second.shape[1] - overlap), np.uint8)
    both[:, : first.shape[1]] = first
    both[:, first.shape[1] - overlap :] = np.maximum(both[:, first.shape[1] - overlap :], second)
    assert say(Reader(model).read(255 - np.pad(both, 20))) == ["00"]


def test_one_digit_is_one_reading_and_no_digit_has_no_label(model, lines, mnist):
    [reading] = Reader(model).read(lines[0], single=True)
    assert reading.box[2] > 250
    clueless = SimpleNamespace(logits=lambda images: np.zeros((len(images), 10), np.float32))
    [reading] = Reader(clueless).read(mnist[0].images[0], single=True)
    assert reading.label is None


@pytest.mark.parametrize("rise", [0, 10, 30, 60])
def test_a_dash_is_no_digit(model, rise):
    dash = Image.new("L", (400, 300), 255)
    ImageDraw.Draw(dash).line([(80, 150), (320, 150 - rise)], fill=0, width=14)
    with contextlib.suppress(TenfoldError):  # nothing but lines
        assert Reader(model).read(dash) == []


def test_threads_share_a_reader(lines):
    reader = Reader(tenfold.build("cnn"))
    with ThreadPoolExecutor(4) as pool:
        first, *others = pool.map(reader.read, [lines[0]] * 8)
    assert all(other == first for other in others)


def test_everything_that_is_a_picture_can_be_read(model, lines, mnist, tmp_path):
    picture, _ = lines
    readings = tenfold.predict(picture, model)
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "PNG")
    file = tmp_path / "picture.png"
    file.write_bytes(buffer.getvalue())
    for other in (file, str(file), buffer.getvalue(), Image.fromarray(picture)):
        assert tenfold.predict(other, model) == readings
    write_idx(tmp_path / "images", mnist[0].images[:5])
    labels = [reading.label for reading in tenfold.predict(tmp_path / "images", model)]
    assert labels == mnist[0].labels[:5].tolist()


def test_steps_and_answers_can_be_seen(model, lines):
    reader = Reader(model)
    page = open_page(lines[0])
    found = reader.find(page)
    assert annotate(page.picture, reader.interpret(page, found)).size == page.picture.size
    steps = explain(page, found)
    assert steps["7-digits"].size == (4 * 28, 3 * 28)


def test_mutated_files_are_read_or_refused(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT))
    from benchmarks.fuzz import read_mutated

    outcomes, _ = read_mutated(seed=0)
    assert min(outcomes["read"], outcomes["refused"]) > 0
    end = time.monotonic() + 10
    for seed in itertools.count(1):
        if time.monotonic() > end:
            break
        read_mutated(seed, files=50)


def test_dense_pages_end_in_an_answer_or_an_error(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT))
    from benchmarks.fuzz_pages import KINDS, draw

    seen = []
    model = SimpleNamespace(logits=lambda images: seen.append(len(images)) or np.zeros((len(images), 10), np.float32))
    reader = Reader(model)
    for seed in range(2 * len(KINDS)):
        random = np.random.default_rng(seed)
        seen.clear()
        with contextlib.suppress(TenfoldError):
            page = open_page(draw(random, *random.integers(100, 600, 2).tolist())[0])
            reader.find(page)
            assert sum(seen) <= segment.MOST_CANDIDATES


@pytest.mark.parametrize(("limit", "most"), [("MOST_CANDIDATES", 8), ("MOST_HEIGHTS", 0)])
def test_what_is_more_than_writing_is_refused(model, lines, limit, most, monkeypatch, tmp_path):
    Image.fromarray(lines[0]).save(tmp_path / "lines.png")
    monkeypatch.setattr(segment, limit, most)
    monkeypatch.setattr(segment, "CLEAR", -1.0)  # every line is doubtful
    with pytest.raises(TenfoldError, match=r"lines.png: too dense to be writing \("):
        Reader(model).read(tmp_path / "lines.png")


def test_an_image_like_those_of_mnist_is_one_digit(mnist):
    seen = []
    model = SimpleNamespace(logits=lambda images: seen.extend(images) or np.eye(10, dtype=np.float32)[[3]] * 9)
    for image in mnist[1].images[:20]:
        [reading] = Reader(model).read(255 - image)
        assert reading.label == 3
    np.testing.assert_array_equal(seen, mnist[1].images[:20])


def test_a_pile_is_read_the_same_by_one_process_and_by_many(lines, mnist, tmp_path, monkeypatch):
    (tmp_path / "in" / "deep").mkdir(parents=True)
    (tmp_path / "in" / "no.txt").write_text("no picture")
    (tmp_path / "in" / "bad.png").write_text("no picture")
    Image.fromarray(lines[0]).save(tmp_path / "in" / "deep" / "page.PNG")
    for number, image in enumerate(mnist[1].images[:50]):
        Image.fromarray(image).save(tmp_path / "in" / f"{number}.png")
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path)
    sources = find_sources([Path("in"), Path("empty"), Path("missing.png")])
    assert len(sources) == 54
    answers = []
    for patience in (1000.0, 0.0):
        monkeypatch.setattr(files, "PATIENCE", patience)
        wish = Wish(models.shipped(), annotated=Path(f"out{patience}"))
        found = list(read_sources(sources, wish))
        assert [source for source, _ in found] == sources
        answers.append([answer if isinstance(answer, list) else str(answer) for _, answer in found])
    assert answers[0] == answers[1]
    assert sum(isinstance(answer, str) for answer in answers[0]) == 3
    drawn = [{path.relative_to(folder) for path in folder.rglob("*.png")} for folder in tmp_path.glob("out*")]
    assert drawn[0] == drawn[1] == {Path("deep/page-read.png")} | {Path(f"{number}-read.png") for number in range(50)}


def test_drawn_pages_are_read(model, mnist, monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT))
    from benchmarks.pages import compare, draw_page

    scores = []
    for seed in range(2):
        page = draw_page(mnist[0][:3000], seed)
        scores.append(compare(page, Reader(model, refuse=0.0).read(page.picture)))
    digits = sum(score.digits for score in scores)
    assert sum(score.right for score in scores) > 0.8 * digits
    assert sum(score.invented for score in scores) < 0.1 * digits
