import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from tenfold import TenfoldError, models
from tenfold.base import files
from tenfold.base.errors import InterruptedRun, TenfoldWarning
from tenfold.base.refusal import Thresholds, log_softmax, score
from tenfold.evaluation import fit_temperature
from tenfold.jobs import evaluation_run, study, training_run
from tenfold.training import Callback, runs
from tenfold.training.runs import Run


@pytest.fixture(scope="module")
def trained(tiny_recipe, idx_folder, tmp_path_factory) -> Path:
    """The folder of a finished run, not to be changed."""
    return training_run.train(tiny_recipe, data=idx_folder, out=tmp_path_factory.mktemp("runs") / "run").path


@pytest.fixture
def finished(trained, tmp_path) -> Run:
    """A copy of that run."""
    return Run(shutil.copytree(trained, tmp_path / "run"))


class InterruptAfter(Callback):
    def __init__(self, epochs):
        self.epochs = epochs

    def on_epoch_end(self, training):
        if len(training.history) == self.epochs:
            raise KeyboardInterrupt


def test_a_run_folder_explains_itself(finished, tiny_recipe, idx_folder):
    names = {path.name for path in finished.path.iterdir()}
    assert names == set(runs.FILES) - set(runs.TRANSIENT)
    again = Run(finished.path)
    assert again.recipe == tiny_recipe
    assert again.environment["data"] == idx_folder
    assert {"torch", "threads", "processor", "test_sha256", "started"} <= set(again.environment)
    assert len(again.history) == 3
    summary = training_run.summarize(again)
    assert summary["test_accuracy"] == again.load_evaluation()["accuracy"]
    assert summary["validation_accuracy"] == again.history["validation_accuracy"][-1]


def test_the_stored_figures_are_reproduced_exactly(finished):
    stored = finished.load_evaluation()
    assert stored.pop("temperature") > 0
    assert 0 < stored.pop("uncalibrated_error") < 1
    assert len(stored.pop("weights_sha256")) == 64
    assert evaluation_run.evaluate_paths([finished.path])[0].to_dict() == stored
    weights = finished.file("model.safetensors")
    assert evaluation_run.evaluate_paths([weights], finished.environment["data"])[0].to_dict() == stored


def test_temperature_and_thresholds_were_fitted_on_the_images_held_out(finished):
    validation = evaluation_run.evaluate_validation(finished.path)
    assert len(validation) == 100
    assert finished.load_evaluation()["temperature"] != 1
    assert fit_temperature(validation.logits, validation.labels) == pytest.approx(1, abs=0.01)
    thresholds = models.load(finished.path).thresholds
    assert thresholds == Thresholds.calibrate(validation.logits)
    scores = [score(answer) for answer in log_softmax(validation.logits)]
    assert sum(one < thresholds.alone for one in scores) == 1  # of 100, 0.7%
    assert sum(one < thresholds.expected for one in scores) <= 1


def test_a_run_on_all_images_takes_the_recipe_s_temperature(tiny_recipe, idx_folder, tmp_path):
    plain, scaled = (
        training_run.train(
            replace(tiny_recipe, validation=0, epochs=1, temperature=temperature), data=idx_folder, out=tmp_path / name
        )
        for name, temperature in (("plain", 1.0), ("scaled", 0.5))
    )
    assert scaled.load_evaluation()["temperature"] == 0.5
    assert scaled.load_evaluation()["accuracy"] == plain.load_evaluation()["accuracy"]
    first, second = (one.logits for one in evaluation_run.evaluate_paths([plain.path, scaled.path]))
    np.testing.assert_allclose(second, 2 * first, rtol=1e-4, atol=1e-4)
    with pytest.raises(TenfoldError, match=r"trained on all images; .*validation=5000"):
        evaluation_run.evaluate_validation(plain.path)
    with pytest.raises(TenfoldError, match="another recipe"):
        study.finish(plain.path, scaled.recipe, idx_folder)
    plain.file("model.safetensors").write_bytes(scaled.file("model.safetensors").read_bytes())
    with pytest.raises(TenfoldError, match="not the weights that this run was evaluated with"):
        plain.load_model()


