"""Files that are either complete or not there, and that are read only up to a limit."""

import os
import stat
import tempfile
from pathlib import Path
from typing import BinaryIO

from tenfold.errors import TenfoldError

RUNS = Path("runs")  # where a run goes unless another place is named
# The largest files that are read, in bytes; what is larger is refused before it fills the memory.
TEXT, DATA = 32 << 20, 256 << 20  # a TOML, JSON or CSV file; a picture, a data set or a model


def read_bytes(path: str | os.PathLike, limit: int) -> bytes:
    """Read a file whole, unless it is too large or has no end.

    Args:
        path: a file, or a pipe such as the shell makes of `<(...)`.
        limit: the most bytes that it may hold.

    Raises:
        TenfoldError: if it holds more, or is a device.
        OSError: if it cannot be read.
    """
    check_size(path, limit)
    with Path(path).open("rb") as file:
        return read_stream(file, limit, os.fspath(path))


def read_stream(stream: BinaryIO, limit: int, name: str) -> bytes:
    """Read a stream to its end, unless it holds more than `limit` bytes; `name` stands in the error message.

    Raises:
        TenfoldError: if it holds more.
    """
    data = stream.read(limit + 1)
    if len(data) > limit:
        raise _too_large(name, limit)
    return data


def check_size(path: str | os.PathLike, limit: int) -> None:
    """Find out whether a file is one that ends, and no larger than `limit` bytes, before any of it is read.

    Raises:
        TenfoldError: if it is larger, or a device.
        OSError: if there is no such file.
    """
    found = Path(path).stat()
    if not (stat.S_ISREG(found.st_mode) or stat.S_ISFIFO(found.st_mode) or stat.S_ISDIR(found.st_mode)):
        raise TenfoldError(f"{path}: is no file but a device; name a file")  # a folder is told by the system
    if stat.S_ISREG(found.st_mode) and found.st_size > limit:
        raise _too_large(os.fspath(path), limit)


def _too_large(name: str, limit: int) -> TenfoldError:
    return TenfoldError(f"{name}: too large, it holds more than {limit >> 20} MiB")


def write_atomically(path: str | os.PathLike, content: bytes | str) -> None:
    """Write a file so that a reader, a crash or a full disk never meets half of it.

    Args:
        path: where; an existing file is replaced only when the new one is complete.
        content: bytes, or text that is written as UTF-8.

    Raises:
        OSError: if it cannot be written; whatever was at `path` is then unchanged.
    """
    path = Path(path)
    data = content.encode() if isinstance(content, str) else content
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        umask = os.umask(0)
        os.umask(umask)
        Path(temporary).chmod(0o666 & ~umask)  # mkstemp makes files that only their owner can read
        Path(temporary).replace(path)
    except BaseException as error:
        Path(temporary).unlink(missing_ok=True)
        if isinstance(error, OSError) and error.errno:  # a full disk does not say which file it was
            raise OSError(error.errno, error.strerror, str(path)) from None
        raise


def check_writable(folder: str | os.PathLike) -> None:
    """Find out whether a folder takes files, before minutes of work are done for them.

    Raises:
        OSError: if it does not.
    """
    try:
        with tempfile.TemporaryFile(dir=Path(folder)):
            pass
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(folder)) from None
