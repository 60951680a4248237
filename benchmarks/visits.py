"""Browsers without a driver: a page is opened in a fresh profile, and sends its own answer."""

import json
import mimetypes
import queue
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Mapping
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import PurePosixPath
from typing import Any

from benchmarks.chromium import FLAGS
from tenfold.serve import PAGE

PATIENCE = 900  # seconds for an answer
BROWSERS = {
    "chromium": ["chromium", *FLAGS, "--user-data-dir={}"],
    "firefox": [shutil.which("firefox-esr") or "firefox", "--headless", "--profile", "{}"],
}


def visit(browser: str, path: str, extra: Mapping[str, bytes]) -> Any:
    """Open a page in a browser, and wait for the JSON that it posts.

    Args:
        browser: one of `BROWSERS`.
        path: the page's path, such as `/run.html`, perhaps with a query.
        extra: what is served besides the built page's files, or in place of them, by path.

    Raises:
        queue.Empty: if no answer comes in time.
    """
    answers: queue.Queue[Any] = queue.Queue()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, extra, answers))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        command = [part.format(profile) for part in BROWSERS[browser]]
        address = f"http://127.0.0.1:{server.server_port}{path}"
        process = subprocess.Popen([*command, address], stderr=subprocess.DEVNULL)  # noqa: S603
        try:
            return answers.get(timeout=PATIENCE)
        finally:
            process.kill()
            process.wait()
            server.shutdown()
            server.server_close()


class Handler(SimpleHTTPRequestHandler):
    """Serves the page's files and what is added to them, and takes the answer."""

    def __init__(self, extra: Mapping[str, bytes], answers: "queue.Queue[Any]", *rest: Any) -> None:
        self.extra, self.answers = extra, answers
        super().__init__(*rest, directory=str(PAGE))

    def do_GET(self) -> None:
        """Send a file."""
        path = self.path.split("?")[0]
        if path not in self.extra:
            return super().do_GET()
        self.send_response(200)
        self.send_header("Content-Type", mimetypes.guess_type(PurePosixPath(path).name)[0] or "application/json")
        self.send_header("Content-Length", str(len(self.extra[path])))
        self.end_headers()
        self.wfile.write(self.extra[path])
        return None

    def do_POST(self) -> None:
        """Take the answer."""
        self.answers.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Print nothing."""