def test_an_interrupted_run_is_kept_and_resumed_to_the_same_weights(finished, tiny_recipe, idx_folder, tmp_path):
    path = tmp_path / "interrupted"
    with pytest.raises(InterruptedRun, match=r"interrupted in epoch 3; .*--resume"):
        training_run.train(tiny_recipe, data=idx_folder, out=path, callbacks=[InterruptAfter(2)])
    halted = Run(path)
    assert not halted.finished
    assert len(halted.history) == 2
    with pytest.warns(TenfoldWarning, match=r"stopped early \(interrupted in epoch 3\); these weights are not final"):
        halted.load_model()
    with pytest.raises(TenfoldError, match="unfinished; continue with: tenfold train --resume"):
        halted.load_evaluation()
    resumed = training_run.resume(path)
    assert resumed.file("model.safetensors").read_bytes() == finished.file("model.safetensors").read_bytes()
    assert resumed.load_evaluation() == finished.load_evaluation()
    assert not any(resumed.file(name).exists() for name in runs.TRANSIENT)
    with pytest.raises(TenfoldError, match="finished; there is nothing to resume"):
        training_run.resume(path)


def test_a_run_is_neither_resumed_nor_evaluated_with_other_data(
    finished, tiny_recipe, idx_folder, few, tmp_path, monkeypatch
):
    with pytest.raises(InterruptedRun):
        training_run.train(tiny_recipe, data=idx_folder, out=tmp_path / "half", callbacks=[InterruptAfter(1)])
    monkeypatch.setattr(runs, "load", lambda _: (few, few))
    for command, path in ((training_run.resume, tmp_path / "half"), (evaluation_run.evaluate_paths, [finished.path])):
        with pytest.raises(TenfoldError, match="has changed since this run"):
            command(path)


def test_a_run_is_never_overwritten_unasked(finished, tiny_recipe, idx_folder, tmp_path):
    before = finished.file("model.safetensors").stat().st_mtime_ns
    with pytest.raises(TenfoldError, match=r"this run exists; .*--force"):
        training_run.train(tiny_recipe, data=idx_folder, out=finished.path)
    assert finished.file("model.safetensors").stat().st_mtime_ns == before
    training_run.train(tiny_recipe, data=idx_folder, out=finished.path, force=True)
    assert finished.file("model.safetensors").stat().st_mtime_ns != before
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "love.txt").write_text("dear")
    for force in (False, True):
        with pytest.raises(TenfoldError, match="is not a run folder"):
            training_run.train(tiny_recipe, data=idx_folder, out=tmp_path / "letters", force=force)
    assert (tmp_path / "letters" / "love.txt").read_text() == "dear"


def test_a_run_that_was_killed_before_its_first_epoch_starts_again(finished, tiny_recipe, idx_folder, tmp_path):
    for there in ([".tenfold.lock", ".tenfold-0123"], ["environment.json"], ["environment.json", "recipe.toml"]):
        path = tmp_path / there[-1]
        path.mkdir()
        for name in there:
            source = finished.file(name)
            (path / name).write_bytes(source.read_bytes() if source.is_file() else b"")
        again = training_run.train(tiny_recipe, data=idx_folder, out=path)
        assert again.file("model.safetensors").read_bytes() == finished.file("model.safetensors").read_bytes()
        assert {entry.name for entry in path.iterdir()} == set(runs.FILES) - set(runs.TRANSIENT)


def test_a_run_that_was_killed_while_it_was_replaced_or_had_just_ended(finished, tiny_recipe, idx_folder):
    finished.file("export").mkdir()  # by another command
    weights = finished.file("model.safetensors").read_bytes()
    train, resume = (
        partial(training_run.train, tiny_recipe, data=idx_folder, out=finished.path),
        partial(training_run.resume, finished.path),
    )
    for command in (train, resume):
        finished.file("checkpoint.safetensors").touch()
        with pytest.raises(TenfoldError, match=r"is finished|this run exists"):
            command()
        assert not finished.file("checkpoint.safetensors").exists()
    for name in ("recipe.toml", "report.html", "evaluation.json"):
        finished.file(name).unlink()
    with pytest.raises(TenfoldError, match="replace it with --force"):
        training_run.train(tiny_recipe, data=idx_folder, out=finished.path)
    training_run.train(tiny_recipe, data=idx_folder, out=finished.path, force=True)
    assert finished.file("model.safetensors").read_bytes() == weights


