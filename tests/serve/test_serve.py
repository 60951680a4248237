"""What `tenfold draw` serves, to whom, and how it ends."""

import gzip
import http.client
import os
import re
import signal
import socket
import struct
import subprocess
import sys
import threading

import pytest

from tenfold import serve
from tenfold.base.errors import TenfoldError
from tenfold.data.sources import BUNDLED
from tenfold.models import SHIPPED

POLICY = "default-src 'none'; script-src 'self'"
PAGE = f"""<meta
  http-equiv="Content-Security-Policy"
  content="{POLICY}"
/>"""


@pytest.fixture
def server(tmp_path):
    """A small page, served."""
    (tmp_path / "page" / "reader").mkdir(parents=True)
    (tmp_path / "secret.txt").write_text("not of the page")
    for name in ("main.js", "reader/run.wasm", "tenfold.webmanifest", "icon.png"):
        (tmp_path / "page" / name).write_bytes(name.encode() * 1000)
    (tmp_path / "page" / "large.js").write_bytes(bytes(20_000_000))
    for name, shipped in serve.NETWORKS.items():
        (tmp_path / "page" / name).write_bytes((SHIPPED / shipped).read_bytes())
    (tmp_path / "page" / "index.html").write_text(PAGE)
    with serve.Server(folder=tmp_path / "page") as started:
        threading.Thread(target=started.serve_forever, daemon=True).start()
        yield started
        started.shutdown()


def ask(server, path, method="GET", **headers):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)
    connection.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
    response = connection.getresponse()
    content = response.read()
    connection.close()
    return response, content


def test_files_come_with_their_type_compressed_where_that_helps(server):
    for name, media_type in {
        "main.js": "text/javascript",
        "reader/model.tflite": "application/octet-stream",
        "reader/run.wasm": "application/wasm",
        "tenfold.webmanifest": "application/manifest+json",
        "icon.png": "image/png",
    }.items():
        response, content = ask(server, f"/tenfold/{name}?runtime=1", Accept_Encoding="gzip, br")
        assert (response.status, response.headers["Content-Type"]) == (200, media_type)
        is_compressed = response.headers["Content-Encoding"] == "gzip"
        assert is_compressed == (media_type != "image/png")
        expected = (server.folder / name).read_bytes()
        assert (gzip.decompress(content) if is_compressed else content) == expected
        plain, content = ask(server, f"/tenfold/{name}")
        assert (plain.headers["Content-Encoding"], content) == (None, expected)
        assert ask(server, f"/tenfold/{name}", "HEAD")[1] == b""
        unchanged, content = ask(server, f"/tenfold/{name}", If_None_Match=response.headers["ETag"])
        assert (unchanged.status, content) == (304, b"")


def test_mnist_comes_as_it_was_published(server):
    for path in BUNDLED.glob("*.gz"):
        response, content = ask(server, f"/tenfold/mnist/{path.name}", Accept_Encoding="gzip")
        assert (response.headers["Content-Type"], response.headers["Content-Encoding"]) == ("application/gzip", None)
        assert content == path.read_bytes()


def test_the_page_is_found_and_protected(server):
    assert server.server_address[0] == "127.0.0.1"
    response, content = ask(server, "/tenfold/")
    assert content.decode() == PAGE
    assert response.headers["Content-Security-Policy"] == f"{POLICY}; frame-ancestors 'none'"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    moved, _ = ask(server, "/")
    assert (moved.status, moved.headers["Location"]) == (302, "/tenfold/")
    for path, headers in (("/tenfold/main.js", {}), ("/", {}), ("/nothing", {}), ("/", {"Host": "evil.example"})):
        answer, _ = ask(server, path, **headers)
        assert answer.headers["Content-Security-Policy"] == f"{POLICY}; frame-ancestors 'none'"
        assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"


def test_nothing_else_is_served(server):
    for path in ("reader/", "../secret.txt", "%2e%2e/secret.txt", "/secret.txt", "/etc/passwd"):
        response, content = ask(server, path if path[0] == "/" else f"/tenfold/{path}")
        assert response.status == 404
        assert b"not of the page" not in content


def test_other_names_for_this_machine_are_refused(server):
    assert ask(server, "/tenfold/", Host=f"localhost:{server.port}")[0].status == 200
    for host in ("evil.example", f"evil.example:{server.port}", "127.0.0.1", f"127.0.0.1:{server.port + 1}"):
        assert ask(server, "/tenfold/", Host=host)[0].status == 403


def test_a_page_that_has_not_been_built_is_told(tmp_path):
    with pytest.raises(TenfoldError, match="not been built; in a checkout of tenfold, run: npm run build --prefix web"):
        serve.Server(folder=tmp_path)


def test_a_page_that_was_built_with_another_network_is_told(server):
    (server.folder / "reader/thresholds.json").write_text('{"alone": 0.5, "expected": 0.5}')
    with pytest.raises(TenfoldError, match=r"built with another thresholds\.json; .*npm run build"):
        serve.Server(folder=server.folder)


def test_clients_that_leave_are_no_errors(server, capfd):
    for _ in range(5):
        with socket.create_connection(("127.0.0.1", server.port)) as client:
            client.sendall(f"GET /tenfold/large.js HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n\r\n".encode())
            assert client.recv(1)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # to leave without a word
    for thread in threading.enumerate():
        if "process_request_thread" in thread.name:
            thread.join()
    assert capfd.readouterr().err == ""


def test_a_port_that_is_taken_is_told_or_avoided(server, monkeypatch):
    with pytest.raises(TenfoldError, match=f"port {server.port}: .*choose another with --port"):
        serve.Server(server.port, server.folder)
    monkeypatch.setattr(serve, "PORT", server.port)
    monkeypatch.setattr(serve, "PAGE", server.folder)
    with serve.start() as other:
        assert other.port not in (0, server.port)


needs_page = pytest.mark.skipif(
    not (serve.PAGE / "index.html").is_file(), reason=f"the page has not been built: {serve.BUILD}"
)


@needs_page
@pytest.mark.parametrize("options", [(), ("--no-browser",)])
def test_the_command_opens_the_browser_if_it_may_and_serves_until_ctrl_c(options, tmp_path):
    opened, browser = tmp_path / "opened", tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" > {opened}\n')
    browser.chmod(0o755)
    command = [sys.executable, "-m", "tenfold", "draw", "--port", "0", *options]
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, **streams, env=os.environ | {"BROWSER": str(browser)}) as process:
        address, port = re.match(r"(http://127\.0\.0\.1:(\d+)/tenfold/) ", process.stdout.readline()).groups()
        connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=120)
        connection.request("GET", "/tenfold/")
        assert connection.getresponse().status == 200
        connection.close()
        for _ in range(0 if options else 1200):  # two minutes
            if opened.is_file() and opened.read_text():
                break
            threading.Event().wait(0.1)
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=120) == ("", "")
        assert process.returncode == 0
    assert opened.exists() == (not options)
    assert options or opened.read_text().strip() == address
