"""Serve the page, which reads drawings in the browser, to this machine only."""

import errno
import gzip
import hashlib
import re
import socketserver
import sys
import threading
import webbrowser
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

from tenfold.base.errors import TenfoldError
from tenfold.base.files import SHIPPED
from tenfold.data.sources import BUNDLED

PAGE = Path(__file__).with_name("page")
# The page's models and thresholds, and the shipped files that `web/build.mjs` copied them from; they must be the same
# for the page to read as `tenfold predict` does.
NETWORKS = {
    "reader/model.tflite": "reader-int8.tflite",
    "reader/text-lines.tflite": "text-lines-int8.tflite",
    "reader/ink.tflite": "ink-int8.tflite",
    "reader.safetensors": "reader.safetensors",
    "reader/thresholds.json": "thresholds.json",
}
BUILD = "npm run build --prefix web"  # in a checkout
# Not the root: what the page stores for offline use must not interfere with other servers on the same port.
ROOT = "/tenfold/"
HOST = "127.0.0.1"
PORT = 8028  # the same each time if possible, because browsers know an installed page by its address
TYPES = {
    ".css": "text/css",
    ".gz": "application/gzip",
    ".html": "text/html; charset=utf-8",
    ".jpg": "image/jpeg",
    ".js": "text/javascript",
    ".json": "application/json",
    ".png": "image/png",
    ".safetensors": "application/octet-stream",
    ".svg": "image/svg+xml",
    ".tflite": "application/octet-stream",
    ".txt": "text/plain; charset=utf-8",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
}
PACKED = (".gz", ".jpg", ".png")  # gzip would not make them smaller
COMPRESSION = 4  # of gzip's 9 levels: the largest file takes 0.15 s, and is 5% larger than it could be


@dataclass(frozen=True)
class Resource:
    """One of the page's files."""

    path: Path

    @cached_property
    def content(self) -> bytes:
        """The file's bytes."""
        return self.path.read_bytes()

    @cached_property
    def compressed(self) -> bytes:
        """The file's bytes, compressed with gzip."""
        return gzip.compress(self.content, COMPRESSION, mtime=0)

    @cached_property
    def etag(self) -> str:
        """The entity tag for HTTP caching, which changes with the content."""
        return f'"{hashlib.sha256(self.content).hexdigest()[:16]}"'


class Server(socketserver.ThreadingTCPServer):
    """Serves the page on the loopback address.

    Args:
        port: the port; 0 picks a free one.
        folder: the built page; by default the one in the package.

    Raises:
        TenfoldError: if the page has not been built or was built with other models, or the port is not available.
    """

    allow_reuse_address = sys.platform != "win32"  # on Windows, this would share a port already in use
    daemon_threads = True
    request_queue_size = 128  # browsers open several connections at once

    def __init__(self, port: int = 0, folder: Path | None = None) -> None:
        self.folder = folder or PAGE
        index = self.folder / "index.html"
        if not index.is_file():
            raise TenfoldError(f"the page has not been built; in a checkout of tenfold, run: {BUILD}")
        for name, shipped in NETWORKS.items():
            built = self.folder / name
            if not built.is_file() or built.read_bytes() != (SHIPPED / shipped).read_bytes():
                raise TenfoldError(f"the page was built with another {shipped}; in a checkout of tenfold, run: {BUILD}")
        paths = [path for path in self.folder.rglob("*") if path.suffix in TYPES]
        self.resources = {ROOT + path.relative_to(self.folder).as_posix(): Resource(path) for path in paths}
        self.resources[ROOT] = Resource(index)
        self.resources |= {f"{ROOT}mnist/{path.name}": Resource(path) for path in BUNDLED.glob("*.gz")}
        (policy,) = re.findall(r'"Content-Security-Policy"\s+content="([^"]+)"', index.read_text("utf-8"))
        self.policy = f"{policy}; frame-ancestors 'none'"  # a page cannot set this one itself
        try:
            super().__init__((HOST, port), Handler)
        except OSError as error:
            raise TenfoldError(f"port {port}: {error.strerror}; choose another with --port") from error
        self.port: int = self.server_address[1]
        self.address = f"http://{HOST}:{self.port}{ROOT}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore clients that disconnect or are too slow; report every other error."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    """Answers requests with the page's files."""

    server: Server
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "tenfold", ""
    timeout = 60

    def do_GET(self) -> None:
        """Send a file, or an error."""
        # a request under another host name comes from another site, which must not read what is served here
        if self.headers.get("Host") not in (f"{HOST}:{self.server.port}", f"localhost:{self.server.port}"):
            self.send_error(HTTPStatus.FORBIDDEN)
            return
        path = self.path.partition("?")[0]
        if path in ("/", ROOT.rstrip("/")):
            self.send_response(HTTPStatus.FOUND)
            self.send_header("Location", ROOT)
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif resource := self.server.resources.get(path):
            self._send(resource)
        else:
            self.send_error(HTTPStatus.NOT_FOUND)

    do_HEAD = do_GET  # noqa: N815

    def _send(self, resource: Resource) -> None:
        if self.headers.get("If-None-Match") == resource.etag:
            self.send_response(HTTPStatus.NOT_MODIFIED)
            self._send_caching_headers(resource)
            self.end_headers()
            return
        is_compressed = "gzip" in self.headers.get("Accept-Encoding", "") and resource.path.suffix not in PACKED
        content = resource.compressed if is_compressed else resource.content
        self.send_response(HTTPStatus.OK)
        self._send_caching_headers(resource)
        self.send_header("Content-Type", TYPES[resource.path.suffix])
        self.send_header("Content-Length", str(len(content)))
        if is_compressed:
            self.send_header("Content-Encoding", "gzip")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def _send_caching_headers(self, resource: Resource) -> None:
        self.send_header("ETag", resource.etag)
        self.send_header("Cache-Control", "no-cache")  # may be stored, but must be revalidated
        self.send_header("Vary", "Accept-Encoding")

    def end_headers(self) -> None:
        """Protect every response, also errors and redirects."""
        self.send_header("Content-Security-Policy", self.server.policy)
        self.send_header("Cross-Origin-Resource-Policy", "same-origin")  # no other site may load the page's files
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("X-Content-Type-Options", "nosniff")
        super().end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Print nothing: the terminal is for the address."""


def start(port: int | None = None) -> Server:
    """Create the server on a port; by default on 8028, or on a free port if that is taken.

    Raises:
        TenfoldError: if the page has not been built or was built with other models, or the port is not available.
    """
    if port is not None:
        return Server(port)
    try:
        return Server(PORT)
    except TenfoldError as error:
        if isinstance(error.__cause__, OSError) and error.__cause__.errno == errno.EADDRINUSE:
            return Server()
        raise


def serve_page(port: int | None = None, open_browser: bool = True, tell: Callable[[str], object] = print) -> None:
    """Serve the page until Ctrl-C.

    Args:
        port: the port; by default 8028, or a free port if that is taken.
        open_browser: whether to open the page in the browser.
        tell: called with the page's address.

    Raises:
        TenfoldError: if the page has not been built or was built with other models, or the port is not available.
    """
    with start(port) as server:
        tell(server.address)
        if open_browser:  # in a thread, because with some browsers the call returns only when they are closed
            threading.Thread(target=webbrowser.open, args=(server.address,), daemon=True).start()
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            return
