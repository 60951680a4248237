"""A worker process of `tenfold serve`: it keeps a reader, and reads one picture after the other."""

import os
import signal
from functools import cache
from pathlib import Path

import cv2

from tenfold.base import strict_json
from tenfold.base.errors import NoDigitsError
from tenfold.jobs.pictures import Answer, Options, Source, read_sources, to_json
from tenfold.reader import Reader


def read(picture: bytes, model: Path | None) -> str:
    """Read a picture: the line that `tenfold predict --json -` prints for it.

    Args:
        picture: the bytes of its file.
        model: the path of the model; None for the one that comes with tenfold.

    Raises:
        TenfoldError: if it is not a picture, is damaged, too large, or too dense to be writing; or if there is no model
            at the path.
    """
    reader = _reader(model)
    [(source, found)] = read_sources([Source(Path("-"), Path("stdin"), picture)], reader, Options())
    if isinstance(found, NoDigitsError):
        found = Answer([], [], found.reason)
    if not isinstance(found, Answer):
        raise found
    return strict_json.dumps(to_json(source, found, reader.name))


def prepare(model: Path | None) -> str:
    """Load the model, before the first picture comes, and return its name."""
    return _reader(model).name


@cache
def _reader(model: Path | None) -> Reader:
    # a terminal and systemd send these to all processes, but they are for the server, which lets its workers finish
    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, signal.SIG_IGN)
    os.environ["OMP_NUM_THREADS"] = "1"  # of PyTorch, if the model needs it: each core has its own process
    cv2.setNumThreads(1)
    return Reader(model)
