"""The published figures are those in `results/`."""

import json
from pathlib import Path

import numpy as np
import pytest

from tenfold import TenfoldError, experiment, study
from tenfold.evaluation import average

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


def test_records_of_studies_and_ensembles(idx_folder, tmp_path):
    from benchmarks import ensembles, publish, studies

    changes = {"validation": 100, "batch_size": 100, "network_options": {"width": 4}}
    plan = study.Study(name="tiny", recipes=["quick"], seeds=4, variants={"narrow": changes}, data=idx_folder)
    folder = tmp_path / "tiny"
    with pytest.raises(TenfoldError, match=r"no study\.json"):
        studies.record(folder)
    outcomes = study.run(study.plan(plan, folder), processes=1)
    study.save(folder, [*outcomes, study.Outcome("wild", 0, "failed", str(folder / "wild-seed0"), "diverged")])

    record = json.loads(json.dumps(studies.record(folder)))
    row, failed = record["rows"].values()
    accuracies = [outcome.test_accuracy for outcome in outcomes]
    assert (record["study"], row["n"], failed["n"], failed["failed"]) == ("tiny", 4, 0, 1)
    assert row["accuracy"] == pytest.approx(np.mean(accuracies))
    assert row["accuracy_sd"] == pytest.approx(np.std(accuracies, ddof=1))
    assert row["accuracy_uncontested"] is None
    assert row["recipe"]["network_options"]["width"] == 4
    assert str(tmp_path) not in json.dumps(record)

    drawn = ensembles.record([folder], members=2, draws=6, seed=0)
    assert drawn == json.loads(json.dumps(drawn)) == ensembles.record([folder], members=2, draws=6, seed=0)
    assert len({tuple(one["members"]) for one in drawn["draws"]}) == 6
    assert drawn["members_shared"] == pytest.approx(12 / 15)  # of all 15 pairs of the 6 pairs, 12 share one run
    assert drawn["pool"]["recipes"] == {"quick-narrow": [0, 1, 2, 3]}
    assert [run["accuracy"] for run in drawn["pool"]["runs"]] == accuracies
    first = drawn["draws"][0]
    again = average(experiment.evaluate_paths([tmp_path / run for run in first["members"]]))
    assert first["accuracy"] == again.accuracy
    for members, draws in ((2, 7), (5, 1), (1, 1), (2, 0)):
        with pytest.raises(TenfoldError, match="4 finished runs give"):
            ensembles.record([folder], members, draws, seed=0)
    with pytest.raises(TenfoldError, match="same recipe and seed"):
        ensembles.record([folder, folder], 2, 3, seed=0)

    table = publish.accuracy_table(record, drawn)
    assert f"| {100 * row['accuracy']:.2f} ± {100 * row['accuracy_sd']:.2f} (4) | – |" in table
    assert f" {100 * drawn['accuracy']:.2f} ± {100 * drawn['accuracy_sd']:.2f} (6 draws) |" in table
    assert "Ensembles: 6 random draws of 2 from 4 runs of quick-narrow; two of them share 0.8 on average." in table


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
