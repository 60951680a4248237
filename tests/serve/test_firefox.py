"""The pages in Firefox, which Playwright does not drive as it comes: reading, without a network, and learning."""

import shutil

import pytest

from benchmarks.visits import BROWSERS, visit
from tenfold import serve
from tenfold.data.sources import BUNDLED

pytestmark = [
    pytest.mark.skipif(not (serve.PAGE / "index.html").is_file(), reason=f"the page has not been built: {serve.BUILD}"),
    pytest.mark.skipif(shutil.which(BROWSERS["firefox"][0]) is None, reason="no firefox-esr on the path"),
]

SEVEN = "#ink=6y.2s.82.0.-1y.46.-1y.46.-1y.46"
# Runs in both pages: the first is read and kept, then the second is opened, learns, and sends what it says.
SCRIPT = b"""
const text = (selector) => document.querySelector(selector).textContent;
const until = (ready) => new Promise((resolve) => setInterval(() => ready() && resolve(), 50));
if (location.pathname === "/index.html") {
  await until(() => text("#number") === "7" && text("#offline").startsWith("Ready"));
  location.assign("learn.html");
} else {
  document.querySelector("#start").click();
  await until(() => /Step [1-9]|Nothing/.test(text("#state")));
  const kept = navigator.serviceWorker.controller !== null;
  const answer = { kept, state: text("#state"), message: text("#message") };
  fetch("answer", { method: "POST", body: JSON.stringify(answer) });
}
"""


def test_firefox_reads_keeps_the_pages_and_learns():
    extra = {f"/mnist/{file.name}": file.read_bytes() for file in BUNDLED.glob("*.gz")} | {"/run.js": SCRIPT}
    for name in ("index.html", "learn.html"):
        page = (serve.PAGE / name).read_bytes()
        extra[f"/{name}"] = page.replace(b"</head>", b'<script type="module" src="run.js"></script></head>')
    answer = visit("firefox", f"/index.html{SEVEN}", extra)
    assert answer["message"] == ""
    assert "Step" in answer["state"]
    assert answer["kept"]  # the second page came from what the first has kept
