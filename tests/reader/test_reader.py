import contextlib
import copy
import io
import os
import pickle
import signal
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw

import tenfold
from benchmarks.fuzz import PICTURES, read_mutated, write_pictures
from benchmarks.fuzz_pages import KINDS
from tenfold import TenfoldError, models
from tenfold.base.errors import NoDigitsError
from tenfold.base.refusal import Thresholds
from tenfold.data import write_idx
from tenfold.imaging import open_page
from tenfold.reader import Reader, annotate, explain, segment

pytestmark = pytest.mark.fast


def say(readings):
    numbers = sorted({reading.line for reading in readings})
    return ["".join(str(reading.label) for reading in readings if reading.line == number) for number in numbers]


def test_lines_are_read_in_order(nearest, lines):
    picture, text = lines
    readings = Reader(nearest).read(picture)
    assert say(readings) == text
    for reading in readings:
        x, y, width, height = reading.box
        assert (picture[y : y + height, x : x + width] < 128).any(axis=0).mean() > 0.6


@pytest.mark.parametrize("change", ["turned", "inverted", "larger", "smaller", "shadow", "color", "ruled"])
def test_how_the_picture_was_taken_does_not_matter(nearest, lines, change):
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
    assert say(Reader(nearest).read(picture)) == text


def test_specks_are_not_read(nearest, lines):
    picture, text = lines
    random = np.random.default_rng(0)
    picture = picture.copy()
    picture[random.integers(0, 300, 40), random.integers(0, 400, 40)] = 0
    assert say(Reader(nearest).read(picture)) == text


def test_touching_digits_are_divided(mnist):
    zeros = mnist[0].images[mnist[0].labels == 0][:2]
    ink = [np.kron(zero[:, zero.any(axis=0)], np.ones((2, 2), np.uint8)) for zero in zeros]
    first, second = (np.pad(digit, ((20, 20), (0, 0))) for digit in ink)
    overlap = 6
    both = np.zeros((96, first.shape[1] + second.shape[1] - overlap), np.uint8)
    both[:, : first.shape[1]] = first
    both[:, first.shape[1] - overlap :] = np.maximum(both[:, first.shape[1] - overlap :], second)
    assert say(Reader().read(255 - np.pad(both, 20))) == ["00"]


def test_one_digit_is_one_reading_and_no_digit_has_no_label(nearest, lines, mnist):
    [reading] = Reader(nearest).read(lines[0], single=True)
    assert reading.box[2] > 250
    clueless = SimpleNamespace(logits=lambda images: np.zeros((len(images), 10), np.float32))
    [reading] = Reader(clueless, Thresholds(0.7, 0.5)).read(mnist[0].images[0], single=True)
    assert reading.label is None
    [reading] = Reader(clueless).read(mnist[0].images[0], single=True)  # was never calibrated to refuse
    assert reading.label is not None


def test_a_dash_is_no_digit():
    for rise in (0, 10, 30, 60):
        dash = Image.new("L", (400, 300), 255)
        ImageDraw.Draw(dash).line([(80, 150), (320, 150 - rise)], fill=0, width=14)
        labels = {None}
        with contextlib.suppress(NoDigitsError):
            labels = {reading.label for reading in Reader().read(dash)}
        assert labels == {None}


def test_threads_share_a_reader(lines):
    for reader in (Reader(), Reader(tenfold.build("cnn"))):
        alone = reader.read(lines[0])
        with ThreadPoolExecutor(4) as pool:
            assert all(other == alone for other in pool.map(reader.read, [lines[0]] * 8))


def test_threads_that_make_readers_leave_standard_error_alone(capfd):
    def make(_):
        for _ in range(5):
            Reader()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(make, range(8)))
    os.write(2, b"still there")
    assert capfd.readouterr().err == "still there"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
@pytest.mark.parametrize("kind", ["litert", "torch"])
def test_a_fork_while_a_thread_reads_can_read(kind, mnist, request):
    if kind == "litert":
        pytest.importorskip("ai_edge_litert")
    torch.set_num_threads(2)  # the second is not in the fork, which must not wait for it
    request.addfinalizer(lambda: torch.set_num_threads(1))
    model = models.load(models.SHIPPED / ("reader-int8.tflite" if kind == "litert" else "reader.safetensors"))
    images = mnist[1].images[:20]
    expected = model.logits(images).argmax(axis=1)
    is_reading, is_done = threading.Event(), threading.Event()

    def read():
        with model._lock:  # as in the middle of a reading
            is_reading.set()
            is_done.wait()

    thread = threading.Thread(target=read)
    thread.start()
    is_reading.wait()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # Python 3.12 warns of every fork beside threads
        child = os.fork()
    if child == 0:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(60)  # which ends it if it hangs
        os._exit(int((model.logits(images).argmax(axis=1) != expected).any()))
    is_done.set()
    thread.join()
    assert os.waitpid(child, 0)[1] == 0


