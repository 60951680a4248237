"""Put a trained run into the package, and draw what it misreads: `python -m benchmarks.shipped RUN`.

Writes `src/tenfold/shipped/`, `results/shipped.json` and `docs/figures/misread.png`. The run comes from:
tenfold train --recipe standard --set validation=0 --set temperature=0.57 --out runs/standard
"""

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

from torch import nn

import tenfold
from benchmarks import publish
from tenfold import models, plots
from tenfold.errors import TenfoldError
from tenfold.export import export
from tenfold.networks import Network
from tenfold.preprocess import MEAN, STD
from tenfold.runs import Run
from tenfold.weights import write_tensors

RESULTS = Path("results/shipped.json")
FIGURE = Path("docs/figures/misread.png")
KEPT = ("n", "loss", "accuracy", "accuracy_uncontested", "interval", "calibration_error")
FILES = ("reader-int8.tflite", "reader-float16.tflite")


def main() -> None:
    """Export, copy, evaluate and draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path, metavar="RUN")
    run = Run(parser.parse_args().run)
    models.SHIPPED.mkdir(exist_ok=True)
    results: dict[str, Any] = {"recipe": run.recipe.to_toml(), "environment": run.environment, "files": {}}
    with tempfile.TemporaryDirectory() as folder:
        for facts in export(run.path, ["litert"], folder):
            file = Path(facts["file"])
            if file.name in FILES:
                (models.SHIPPED / file.name).write_bytes(file.read_bytes())
                results["files"][file.name] = {"sha256": facts["sha256"], "different": facts["different"]}
    # where LiteRT does not run, PyTorch reads these: 16 bits, as in the larger of the two files
    network = run.load_model()
    half = {name: one.half() if one.is_floating_point() else one for name, one in network.state_dict().items()}
    description = json.dumps({"name": network.name, "options": network.options})
    write_tensors(models.SHIPPED / "reader.safetensors", half, {"network": description})

    if network.thresholds is None:
        raise TenfoldError(f"{run.path}: was never calibrated, it has no thresholds; train again with --force")
    (models.SHIPPED / models.THRESHOLDS).write_text(json.dumps(vars(network.thresholds)) + "\n")
    (models.SHIPPED / "first-layer.json").write_text(json.dumps(first_layer(network)) + "\n")

    _, test = tenfold.load()
    for name in (*FILES, "reader.safetensors"):
        evaluation = tenfold.evaluate(models.load(models.SHIPPED / name), test)
        figures = evaluation.to_dict()
        size = (models.SHIPPED / name).stat().st_size
        results["files"].setdefault(name, {}).update(bytes=size, **{key: figures[key] for key in KEPT})
        if name == FILES[0]:
            results["int8"] = {key: figures[key] for key in ("per_class", "misclassified")}
            plots.mistakes(evaluation, test, len(evaluation.mistakes)).savefig(FIGURE)
    RESULTS.write_text(json.dumps(results, indent=1) + "\n")
    publish.main()


def first_layer(network: Network) -> dict[str, Any]:
    """The first convolution as the page computes it: pixels of 0 to 255 in, normalization and BatchNorm folded in.

    Args:
        network: one that begins with a convolution without padding, BatchNorm and ReLU.

    Returns:
        The kernel's side, the stride, the weights row by row and the bias of each filter.
    """
    convolution, norm = network[0], network[1]
    assert isinstance(convolution, nn.Conv2d)
    assert isinstance(norm, nn.BatchNorm2d)
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
