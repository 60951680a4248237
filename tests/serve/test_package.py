"""The npm package, installed where its users install it: with Vite, on a plain page, in workers, and in Node."""

import functools
import http.server
import json
import shutil
import subprocess
import threading
from pathlib import Path

import pages
import pytest

import tenfold
from benchmarks.chromium import DIGITS
from tenfold import serve
from tenfold.reader import to_text

WEB = Path(__file__).parents[2] / "web"
TOOLS = WEB / "node_modules" / ".bin"
MOST_BYTES = 2_500_000
NUMBER = (3, 1, 4)
STROKES = [
    [{"x": 40 + 150 * place + 120 * x, "y": 50 + 180 * y} for x, y in stroke]
    for place, digit in enumerate(NUMBER)
    for stroke in DIGITS[digit]
]

# the files of the project that installs it
READ = """
import { Reader } from "tenfold-reader";

export async function read(strokes, picture) {
  const reader = await Reader.load();
  const found = await Promise.all([strokes && reader.readStrokes(strokes), reader.read(picture)]);
  return found.map((one) => one?.lines.map((line) => line.map(({ label, box }) => [label, Object.values(box)])));
}

export async function complain(strokes, picture) {
  const reader = await Reader.load();
  const readings = [reader.readStrokes(strokes), reader.read(picture)];
  return (await Promise.allSettled(readings)).map(({ reason }) => String(reason));
}
"""
MAIN = """
import { Reader, type Found, type Picture, type Point, type Reading } from "tenfold-reader";
import { read } from "./read.js";

const worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
const readInWorker = (...task: [Point[][], Picture]) =>
  new Promise<unknown>((resolve) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.postMessage(task);
  });
Object.assign(globalThis, { read, readInWorker });

export async function label(reader: Reader, strokes: Point[][]): Promise<Reading["label"]> {
  const found: Found = await reader.readStrokes(strokes);
  // @ts-expect-error: a stroke is no list of numbers
  reader.readStrokes([[1, 2]]).catch(() => {});
  return found.lines[0][0].label;
}
"""
FILES = {
    "package.json": '{ "private": true, "type": "module" }',
    "read.js": READ,
    "worker.js": 'import { read } from "./read.js"; onmessage = async ({ data }) => postMessage(await read(...data));',
    "main.ts": MAIN,
    "index.html": '<link rel="icon" href="data:," /><script type="module" src="main.ts"></script>',
    "plain.html": """<link rel="icon" href="data:," />
<script type="importmap">{ "imports": { "tenfold-reader": "./node_modules/tenfold-reader/index.js" } }</script>
<script type="module">Object.assign(globalThis, await import("./read.js"));</script>""",
    "node.js": """
import { readFileSync } from "node:fs";
import { complain, read } from "./read.js";
const [width, data] = [Number(process.argv[2]), readFileSync("picture")];
const picture = { width, height: data.length / 4 / width, data };
const answers = [await read(null, picture), await complain([[{ x: 1, y: 2 }]], { ...picture, width: 1 })];
console.log(JSON.stringify(answers));""",
}
# what the browser is asked for: a function's answer about the strokes and the picture
ASK = """async ([name, strokes, width]) => {
  const pixels = await (await fetch("/picture")).arrayBuffer();
  return globalThis[name](strokes, new ImageData(new Uint8ClampedArray(pixels), width));
}"""


def run(*command: str | Path, folder: Path) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """An empty project with the package."""
    if not shutil.which("npm"):
        pytest.skip("no npm on the path")
    if not (TOOLS / "vite").exists():
        pytest.skip("no Vite: npm run check --prefix web")
    if not (serve.PAGE / "index.html").is_file():
        pytest.skip(f"the page has not been built: {serve.BUILD}")
    folder = tmp_path_factory.mktemp("npm")
    run("node", WEB / "pack.mjs", folder, folder=folder)
    [archive] = folder.glob("*.tgz")
    assert archive.stat().st_size <= MOST_BYTES
    project = folder / "project"
    project.mkdir()
    for name, content in FILES.items():
        (project / name).write_text(content)
    # LiteRT.js comes from where the page has it, instead of over the network
    run("npm", "install", "--offline", "--legacy-peer-deps", "--no-audit", "--no-fund", archive, folder=project)
    (project / "node_modules/@litertjs").symlink_to(WEB / "node_modules/@litertjs")
    return project


def test_it_reads_in_a_page_with_vite_and_without_in_a_worker_and_in_node(project, browser, lines):
    gray, text = lines
    readings = tenfold.predict(gray)
    assert to_text(readings).split() == text
    expected = [[[one.label, list(one.box)] for one in readings if one.line == line] for line in range(len(text))]
    data = gray.repeat(4).reshape(*gray.shape, 4)
    data[..., 3] = 255
    (project / "picture").write_bytes(data.tobytes())
    width = gray.shape[1]

    strict = ("--strict", "--noEmit", "--allowJs", "--target", "esnext", "--module", "esnext")
    run(TOOLS / "tsc", *strict, "--moduleResolution", "bundler", "main.ts", folder=project)
    assert "warn" not in run(TOOLS / "vite", "build", "--base", "./", folder=project).lower()

    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=project)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}"
        for path, names in (("dist/index.html", ("read", "readInWorker")), ("plain.html", ("read",))):
            page, said = pages.open_page(browser, f"{address}/{path}")
            page.wait_for_function("() => Boolean(globalThis.read)")
            for name in names:
                drawn, shown = page.evaluate(ASK, [name, STROKES, width])
                assert shown == expected
                assert [label for [label, _] in drawn[0]] == list(NUMBER)
                [_, (x, y, wide, high)] = drawn[0][2]  # the 4, in the units of its strokes
                assert 330 < x < x + wide < 480
                assert 30 < y < y + high < 250
            assert said == []
            page.close()
        server.shutdown()

    [[_, shown], complaints] = json.loads(run("node", "node.js", str(width), folder=project))
    assert shown == expected
    assert complaints[0] == "Error: no OffscreenCanvas to draw strokes on: read a picture of them"
    assert complaints[1].startswith("TypeError: not a picture")
