"""Files that are complete or not there, that are read up to a limit; folders that one process at a time writes to."""

import os
import secrets
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from errno import EINVAL
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from tenfold.base.errors import TenfoldError

RUNS = Path("runs")  # where a run goes unless another place is named
LOCK = ".tenfold.lock"  # there while somebody writes to the folder
UNFINISHED = ".tenfold-"  # how the name of a file begins until it is complete
PATIENCE = 2.0  # seconds to wait for a lock: a process that was killed may have workers that are still ending
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


def read_stream(stream: Any, limit: int, name: str) -> bytes:
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

    A link stays a link: the file that it points to is replaced. An existing file keeps its permissions.

    Args:
        path: where; an existing file is replaced only when the new one is complete.
        content: bytes, or text that is written as UTF-8.

    Raises:
        OSError: if it cannot be written, or `path` is a folder, a device or a pipe; whatever was there is unchanged.
    """
    try:
        mode = Path(path).stat().st_mode
    except FileNotFoundError:
        mode = None
    if mode is not None and not stat.S_ISREG(mode):
        raise OSError(EINVAL, "is not a regular file; name another", str(path))
    target = Path(os.path.realpath(path))
    # a file's name may stand in a text, and need not be UTF-8
    data = content.encode(errors="backslashreplace") if isinstance(content, str) else content
    unfinished = target.with_name(f"{UNFINISHED}{secrets.token_hex(8)}")
    try:
        with unfinished.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if mode is not None:
            unfinished.chmod(stat.S_IMODE(mode))
        unfinished.replace(target)
    except BaseException as error:
        with suppress(OSError):
            unfinished.unlink()
        if isinstance(error, OSError) and error.errno:  # a full disk does not say which file it was
            raise OSError(error.errno, error.strerror, str(path)) from None
        raise


@contextmanager
def locked(folder: str | os.PathLike) -> Iterator[Path]:
    """Keep a folder to oneself while writing to it, and first remove the unfinished files of writers that were killed.

    The system gives the lock back when the process ends, however it ends. Within a thread, locks of one folder nest.

    Args:
        folder: made if it does not exist, and removed again if nothing was written.

    Yields:
        The lock's file, which is there as long as the folder is locked.

    Raises:
        TenfoldError: if another process or thread is writing to the folder.
        OSError: if the folder cannot be written.
    """
    folder = Path(folder)
    new = not folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    # as a singleton, it counts how often the thread that holds it asks for it
    lock = FileLock(folder / LOCK, timeout=PATIENCE, is_singleton=True)
    try:
        lock.acquire()
    except Timeout:
        raise TenfoldError(
            f"{folder}: another process is writing to this folder; wait until it ends, or choose another with --out"
        ) from None
    try:
        if lock.lock_counter == 1:
            for rest in folder.glob(f"{UNFINISHED}*"):
                rest.unlink(missing_ok=True)
        yield folder / LOCK
    finally:
        if lock.lock_counter == 1:
            with suppress(OSError):  # Windows removes no open file, but then filelock does
                (folder / LOCK).unlink()
        lock.release()
        if new:
            with suppress(OSError):  # it is not empty
                folder.rmdir()


def check_writable(folder: str | os.PathLike) -> None:
    """Find out whether a folder takes files, before minutes of work are done for them.

    Raises:
        OSError: if it does not.
    """
    try:
        with tempfile.TemporaryFile(dir=Path(folder), prefix=UNFINISHED):
            pass
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(folder)) from None
