import os
from unittest.mock import Mock

import pytest
import torch
from torch import nn

from tenfold import TenfoldError, build, fit, models, restore, save
from tenfold.base.refusal import Thresholds
from tenfold.networks import NETWORKS
from tenfold.networks.storage import write_tensors
from tenfold.recipes import load

pytestmark = pytest.mark.fast


@pytest.mark.parametrize("name", NETWORKS)
def test_reloaded_weights_give_bit_identical_logits(name, tmp_path):
    model, images = build(name).eval(), torch.randn(3, 1, 28, 28)
    save(model, tmp_path / "model.safetensors")
    again = restore(tmp_path)  # the folder does, too
    assert (again.name, again.options, again.training) == (name, {}, False)
    assert torch.equal(again(images), model(images))


def test_thresholds_travel_with_the_weights_until_these_change(few, tmp_path):
    model = build("softmax")
    save(model, tmp_path / "without.safetensors")
    assert restore(tmp_path / "without.safetensors").thresholds is None
    model.thresholds = Thresholds(0.7, 0.5)
    for name in ("one", "other"):
        save(model, tmp_path / f"{name}.safetensors")
    assert (tmp_path / "one.safetensors").read_bytes() == (tmp_path / "other.safetensors").read_bytes()
    again = restore(tmp_path / "one.safetensors")
    assert again.thresholds == models.load(tmp_path / "one.safetensors").thresholds == Thresholds(0.7, 0.5)
    fit(again, few[:100], load("quick", {"epochs": 1, "validation": 0, "batch_size": 50}))
    assert again.thresholds is None
    for wrong in (
        '{"alone": 0.4, "expected": 0.7}',
        '{"alone": NaN, "expected": 0}',
        '{"alone": "1", "expected": 0}',
        "3",
    ):
        network = f'{{"name": "softmax", "options": {{}}, "thresholds": {wrong}}}'
        write_tensors(tmp_path / "wrong.safetensors", model.state_dict(), {"network": network})
        with pytest.raises(TenfoldError, match=r"wrong\.safetensors: .*hresholds"):
            restore(tmp_path / "wrong.safetensors")


def test_files_that_hold_no_network(tmp_path):
    path = tmp_path / "model.safetensors"
    with pytest.raises(TenfoldError, match="no such file"):
        restore(path)
    write_tensors(path, {"weight": torch.zeros(3)}, {})
    with pytest.raises(TenfoldError, match="holds no tenfold network"):
        restore(path)
    write_tensors(path, {"weight": torch.zeros(3)}, {"network": '{"name": "softmax", "options": {}}'})
    with pytest.raises(TenfoldError, match="do not fit"):
        restore(path)
    with pytest.raises(TenfoldError, match=r"name it net\.safetensors"):
        save(build("softmax"), tmp_path / "net.pt")


class Tied(nn.Module):
    def __init__(self, width=784):
        super().__init__()
        self.encoder = nn.Linear(width, 784, bias=False)
        self.decoder = nn.Linear(784, width, bias=False)
        self.decoder.weight = self.encoder.weight


def test_any_module_can_be_saved_and_restored_into_one_of_its_kind(tmp_path):
    path, module = tmp_path / "model.safetensors", Tied()
    save(module, path)
    again = restore(path, Tied())
    assert not again.training
    assert again.decoder.weight is again.encoder.weight
    assert torch.equal(again.encoder.weight, module.encoder.weight)
    with pytest.raises(TenfoldError, match=r"weights of a Tied; give one: tenfold.restore\(path, Tied\(\)\)"):
        restore(path)
    with pytest.raises(TenfoldError, match="does not fit this Linear"):
        restore(path, nn.Linear(2, 2))


def test_a_full_disk_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "model.safetensors"
    save(build("softmax"), path)
    before = path.read_bytes()

    monkeypatch.setattr(os, "fsync", Mock(side_effect=OSError(28, "No space left on device")))
    with pytest.raises(OSError, match="No space"):
        save(build("softmax"), path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]
