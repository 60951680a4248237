"""The command line: arguments in, calls out, errors as one clear line."""

import io
import os
import re
import signal
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.exceptions import TyperException

from tenfold.base import strict_json
from tenfold.base.errors import TenfoldError, warnings_as_lines

# Modules that load PyTorch, matplotlib or pandas are imported inside the commands: --help must not wait for them.

ISSUES = "https://github.com/tenfold-mnist/tenfold/issues"

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

Data = Annotated[
    str, typer.Option("--data", help="bundled, openml, download, or a path: IDX folder, mnist.npz, folder of pictures.")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON on standard output, and nothing else there.")]

Processes = Annotated[int | None, typer.Option(min=1, help="Runs at a time; by default one for each core.")]
Cluster = Annotated[
    str | None, typer.Option(metavar="HOST:PORT", help="Run on this Ray cluster instead, with one core for each run.")
]


def main() -> None:
    """Run the command line; every failure ends in one line on standard error.

    The exit code is 2 for bad input, and 70 for a fault of tenfold itself, whose traceback the environment variable
    TENFOLD_DEBUG=1 shows.
    """
    _prepare_streams()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # which would leave worker processes behind
    try:
        with warnings_as_lines():
            _check_current_folder()
            code = app(standalone_mode=False)
            sys.stdout.flush()  # a full disk may show only now
    except (TenfoldError, TyperException, OSError) as error:
        code = _fail(error)
    except (KeyboardInterrupt, typer.Abort):
        code = 130
    except Exception as error:
        code = _fail_ourselves(error)
    _close_streams()
    sys.exit(code)


def _prepare_streams() -> None:
    """Give the standard streams a state in which any text can be printed."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            # it was closed: the next file to be opened would get its number, and what libraries print would go there
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: PTH123, SIM115  # a device
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # as standard error does with what an encoding lacks


def _close_streams() -> None:
    """Drop what cannot be written, or Python would complain of it at its end."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _check_current_folder() -> None:
    try:
        Path.cwd()
    except FileNotFoundError:  # PyTorch would end the process without a word of ours
        raise TenfoldError("the current folder has been deleted; change to another") from None


def _fail(error: Exception) -> int:
    if isinstance(error, BrokenPipeError):  # whoever read our output has gone, to `head` for example
        return 1
    message = error.format_message() if isinstance(error, TyperException) else str(error)
    if isinstance(error, OSError) and error.strerror:
        message = f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    if message:  # there is none where the help has been printed instead
        _say(message)
    return 2


def _fail_ourselves(error: Exception) -> int:
    """Say what nobody foresaw."""
    if isinstance(error, MemoryError) or re.search("can't allocate memory|out of memory", str(error)):
        _say("there is not enough memory for this; try a smaller network, batch or picture")
    elif isinstance(error, RecursionError):
        _say("something is nested too deeply to be read")
    else:
        _say(f"internal error: {type(error).__name__}: {error}; please report it at {ISSUES}")
    if os.environ.get("TENFOLD_DEBUG") == "1":
        traceback.print_exception(error)
    return 70


def _say(message: str) -> None:
    with suppress(OSError):  # there is no other place to say it
        print(f"tenfold: {' '.join(message.split())}", file=sys.stderr)


def _print_version(wanted: bool) -> bool:
    if wanted:
        from tenfold.base.version import VERSION

        print(VERSION)
        raise typer.Exit
    return wanted


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.", is_eager=True, callback=_print_version)
    ] = False,
) -> None:
    """Read handwritten digits: MNIST from pixels to phone."""


@app.command()
def data(
    source: Data = "bundled",
    plot: Annotated[Path | None, typer.Option(help="Write pictures of the digits into this folder.")] = None,
    as_json: Json = False,
) -> None:
    """Show what is in a data set: counts per class, source, checksums.

    Example: tenfold data --plot pictures
    """
    from tenfold.data import load
    from tenfold.report import console

    parts = dict(zip(("train", "test"), load(source), strict=True))
    facts = {
        name: {
            "source": digits.source,
            "images": len(digits),
            "counts": digits.counts().tolist(),
            "mean": float(digits.images.mean() / 255),
            "std": float(digits.images.std() / 255),
            "sha256": digits.sha256(),
        }
        for name, digits in parts.items()
    }
    if plot is not None:
        from tenfold.report import plots

        plot.mkdir(parents=True, exist_ok=True)
        for name, digits in parts.items():
            plots.samples(digits).savefig(plot / f"{name}-samples.png")
            plots.class_histogram(digits).savefig(plot / f"{name}-classes.png")
            plots.mean_and_variance(digits).savefig(plot / f"{name}-mean-variance.png")
    if as_json:
        _print_json(facts)
        return
    console.print_data(facts)
    if plot is not None:
        print(f"pictures in {plot}")


