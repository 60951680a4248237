"""The callbacks for TensorBoard, Weights & Biases, and MLflow write, with the real libraries, what was measured."""

import json
import sys
from dataclasses import replace

import pytest

from tenfold import TenfoldError, build, fit
from tenfold.training import DivergedError, MLflow, TensorBoard, WandB

COLUMNS = {"loss", "accuracy", "validation_loss", "validation_accuracy", "learning_rate", "seconds"}


@pytest.fixture
def recipe(tiny_recipe):
    return replace(tiny_recipe, network="softmax", network_options={}, optimizer="sgd", epochs=2)


def test_tensorboard(recipe, few, tmp_path):
    accumulators = pytest.importorskip(
        "tensorboard.backend.event_processing.event_accumulator", reason="needs tenfold[tensorboard]"
    )
    history = fit(build("softmax"), few[:200], recipe, callbacks=[TensorBoard(tmp_path / "run")])
    events = accumulators.EventAccumulator(str(tmp_path / "run"))
    events.Reload()
    assert set(events.Tags()["scalars"]) == COLUMNS
    for column in COLUMNS:
        points = events.Scalars(column)
        assert [point.step for point in points] == [1, 2]
        assert [point.value for point in points] == pytest.approx(history[column])


def test_wandb(recipe, few, tmp_path, monkeypatch):
    wandb = pytest.importorskip("wandb", reason="needs tenfold[wandb]")
    monkeypatch.setenv("WANDB_SILENT", "true")
    callback = WandB(project="digits", mode="offline", dir=tmp_path)
    history = fit(build("softmax"), few[:200], recipe, callbacks=[callback])
    assert callback.run.config["optimizer"] == "sgd"
    wandb.teardown()  # `finish` returns before all is written
    [file] = (tmp_path / "wandb").glob("offline-run-*/*.wandb")
    written = file.read_bytes()  # uncompressed
    for row in history.rows:
        assert all(f"{column}".encode() in written and json.dumps(row[column]).encode() in written for column in row)
    callback = WandB(project="digits", mode="disabled", dir=tmp_path)
    with pytest.raises(DivergedError):
        fit(build("mlp"), few[:200], replace(recipe, network="mlp", peak_lr=1e20), callbacks=[callback])
    assert wandb.run is None


def test_mlflow(recipe, few, tmp_path, monkeypatch):
    mlflow = pytest.importorskip("mlflow", reason="needs tenfold[mlflow]")
    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    mlflow.set_tracking_uri((tmp_path / "mlruns").as_uri())
    history = fit(build("softmax"), few[:200], recipe, callbacks=[MLflow(run_name="digits")])
    client = mlflow.MlflowClient()
    [run] = client.search_runs(["0"])
    assert (run.info.run_name, run.info.status, run.data.params["optimizer"]) == ("digits", "FINISHED", "sgd")
    for column in COLUMNS:
        points = client.get_metric_history(run.info.run_id, column)
        assert [(point.step, point.value) for point in points] == list(enumerate(history[column], start=1))
    with pytest.raises(DivergedError):
        fit(build("mlp"), few[:200], replace(recipe, network="mlp", peak_lr=1e20), callbacks=[MLflow()])
    assert {run.info.status for run in client.search_runs(["0"])} == {"FINISHED", "FAILED"}


@pytest.mark.parametrize(
    ("make", "module"),
    [(lambda: TensorBoard("run"), "tensorboard"), (WandB, "wandb"), (MLflow, "mlflow")],
)
def test_a_missing_library_is_named(make, module, monkeypatch):
    for name in {module, *(name for name in sys.modules if name.startswith(f"{module}."))}:
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.delitem(sys.modules, "torch.utils.tensorboard", raising=False)  # which imports it
    with pytest.raises(TenfoldError, match=r"pip install 'tenfold\[(tensorboard|wandb|mlflow)\]'"):
        make()
