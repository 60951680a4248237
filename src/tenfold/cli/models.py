"""Commands about trained models: evaluate, export."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from tenfold.base.errors import TenfoldError
from tenfold.base.files import not_a_file
from tenfold.cli.common import Json, app, busy, print_json

# What loads PyTorch or matplotlib is imported inside the commands: --help must not wait for it.


@app.command()
def evaluate(
    runs: Annotated[
        list[Path], typer.Argument(metavar="RUN...", help="Run folders, or model files from tenfold.save() or export.")
    ],
    ensemble: Annotated[
        bool, typer.Option("--ensemble", help="Average the probabilities of two or more networks.")
    ] = False,
    error_rate: Annotated[
        float | None,
        typer.Option(
            min=0, max=1, metavar="RATE", help="Choose a confidence threshold above which at most this share is wrong."
        ),
    ] = None,
    interpret: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Write pictures of what the network looks at into this folder."),
    ] = None,
    robustness: Annotated[
        bool, typer.Option("--robustness", help="Also read corrupted, shifted, and rotated test images.")
    ] = False,
    mnist_c: Annotated[
        Path | None,
        typer.Option(
            "--mnist-c", metavar="FOLDER", help="Take the corrupted images from the published MNIST-C in this folder."
        ),
    ] = None,
    attacks: Annotated[
        bool, typer.Option("--attacks", help="Also attack the network on 1,000 images: FGSM, PGD, and AutoAttack.")
    ] = False,
    unknown: Annotated[
        bool, typer.Option("--unknown", help="Also measure how well it tells digits from other images.")
    ] = False,
    unknown_data: Annotated[
        Path | None,
        typer.Option("--unknown-data", metavar="FOLDER", help="Add the pictures in this folder to those images."),
    ] = None,
    battery: Annotated[bool, typer.Option("--battery", help="All of --robustness, --attacks, and --unknown.")] = False,
    report: Annotated[
        Path | None, typer.Option(metavar="FILE.html", help="Write all results into a report, in HTML.")
    ] = None,
    source: Annotated[
        str | None, typer.Option("--data", help="Test images from another source; see tenfold train --help.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Evaluate a trained network on the test images, compare two, or average several as an ensemble.

    A model file may be .safetensors, .tflite, .onnx, .keras, or .h5.

    With --error-rate, the confidence threshold is chosen on the images that
    were held out from training.

    Example: tenfold evaluate runs/standard --error-rate 0.001
    """
    from tenfold.jobs import evaluation_run
    from tenfold.report import console

    robustness, attacks, unknown = (battery or one for one in (robustness, attacks, unknown))
    if unknown_data is not None and not unknown:
        raise TenfoldError("--unknown-data names images for --unknown; give both")
    if mnist_c is not None and not robustness:
        raise TenfoldError("--mnist-c names the images for --robustness; give both")
    measures: dict[str, Any] = {
        "error_rate": error_rate,
        "interpret": interpret,
        "robustness": robustness,
        "mnist_c": mnist_c,
        "attacks": attacks,
        "unknown": unknown,
        "unknown_data": unknown_data,
        "report": report,
    }
    if ensemble or len(runs) > 1:
        for name, value in measures.items():
            if value is not None and value is not False:
                raise TenfoldError(f"--{name.replace('_', '-')} is for one run; name a single run, without --ensemble")
    if len(runs) == 2 and not ensemble:
        _compare(runs, source, as_json)
        return
    if len(runs) != 1 and not ensemble:
        raise TenfoldError("name one run, two to compare, or several with --ensemble to evaluate them as one model")
    with busy("evaluating"):
        if ensemble:
            found = evaluation_run.examine_ensemble(runs, source)
        else:
            found = evaluation_run.examine(runs[0], source, **measures)
    if as_json:
        print_json(found.to_dict())
    else:
        console.print_assessment(found)
        if report is not None:
            print(f"report: {report}")


def _compare(runs: list[Path], source: str | None, as_json: bool) -> None:
    from tenfold.evaluation import compare
    from tenfold.jobs import evaluation_run
    from tenfold.report import console

    evaluations = evaluation_run.evaluate_paths(runs, source)
    comparison = compare(*evaluations)
    if as_json:
        named = [{"run": str(run), **one.to_dict()} for run, one in zip(runs, evaluations, strict=True)]
        print_json({"evaluations": named, "comparison": comparison.to_dict()})
    else:
        console.print_comparison(runs, evaluations, comparison)


@app.command()
def export(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A run folder, or a .safetensors file.")],
    formats: Annotated[
        list[str] | None,
        typer.Option("--to", metavar="FORMAT", help="litert, onnx, keras, or c; may be repeated."),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every format but c.")] = False,
    out: Annotated[Path | None, typer.Option(help="The folder for the files; by default RUN/export.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace files that are already there.")] = False,
    as_json: Json = False,
) -> None:
    """Export a trained network to LiteRT (TFLite), ONNX, Keras, or C, once each file has read all test images.

    An exported file takes pixels, uint8 (n, 28, 28), and returns logits,
    float32 (n, 10); a JSON file next to it says how it compares with the
    network. C is for small networks: it takes one image, in integers only.

    Example: tenfold export runs/standard --to litert
    """
    from tenfold.export import EVERY, FORMATS
    from tenfold.export import export as write
    from tenfold.report import console

    if not run.exists():
        raise not_a_file(run)
    if formats and everything:
        raise TenfoldError("--all exports every format but c; leave out --to, or --all")
    if not formats and not everything:
        raise TenfoldError(f"{run}: to which format? Name it with --to ({', '.join(FORMATS)}), or export --all")
    with busy("exporting"):
        files = write(run, formats or EVERY, out, force)
    if as_json:
        print_json({"run": str(run), "files": files})
    else:
        console.print_exports(files)
    for file in files:
        if file["warning"]:
            print(f"tenfold: warning: {file['warning']}", file=sys.stderr)