@pytest.mark.parametrize("name", ["reader-int8.tflite", "reader.safetensors"])
def test_copies_of_a_reader_read_the_same(name, lines):
    if name.endswith(".tflite"):
        pytest.importorskip("ai_edge_litert")
    reader = Reader(models.SHIPPED / name)
    for other in (copy.deepcopy(reader), pickle.loads(pickle.dumps(reader))):  # noqa: S301
        assert other.model is not reader.model
        assert other.read(lines[0]) == reader.read(lines[0])


def test_a_batch_is_read_at_once(mnist):
    reader = Reader()
    images = mnist[1].images[:20]
    assert [one.label for one in reader.read_images(images)] == [reader.read(image)[0].label for image in images]
    for wrong in (images / 255, images[0], images.reshape(20, 784)):
        with pytest.raises(TenfoldError, match=r"must be uint8 \(n, 28, 28\)"):
            reader.read_images(wrong)


def test_each_reading_names_its_model(lines, tmp_path):
    network = tenfold.build("softmax")
    tenfold.save(network, tmp_path / "mine.safetensors")
    names = {None: f"tenfold {models.shipped().stem}", tmp_path / "mine.safetensors": f"{tmp_path}/mine.safetensors"}
    names |= {network: "softmax", models.load(models.shipped()): f"tenfold {models.shipped().stem}"}
    for model, name in names.items():
        assert {reading.model for reading in tenfold.predict(lines[0], model)} == {name}


def test_everything_that_is_a_picture_can_be_read(nearest, lines, mnist, tmp_path):
    picture, _ = lines
    readings = tenfold.predict(picture, nearest)
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "PNG")
    file = tmp_path / "picture.png"
    file.write_bytes(buffer.getvalue())
    buffer.seek(0)
    for other in (file, str(file), buffer.getvalue(), buffer, Image.fromarray(picture)):
        assert tenfold.predict(other, nearest) == readings
    with file.open("rb") as opened:
        assert tenfold.predict(opened, nearest) == readings
    with pytest.raises(TenfoldError, match="open it with: open"):
        tenfold.predict(io.StringIO("text"), nearest)
    write_idx(tmp_path / "images", mnist[0].images[:5])
    labels = [reading.label for reading in tenfold.predict(tmp_path / "images", nearest)]
    assert labels == mnist[0].labels[:5].tolist()


def test_steps_and_answers_can_be_seen(nearest, lines):
    reader = Reader(nearest)
    page, found = reader.find(open_page(lines[0]))
    assert annotate(page.picture, reader.to_readings(page, found)).size == page.picture.size
    steps = explain(page, found)
    assert steps["5-digits"].size == (4 * 28, 3 * 28)


def test_mutated_files_are_read_or_refused(tmp_path):
    write_pictures(tmp_path)
    for seed in range(2):
        outcomes = read_mutated(tmp_path, PICTURES, seed)
        assert min(outcomes["read"], outcomes["refused"]) > 0


def test_dense_pages_end_in_an_answer_or_an_error(monkeypatch):
    monkeypatch.setattr(segment, "MOST_CANDIDATES", 100)
    seen = []
    model = SimpleNamespace(logits=lambda images: seen.append(len(images)) or np.zeros((len(images), 10), np.float32))
    reader = Reader(model)
    for kind in KINDS.values():
        seen.clear()
        with contextlib.suppress(TenfoldError):
            reader.find(open_page(kind(np.random.default_rng(0), 150, 200)))
        assert sum(seen) <= 4 * segment.MOST_CANDIDATES  # the page may be read from four sides


@pytest.mark.parametrize(("limit", "most"), [("MOST_CANDIDATES", 8), ("MOST_HEIGHTS", 0)])
def test_what_is_more_than_writing_is_refused(lines, limit, most, monkeypatch, tmp_path):
    Image.fromarray(lines[0]).save(tmp_path / "lines.png")
    monkeypatch.setattr(segment, limit, most)
    monkeypatch.setattr(segment, "CLEAR", -1.0)  # every line is doubtful
    with pytest.raises(TenfoldError, match=r"lines.png: too dense to be writing \("):
        Reader().read(tmp_path / "lines.png")


def test_an_image_like_those_of_mnist_is_one_digit(mnist):
    seen = []
    model = SimpleNamespace(logits=lambda images: seen.extend(images) or np.eye(10, dtype=np.float32)[[3]] * 9)
    for image in mnist[1].images[:20]:
        [reading] = Reader(model).read(255 - image)
        assert reading.label == 3
    np.testing.assert_array_equal(seen, mnist[1].images[:20])


def test_another_model_reads_lines_alone(tmp_path):
    assert Reader().line_model is not None
    tenfold.save(tenfold.build("softmax"), tmp_path / "own.safetensors")
    assert Reader(tmp_path / "own.safetensors").line_model is None  # else its answers would not be its own
