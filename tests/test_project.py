"""What the files around the code say of the project is what `pyproject.toml` says."""

import json
import re
import tomllib
from pathlib import Path

import tenfold

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PATTERNS = ("*.md", "*.ipynb", "*.cff", "docs/*.md", "site/*.md", "web/*.html", ".github/**/*.yml", ".github/**/*.md")
PATTERNS += ("exercises/*.py", "slides/*.py", "web/reader/*.md", "web/reader/*.json")
FILES = [path for pattern in PATTERNS for path in sorted(ROOT.glob(pattern))]


def test_every_address_is_the_project_s():
    owner, name = PROJECT["urls"]["Repository"].split("/")[-2:]
    addresses = re.compile(rf"github(?:\.com)?/([\w.-]+)/{name}\b|([\w.-]+)\.github\.io/{name}\b")
    owners = {
        str(path.relative_to(ROOT)): {found[1] or found[2] for found in addresses.finditer(path.read_text("utf-8"))}
        for path in FILES
    }
    assert owners["CITATION.cff"]
    assert {file: found for file, found in owners.items() if found - {owner}} == {}


def test_every_version_is_the_project_s():
    version = PROJECT["version"]
    assert tenfold.__version__ == version
    npm = json.loads((ROOT / "web/reader/package.json").read_text("utf-8"))
    page = json.loads((ROOT / "web/package.json").read_text("utf-8"))
    assert npm["version"] == version
    assert npm["peerDependencies"] == {"@litertjs/core": page["dependencies"]["@litertjs/core"]}
    assert f"\nversion: {version}\n" in (ROOT / "CITATION.cff").read_text("utf-8")
    assert re.search(r"^## \[(\d.*?)\]", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)[1] == version
