"""The published figures are those in `results/`."""

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

import tenfold
from benchmarks import alterations, ensembles, evaluation, ideas, publish, references, studies, tables
from tenfold import TenfoldError, models, recipes
from tenfold.data import preprocess
from tenfold.evaluation import average, robustness
from tenfold.jobs import evaluation_run, study
from tenfold.training import Callback
from tenfold.training.runs import load_model


@pytest.fixture(autouse=True)
def in_the_checkout(monkeypatch):
    monkeypatch.chdir(Path(__file__).parents[1])


@pytest.fixture(scope="module")
def studied(idx_folder, tmp_path_factory):
    """The folder of a finished study of four runs, and their outcomes."""
    changes = {"validation": 100, "batch_size": 100, "network_options": {"width": 4}}
    plan = study.Study(name="tiny", recipes=["quick"], seeds=4, variants={"narrow": changes}, data=idx_folder)
    folder = tmp_path_factory.mktemp("studies") / "tiny"
    return folder, study.run(study.plan(plan, folder), processes=1)


def test_pages_say_what_the_results_say():
    for page in publish.DOCUMENTS:
        text = page.read_text()
        assert publish.rewrite(text) == text


def test_every_file_in_the_package_is_the_one_that_was_measured():
    recorded = json.loads(Path("results/shipped.json").read_text())["files"]
    found = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in models.SHIPPED.iterdir()}
    assert found == {name: file["sha256"] for name, file in recorded.items()}


def test_records_of_studies_and_ensembles(studied):
    folder, outcomes = studied
    with pytest.raises(TenfoldError, match=r"no study\.json"):
        studies.record(folder)
    study.save(folder, [*outcomes, study.Outcome("wild", 0, "failed", str(folder / "wild-seed0"), "diverged")])

    record = json.loads(json.dumps(studies.record(folder)))
    row, failed = record["rows"].values()
    accuracies = [outcome.test_accuracy for outcome in outcomes]
    assert (record["study"], row["n"], failed["n"], failed["failed"]) == ("tiny", 4, 0, 1)
    assert row["accuracy"] == pytest.approx(np.mean(accuracies))
    assert row["accuracy_sd"] == pytest.approx(np.std(accuracies, ddof=1))
    assert row["accuracy_without_label_errors"] is None
    assert row["recipe"]["network_options"]["width"] == 4
    assert str(folder) not in json.dumps(record)

    drawn = ensembles.record([folder], members=2, draws=6, seed=0)
    assert drawn == json.loads(json.dumps(drawn)) == ensembles.record([folder], members=2, draws=6, seed=0)
    assert len({tuple(one["members"]) for one in drawn["draws"]}) == 6
    assert drawn["members_shared"] == pytest.approx(12 / 15)  # of all 15 pairs of the 6 pairs, 12 share one run
    assert drawn["pool"]["recipes"] == {"quick-narrow": [0, 1, 2, 3]}
    assert [run["accuracy"] for run in drawn["pool"]["runs"]] == accuracies
    first = drawn["draws"][0]
    again = average(evaluation_run.evaluate_paths([folder.parent / run for run in first["members"]]))
    assert first["accuracy"] == again.accuracy
    for members, draws in ((2, 7), (5, 1), (1, 1), (2, 0)):
        with pytest.raises(TenfoldError, match="4 finished runs give"):
            ensembles.record([folder], members, draws, seed=0)
    for twice in (folder, folder / "quick-narrow-seed0"):
        with pytest.raises(TenfoldError, match="same recipe and seed"):
            ensembles.record([folder, twice], 2, 3, seed=0)

    table = tables.accuracy_table(record, drawn)
    assert f"| {100 * row['accuracy']:.3f} ± {100 * row['accuracy_sd']:.3f} (4) | – |" in table
    assert f" {100 * drawn['accuracy']:.3f} ± {100 * drawn['accuracy_sd']:.3f} (6 draws) |" in table
    assert "Ensembles: 6 random draws of 2 from 4 runs of quick-narrow; two of them share 0.8 on average." in table


