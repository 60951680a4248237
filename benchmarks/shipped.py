"""Put a trained run into the package, and draw what it misreads: `python -m benchmarks.shipped RUN`.

Writes `src/tenfold/shipped/`, `results/shipped.json` and `docs/figures/misread.png`. The run comes from:
tenfold train --recipe standard --set validation=0 --set temperature=0.57 --out runs/standard
"""

import argparse
import json
import tempfile
from pathlib import Path

import tenfold
from benchmarks import publish
from tenfold import models, plots, runs
from tenfold.weights import write_tensors

RESULTS = Path("results/shipped.json")
FIGURE = Path("docs/figures/misread.png")
FILES = ("standard-int8.tflite", "standard-float16.tflite")


def main() -> None:
    """Export, copy, evaluate and draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path, metavar="RUN")
    run = parser.parse_args().run
    models.SHIPPED.mkdir(exist_ok=True)
    results = {"run": run_facts(run), "files": {}}
    with tempfile.TemporaryDirectory() as folder:
        for facts in tenfold.export(run, ["litert"], folder):
            file = Path(facts["file"])
            if file.name in FILES:
                (models.SHIPPED / file.name).write_bytes(file.read_bytes())
                results["files"][file.name] = {**facts, "file": file.name}
    # where LiteRT does not run, PyTorch reads these: 16 bits, as in the larger of the two files
    network = runs.load_model(run)
    half = {
        name: tensor.half() if tensor.is_floating_point() else tensor for name, tensor in network.state_dict().items()
    }
    description = json.dumps({"name": network.name, "options": network.options})
    write_tensors(models.SHIPPED / "standard.safetensors", half, {"network": description})

    _, test = tenfold.load()
    for name in (*FILES, "standard.safetensors"):
        evaluation = tenfold.evaluate(models.load(models.SHIPPED / name), test)
        results["files"].setdefault(name, {})["evaluation"] = evaluation.to_dict()
        if name == FILES[0]:
            plots.mistakes(evaluation, test, 40).savefig(FIGURE)
    RESULTS.write_text(json.dumps(results, indent=1) + "\n")
    publish.main()


def run_facts(run: Path) -> dict[str, object]:
    """Recipe and environment of the training."""
    return {"recipe": runs.Run(run).recipe.to_toml(), "environment": runs.Run(run).environment}


if __name__ == "__main__":
    main()
