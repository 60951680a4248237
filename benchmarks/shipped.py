"""Train the networks in the package, and put them there: `python -m benchmarks.shipped`, two hours on two cores.

Writes `src/tenfold/models/shipped/`, `results/shipped.json` and `docs/figures/misread.png`. All three networks are
trained from their recipes with seed 0, into `runs/`; one that is already there is not trained again.
"""

import hashlib
import json
import tempfile
from pathlib import Path
from typing import Any

from torch import nn

import tenfold
from benchmarks import companions, ink_model, line_model, publish
from benchmarks.records import save
from tenfold import models
from tenfold.base.errors import TenfoldError
from tenfold.base.files import write_atomically
from tenfold.data.preprocess import MEAN, STD
from tenfold.export import export
from tenfold.jobs import training_run
from tenfold.networks import Network
from tenfold.networks.storage import write_tensors
from tenfold.report import plots
from tenfold.training.runs import Run

READER = Path("runs/reader")
INK = Path("runs/ink.safetensors")
LINES = Path("runs/text-lines.safetensors")
RESULTS = Path("results/shipped.json")
FIGURE = Path("docs/figures/misread.png")
KEPT = ("n", "loss", "accuracy", "accuracy_without_label_errors", "interval", "calibration_error")
FILES = ("reader-int8.tflite", "reader-float16.tflite")


def main() -> None:
    """Train, export, evaluate and draw."""
    run = Run(READER) if READER.exists() else training_run.train("reader", out=READER)
    ink_network = ink_model.train(INK)
    write_atomically(models.SHIPPED / "ink-int8.tflite", ink_model.export(ink_network))
    write_half("ink.safetensors", ink_network, {})
    line_network = line_model.train(LINES)  # from the ink that the network above finds

    results: dict[str, Any] = {"recipe": run.recipe.to_toml(), "environment": run.environment}
    files: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for facts in export(run.path, ["litert"], folder):
            file = Path(facts["file"])
            if file.name in FILES:
                write_atomically(models.SHIPPED / file.name, file.read_bytes())
                files[file.name] = {"different": facts["different"]}
    # for machines without LiteRT, where PyTorch reads
    network = run.load_model()
    description = json.dumps({"name": network.name, "options": network.options})
    write_half("reader.safetensors", network, {"network": description})
    if network.thresholds is None:
        raise TenfoldError(f"{run.path}: has no thresholds, because it was never calibrated; train again with --force")
    write_atomically(models.SHIPPED / models.THRESHOLDS, json.dumps(vars(network.thresholds)) + "\n")
    write_atomically(models.SHIPPED / "first-layer.json", json.dumps(first_layer(network)) + "\n")
    write_atomically(models.SHIPPED / "text-lines-int8.tflite", line_model.export(line_network))
    write_half("text-lines.safetensors", line_network, {})

    _, test = tenfold.load()
    for name in (*FILES, "reader.safetensors"):
        evaluation = tenfold.evaluate(models.load(models.SHIPPED / name), test)
        figures = evaluation.to_dict()
        files.setdefault(name, {}).update({key: figures[key] for key in KEPT})
        if name == FILES[0]:
            results["int8"] = {key: figures[key] for key in ("per_class", "misclassified")}
            plots.mistakes(evaluation, test, len(evaluation.mistakes)).savefig(FIGURE)
    scenes, lines = {"scenes_learned": ink_model.SCENES}, {"lines": line_model.LINES}
    results["ink"] = companions.describe(ink_model.RECIPE, ink_network) | scenes | ink_model.evaluate()
    results["text_lines"] = companions.describe(line_model.RECIPE, line_network) | lines | line_model.evaluate()
    for path in sorted(models.SHIPPED.iterdir()):
        content = path.read_bytes()
        facts = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        files[path.name] = facts | files.get(path.name, {})
    results["files"] = files
    save(RESULTS, results)
    publish.main()


def write_half(name: str, network: nn.Module, metadata: dict[str, str]) -> None:
    """Write 16-bit weights into the package."""
    half = {name: one.half() if one.is_floating_point() else one for name, one in network.state_dict().items()}
    write_tensors(models.SHIPPED / name, half, metadata)


def first_layer(network: Network) -> dict[str, Any]:
    """The first convolution as the page computes it: pixels of 0 to 255 in, normalization and BatchNorm folded in.

    Args:
        network: a network that begins with a convolution without padding, BatchNorm and ReLU.

    Returns:
        The kernel's side, the stride, the weights row by row and the bias of each filter.
    """
    convolution, norm = network[0], network[1]
    assert isinstance(convolution, nn.Conv2d)
    assert isinstance(norm, nn.BatchNorm2d)
    assert norm.running_mean is not None
    assert norm.running_var is not None
    assert convolution.padding == (0, 0)
    factor = (norm.weight / (norm.running_var + norm.eps).sqrt()).detach()
    weights = factor[:, None] * convolution.weight.detach().flatten(1)  # (filters, kernel * kernel)
    bias = norm.bias.detach() - factor * norm.running_mean - weights.sum(dim=1) * MEAN / STD
    return {
        "kernel": convolution.kernel_size[0],
        "stride": convolution.stride[0],
        "weights": [[float(f"{one:.5g}") for one in row] for row in (weights / STD / 255).tolist()],
        "bias": [float(f"{one:.5g}") for one in bias.tolist()],
    }


if __name__ == "__main__":
    main()
