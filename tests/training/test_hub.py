"""A run goes to a local stand-in for the Hugging Face Hub, and its network comes back."""

import base64
import hashlib
import json
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

import tenfold
from tenfold import TenfoldError
from tenfold.jobs import training_run

COMMIT = "0123456789abcdef0123456789abcdef01234567"
REPOSITORY = "somebody/digits"


class Hub(BaseHTTPRequestHandler):
    """Takes the files of a commit, and gives them back, as far as huggingface_hub asks for it."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        if self.headers.get("Transfer-Encoding") == "chunked":
            body = b""
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        else:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        address = f"http://{self.headers['Host']}/{REPOSITORY}"
        if self.headers.get("Authorization") != "Bearer hf_secret":
            self.answer(401, {"error": "Invalid credentials"})
        elif self.path == "/api/repos/create":
            self.server.created = json.loads(body)
            self.answer(200, {"url": address})
        elif "/preupload/" in self.path:
            files = json.loads(body)["files"]
            small = [{"path": one["path"], "uploadMode": "regular", "shouldIgnore": False} for one in files]
            self.answer(200, {"files": small})
        elif "/commit/" in self.path:
            for line in map(json.loads, body.splitlines()):
                if line["key"] == "file":
                    self.server.files[line["value"]["path"]] = base64.b64decode(line["value"]["content"])
            self.answer(200, {"commitUrl": f"{address}/commit/{COMMIT}", "commitOid": COMMIT, "success": True})
        else:
            self.answer(200, {})

    def do_GET(self):
        owner, _, rest = self.path.strip("/").partition("/resolve/")
        content = self.server.files.get(rest.partition("/")[2]) if owner == REPOSITORY else None
        if content is None:
            kind = "EntryNotFound" if owner == REPOSITORY else "RepoNotFound"
            self.answer(404, {"error": "not found"}, {"X-Error-Code": kind})
        else:
            about = {"X-Repo-Commit": COMMIT, "ETag": f'"{hashlib.sha256(content).hexdigest()}"'}
            self.answer(200, content, about)

    do_HEAD = do_GET  # noqa: N815

    def answer(self, status, content, headers=()):
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **dict(headers)}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *arguments):
        self.server.log.append(f"{self.command} {self.path}")


@pytest.fixture(scope="module")
def run(tiny_recipe, idx_folder, tmp_path_factory):
    folder = tmp_path_factory.mktemp("hub") / "run"
    return training_run.train(tiny_recipe, data=idx_folder, out=folder, device="cpu")


@pytest.fixture
def python(tmp_path):
    """Run a program whose Hub is the stand-in; it says where the Hub is when huggingface_hub is imported."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    server.files, server.created, server.log = {}, {}, []
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()

    def program(text, token="hf_secret"):  # noqa: S107
        here = {"HF_ENDPOINT": f"http://127.0.0.1:{server.server_port}", "HF_HOME": str(tmp_path / "home")}
        quiet = {"HF_HUB_DISABLE_TELEMETRY": "1", "HF_HUB_DISABLE_XET": "1", "no_proxy": "*"}
        environment = {**os.environ, **here, **quiet, "HF_TOKEN": token, "PYTHONPATH": os.pathsep.join(sys.path)}
        text = f"import tenfold\ntry:\n    {text}\nexcept tenfold.TenfoldError as error:\n    print(error)"
        ended = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, env=environment)
        assert ended.returncode == 0, ended.stderr
        return ended.stdout.strip()

    yield server, program
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_run_is_pushed_and_restored(run, python):
    pytest.importorskip("huggingface_hub", reason="needs tenfold[hub]")
    server, program = python
    printed = program(f"print(tenfold.push({str(run.path)!r}, {REPOSITORY!r}))")
    assert printed.endswith(REPOSITORY), (printed, server.log)
    assert server.created["name"] == "digits"
    assert set(server.files) == {"model.safetensors", "recipe.toml", "evaluation.json", "README.md"}
    assert server.files["recipe.toml"].decode() == run.recipe.to_toml()
    card = server.files["README.md"].decode()
    assert card.startswith("---\nlibrary_name: tenfold\n")
    assert f"{run.load_evaluation()['accuracy']:.2%}" in card
    assert f'tenfold.restore("hf:{REPOSITORY}")' in card

    see = "print(model.name, model.options, model[0].weight.detach().sum().item())"
    printed = program(f"model = tenfold.restore('hf:{REPOSITORY}'); {see}")
    model = tenfold.restore(run.path)
    assert printed == f"{model.name} {model.options} {model[0].weight.detach().sum().item()}", server.log


def test_failures_are_one_line(run, python, monkeypatch):
    pytest.importorskip("huggingface_hub", reason="needs tenfold[hub]")
    _, program = python
    printed = program(f"tenfold.push({str(run.path)!r}, {REPOSITORY!r})", token="hf_wrong")  # noqa: S106
    assert printed.startswith(f"{REPOSITORY}: the Hub does not take it (")
    assert "401" in printed
    printed += "\n" + program("tenfold.restore('hf:nobody/nothing')")
    assert "hf:nobody/nothing: cannot be fetched from the Hub (" in printed
    assert len(printed.splitlines()) == 2
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    for call in (lambda: tenfold.restore("hf:a/b"), lambda: tenfold.push(run, "a/b")):
        with pytest.raises(TenfoldError, match=r"pip install 'tenfold\[hub\]'"):
            call()
