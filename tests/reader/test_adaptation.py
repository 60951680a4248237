"""Adapting to one hand: what is taught is learned, what is not stays as it is; the file; the command."""

import copy
import json

import numpy as np
import pytest
from PIL import Image

from benchmarks.adapt import CORRECTIONS, draw_hand, error_rate
from tenfold import TenfoldError, data, models
from tenfold.imaging import open_page
from tenfold.reader import Reader, to_text
from tenfold.reader.adaptation import Adapted


@pytest.fixture(scope="module")
def hand():
    """A hand of which the reader misreads a third, see `benchmarks.adapt`."""
    return draw_hand(2)


@pytest.fixture(scope="module")
def model():
    return models.load(models.shipped())


def test_half_of_the_errors_are_gone_after_five_corrections_a_class(model, hand, mnist):
    read, test = hand[10 * max(CORRECTIONS) :], mnist[1][:1000]
    adapted = Adapted(model, hand[:50])
    assert error_rate(adapted.logits, read) < 0.5 * error_rate(model.logits, read)
    assert abs(error_rate(adapted.logits, test) - error_rate(model.logits, test)) <= 0.002
    assert (adapted.before != hand.labels[:50]).sum() > (adapted.after != hand.labels[:50]).sum()
    assert (adapted.logits(hand.images[:50]).argmax(axis=1) == hand.labels[:50]).all()


def test_what_is_unlike_all_that_was_taught_stays_as_it_is(model, hand, mnist):
    images = mnist[1].images[:200]
    before, after = model.logits(images), Adapted(model, hand[:10]).logits(images)
    assert (before == after).all(axis=1).mean() > 0.5


def test_digits_of_a_number_are_read_as_taught(lines):
    gray, text = lines
    _, found = Reader().find(open_page(gray))
    image = found[0][1].image
    wrong = (int(text[0][1]) + 1) % 10
    adapted = Reader(adapted=data.Digits(image[None], np.array([wrong], np.uint8)))
    assert to_text(adapted.read(gray)).split() == [text[0][0] + str(wrong) + text[0][2:], *text[1:]]


def test_a_copy_for_another_process_answers_the_same(model, hand):
    adapted = Adapted(model, hand[:20])
    np.testing.assert_array_equal(copy.copy(adapted).logits(hand.images), adapted.logits(hand.images))


def test_the_file_holds_the_digits_in_a_few_kilobytes_and_can_train(hand, tmp_path):
    file = tmp_path / "my.hand"
    data.write_hand(file, hand[:50])
    assert file.stat().st_size < 20_000
    found = data.read_hand(file)
    np.testing.assert_array_equal(found.images, hand.images[:50])
    np.testing.assert_array_equal(found.labels, hand.labels[:50])
    assert sum(map(len, data.load(file))) == 50
    reader = Reader(adapted=file)
    assert reader.name.endswith(", adapted")
    assert reader.line_model is not None
    assert [reading.label for reading in reader.read_images(hand.images[:10])] == list(range(10))


def test_a_foreign_or_damaged_file_is_named(hand, tmp_path):
    file = tmp_path / "my.hand"
    data.write_hand(file, hand[:20])
    content = json.loads(file.read_text())
    damages = {
        "{}": "not a file of taught digits",
        json.dumps({**content, "labels": content["labels"] + "1"}): "damaged; ",
        json.dumps({**content, "labels": content["labels"][1:]}): "damaged; ",
        json.dumps({**content, "images": content["images"][40:]}): "damaged; ",
        json.dumps({"format": content["format"], "labels": ""}): "damaged; ",
        json.dumps({**content, "labels": "", "images": "eJwDAAAAAAE="}): "holds no images",
        file.read_text()[:-20]: "damaged (",
    }
    for text, message in damages.items():
        file.write_text(text)
        with pytest.raises(TenfoldError) as raised:
            data.read_hand(file)
        assert str(raised.value).startswith(f"{file}: {message}")
    with pytest.raises(TenfoldError, match="at most 1,000"):
        Reader(adapted=data.Digits(np.zeros((1001, 28, 28), np.uint8), np.zeros(1001, np.uint8)))


def test_letters_are_not_taught(model):
    letters = data.Digits(np.zeros((2, 28, 28), np.uint8), np.array([0, 1], np.uint8), classes=("a", "b"))
    with pytest.raises(TenfoldError, match="only digits can be taught"):
        Adapted(model, letters)


def test_the_command_teaches_and_predict_reads_as_taught(hand, tmp_path, monkeypatch, capsys):
    from tenfold import cli

    def run(*arguments):
        monkeypatch.setattr("sys.argv", ["tenfold", *map(str, arguments)])
        with pytest.raises(SystemExit) as end:
            cli.main()
        return end.value.code, *capsys.readouterr()

    folder, file = tmp_path / "digits", tmp_path / "my.hand"
    for number, (image, label) in enumerate(zip(hand.images[:50], hand.labels[:50], strict=True)):
        (folder / str(label)).mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(folder / str(label) / f"{number:02}.png")
    code, out, _ = run("adapt", folder, "--out", file)
    assert not code
    assert out.startswith(f"{file}: 50 digits; misread before: ")
    wrong = next(n for n in range(50) if Reader().read_images(hand.images[n : n + 1])[0].label != hand.labels[n])
    label = hand.labels[wrong]
    code, out, _ = run("predict", folder / str(label) / f"{wrong:02}.png", "--single", "--adapted", file, "--verbose")
    assert f": {label} (" in out
    assert out.endswith(", adapted\n")
    other = tmp_path / "precious.png"
    other.write_bytes(b"something else")
    assert run("adapt", folder, "--out", other)[0] == 2
    assert other.read_bytes() == b"something else"
    assert "holds no folders 0 to 9" in run("adapt", tmp_path / "digits" / "1", "--out", file)[2]
