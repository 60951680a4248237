"""Train the networks in the package, and put them there: `python -m benchmarks.shipped`, some four hours on two cores.

Writes `src/tenfold/models/shipped/`, `results/shipped.json` and `docs/figures/misread.png`. All three networks are
trained from their recipes with seed 0, into `runs/`; one that is already there is not trained again. With `--further`,
the networks for ink and lines start from the weights in the package, and learn from today's drawings in less time.
"""

import argparse
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
from tenfold.export import export
from tenfold.jobs import training_run
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
    parser = argparse.ArgumentParser(prog="python -m benchmarks.shipped")
    parser.add_argument("--further", action="store_true", help="train the networks for ink and lines further, only")
    further = parser.parse_args().further
    results: dict[str, Any] = json.loads(RESULTS.read_text()) if further else train_reader()

    ink_recipe, line_recipe = (one.FURTHER if further else one.RECIPE for one in (ink_model, line_model))
    ink_weights, line_weights = (models.SHIPPED / name for name in ("ink.safetensors", "text-lines.safetensors"))
    ink_network = ink_model.train(INK, ink_recipe, ink_weights if further else None)
    write_atomically(models.SHIPPED / "ink-int8.tflite", ink_model.export(ink_network))
    write_half(ink_weights, ink_network, {})
    # from the ink that the network above finds
    line_network = line_model.train(LINES, line_recipe, line_weights if further else None)
    write_atomically(models.SHIPPED / "text-lines-int8.tflite", line_model.export(line_network))
    write_half(line_weights, line_network, {})

    scenes = {"scenes_learned": ink_model.FURTHER_SCENES if further else ink_model.SCENES}
    lines = {"lines": line_model.FURTHER_LINES if further else line_model.LINES}
    results["ink"] = companions.describe(ink_recipe, ink_network) | scenes | ink_model.evaluate()
    results["text_lines"] = companions.describe(line_recipe, line_network) | lines | line_model.evaluate()
    for path in sorted(models.SHIPPED.iterdir()):
        content = path.read_bytes()
        facts = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        results["files"][path.name] = results["files"].get(path.name, {}) | facts
    save(RESULTS, results)
    publish.main()


def train_reader() -> dict[str, Any]:
    """Train the network for digits, export it, and evaluate the exported files."""
    run = Run(READER) if READER.exists() else training_run.train("reader", out=READER)
    results: dict[str, Any] = {"recipe": run.recipe.to_toml(), "environment": run.environment}
    files: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for facts in export(run.path, ["litert"], folder):
            file = Path(facts["file"])
            if file.name in FILES:
                write_atomically(models.SHIPPED / file.name, file.read_bytes())
                files[file.name] = {"different": facts["different"]}
    # for machines without LiteRT, where PyTorch reads, and for the page, which looks inside
    network = run.load_model()
    description = json.dumps({"name": network.name, "options": network.options})
    write_half(models.SHIPPED / "reader.safetensors", network, {"network": description})
    if network.thresholds is None:
        raise TenfoldError(f"{run.path}: has no thresholds, because it was never calibrated; train again with --force")
    write_atomically(models.SHIPPED / models.THRESHOLDS, json.dumps(vars(network.thresholds)) + "\n")
    _, test = tenfold.load()
    for name in (*FILES, "reader.safetensors"):
        evaluation = tenfold.evaluate(models.load(models.SHIPPED / name), test)
        figures = evaluation.to_dict()
        files.setdefault(name, {}).update({key: figures[key] for key in KEPT})
        if name == FILES[0]:
            results["int8"] = {key: figures[key] for key in ("per_class", "misclassified")}
            plots.mistakes(evaluation, test, len(evaluation.mistakes)).savefig(FIGURE)
    return results | {"files": files}


def write_half(path: Path, network: nn.Module, metadata: dict[str, str]) -> None:
    """Write 16-bit weights."""
    half = {name: one.half() if one.is_floating_point() else one for name, one in network.state_dict().items()}
    write_tensors(path, half, metadata)


if __name__ == "__main__":
    main()
