"""The command line: arguments in, calls out, errors as one clear line."""

import importlib
import io
import os
import re
import signal
import sys
import traceback
from itertools import pairwise
from pathlib import Path

import typer
from typer.exceptions import TyperException

from tenfold.base.errors import TenfoldError, warnings_as_lines
from tenfold.base.extras import needed_by
from tenfold.cli.common import app, fail, say

for commands in ("training", "models", "reading"):  # each adds its own, in the order of --help
    importlib.import_module(f"tenfold.cli.{commands}")


def main() -> None:
    """Run the command line; every failure ends in one line on standard error.

    The exit code is 2 for bad input, and 70 for a fault of tenfold itself, whose traceback is shown if the environment
    variable TENFOLD_DEBUG is 1.
    """
    _prepare_streams()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # the default would leave worker processes behind
    try:
        with warnings_as_lines(), needed_by(" ".join(["tenfold", *sys.argv[1:2]])):
            _check_current_folder()
            _check_arguments()
            code = app(standalone_mode=False)
            sys.stdout.flush()  # a full disk may show only now
    except (TenfoldError, TyperException, OSError) as error:
        code = fail(error)
    except (KeyboardInterrupt, typer.Abort):
        code = 130
    except Exception as error:
        code = _fail_ourselves(error)
    _close_streams()
    sys.exit(code)


def _prepare_streams() -> None:
    """Put the standard streams into a state in which any text can be printed."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            # it was closed: the next file opened would get its number, and receive what libraries print
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: PTH123, SIM115  # a device
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # as standard error does by default


def _close_streams() -> None:
    """Drop output that cannot be written; otherwise Python would complain at exit."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _check_current_folder() -> None:
    try:
        Path.cwd()
    except FileNotFoundError:  # PyTorch would end the process before we could say anything
        raise TenfoldError("the current folder has been deleted; change to another") from None


def _check_arguments() -> None:
    """Refuse empty arguments, such as those of variables that are not set: an empty path means the current folder."""
    for before, argument in pairwise(sys.argv):
        option, equals, value = argument.partition("=")
        if not argument or (option.startswith("--") and equals and not value):
            place = option or (before if before.startswith("-") else "an argument")
            raise TenfoldError(f"{place}: is empty; fill it in, or leave it out")


def _fail_ourselves(error: Exception) -> int:
    """Report an error that nobody foresaw, and return the exit code."""
    if isinstance(error, MemoryError) or re.search("can't allocate memory|out of memory", str(error)):
        say("not enough memory; try a smaller network, batch, or picture")
    elif isinstance(error, RecursionError):
        say("something is nested too deeply to be read")
    else:
        from tenfold.base.version import REPOSITORY

        say(f"internal error: {type(error).__name__}: {error}; please report it at {REPOSITORY}/issues")
    if os.environ.get("TENFOLD_DEBUG") == "1":
        traceback.print_exception(error)
    return 70
