"""The report as a browser shows it, on a laptop and a phone, on light and dark pages."""

import numpy as np
import pytest
from makers import make_attacks, make_digits, make_evaluation, make_history, make_robustness, make_unknown

from tenfold import recipes
from tenfold.evaluation.assessment import Assessment
from tenfold.networks import build, summary
from tenfold.report import html, plots

axe = pytest.importorskip("axe_playwright_python.sync_playwright")


@pytest.fixture(scope="module")
def address(tmp_path_factory) -> str:
    """A report with every section, as a file."""
    folder = tmp_path_factory.mktemp("page")
    labels = np.repeat(np.arange(10), 100)
    predictions = labels.copy()
    predictions[::30] = (predictions[::30] + 1) % 10
    evaluation = make_evaluation(labels, predictions)
    evaluation = type(evaluation)(evaluation.logits, evaluation.labels, label_errors=(0, 1, 2))
    digits = make_digits(labels)
    pictures = {
        "filters": plots.first_filters(np.random.default_rng(0).normal(size=(32, 5, 5)).astype(np.float32)),
        "labels": plots.mistakes(evaluation, digits),
    }
    for name, figure in pictures.items():
        figure.savefig(folder / f"{name}.png")
    content = html.render(
        title="standard-with-a-name-that-is-rather-long, seed 12345",
        recipe=recipes.load("standard"),
        environment={"system": "Linux-6.1", "train_sha256": 64 * "0", "libraries": {"torch": "2.13"}, "commit": None},
        history=make_history(30),
        found=Assessment(
            evaluation,
            "MNIST",
            validation=evaluation,
            error_rate=0.05,
            robustness=make_robustness(),
            attacks=make_attacks(),
            unknown=make_unknown(),
            pictures={folder / f"{name}.png": f"What the {name} show." for name in pictures},
        ),
        temperature=0.5,
        uncalibrated_error=0.1,
        test=digits,
        layers=summary(build("cnn")),
    )
    file = folder / "report.html"
    file.write_text(content, encoding="utf-8")
    assert file.stat().st_size < 3_000_000
    return file.as_uri()


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_a_browser_shows_the_report_without_fault(browser, address, width, scheme):
    page = browser.new_page(viewport={"width": width, "height": 844}, color_scheme=scheme)
    said: list[str] = []
    requested: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("requestfailed", lambda request: said.append(request.url))
    page.on("request", lambda request: requested.append(request.url))
    page.goto(address)
    page.evaluate("document.querySelectorAll('details').forEach(part => part.open = true)")

    images = page.evaluate("Promise.all([...document.images].map(i => i.decode().then(() => i.naturalWidth)))")
    assert len(images) == 12 + 24 + 3 + 2
    assert min(images) > 0
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert [url for url in requested if not url.startswith("data:")] == [address]
    assert said == []
    found = axe.Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    page.close()
