import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
from makers import make_attacks, make_digits, make_evaluation, make_history, make_unknown

from tenfold import recipes
from tenfold.evaluation.assessment import Assessment
from tenfold.networks import build, summary
from tenfold.report import html as report
from tenfold.report import plots
from tenfold.training import History

pytestmark = pytest.mark.fast


class Page(HTMLParser):
    """Tags with their attributes, and the text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)
        self.text = re.sub(r"[ \n]+", " ", self.text)  # no-break spaces stay

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_data(self, data):
        self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def render(labels, predictions, history: History | None = None, **changes) -> str:
    measures = {"evaluation", "validation", "error_rate", "robustness", "pictures", "attacks", "unknown"} & set(changes)
    measured = {"evaluation": make_evaluation(labels, predictions)} | {key: changes.pop(key) for key in measures}
    arguments = {
        "title": "A run",
        "recipe": recipes.load("quick"),
        "environment": {"python": "3.11", "threads": 2, "libraries": {"torch": "2.13"}, "commit": None},
        "history": make_history(3) if history is None else history,
        "found": Assessment(test_images="MNIST", **measured),
        "temperature": 1.0,
        "uncalibrated_error": 0.05,
        "test": make_digits(labels),
        "layers": summary(build("softmax")),
    }
    return report.render(**{**arguments, **changes})


@pytest.fixture(scope="module")
def html() -> str:
    labels = np.repeat(np.arange(10), 100)
    predictions = labels.copy()
    predictions[::20] = (predictions[::20] + 1) % 10  # 50 mistakes, 5 of each digit
    predictions[400] = 9
    return render(labels, predictions)


def test_the_report_states_what_was_measured(html):
    text = Page(html).text
    for expected in (
        "Test accuracy95.00%",
        "95% interval 93.47% to 96.19%",
        "Mistakes50",
        "Parameters7,850",
        "Training time4.5\u00a0s",
        "The 24 most confident of 50 mistakes",
        "images held out",
        "librariestorch = 2.13",
        "Diagnosis: ",
    ):
        assert expected in text


def test_the_report_is_accessible_and_complete_in_itself(html):
    page = Page(html)
    assert page.all("html") == [{"lang": "en"}]
    assert all(len(image["alt"]) > 10 for image in page.all("img"))
    assert all(cell["scope"] in ("row", "col") for cell in page.all("th"))
    assert len(page.all("caption")) == len(page.all("table")) == 6
    assert [tag for tag, _ in page.tags if re.fullmatch("h[1-6]", tag)] == ["h1", *["h2"] * 7]
    assert not page.all("script")
    assert not page.all("link")
    assert not re.search(r"https?:|//|@import|url\(", re.sub(r"data:[\w/+]+;base64,[\w/+=]+", "", html))
    addresses = [value for _, found in page.tags for key, value in found.items() if key in ("src", "srcset", "href")]
    assert len(addresses) == 5 * 2 + 24  # every chart for light and dark pages
    assert all(address.startswith("data:image/") for address in addresses)


def test_the_battery_is_told_in_words_and_tables():
    page = Page(render([1, 2], [1, 2], attacks=make_attacks(), unknown=make_unknown()))
    assert "first 1,000 test images, 99.00% are read correctly as they are" in page.text
    assert (
        "AutoAttack leaves 2.0%, 2.0% and 2.0% where every pixel may change by at most 0.1, 0.2 or 0.3 of" in page.text
    )
    assert "the network has no defense" in page.text
    assert "AutoAttackL21.5 2.00 1.00\N{EN DASH}3.00" in page.text
    assert "a (near)12divergence 90.0080.0070.0012.50" in page.text
    assert len(page.all("caption")) == len(page.all("table")) == 8


def test_hostile_names_are_text():
    attack = '"><script>alert(1)</script>{{ 7 * 7 }}'
    html = render([1, 2], [1, 3], title=attack, environment={attack: attack})
    page = Page(html)
    assert not page.all("script")
    assert page.text.count(attack) == 4  # the title twice, the environment twice


def test_a_run_of_one_epoch_without_validation_mistakes_and_most_classes():
    history = make_history(1, validation=False)
    history.stopped = "interrupted in epoch 2"
    text = Page(render([1, 2], [1, 2], history)).text
    assert "Training ended early: interrupted in epoch 2." in text
    assert "no images were held out" in text
    assert "Diagnosis" not in text
    assert "All 2 test images were read correctly." in text
    assert "3\N{EN DASH}\N{EN DASH} \N{EN DASH}0" in text  # a class that does not occur has no scores


def test_label_errors_are_shown_only_where_they_are_known(html):
    assert "Label errors" not in Page(html).text
    evaluation = replace(make_evaluation([4, 5, 6], [9, 5, 6]), label_errors=(0, 1))
    page = Page(render([4, 5, 6], [9, 5, 6], evaluation=evaluation))
    assert "label 4 read 9" in page.text
    assert "label 5 read 5" in page.text
    assert "100.00% without the 2 label errors" in page.text
    assert "Handwritten digit, label 4, read as 9" in [image["alt"] for image in page.all("img")]


def test_the_report_says_whether_the_model_knows_when_it_is_wrong():
    labels, predictions = [1] * 200, [1] * 199 + [2]
    evaluation = make_evaluation(labels, predictions)
    evaluation.logits[199] /= 2
    text = Page(render(labels, predictions, evaluation=evaluation)).text
    assert f"off by {plots.percent(evaluation.calibration_error)} on average" in text
    assert "Without the least confident 0.5% or 1.0% of the images, 100.00% or 100.00%" in text
    assert "temperature of" not in text
    assert "Thresholds" not in text

    changes = {"temperature": 0.5, "validation": evaluation, "error_rate": 0.0005}
    page = Page(render(labels, predictions, evaluation=evaluation, **changes))
    assert "temperature of 0.500, fitted on images held out from training" in page.text
    assert "; before, by 5.00%." in page.text
    assert "Thresholds for a requested error rate" in page.text
    threshold = plots.percent(float(evaluation.probabilities[0].max()))
    for rate in ("0.2", "0.05"):
        assert f" {rate}%{threshold} 99.50% 0.00%0.00\N{EN DASH}1.89" in page.text
    other_images = render(labels, predictions, evaluation=evaluation, uncalibrated_error=None, **changes)
    assert "before, by" not in Page(other_images).text