def test_two_trainings_never_share_a_folder(tiny_recipe, idx_folder, tmp_path, monkeypatch):
    monkeypatch.setattr(files, "PATIENCE", 0.0)
    monkeypatch.setattr(runs, "RUNS", tmp_path)
    path, answers = tmp_path / "first", []

    class Others(Callback):
        def on_train_begin(self, training):
            with ThreadPoolExecutor(1) as pool:
                other = replace(tiny_recipe, seed=1)
                begun = (
                    pool.submit(training_run.train, other, data=idx_folder, out=path, force=True),
                    pool.submit(training_run.resume, path),
                    pool.submit(study.finish, path, tiny_recipe, idx_folder),
                )
                answers.extend(str(one.exception()) for one in begun)

    run = training_run.train(tiny_recipe, data=idx_folder, out=path, callbacks=[Others()])
    assert all("another process is writing to this folder" in answer for answer in answers)
    assert len(answers) == 3
    assert (run.recipe, run.finished) == (tiny_recipe, True)
    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(runs.free_path, ["same"] * 32))) == 32


def test_folders_that_are_no_complete_runs(finished, tmp_path):
    with pytest.raises(TenfoldError, match="no such run folder"):
        Run(tmp_path / "nowhere")
    with pytest.raises(TenfoldError, match="not a run folder"):
        Run(tmp_path)
    environment = finished.file("environment.json")
    known = json.loads(environment.read_text())
    environment.write_text(json.dumps(known | {"format": 2, "tenfold": "9.9"}))
    with pytest.raises(TenfoldError, match=r"newer tenfold, 9\.9; upgrade"):
        Run(finished.path)
    environment.write_text('{"format": ')
    with pytest.raises(TenfoldError, match=r"environment.json: damaged"):
        Run(finished.path)
    environment.write_text(json.dumps({key: value for key, value in known.items() if key != "threads"}))
    with pytest.raises(TenfoldError, match=r"environment.json: damaged, 'threads' is missing"):
        Run(finished.path)
    environment.unlink()
    with pytest.raises(TenfoldError, match=r"half-written, it has no environment.json"):
        Run(finished.path)
    environment.write_text(json.dumps(known))
    finished.file("model.safetensors").unlink()
    with pytest.raises(TenfoldError, match="has no weights yet"):
        Run(finished.path).load_model()


def test_figures_of_a_wrong_type_or_range_are_named(finished):
    for file, wrong, message in (
        ("environment.json", {"format": "1"}, "format = '1'"),
        ("environment.json", {"threads": 0}, "threads = 0"),
        ("environment.json", {"threads": 10**9}, "threads = 1000000000"),
        ("environment.json", {"data": ["mnist"]}, "data = "),
        ("environment.json", {"data": "a\0b"}, "data = 'a.x00b'"),
        ("environment.json", {"device": "abacus"}, "device = 'abacus'"),
        ("environment.json", {"test_sha256": None}, "test_sha256 = None"),
        ("evaluation.json", {"accuracy": "high"}, "accuracy = 'high'"),
        ("evaluation.json", {"accuracy": 7}, "accuracy = 7"),
        ("evaluation.json", {"interval": [0.5]}, "interval = "),
        ("evaluation.json", {"temperature": -1}, "temperature = -1"),
        ("evaluation.json", {"loss": float("nan")}, "NaN is not valid JSON"),
    ):
        path = finished.file(file)
        whole = path.read_text()
        path.write_text(json.dumps(json.loads(whole) | wrong))
        with pytest.raises(TenfoldError, match=rf"{file}: damaged.*{message}"):
            Run(finished.path).load_evaluation()
        path.write_text(whole)


def test_deep_json_and_a_lost_history_get_one_line(finished):
    finished.file("history.csv").unlink()
    with pytest.raises(TenfoldError, match=r"history.csv: missing; copy the whole run folder"):
        evaluation_run.examine(finished.path)
    finished.file("evaluation.json").write_text("[" * 100_000)
    with pytest.raises(TenfoldError, match=r"evaluation.json: damaged \(nested too deeply\)"):
        finished.load_evaluation()
