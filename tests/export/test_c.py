import json
import shutil
import subprocess
import sys

import numpy as np
import pytest
import torch
from torch import nn

import tenfold
from benchmarks.microcontrollers import PROCESSORS, SANITIZED, answers, read
from tenfold import TenfoldError
from tenfold.export import c, export, graph, integer
from tenfold.models import TorchModel

needs_cc = pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler on the path")
NETWORKS = {
    "tiny": {"width": 9},
    "integer_cnn": {"width": 4},
    "mlp": {"width": 16},
    "softmax": {},
    "deep_cnn": {"width": 5},  # convolutions across all channels, with padding
}


def some_network(name: str, **options) -> tenfold.networks.Network:
    """A network whose BatchNorms are not what they were before training."""
    torch.manual_seed(0)
    network = tenfold.build(name, **options).eval()
    for layer in network.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.running_mean.uniform_(-0.5, 0.5)
            layer.running_var.uniform_(0.5, 2)
            for parameter in layer.parameters():
                nn.init.uniform_(parameter, -1, 1)
    return network


@pytest.fixture(scope="module", params=NETWORKS)
def exported(request, mnist, tmp_path_factory):
    """A network, its plan, and its C file."""
    network = some_network(request.param, **NETWORKS[request.param])
    plan = integer.plan(graph.FromPixels(network), mnist[0].images[:256])
    file = tmp_path_factory.mktemp("c") / "digit.c"
    file.write_text(c.write(plan))
    return network, plan, file


@needs_cc
def test_c_computes_its_reference_to_the_last_bit(exported, mnist):
    network, plan, file = exported
    digits = mnist[1].images[:100]
    noise = np.random.default_rng(0).integers(0, 256, (20, 28, 28), np.uint8)
    images = np.concatenate((digits, noise, np.zeros_like(digits[:1]), np.full_like(digits[:1], 255)))
    expected = integer.scores(plan, images)
    assert np.array_equal(read(file, SANITIZED, images), answers(expected))
    found = c.CModel(file).logits(images)
    assert np.array_equal(found, (expected / integer.ONE).astype(np.float32))
    logits = TorchModel(network).logits(digits)
    assert np.abs(found[:100] - logits).max() < 0.02 * np.ptp(logits)


@pytest.mark.cross
@pytest.mark.parametrize("name", PROCESSORS)
def test_c_on_microcontrollers(name, exported, mnist):
    _, plan, file = exported
    processor = PROCESSORS[name]
    for tool in (f"{processor.prefix}gcc", processor.emulator[0]):
        if shutil.which(tool) is None:
            pytest.skip(f"no {tool} on the path")
    images = mnist[1].images[:3]
    assert np.array_equal(read(file, processor, images), answers(integer.scores(plan, images)))


@pytest.mark.cross
def test_the_recipe_fits_a_microcontroller(mnist, tmp_path):
    recipe = tenfold.recipes.load("microcontroller")
    network = some_network(recipe.network, **recipe.network_options)
    file = tmp_path / "digit.c"
    file.write_text(c.write(integer.plan(graph.FromPixels(network), mnist[0].images[:256])))
    for processor in PROCESSORS.values():
        if shutil.which(f"{processor.prefix}gcc") is None:
            pytest.skip(f"no {processor.prefix}gcc on the path")
        sizes = c.footprint(file, processor.prefix, *processor.flags)
        assert sizes["code_bytes"] + sizes["constant_bytes"] <= 16 << 10
        assert sizes["ram_bytes"] <= 4 << 10


@needs_cc
def test_a_c_file_is_written_with_its_header_and_what_it_takes(idx_folder, tmp_path):
    path = tmp_path / "mine.safetensors"
    tenfold.save(some_network("tiny", width=4), path)
    (facts,) = export(path, ["c"])
    folder = tmp_path / "export"
    assert {file.name for file in folder.iterdir()} == {"mine-int8.c", "mine-int8.h", "mine-int8.c.json"}
    assert json.loads((folder / "mine-int8.c.json").read_text()) == facts
    assert (facts["format"], facts["precision"], facts["n"]) == ("c", "int8", 10_000)
    assert facts["multiplications"] == 144 * (25 * 4 + 2 * (9 + 4) * 4) + 16 * (9 + 4) * 4 + 16 * 4 + 40
    weights = 25 * 4 + 3 * (9 + 4) * 4 + 16 * 4 + 40
    assert weights < facts["constant_bytes"] < weights + 1000
    assert 36 * 4 < facts["ram_bytes"] < 2000
    assert facts["code_bytes"] < 3000
    assert facts["output"]["logit"] == 1 << 16
    with pytest.raises(TenfoldError, match=r"mine-int8.c: exists; .*--force"):
        export(path, ["c"])
    source = tmp_path / "main.c"  # the header and the code agree
    source.write_text('#include "export/mine-int8.h"\n#include "export/mine-int8.c"\nint main(void) { return 0; }\n')
    c.compile_c(source, tmp_path / "main", "-Os")


@pytest.mark.parametrize(
    ("name", "options", "named"),
    [
        ("resnet", {}, "Residual"),
        ("shift_tta_cnn", {}, "ShiftTTA"),
        ("lenet5", {}, "padding"),
        ("adjustable_cnn", {"inputs": "raw"}, "Affine"),
    ],
)
def test_layers_that_c_cannot_have_are_named(name, options, named):
    with pytest.raises(TenfoldError, match=f"^C: there is no code for .*{named}"):
        integer.plan(graph.FromPixels(some_network(name, **options)), np.zeros((2, 28, 28), np.uint8))


def test_the_command_names_such_a_layer_in_one_line(tmp_path):
    tenfold.save(some_network("adjustable_cnn", stem=2, width=2, activation="tanh"), tmp_path / "mine.safetensors")
    command = [sys.executable, "-m", "tenfold", "export", "mine.safetensors", "--to", "c"]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert (result.returncode, result.stdout) == (2, "")
    assert "C: there is no code for a network that has Tanh where" in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_missing_compiler_is_told(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(TenfoldError, match="needs a C compiler"):
        c.CModel(tmp_path / "digit.c")
