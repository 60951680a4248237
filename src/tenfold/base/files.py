"""Files that are complete or absent and read only up to a limit; folders that one process writes to at a time."""

import os
import secrets
import stat
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from errno import EINVAL
from pathlib import Path
from typing import Any

from tenfold.base.errors import TenfoldError

RUNS = Path("runs")  # where a run goes unless another folder is named
LOCK = ".tenfold.lock"  # present while a process is writing to the folder
UNFINISHED = ".tenfold-"  # begins the name of a file until it is complete
PATIENCE = 2.0  # seconds to wait for a lock: the workers of a killed process may still be shutting down
# The largest files that are read, in bytes; a larger one is refused before it fills memory.
TEXT, DATA = 32 << 20, 256 << 20  # a TOML, JSON, or CSV file; a picture, a data set, or a model
SHIPPED = Path(__file__).parents[1] / "models" / "shipped"  # the networks that come with tenfold


def read_bytes(path: str | os.PathLike, limit: int) -> bytes:
    """Read a whole file, unless it is too large or endless.

    Args:
        path: a file, or a pipe such as the shell creates for `<(...)`.
        limit: the largest number of bytes it may hold.

    Raises:
        TenfoldError: if it holds more, or is a device, or the path is impossible.
        OSError: if it cannot be read.
    """
    check_size(path, limit)
    with Path(path).open("rb") as file:
        return read_stream(file, limit, os.fspath(path))


def read_stream(stream: Any, limit: int, name: str) -> bytes:
    """Read a stream to its end, unless it holds more than `limit` bytes; `name` identifies it in the error message.

    Raises:
        TenfoldError: if it holds more.
    """
    data = stream.read(limit + 1)
    if len(data) > limit:
        raise _too_large(name, limit)
    return data


def check_size(path: str | os.PathLike, limit: int) -> None:
    """Check, before reading any of it, that a file is finite and no larger than `limit` bytes.

    Raises:
        TenfoldError: if it is larger, or a device, or the path is impossible.
        OSError: if the file does not exist.
    """
    _check_path(path)
    found = Path(path).stat()
    if not (stat.S_ISREG(found.st_mode) or stat.S_ISFIFO(found.st_mode) or stat.S_ISDIR(found.st_mode)):
        raise TenfoldError(f"{path}: is a device, not a file; name a file")  # the system reports a folder itself
    if stat.S_ISREG(found.st_mode) and found.st_size > limit:
        raise _too_large(os.fspath(path), limit)


def _check_path(path: str | os.PathLike) -> None:
    """Raise a TenfoldError for a path that no system call takes; Python's own error would be a bare ValueError."""
    try:
        possible = b"\0" not in os.fsencode(path)
    except UnicodeEncodeError:  # half of a surrogate pair
        possible = False
    if not possible:
        raise TenfoldError(f"{os.fspath(path)!r}: holds a character that no path may hold; name another")


def not_a_file(path: str | os.PathLike) -> TenfoldError:
    """The error for a path where a file should be and none is: nothing, a device, or a pipe."""
    return TenfoldError(f"{path}: {'not a regular file; name another' if Path(path).exists() else 'no such file'}")


def _too_large(name: str, limit: int) -> TenfoldError:
    return TenfoldError(f"{name}: too large, it holds more than {limit >> 20} MiB")


def write_atomically(path: str | os.PathLike, content: bytes | str) -> None:
    """Write a file so that it is never found half written, even after a crash or on a full disk.

    A link stays a link: the file it points to is replaced. An existing file keeps its permissions.

    Args:
        path: where to write; an existing file is replaced only once the new one is complete.
        content: bytes, or text to be written as UTF-8.

    Raises:
        TenfoldError: if the path is impossible.
        OSError: if it cannot be written, or `path` is a folder, a device, or a pipe; whatever was there is unchanged.
    """
    _check_path(path)
    try:
        mode = Path(path).stat().st_mode
    except FileNotFoundError:
        mode = None
    if mode is not None and not stat.S_ISREG(mode):
        raise OSError(EINVAL, "is not a regular file; name another", str(path))
    target = Path(os.path.realpath(path))
    # text may contain a file's name, which need not be valid UTF-8
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
        if isinstance(error, OSError) and error.errno:  # the error of a full disk does not name the file
            raise OSError(error.errno, error.strerror, str(path)) from None
        raise


def check_ours(folder: Path, ours: Iterable[str], what: str) -> None:
    """Check, before writing to a folder, that it is empty or already holds something of ours.

    Args:
        folder: the folder; it may not exist yet.
        ours: the names of files and folders, at least one of which is always there.
        what: what the folder should be, in words.

    Raises:
        TenfoldError: if it holds only other things.
    """
    present = {entry.name for entry in folder.iterdir()} - {LOCK} if folder.is_dir() else set()
    if present and present.isdisjoint(ours):
        raise TenfoldError(f"{folder}: exists and is not {what}; choose another with --out")


@contextmanager
def locked(folder: str | os.PathLike) -> Iterator[Path]:
    """Hold a folder exclusively while writing to it, first removing the unfinished files of writers that were killed.

    The system releases the lock when the process ends, however it ends. Within a thread, locks on one folder nest.

    Args:
        folder: created if it does not exist, and removed again if nothing was written.

    Yields:
        The lock file, which exists as long as the folder is locked.

    Raises:
        TenfoldError: if another process or thread is writing to the folder, or the path is impossible.
        OSError: if the folder cannot be written.
    """
    from filelock import FileLock, Timeout  # here, because reading needs no lock

    _check_path(folder)
    folder = Path(folder)
    new = not folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    # a singleton counts how often the thread that holds it has acquired it
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
            with suppress(OSError):  # Windows cannot remove an open file; filelock then does it on release
                (folder / LOCK).unlink()
        lock.release()
        if new:
            with suppress(OSError):  # it is not empty
                folder.rmdir()


def check_writable(folder: str | os.PathLike) -> None:
    """Check that files can be written to a folder, before spending minutes on producing them.

    Raises:
        OSError: if they cannot.
    """
    try:
        with tempfile.TemporaryFile(dir=Path(folder), prefix=UNFINISHED):
            pass
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(folder)) from None