def test_records_of_evaluations(studied, mnist, monkeypatch):
    folder, test = studied[0], mnist[1][:100]
    monkeypatch.setattr(tenfold, "load", lambda: (None, test))
    record = json.loads(json.dumps(evaluation.record(folder)))
    row, runs = record["rows"]["quick-narrow"], record["runs"]["quick-narrow"]
    worse = robustness(load_model(folder / "quick-narrow-seed1"), test)
    assert [run["seed"] for run in runs] == [0, 1, 2, 3]
    assert runs[1]["corruptions"]["fog"] == worse.corrupted["fog"].accuracy
    assert row["corrupted"] == pytest.approx(np.mean([run["corrupted"] for run in runs]))
    fog = row["corruptions"]["fog"]
    expected = f"| fog | {100 * fog['accuracy']:.2f} ± {100 * fog['accuracy_sd']:.2f} |"
    assert expected in tables.robustness_table(record).splitlines()


def test_every_idea_trains_and_none_outlives_its_run(mnist):
    train, validation = mnist[0][:1000], mnist[0][4000:4200]
    base = ideas.run({}, 0, train, validation)
    for idea in ideas.IDEAS.values():
        if callable(idea):
            ideas.run(idea, 0, train, validation)
    assert ideas.run({}, 0, train, validation)["mistakes"] == base["mistakes"]


def test_ideas_do_what_they_say(few):
    few, recipe = few[:400], recipes.load("fast", {"batch_size": 20, "epochs": 1.0})
    torch.manual_seed(0)
    inputs = preprocess.to_tensor(few.images)

    model = tenfold.build("cnn", stem=16)
    assert alterations.whiten(model, few) == []
    covariance = model[0](inputs).transpose(0, 1).flatten(1).cov()
    assert covariance.diagonal() == pytest.approx(np.ones(16), abs=0.2)
    assert (covariance - covariance.diagonal().diag()).abs().max() < 1e-3
    filters = model[0].weight.clone()
    tenfold.fit(model, few, recipe)
    assert torch.equal(model[0].weight, filters)

    model = tenfold.build("cnn", stem=16, dropout=0.0)
    weights = []
    record = Callback()
    record.on_step_end = lambda training: weights.append(training.model[3].weight.detach().clone())
    tenfold.fit(model, few, recipe, callbacks=[record, alterations.MeanWeights()])
    assert len(weights) == 20
    torch.testing.assert_close(model[3].weight, torch.stack(weights[-3:]).mean(dim=0))

    model = tenfold.build("cnn")
    sizes = []
    model[0].register_forward_pre_hook(lambda _, images: sizes.append(images[0].shape[-1]) if model.training else None)
    before = model.eval()(inputs)
    callbacks = alterations.resize(model, few)
    assert torch.equal(model(inputs), before)  # the pooling leaves images of 28x28 alone
    tenfold.fit(model, few, recipe, callbacks=callbacks)
    assert sizes == [20] * 10 + [28] * 10

    model = tenfold.build("cnn", dropout=0.0)
    alterations.zero_last_layer(model, few)
    assert not model(inputs).any()


def test_the_references_learn(few, mnist):
    digits, test = few, mnist[1][:500]
    for run in (
        lambda: references.train_mnist_fast(digits.images, digits.labels, 0, bfloat16=False),
        lambda: references.pytorch_example(digits.images, digits.labels, 0, epochs=2),
    ):
        seconds, predict = run()
        assert seconds > 0
        assert (predict(test.images) == test.labels).mean() > 0.5


def test_the_classical_recipes_are_those_that_the_search_chose():
    pytest.importorskip("sklearn")
    from benchmarks.classical_search import GRIDS, RESULTS
    from tenfold.classical import recipes as classical_recipes

    rows = json.loads(RESULTS.read_text())["rows"]
    assert set(rows) == set(GRIDS) == set(classical_recipes.names())
    for name, row in rows.items():
        assert row["candidates"][0]["mistakes"] == min(one["mistakes"] for one in row["candidates"])
        assert classical_recipes.load(name, row["chosen"]) == classical_recipes.load(name)


@pytest.mark.skipif(sys.platform != "linux", reason="forks, limits and /dev/shm")
def test_some_faults_are_survived():
    """Of every kind a few, in a process of its own, because it forks."""
    pytest.importorskip("skops", reason="needs tenfold[classical]")
    command = [sys.executable, "-m", "benchmarks.faults", "--every", "90", "--starts", "4", "--pairs", "1"]
    done = subprocess.run([*command, "--orphans", "0"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    assert json.loads(done.stdout)["starts"] == {"starts": 4, "at_once": 4, "lost": []}
