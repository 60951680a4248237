"""The callbacks for TensorBoard and Weights & Biases write, with the real libraries, what was measured."""

import json
import sys
from dataclasses import replace

import pytest

from tenfold import TenfoldError, build, fit
from tenfold.training import DivergedError, TensorBoard, WandB

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
    [file] = (tmp_path / "wandb").glob("offline-run-*/*.wandb")
    written = file.read_bytes()  # uncompressed
    for row in history.rows:
        assert all(f"{column}".encode() in written and json.dumps(row[column]).encode() in written for column in row)
    callback = WandB(project="digits", mode="disabled", dir=tmp_path)
    with pytest.raises(DivergedError):
        fit(build("mlp"), few[:200], replace(recipe, network="mlp", peak_lr=1e20), callbacks=[callback])
    assert wandb.run is None


@pytest.mark.parametrize(
    ("make", "module"), [(lambda: TensorBoard("run"), "torch.utils.tensorboard"), (WandB, "wandb")]
)
def test_a_missing_library_is_named(make, module, monkeypatch):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(TenfoldError, match=r"pip install 'tenfold\[(tensorboard|wandb)\]'"):
        make()
