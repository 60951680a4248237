"""Download the four files of MNIST from mirrors, each checked by its SHA-256."""

import hashlib
import os
from collections.abc import Sequence
from http.client import HTTPException
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from tenfold.base.errors import TenfoldError
from tenfold.base.files import write_atomically

if TYPE_CHECKING:
    from rich.progress import Progress

SUMS = {
    "train-images-idx3-ubyte.gz": "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
    "train-labels-idx1-ubyte.gz": "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
    "t10k-images-idx3-ubyte.gz": "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
    "t10k-labels-idx1-ubyte.gz": "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
}
MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
    "https://azureopendatastorage.blob.core.windows.net/mnist/",
)
TIMEOUT = 20.0  # seconds without a byte before the next mirror is tried
CHUNK = 1 << 16
PARTIAL, NO_MORE = 206, 416  # the status of an answer that continues a file, and of one that has nothing left
MAX_BYTES = 16 << 20  # the largest file has 9.9 MB; a mirror that never stops sending is cut off


def is_intact(path: Path) -> bool:
    """Whether `path`, named like one of the four files, exists and has the right SHA-256."""
    return path.is_file() and path.stat().st_size <= MAX_BYTES and _sha256(path.read_bytes()) == SUMS[path.name]


def download(folder: str | os.PathLike, mirrors: Sequence[str] = MIRRORS) -> None:
    """Download MNIST's four compressed files into `folder`; intact ones that are already there are not fetched again.

    A file appears under its name only once it is complete and its SHA-256 is right. What has arrived of it when the
    connection breaks is kept as `….part`, and the next mirror, or the next call, continues from there.

    Args:
        folder: where the files go; created if it does not exist.
        mirrors: http or https addresses of folders that hold the files, tried in this order.

    Raises:
        TenfoldError: if a mirror is not http or https, or every mirror fails for a file.
        OSError: if a file cannot be written.
    """
    for mirror in mirrors:
        if urlsplit(mirror).scheme not in ("http", "https"):
            raise TenfoldError(f"{mirror}: a mirror's address must start with http:// or https://")
    if all(is_intact(Path(folder, name)) for name in SUMS):
        return
    from filelock import FileLock  # here, because the base goes without

    Path(folder).mkdir(parents=True, exist_ok=True)
    with FileLock(f"{Path(folder).absolute()}.lock"), _progress_on_stderr() as bars:  # one process at a time
        for name in SUMS:
            if not is_intact(Path(folder, name)):
                write_atomically(Path(folder, name), _fetch_from_any(mirrors, Path(folder, f"{name}.part"), bars))


def _progress_on_stderr() -> "Progress":
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    console = Console(stderr=True)
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )


def _fetch_from_any(mirrors: Sequence[str], part: Path, bars: "Progress") -> bytes:
    """Fetch the file from the first mirror that delivers the right bytes, or the rest of what has arrived of it."""
    name = part.stem
    reasons = []
    for mirror in mirrors:
        for _ in range(2):  # the second time from the beginning, if the rest does not fit what is there
            try:
                continued = _fetch(f"{mirror.rstrip('/')}/{name}", part, bars)
            except (OSError, HTTPException) as error:
                reason = str(error) or type(error).__name__
                if getattr(error, "code", None) != NO_MORE:
                    break
                part.unlink()
            else:
                data = part.read_bytes()
                part.unlink()
                if _sha256(data) == SUMS[name]:
                    return data
                reason = f"wrong bytes, SHA-256 {_sha256(data)[:12]}…"
                if not continued:
                    break
        reasons.append(f"{mirror}: {reason}")
    raise TenfoldError(f"cannot download {name}; {'; '.join(reasons)}")


def _fetch(url: str, part: Path, bars: "Progress") -> bool:
    """Fetch what the server has at `url` into `part`, after what is there already; returns whether it went on there."""
    task = bars.add_task(url.rsplit("/", 1)[1], total=None)
    length = part.stat().st_size if part.is_file() else 0
    headers = {"User-Agent": "tenfold"} | ({"Range": f"bytes={length}-"} if length else {})
    try:
        with urlopen(Request(url, headers=headers), timeout=TIMEOUT) as response:  # noqa: S310
            continued = response.status == PARTIAL
            length = length if continued else 0
            announced = None if response.length is None else length + response.length
            with part.open("ab" if continued else "wb") as file:
                while length <= MAX_BYTES and (chunk := response.read(CHUNK)):
                    length += file.write(chunk)
                    bars.update(task, completed=length, total=announced)
    finally:
        bars.remove_task(task)
    if length > MAX_BYTES:
        part.unlink()
        raise ConnectionError(f"sends more than {MAX_BYTES} bytes")
    if announced is not None and length < announced:
        raise ConnectionError(f"stopped after {length} of {announced} bytes")
    return continued


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
