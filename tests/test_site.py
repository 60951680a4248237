"""The site is built without a warning, its links lead somewhere, and its pages load nothing from elsewhere."""

import functools
import importlib.util
import re
import subprocess
import sys
import threading
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urldefrag

import pytest

import tenfold
from tenfold import serve

ROOT = Path(__file__).parents[1]
LOADS = {("link", "href"), ("script", "src"), ("img", "src"), ("iframe", "src")}

pytestmark = [
    pytest.mark.skipif(
        any(importlib.util.find_spec(name) is None for name in ("sphinx", "myst_nb", "furo", "sphinx_copybutton")),
        reason="needs the extra `site`",
    ),
    pytest.mark.skipif(not (serve.PAGE / "index.html").is_file(), reason=f"the page has not been built: {serve.BUILD}"),
]


class Page(HTMLParser):
    """Where a page's links lead, what it loads, and what can be linked to in it."""

    def __init__(self, file):
        super().__init__()
        self.links, self.loads, self.ids = [], [], {""}
        self.feed(file.read_text("utf-8"))

    def handle_starttag(self, tag, attributes):
        for name, value in attributes:
            if name == "id":
                self.ids.add(value)
            elif (tag, name) in LOADS:
                self.loads.append(value)
            elif (tag, name) == ("a", "href"):
                self.links.append(value)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    target = tmp_path_factory.mktemp("site") / "site"
    built = subprocess.run([sys.executable, ROOT / "site/build.py", target], capture_output=True, text=True)
    assert (built.returncode, built.stderr) == (0, "")
    return target


def test_links_lead_somewhere(site):
    pages = {file: Page(file) for file in site.rglob("*.html")}
    assert {"index.html", "api.html", "article", "docs", "draw"} <= {path.name for path in site.iterdir()}
    for file, page in pages.items():
        assert [target for target in page.loads if re.match(r"\w+:|//", target)] == []
        for target in [*page.links, *page.loads]:
            path, anchor = urldefrag(unquote(target))
            if not re.match(r"\w+:", path):
                other = file.parent / path.partition("?")[0] if path else file
                other = (other / "index.html" if other.is_dir() else other).resolve()
                assert other.is_file(), f"{file}: {target}"
                assert other not in pages or anchor in pages[other].ids, f"{file}: {target}"


def test_every_public_name_is_documented(site):
    missing = {f"tenfold.{name}" for name in tenfold.__all__} - Page(site / "api.html").ids
    assert missing == {"tenfold.__version__", "tenfold.plots"}


def test_it_works_without_a_network(site, browser):
    with ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(SimpleHTTPRequestHandler, directory=site)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}"
        page = browser.new_page(viewport={"width": 390, "height": 844}, service_workers="block")
        page.set_default_timeout(120_000)
        requests, errors = [], []
        page.on("request", lambda request: requests.append(request.url))
        page.on("console", lambda message: message.type == "error" and errors.append(message.text))
        [chapter] = [file for file in (site / "article").iterdir() if "<iframe" in file.read_text("utf-8")]
        page.goto(f"{address}/article/{chapter.name}")
        page.locator("iframe").scroll_into_view_if_needed()
        page.frame_locator("iframe").get_by_role("heading", name="Write a number").wait_for()
        assert page.evaluate("document.documentElement.scrollWidth") == 390
        page.goto(f"{address}/search.html?q=dropout")
        page.locator("#search-results li").first.wait_for()
        page.close()
        server.shutdown()
    assert [url for url in requests if not url.startswith((address, "data:", "blob:"))] == []
    assert errors == []
