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
MAX_BYTES = 16 << 20  # the largest file has 9.9 MB; a mirror that never stops sending is cut off


def is_intact(path: Path) -> bool:
    """Whether `path`, named like one of the four files, exists and has the right SHA-256."""
    return path.is_file() and path.stat().st_size <= MAX_BYTES and _sha256(path.read_bytes()) == SUMS[path.name]


def download(folder: str | os.PathLike, mirrors: Sequence[str] = MIRRORS) -> None:
    """Download MNIST's four compressed files into `folder`; intact ones that are already there are not fetched again.

    A file appears under its name only once it is complete and its SHA-256 is right.

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
    missing = [name for name in SUMS if not is_intact(Path(folder, name))]
    if not missing:
        return
    Path(folder).mkdir(parents=True, exist_ok=True)
    with _progress_on_stderr() as bars:
        for name in missing:
            write_atomically(Path(folder, name), _fetch_from_any(mirrors, name, bars))


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


def _fetch_from_any(mirrors: Sequence[str], name: str, bars: "Progress") -> bytes:
    """Fetch the file `name` from the first mirror that delivers the right bytes."""
    reasons = []
    for mirror in mirrors:
        try:
            data = _fetch(f"{mirror.rstrip('/')}/{name}", bars)
        except (OSError, HTTPException) as error:
            reasons.append(f"{mirror}: {error or type(error).__name__}")
            continue
        if _sha256(data) == SUMS[name]:
            return data
        reasons.append(f"{mirror}: wrong bytes, SHA-256 {_sha256(data)[:12]}…")
    raise TenfoldError(f"cannot download {name}; {'; '.join(reasons)}")


def _fetch(url: str, bars: "Progress") -> bytes:
    """Fetch all the bytes that the server announces at `url`."""
    task = bars.add_task(url.rsplit("/", 1)[1], total=None)
    try:
        with urlopen(Request(url, headers={"User-Agent": "tenfold"}), timeout=TIMEOUT) as response:  # noqa: S310
            announced = response.length
            data = bytearray()
            while chunk := response.read(CHUNK):
                data += chunk
                bars.update(task, completed=len(data), total=announced)
                if len(data) > MAX_BYTES:
                    raise ConnectionError(f"sends more than {MAX_BYTES} bytes")
    finally:
        bars.remove_task(task)
    if announced is not None and len(data) < announced:
        raise ConnectionError(f"stopped after {len(data)} of {announced} bytes")
    return bytes(data)


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
