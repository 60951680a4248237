"""How good and how fast exported files are: `python -m benchmarks.exports RUN...` writes `results/exports.json`.

Export the runs first: `tenfold export RUN --all`.
"""

import argparse
import json
import statistics
from pathlib import Path
from typing import Any

import torch

import tenfold
from benchmarks import publish
from benchmarks.records import save, where
from tenfold import models
from tenfold.base.errors import TenfoldError
from tenfold.data import Digits
from tenfold.export.parity import throughput, time_singles
from tenfold.models import TorchModel

RESULTS = Path("results/exports.json")
ROUNDS = 5
KEPT = ("format", "precision", "bytes", "compressed_bytes", "n", "different", "max_difference", "accuracy", "warning")


def main() -> None:
    """Measure, write the results and rewrite the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN")
    runs = parser.parse_args().runs
    torch.set_num_threads(1)
    _, test = tenfold.load()
    results = json.loads(RESULTS.read_text()) if RESULTS.is_file() else {}
    for run in runs:
        results[run.name] = measure(run, test)
        save(RESULTS, results)
    publish.main()


def measure(run: Path, test: Digits) -> dict[str, Any]:
    """The JSON beside the files of a run, with times for them and for PyTorch measured in alternation."""
    facts = [json.loads(path.read_text()) for path in sorted(Path(run, "export").glob("*.json"))]
    if not facts:
        raise TenfoldError(f"{run}: not exported; first: tenfold export {run} --all")
    network = models.load(run)
    assert isinstance(network, TorchModel)
    loaded = {
        "pytorch": network,
        **{one["file"]: models.load(run / "export" / Path(one["file"]).name) for one in facts},
    }
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in loaded}
    for _ in range(ROUNDS):
        for name, model in loaded.items():
            times[name].append((time_singles(model, test)[0], throughput(model, test)))
    speed = {
        name: dict(zip(("latency_us", "throughput"), map(statistics.median, zip(*rounds, strict=True)), strict=True))
        for name, rounds in times.items()
    }
    files = {Path(one["file"]).name: {key: one[key] for key in KEPT} | speed[one["file"]] for one in facts}
    return {
        "measured": where(),
        "parameters": facts[0]["source"]["parameters"],
        "bytes_of_weights": int8_bytes(network),
        "reference": {"accuracy": facts[0]["reference_accuracy"], **speed["pytorch"]},
        "files": files,
    }


def int8_bytes(model: TorchModel) -> int:
    """The bytes of the parameters alone: 8 bits for each weight, 32 for each bias and each parameter of BatchNorm."""
    shapes = [parameter.shape for parameter in model.network.parameters()]
    return sum(shape.numel() * (1 if len(shape) > 1 else 4) for shape in shapes)


if __name__ == "__main__":
    main()
