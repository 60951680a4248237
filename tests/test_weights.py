import os

import pytest
import torch
from torch import nn

from tenfold import TenfoldError, build, restore, save
from tenfold.networks import NETWORKS
from tenfold.weights import write_tensors

pytestmark = pytest.mark.fast


@pytest.mark.parametrize("name", NETWORKS)
def test_reloaded_weights_give_bit_identical_logits(name, tmp_path):
    model, images = build(name).eval(), torch.randn(3, 1, 28, 28)
    save(model, tmp_path / "model.safetensors")
    again = restore(tmp_path / "model.safetensors")
    assert (again.name, again.options, again.training) == (name, {}, False)
    assert torch.equal(again(images), model(images))
    assert torch.equal(restore(tmp_path)(images), again(images))  # a folder works too


def test_options_travel_with_the_weights(tmp_path):
    save(build("cnn", width=4), tmp_path / "small.safetensors")
    assert restore(tmp_path / "small.safetensors").options == {"width": 4}


def test_files_that_hold_no_network(tmp_path):
    path = tmp_path / "model.safetensors"
    with pytest.raises(TenfoldError, match="no such file"):
        restore(path)
    save(build("softmax"), path)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(TenfoldError, match="truncated"):
        restore(path)
    write_tensors(path, {"weight": torch.zeros(3)}, {})
    with pytest.raises(TenfoldError, match="holds no tenfold network"):
        restore(path)
    write_tensors(path, {"weight": torch.zeros(3)}, {"network": '{"name": "softmax", "options": {}}'})
    with pytest.raises(TenfoldError, match="do not fit"):
        restore(path)
    with pytest.raises(TenfoldError, match="cannot save a Linear"):
        save(nn.Linear(2, 2), path)


def test_a_full_disk_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "model.safetensors"
    save(build("softmax"), path)
    before = path.read_bytes()

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        save(build("softmax"), path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]
