"""The published figures are those in `results/`."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(autouse=True)
def in_the_checkout(monkeypatch):
    monkeypatch.chdir(ROOT)
    monkeypatch.syspath_prepend(str(ROOT))


def test_pages_say_what_the_results_say():
    from benchmarks import publish

    for page in publish.PAGES:
        text = page.read_text()
        assert publish.rewrite(text) == text


def test_the_references_learn(few, mnist):
    from benchmarks import references

    digits, test = few, mnist[1][:500]
    for run in (
        lambda: references.train_mnist_fast(digits.images, digits.labels, 0, bfloat16=False),
        lambda: references.pytorch_example(digits.images, digits.labels, 0, epochs=2),
    ):
        seconds, predict = run()
        assert seconds > 0
        assert (predict(test.images) == test.labels).mean() > 0.5