@app.command()
def train(
    recipe: Annotated[str, typer.Option(help="A recipe's name, or a TOML file.")] = "standard",
    model: Annotated[str | None, typer.Option(help="Train this network instead of the recipe's.")] = None,
    epochs: Annotated[float | None, typer.Option(help="Passes over the training images.")] = None,
    seed: Annotated[int | None, typer.Option(help="Starts every random stream.")] = None,
    changes: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Change any value of the recipe.")
    ] = None,
    source: Data = "bundled",
    out: Annotated[Path | None, typer.Option(help="The run folder; by default a new one in runs/.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the run in that folder.")] = False,
    resume: Annotated[Path | None, typer.Option(metavar="RUN", help="Go on with an interrupted run.")] = None,
    device: Annotated[str | None, typer.Option(help="cpu, cuda or mps; by default the fastest there is.")] = None,
    as_json: Json = False,
) -> None:
    """Train a network, evaluate it on the test images, and write a run folder with a report.

    Example: tenfold train --model lenet5 --epochs 3 --set peak_lr=0.01
    """
    from tenfold import recipes
    from tenfold.jobs import training_run
    from tenfold.report import console
    from tenfold.training import ProgressBar

    named = {"network": model, "epochs": epochs, "seed": seed}
    overrides = {key: value for key, value in named.items() if value is not None} | recipes.parse_changes(changes or [])
    try:
        if resume is not None:
            if overrides or out or force or device or recipe != "standard" or source != "bundled":
                raise TenfoldError("--resume goes on with the run's own settings; leave the other options out")
            run = training_run.resume(resume, [ProgressBar()])
        else:
            chosen = recipes.load(recipe, overrides)
            run = training_run.train(
                chosen, data=source, out=out, force=force, device=device, callbacks=[ProgressBar()]
            )
    except training_run.InterruptedRun as interruption:
        print(f"tenfold: {interruption}", file=sys.stderr)
        raise typer.Exit(130) from None
    summary = training_run.summarize(run)
    if as_json:
        _print_json(summary)
    else:
        console.print_training(run, summary)


