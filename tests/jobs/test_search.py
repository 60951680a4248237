import json
import sys

import pytest

from tenfold import TenfoldError, cli
from tenfold.jobs import search, study
from tenfold.training.runs import Run

SEARCH = """
name = "rates"
recipes = ["{recipe}"]
seeds = [3]
data = "{data}"
trials = 7

[search]
muon_lr = {{ low = 1e-9, high = 0.1, log = true }}
batch_size = [50, 100]
network_options.width = {{ low = 4, high = 8 }}
"""


@pytest.fixture
def file(idx_folder, tiny_recipe, tmp_path):
    pytest.importorskip("optuna", reason="needs tenfold[search]")
    (tmp_path / "tiny.toml").write_text(tiny_recipe.to_toml())
    (tmp_path / "rates.toml").write_text(SEARCH.format(recipe=tmp_path / "tiny.toml", data=idx_folder))
    return tmp_path / "rates.toml"


def test_a_search_prunes_finds_the_best_and_compares_it(file, tmp_path, capsys, monkeypatch):
    out = tmp_path / "out"
    monkeypatch.setattr(sys, "argv", ["tenfold", "study", str(file), "--out", str(out), "--processes", "1", "--json"])
    with pytest.raises(SystemExit):
        cli.main()
    printed = json.loads(capsys.readouterr().out)
    found = printed["search"]
    assert found == json.loads((out / "search" / "search.json").read_text())
    trials = found["trials"]
    assert [trial["number"] for trial in trials] == list(range(7))
    complete = [trial for trial in trials if trial["state"] == "complete"]
    assert {trial["state"] for trial in trials[5:]} <= {"complete", "pruned"}
    assert found["validation_accuracy"] == max(trial["validation_accuracy"] for trial in complete)
    assert set(found["best"]) == {"muon_lr", "batch_size", "network_options.width"}
    for trial in complete:
        run = Run(out / "search" / f"trial-{trial['number']:04}")
        assert run.history["validation_accuracy"][-1] == trial["validation_accuracy"]
        assert run.recipe.muon_lr == trial["values"]["muon_lr"]
        assert run.recipe.seed == 3
    assert [row["recipe"] for row in printed["summary"]] == ["quick, as it was", "quick, best"]
    assert Run(out / "quick-best-seed3").recipe.batch_size == found["best"]["batch_size"]

    wanted = study.load(file)
    assert search.plan(wanted, out) == []  # nothing is left to do
    file.write_text(file.read_text().replace("trials = 7", "trials = 9"))
    assert [job.number for job in search.plan(study.load(file), out)] == [7, 8]
    file.write_text(file.read_text().replace("[50, 100]", "[50]"))
    with pytest.raises(TenfoldError, match="holds another search"):
        search.plan(study.load(file), out)


def test_an_interrupted_trial_goes_on(file, tmp_path, monkeypatch):
    wanted = study.load(file)
    first = search.plan(wanted, tmp_path)[0]

    def interrupt(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(search.Prune, "on_epoch_end", interrupt)
        with pytest.raises(Exception, match="tenfold train --resume"):
            search.attempt(first)
    path = tmp_path / "search" / "trial-0000"
    assert (path / "checkpoint.safetensors").is_file()
    begun, *new = search.plan(wanted, tmp_path)
    assert begun.begun is not None
    assert [job.begun for job in new] == [None] * 6
    search.attempt(begun)
    assert Run(path).finished
    assert len(search.plan(wanted, tmp_path)) == 6


def test_a_trial_is_pruned_where_the_others_were_better(file, tmp_path, monkeypatch):
    job = search.plan(study.load(file), tmp_path)[0]
    optuna = pytest.importorskip("optuna")
    monkeypatch.setattr(optuna.trial.Trial, "should_prune", lambda trial: True)
    search.attempt(job)
    path = tmp_path / "search" / "trial-0000"
    assert len(Run(path).history) == 1
    assert not (path / "checkpoint.safetensors").exists()
    with pytest.raises(TenfoldError, match="no trial was finished"):
        search.run(study.load(file), [], tmp_path)


def test_wrong_searches_are_refused(file, tmp_path, monkeypatch):
    text = file.read_text()
    for old, new, message in (
        ("batch_size = [50, 100]", "batch_size = 50", "search: batch_size = 50: give a list of values, or"),
        ("batch_size = [50, 100]", "batch_size = { low = 1 }", "give a list of values, or"),
        ("batch_size = [50, 100]", "batch_sise = [50]", "did you mean 'batch_size'"),
        ("muon_lr = { low = 1e-9", "muon_lr = { low = -1.0", "muon_lr"),
        ("trials = 7", "trials = 0", "trials = 0"),
        ("trials = 7", "variants = { a = { epochs = 1 } }", "for one recipe, without variants"),
    ):
        file.write_text(text.replace(old, new))
        with pytest.raises(TenfoldError, match=message):
            search.plan(study.load(file), tmp_path)
    file.write_text(text.replace(str(tmp_path / "tiny.toml"), "fast"))
    with pytest.raises(TenfoldError, match="holds out no images to judge trials by"):
        search.plan(study.load(file), tmp_path)
    monkeypatch.setitem(sys.modules, "optuna", None)
    file.write_text(text)
    with pytest.raises(TenfoldError, match=r"pip install 'tenfold\[search\]'"):
        search.plan(study.load(file), tmp_path)
