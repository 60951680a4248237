"""What the commands share: the application, options, progress, and how failures are said."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Annotated, Any

import typer
from typer.exceptions import TyperException

from tenfold.base import strict_json

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


def _print_version(wanted: bool) -> bool:
    if wanted:
        from tenfold.base.version import VERSION

        print(VERSION)
        raise typer.Exit
    return wanted


@app.callback()
def main_options(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.", is_eager=True, callback=_print_version)
    ] = False,
) -> None:
    """Read handwritten digits: MNIST from pixels to phone."""


def fail(error: Exception) -> int:
    """Say what is wrong with the input; returns the exit code."""
    if isinstance(error, BrokenPipeError):  # whoever read our output has gone, to `head` for example
        return 1
    message = error.format_message() if isinstance(error, TyperException) else str(error)
    if isinstance(error, OSError) and error.strerror:
        message = f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    if message:  # there is none where the help has been printed instead
        say(message)
    return 2


def say(message: str) -> None:
    """Write one line on standard error."""
    with suppress(OSError):  # there is no other place to say it
        print(f"tenfold: {' '.join(message.split())}", file=sys.stderr)


@contextmanager
def kept(things: str) -> Iterator[None]:
    """Say after Ctrl-C that what is finished is kept."""
    from tenfold.jobs.training_run import InterruptedRun

    try:
        yield
    except (KeyboardInterrupt, InterruptedRun):
        print(f"tenfold: interrupted; finished {things} are kept, and the same command goes on", file=sys.stderr)
        raise typer.Exit(130) from None


@contextmanager
def progress(things: str, total: int) -> Iterator[Callable[[Any], None]]:
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


def print_json(value: dict[str, Any]) -> None:
    """Print a result for programs."""
    print(strict_json.dumps(value))