@app.command()
def evaluate(
    runs: Annotated[
        list[Path], typer.Argument(metavar="RUN...", help="Run folders, or files of tenfold.save() and tenfold export.")
    ],
    ensemble: Annotated[
        bool, typer.Option("--ensemble", help="Average the probabilities of two or more networks.")
    ] = False,
    error_rate: Annotated[
        float | None,
        typer.Option(min=0, max=1, metavar="RATE", help="Decline so many readings that no more than this are wrong."),
    ] = None,
    interpret: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Write pictures of what a network looks at into this folder.")
    ] = None,
    robustness: Annotated[
        bool, typer.Option("--robustness", help="Read corrupted, shifted and rotated test images too.")
    ] = False,
    mnist_c: Annotated[
        Path | None,
        typer.Option("--mnist-c", metavar="FOLDER", help="Take corrupted images from the published MNIST-C."),
    ] = None,
    report: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a report with all of this, as one HTML page.")
    ] = None,
    source: Annotated[
        str | None, typer.Option("--data", help="Test images from elsewhere, see tenfold train --help.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Evaluate a trained network, compare two, or evaluate an ensemble of several, on the test images.

    A file may be .safetensors, .tflite, .onnx, .keras or .h5.

    With --error-rate, the threshold of confidence is chosen on the images that were held out from training.

    Example: tenfold evaluate runs/standard --error-rate 0.001
    """
    from tenfold.evaluation import compare
    from tenfold.jobs import assessment
    from tenfold.report import console

    if ensemble and len(runs) < 2:
        raise TenfoldError("an ensemble needs two runs or more")
    if len(runs) > 2 and not ensemble:
        raise TenfoldError("name one run, two to compare, or several with --ensemble to evaluate them as one model")
    alone = {"error-rate": error_rate, "interpret": interpret, "robustness": robustness or None, "report": report}
    for option, value in alone.items():
        if value is not None and len(runs) > 1:
            raise TenfoldError(f"--{option} is for one run")
    if mnist_c is not None and not robustness:
        raise TenfoldError("--mnist-c names the images for --robustness; give both")
    if len(runs) == 2 and not ensemble:
        evaluations = assessment.evaluate_paths(runs, source)
        comparison = compare(*evaluations)
        if as_json:
            named = [{"run": str(run), **one.to_dict()} for run, one in zip(runs, evaluations, strict=True)]
            _print_json({"evaluations": named, "comparison": comparison.to_dict()})
        else:
            console.print_comparison(runs, evaluations, comparison)
        return
    if ensemble:
        found = assessment.examine_ensemble(runs, source)
    else:
        found = assessment.examine(
            runs[0],
            source,
            error_rate=error_rate,
            interpret=interpret,
            robustness=robustness,
            mnist_c=mnist_c,
            report=report,
        )
    if as_json:
        _print_json(found.to_dict())
    else:
        console.print_assessment(found)
        if report is not None:
            print(f"report: {report}")


@app.command()
def study(
    file: Annotated[Path, typer.Argument(help="A TOML file: name, recipes, seeds, variants.")],
    out: Annotated[Path | None, typer.Option(help="The folder of the runs; by default studies/NAME.")] = None,
    processes: Processes = None,
    cluster: Cluster = None,
    as_json: Json = False,
) -> None:
    """Train many runs, seeds by recipes by variants, and compare them; the same command goes on after an interruption.

    Exit code 1 if some of the runs failed.

    Example: tenfold study optimizers.toml
    """
    from tenfold.jobs import study as studies
    from tenfold.report import console

    tasks = studies.plan(studies.load(file), out)
    with _kept("runs"), _progress("runs", len(tasks)) as advance:
        outcomes = studies.run(tasks, processes, cluster, advance)
    studies.save(tasks[0].path.parent, outcomes)
    summary = studies.summarize(outcomes)
    if as_json:
        _print_json({"runs": [vars(outcome) for outcome in outcomes], "summary": summary})
    else:
        console.print_study(summary)
    failed = [outcome for outcome in outcomes if outcome.status == "failed"]
    for outcome in failed:
        print(f"tenfold: {outcome.run} failed: {outcome.reason}", file=sys.stderr)
    if failed:
        raise typer.Exit(1)


@app.command()
def compare(
    models: Annotated[
        str | None,
        typer.Option(
            metavar="NAME,NAME", help="Recipes, classical or of networks, or networks; by default most of them."
        ),
    ] = None,
    train_size: Annotated[
        int | None, typer.Option(metavar="IMAGES", help="Learn so many training images instead of all.")
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="Learn 10,000 training images; without the slowest models.")
    ] = False,
    seed: Annotated[int, typer.Option(min=0, help="Starts the random numbers of all models.")] = 0,
    source: Data = "bundled",
    out: Annotated[
        Path | None, typer.Option(help="The folder of the models; by default a new one in comparisons/.")
    ] = None,
    processes: Processes = None,
    cluster: Cluster = None,
    as_json: Json = False,
) -> None:
    """Train networks and classical models on the same images, each on one core, and compare what they do.

    Finished models are kept: the same command goes on after an interruption, and with more models it trains only those.
    Beside the models it writes comparison.json and comparison.png. Exit code 1 if some of the models failed.

    Example: tenfold compare --quick --models fast,rbf_svm,random_forest
    """
    from tenfold import evaluation
    from tenfold.data import load
    from tenfold.jobs import comparison
    from tenfold.report import console

    if quick and train_size is not None:
        raise TenfoldError("--quick is --train-size 10000; give one of them")
    entries = comparison.plan(
        [name.strip() for name in models.split(",")]
        if models is not None
        else comparison.QUICK
        if quick
        else comparison.DEFAULT,
        train_images=comparison.QUICK_IMAGES if quick else train_size,
        seed=seed,
        data=source,
        out=out,
    )
    with _kept("models"), _progress("models", len(entries)) as advance:
        rows, failed = comparison.run(entries, processes, cluster, advance)
    pairs = evaluation.pairs(rows, load(source)[1].labels)
    folder = entries[0].path.parent
    comparison.save(folder, rows, pairs)
    if as_json:
        _print_json(comparison.to_dict(rows, pairs))
    elif rows:
        console.print_models(rows, pairs)
        print(f"models, picture and all pairs: {folder}")
    for model, reason in failed.items():
        print(f"tenfold: {model} failed: {reason}", file=sys.stderr)
    if failed:
        raise typer.Exit(1)


@app.command()
def export(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A run folder, or a .safetensors file.")],
    formats: Annotated[
        list[str] | None,
        typer.Option("--to", metavar="FORMAT", help="litert, onnx or keras; may be given more than once."),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every format.")] = False,
    out: Annotated[Path | None, typer.Option(help="The folder for the files; by default RUN/export.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace files that are already there.")] = False,
    as_json: Json = False,
) -> None:
    """Write a trained network as LiteRT (TFLite), ONNX or Keras, after each file has read all test images.

    A file takes pixels, uint8 (n, 28, 28), and gives logits, float32 (n, 10); a JSON file beside it says how it
    compares with the network.

    Example: tenfold export runs/standard --to litert
    """
    from tenfold.export import FORMATS
    from tenfold.export import export as write
    from tenfold.report import console

    if bool(formats) == everything:
        raise TenfoldError(f"name a format with --to ({', '.join(FORMATS)}), or take them --all")
    files = write(run, formats or tuple(FORMATS), out, force)
    if as_json:
        _print_json({"run": str(run), "files": files})
    else:
        console.print_exports(files)
    for file in files:
        if file["warning"]:
            print(f"tenfold: warning: {file['warning']}", file=sys.stderr)


@app.command()
def predict(
    paths: Annotated[
        list[Path],
        typer.Argument(
            metavar="PICTURE...",
            help="Pictures, folders of pictures, IDX files, or - for a picture on standard input.",
            allow_dash=True,
        ),
    ],
    model: Annotated[
        Path | None,
        typer.Option(help="A run folder or a file; by default the network that comes with tenfold."),
    ] = None,
    single: Annotated[bool, typer.Option("--single", help="Every picture shows one digit.")] = False,
    annotate: Annotated[
        Path | None,
        typer.Option(metavar="OUT", help="Draw what was read on the picture OUT.png, or on all pictures, in a folder."),
    ] = None,
    explain: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Write every step of the reading as pictures into this folder."),
    ] = None,
    cluster: Annotated[
        str | None, typer.Option(metavar="HOST:PORT", help="Read on this Ray cluster, which must share the folders.")
    ] = None,
    verbose: Annotated[bool, typer.Option("--verbose", help="Say with each answer which model gave it.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON Lines, one object a file.")] = False,
) -> None:
    """Read the digits in pictures: photos, scans, drawings; several digits, several lines.

    What is probably no digit is a question mark, unless the model was never calibrated for that. A model's file may be
    .safetensors, .tflite, .onnx, .keras or .h5; lines that it is in doubt of are seen by tenfold's own second network.

    Exit code 0 if digits were found in every file; 1 if in some there are none or they could not be read; 2 if none of
    the files could be read.

    Example: tenfold predict note.jpg --annotate read.png
    """
    from dataclasses import asdict

    from tenfold.base.errors import NoDigitsError
    from tenfold.jobs.pictures import Options, find_sources, read_sources
    from tenfold.reader import Reader, to_text

    sources = find_sources(paths)
    reader = Reader(model)
    if reader.thresholds is None:
        print(f"tenfold: {reader.name} has no thresholds of refusal, so all is read as digits", file=sys.stderr)
    if convention := getattr(reader.model, "convention", None):
        print(f"tenfold: {reader.name} {convention}", file=sys.stderr)
    failures = empty = 0
    with _progress("pictures", len(sources)) as advance:
        for source, found in read_sources(sources, reader, Options(single, annotate, explain), cluster):
            advance(source)
            reason: dict[str, str] = {}
            if isinstance(found, NoDigitsError):
                _fail(NoDigitsError(found.reason, str(source.path)))
                empty += 1
                reason, found = {"reason": found.reason}, []
            elif not isinstance(found, list):
                _fail(found)
                failures += 1
                continue
            text = to_text(found)
            if as_json:
                readings = [{key: value for key, value in asdict(one).items() if key != "model"} for one in found]
                answer = {"file": str(source.path), "model": reader.name, "text": text, "readings": readings}
                print(strict_json.dumps(answer | reason))
            elif found:
                sure = f" ({found[0].probability:.1%})" if len(found) == 1 else ""
                by = f", read by {reader.name}" if verbose else ""
                print(f"{source.path}: {text.replace(chr(10), ' / ')}{sure}{by}")
    if failures and len(sources) > 1:
        print(f"tenfold: {failures} of {len(sources)} files could not be read", file=sys.stderr)
    if failures or empty:
        raise typer.Exit(2 if failures == len(sources) else 1)


@app.command()
def draw(
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="By default 8028, or a free one.")] = None,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Only print the address.")] = False,
) -> None:
    """Draw or show digits to a page in the browser, which reads them on this machine; until Ctrl-C.

    Example: tenfold draw
    """
    from tenfold import serve as page

    page.draw(port, not no_browser, lambda address: print(f"{address} (Ctrl-C ends it)", flush=True))


@contextmanager
def _kept(things: str) -> Iterator[None]:
    """Say after Ctrl-C that what is finished is kept."""
    from tenfold.jobs.training_run import InterruptedRun

    try:
        yield
    except (KeyboardInterrupt, InterruptedRun):
        print(f"tenfold: interrupted; finished {things} are kept, and the same command goes on", file=sys.stderr)
        raise typer.Exit(130) from None


@contextmanager
def _progress(things: str, total: int) -> Iterator[Callable[[Any], None]]:
    """A progress bar for finished things; gives what to call with each of them."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    above = sys.stdout.isatty()  # what is printed meanwhile goes above the bar, unless it goes to a file
    hidden = not console.is_terminal
    with Progress(*columns, console=console, transient=True, redirect_stdout=above, disable=hidden) as progress:
        bar = progress.add_task(things, total=total)
        yield lambda _: progress.advance(bar)


def _print_json(value: dict[str, Any]) -> None:
    print(strict_json.dumps(value))
