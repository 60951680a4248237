import hashlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.request import urlopen

import pytest

from tenfold.base.errors import TenfoldError
from tenfold.data.download import SUMS, download

pytestmark = pytest.mark.fast

NAMES = list(SUMS)
CONTENT = {name: name.encode() * 100 for name in NAMES}


class Mirror(BaseHTTPRequestHandler):
    """Serves the files under /good/, and fails in the way that any other folder is named."""

    def do_GET(self):
        way, name = self.path.strip("/").split("/")
        self.server.asked.append((way, name))
        if way.isdecimal():
            self.send_error(int(way))
            return
        if way == "silent":
            self.server.stop.wait()
            return
        content = CONTENT[name]
        start = int(self.headers.get("Range", "bytes=0-")[6:-1])
        if way in ("good", "half") and start:
            self.server.resumed.append((way, start))
            if start >= len(content):
                self.send_error(416)
                return
            content = content[start:]
            self.send_response(206)
        else:
            self.send_response(200)
        if way != "endless":
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if way == "half":
            content = content[: len(content) // 2]
        elif way == "wrong":
            content = content[::-1]
        elif way == "endless":
            content *= 100
        self.wfile.write(content)

    def log_message(self, *arguments):
        pass


def urlopen_patiently(request, timeout):
    """Give up soon on the mirror that never answers, but not on one that is slow because the machine is."""
    return urlopen(request, timeout=timeout / 100 if "/silent/" in request.full_url else 100 * timeout)  # noqa: S310


@pytest.fixture
def mirror(monkeypatch):
    """Start a local mirror, and take its tiny files for the right ones."""
    monkeypatch.setenv("no_proxy", "*")
    for name, content in CONTENT.items():
        monkeypatch.setitem(SUMS, name, hashlib.sha256(content).hexdigest())
    monkeypatch.setattr("tenfold.data.download.urlopen", urlopen_patiently)
    monkeypatch.setattr("tenfold.data.download.MAX_BYTES", 100_000)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Mirror)
    server.asked, server.resumed, server.stop = [], [], threading.Event()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    server.url = f"http://127.0.0.1:{server.server_port}"
    yield server
    server.stop.set()
    server.shutdown()
    server.server_close()
    thread.join()


FAILURES = {
    "403": "403",
    "404": "404",
    "500": "500",
    "half": "stopped after 1300 of 2600 bytes",
    "wrong": "wrong bytes",
    "endless": "sends more than 100000 bytes",
    "silent": "timed out",
}


def test_mirrors_that_fail_give_the_next_one_its_turn(mirror, tmp_path):
    download(tmp_path / "new", [f"{mirror.url}/{way}" for way in (*FAILURES, "good")])
    assert {path.name: path.read_bytes() for path in (tmp_path / "new").iterdir()} == CONTENT
    assert mirror.asked == [(folder, name) for name in NAMES for folder in (*FAILURES, "good")]


def test_when_every_mirror_fails_one_line_gives_each_reason(mirror, tmp_path, capfd):
    mirrors = [f"{mirror.url}/{way}/" for way in FAILURES] + ["http://127.0.0.1:1/"]
    with pytest.raises(TenfoldError) as caught:
        download(tmp_path, mirrors)
    message = str(caught.value)
    assert NAMES[0] in message
    assert "\n" not in message
    for url, reason in zip(mirrors, [*FAILURES.values(), "refused"], strict=True):
        assert f"{url}: " in message
        assert reason in message.split(f"{url}: ")[1].split(";")[0]
    assert list(tmp_path.iterdir()) == []
    assert capfd.readouterr().out == ""


def test_only_what_is_missing_or_damaged_is_fetched(mirror, tmp_path):
    (tmp_path / NAMES[0]).write_bytes(CONTENT[NAMES[0]])
    (tmp_path / NAMES[1]).write_bytes(b"damaged")
    download(tmp_path, [f"{mirror.url}/good"])
    assert [name for _, name in mirror.asked] == NAMES[1:]
    download(tmp_path, [f"{mirror.url}/good"])
    assert len(mirror.asked) == 3


def test_a_broken_download_goes_on_where_it_stopped(mirror, tmp_path):
    length = len(CONTENT[NAMES[0]])
    with pytest.raises(TenfoldError, match="stopped after 1300 of 2600 bytes"):
        download(tmp_path / "new", [f"{mirror.url}/half"])
    part = tmp_path / "new" / f"{NAMES[0]}.part"
    assert part.read_bytes() == CONTENT[NAMES[0]][: length // 2]
    download(tmp_path / "new", [f"{mirror.url}/half", f"{mirror.url}/good"])
    assert mirror.resumed[:2] == [("half", length // 2), ("good", length // 2 + length // 4)]
    assert {path.name: path.read_bytes() for path in (tmp_path / "new").iterdir()} == CONTENT
    for rest in (b"wrong" * 20, CONTENT[NAMES[0]] + b"!"):  # of another file; more than there is
        part.with_suffix("").unlink()
        part.write_bytes(rest)
        download(tmp_path / "new", [f"{mirror.url}/good"])
        assert {path.name: path.read_bytes() for path in (tmp_path / "new").iterdir()} == CONTENT


def test_a_write_that_fails_leaves_nothing_behind(mirror, tmp_path, monkeypatch):
    def fail(*_):
        raise OSError("disk full")

    monkeypatch.setattr("pathlib.Path.replace", fail)
    with pytest.raises(OSError, match="disk full"):
        download(tmp_path, [f"{mirror.url}/good"])
    assert list(tmp_path.iterdir()) == []


def test_addresses_that_are_not_http_are_refused(tmp_path):
    for url in ("file:///tmp/", "ftp://example.org/", "/tmp/mnist"):  # noqa: S108
        with pytest.raises(TenfoldError, match="http:// or https://"):
            download(tmp_path, ["http://127.0.0.1:1/", url])
