"""What the commands share: the application, options, progress bars, and how failures are reported."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Annotated, Any

import typer
from typer.exceptions import TyperException

from tenfold.base import strict_json
from tenfold.base.errors import InterruptedRun, in_words

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

Data = Annotated[
    str,
    typer.Option(
        "--data", help="bundled, openml, download, or a path: IDX folder, mnist.npz, train.csv, folder of pictures."
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, and nothing else, on standard output.")]

Processes = Annotated[int | None, typer.Option(min=1, help="Train this many at a time; by default, one per core.")]
Cluster = Annotated[
    str | None, typer.Option(metavar="HOST:PORT", help="Train on this Ray cluster instead, each on one core.")
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
    """Report what is wrong with the input, and return the exit code."""
    if isinstance(error, BrokenPipeError):  # whatever read our output has ended, such as `head`
        return 1
    message = error.format_message() if isinstance(error, TyperException) else str(error)
    if isinstance(error, OSError):
        message = in_words(error)
    if message:  # there is none if the help was printed instead
        say(message)
    return 2


def say(message: str) -> None:
    """Write one line to standard error."""
    with suppress(OSError):  # there is nowhere else to say it
        print(f"tenfold: {' '.join(message.split())}", file=sys.stderr)


@contextmanager
def kept(things: str) -> Iterator[None]:
    """After Ctrl-C, say that finished work is kept, and exit with code 130."""
    try:
        yield
    except (KeyboardInterrupt, InterruptedRun):
        say(f"interrupted; finished {things} are kept; repeat the command to continue")
        raise typer.Exit(130) from None


@contextmanager
def busy(doing: str) -> Iterator[None]:
    """Show that something takes its time, as long as it does; only in a terminal."""
    from rich.console import Console

    with Console(stderr=True).status(doing):
        yield


@contextmanager
def progress(things: str, total: int) -> Iterator[Callable[[Any], None]]:
    """Show a progress bar on standard error; yields a function to call with each finished thing."""
    if total == 1:  # there would be nothing to see, and Rich takes a while to load
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    above = sys.stdout.isatty()  # output in the meantime appears above the bar, unless it goes to a file
    hidden = not console.is_terminal
    with Progress(*columns, console=console, transient=True, redirect_stdout=above, disable=hidden) as progress:
        bar = progress.add_task(things, total=total)
        yield lambda _: progress.advance(bar)


def print_json(value: dict[str, Any]) -> None:
    """Print a result as one line of JSON."""
    print(strict_json.dumps(value))
