"""The server for other programs: its answers, its refusals, and what it survives."""

import asyncio
import io
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import time
import zlib
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from http.client import HTTPConnection
from pathlib import Path

import pytest
from PIL import Image

from tenfold import TenfoldError, cli
from tenfold.base.errors import TenfoldWarning

pytest.importorskip("fastapi_offline")
import anyio  # comes with it
from anyio import to_process

from tenfold.serve import api

IMAGE = {"Content-Type": "image/png"}
MIB = 1 << 20


@contextmanager
def running():
    """`tenfold serve` with one worker, as its process and its port."""
    command = [sys.executable, "-m", "tenfold", "serve", "--port", "0", "--workers", "1"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, start_new_session=True, **pipes) as process:
        try:
            yield process, int(process.stdout.readline().split("/")[2].rpartition(":")[2])
        finally:
            process.terminate()


@pytest.fixture(scope="module")
def port():
    with running() as (_, port):
        yield port


def ask(port, body=None, path="/read", headers=IMAGE, method="POST"):
    """The status and the body of an answer."""
    connection = HTTPConnection("127.0.0.1", port, timeout=120)
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    status, text = answer.status, answer.read().decode()
    connection.close()
    return status, text


def health(port):
    return json.loads(ask(port, path="/health", method="GET")[1])


def png(width, height, depth=8):
    """The file of a black picture."""
    rows = zlib.compress(bytes(height * (1 + width * depth // 8)))
    chunks = (b"IHDR", struct.pack(">IIBBBBB", width, height, depth, 0, 0, 0, 0)), (b"IDAT", rows), (b"IEND", b"")
    parts = [
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


@pytest.fixture
def seven(mnist):
    file = io.BytesIO()
    Image.fromarray(mnist[1].images[0]).save(file, "PNG")
    return file.getvalue()


def test_it_answers_as_predict_does(port, seven, monkeypatch, capfd):
    for picture, text in ((seven, "7"), (png(90, 60), "")):
        monkeypatch.setattr(sys, "argv", ["tenfold", "predict", "--json", "-"])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(picture)))
        with pytest.raises(SystemExit):
            cli.main()
        status, answer = ask(port, picture)
        assert (status, answer + "\n") == (200, capfd.readouterr().out)
        described = api.Answer.model_validate_json(answer)
        assert described.text == text
        assert described.model_dump(mode="json", exclude_unset=True) == json.loads(answer)
    assert health(port).keys() == {"version", "model", "reading"}


def test_what_cannot_be_read_is_refused_in_a_line_of_json(port, seven):
    bomb = png(20_000, 20_000, depth=1)  # 400 megapixels
    assert len(bomb) < MIB
    parts = (bytes(MIB) for _ in range(100))
    for status, reason, request in (
        (400, "the body is empty", {}),
        (403, "page of another site", {"headers": {"Host": f"evil.example:{port}"}}),
        (403, "page of another site", {"headers": {"Origin": "http://127.0.0.1:1"}}),
        (404, "Not Found", {"path": "/raed"}),
        (405, "Method Not Allowed", {"method": "GET"}),
        (413, "more than 16 MiB", {"headers": IMAGE | {"Content-Length": 100 * MIB}}),
        (413, "more than 16 MiB", {"body": parts}),
        (415, "application/json: send image/png", {"body": b"{}", "headers": {"Content-Type": "application/json"}}),
        (415, "no content type: send image/png", {"body": seven, "headers": {}}),
        (422, "not a picture", {"body": b"a picture"}),
        (422, "damaged", {"body": seven[:-30]}),
        (422, "more than 100 million pixels", {"body": bomb}),
    ):
        found, answer = ask(port, **request)
        assert found == status, answer
        assert reason in json.loads(answer)["detail"]
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall(f"POST /read HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: image/png\r\n".encode())
        client.sendall(b"Content-Length: 1000\r\n\r\n" + seven)  # and no more
    assert ask(port, seven)[0] == 200


@pytest.fixture
def thread():
    """A thread for code that has an event loop: other tests may have left one running in this one."""
    with ThreadPoolExecutor(1) as pool:
        yield pool


def test_what_takes_too_long_is_given_up(monkeypatch, seven, thread):
    async def answer(*messages):
        sent, coming = [], iter(messages)
        app = api.create_app(None, "", anyio.CapacityLimiter(1), None, seconds=0.05)
        scope = {"type": "http", "method": "POST", "path": "/read", "query_string": b"", "root_path": ""}

        async def receive():
            return next(coming, None) or await anyio.sleep_forever()

        async def send(message):
            sent.append(message)

        await app(scope | {"headers": [(b"content-type", b"image/png")]}, receive, send)
        return sent[0]["status"]

    monkeypatch.setattr(to_process, "run_sync", lambda *_, **__: anyio.sleep_forever())
    part = {"type": "http.request", "body": seven, "more_body": True}
    for messages, status in (((), 408), ((part | {"more_body": False},), 504), (({"type": "http.disconnect"},), 400)):
        assert thread.submit(asyncio.run, answer(part, *messages)).result() == status


@pytest.mark.skipif(sys.platform != "linux", reason="finds the worker in /proc")
def test_a_killed_worker_loses_one_picture_and_sigterm_none(seven):
    with running() as (process, port), ThreadPoolExecutor(1) as client:

        def begin_reading():
            """Send a picture to the worker, which is stopped before it can answer."""
            worker = int(Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text())
            os.kill(worker, signal.SIGSTOP)
            answer = client.submit(ask, port, seven)
            while not health(port)["reading"]:
                time.sleep(0.01)
            return worker, answer

        worker, answer = begin_reading()
        os.kill(worker, signal.SIGKILL)
        status, text = answer.result()
        assert (status, json.loads(text)["detail"]) == (503, api.REFUSALS[503])
        assert ask(port, seven)[0] == 200

        worker, answer = begin_reading()
        os.killpg(process.pid, signal.SIGTERM)
        with suppress(ConnectionError):
            while True:
                socket.create_connection(("127.0.0.1", port)).close()
        os.kill(worker, signal.SIGCONT)
        assert answer.result()[0] == 200
        assert process.wait() == 0
        assert "Traceback" not in process.stderr.read()  # asyncio may say that it does not know the killed worker
        assert not Path(f"/proc/{worker}").exists()


def test_what_it_cannot_start_with_is_said(tmp_path, thread):
    with pytest.warns(TenfoldWarning, match="can be reached from other machines"), pytest.raises(OSError, match="none"):
        thread.submit(api.serve_api, "0.0.0.0", 0, 1, tmp_path / "none.tflite").result()  # noqa: S104  # ends before it listens
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(TenfoldError, match="choose others with"):
        api.serve_api(port=taken.getsockname()[1])


def test_its_page_works_offline(browser, port, seven):
    page = browser.new_page()
    requested: list[str] = []
    page.on("request", lambda request: requested.append(request.url))
    page.goto(f"http://127.0.0.1:{port}/docs")
    page.get_by_text("/read").click()
    page.get_by_role("button", name="Try it out").click()
    page.locator("input[type=file]").set_input_files({"name": "7.png", "mimeType": "image/png", "buffer": seven})
    page.get_by_role("button", name="Execute").click()
    page.locator(".live-responses-table").get_by_text('"text": "7"').wait_for()
    assert all(url.startswith((f"http://127.0.0.1:{port}/", "data:")) for url in requested)
    page.close()
