"""Files that are either complete or not there."""

import os
import tempfile
from pathlib import Path

RUNS = Path("runs")  # where a run goes unless another place is named


def write_atomically(path: str | os.PathLike, content: bytes | str) -> None:
    """Write a file so that a reader, a crash or a full disk never meets half of it.

    Args:
        path: where; an existing file is replaced only when the new one is complete.
        content: bytes, or text that is written as UTF-8.

    Raises:
        OSError: if it cannot be written; whatever was at `path` is then unchanged.
    """
    path = Path(path)
    # a file's name may stand in a text, and need not be UTF-8
    data = content.encode(errors="backslashreplace") if isinstance(content, str) else content
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
