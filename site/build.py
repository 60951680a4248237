"""Build the site: `python site/build.py [FOLDER]`, by default into build/site.

The documents stay where they are. They are gathered in a temporary folder, where the article becomes one notebook a
chapter and every link points to its target's place on the site. Sphinx makes the pages from there; nothing is executed.
Needs the drawing page: run `npm run build --prefix web` first.
"""

import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path
from posixpath import dirname, join, normpath, relpath
from urllib.parse import unquote

import nbformat
from myst_parser.slugs import github_slugify
from nbformat import NotebookNode
from sphinx.cmd.build import build_main

HERE = Path(__file__).parent
ROOT = HERE.parent
DRAWING_PAGE = ROOT / "src/tenfold/serve/page"
MNIST = ROOT / "src/tenfold/data/mnist"  # the page that learns asks for it
REPOSITORY = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["urls"]["Repository"]
ADDRESS = "https://{}.github.io/{}/".format(*REPOSITORY.split("/")[-2:])
ARTICLE = "MNIST.ipynb"

# each document of the repository, and its place in the temporary folder
PLACES = {"README.md": "index.md", "CONTRIBUTING.md": "contributing.md"}
PLACES |= {f"docs/{path.name}": f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md")}
PLACES |= {ARTICLE: "article/index.ipynb", "MNIST_keras.ipynb": "article/MNIST_keras.ipynb"}

CODE_OR_LINK = re.compile(r"`[^`]*`|\]\(([^)\s]+)\)")
REMOTE_IMAGE = re.compile(rf"!\[([^]]*)\]\((?!{re.escape(REPOSITORY)})https?:[^)]*\)")
DRAW = re.compile(rf"`tenfold draw`|{re.escape(ADDRESS)}draw/")
FRAME = '<iframe class="draw" src="../draw/index.html" title="Draw digits and see them read" loading="lazy"></iframe>'

Chapters = dict[str, list[NotebookNode]]  # the cells of each, by its place


def build(target: Path) -> int:
    """Write the site into a folder, which is emptied first, and return Sphinx's exit code."""
    if not (DRAWING_PAGE / "index.html").is_file():
        sys.exit("the drawing page has not been built: run npm run build --prefix web")
    shutil.rmtree(target, ignore_errors=True)
    with tempfile.TemporaryDirectory() as folder:
        source, trees = Path(folder, "source"), Path(folder, "trees")
        gather(source)
        # -W: a link that leads nowhere is an error
        code = build_main(["-q", "-W", "--keep-going", "-c", str(HERE), "-d", str(trees), str(source), str(target)])
    shutil.copytree(DRAWING_PAGE, target / "draw")
    shutil.copytree(MNIST, target / "draw/mnist", ignore=shutil.ignore_patterns("*.md", "*.py"))
    shutil.copy(HERE / "service-worker.js", target)
    subprocess.run([sys.executable, ROOT / "exercises/build.py", target / "exercises"], check=True)  # noqa: S603
    return code


def gather(source: Path) -> None:
    """Fill the temporary folder."""
    shutil.copytree(ROOT / "docs/figures", source / "docs/figures")
    notebooks = {path: nbformat.read(ROOT / path, 4) for path in PLACES if path.endswith(".ipynb")}
    chapters = split(notebooks[ARTICLE].cells)
    anchors = {github_slugify(title): place for place, cells in chapters.items() for title in titles(cells)}
    embed_drawing_page(chapters)

    for path, place in PLACES.items():
        if path not in notebooks:
            text = (ROOT / path).read_text("utf-8")
            if path == "docs/page.md":
                text = with_frame(text)
            (source / place).write_text(redirect(text, path, place, anchors), "utf-8")
    for file in HERE.glob("*.md"):
        with (source / file.name).open("a", encoding="utf-8") as page:  # index.md is README.md and the contents
            page.write(redirect(file.read_text("utf-8"), f"site/{file.name}", file.name, anchors))

    (source / "article").mkdir()
    for path, notebook in notebooks.items():
        for place, cells in (chapters if path == ARTICLE else {PLACES[path]: notebook.cells}).items():
            for cell in cells:
                if cell.cell_type == "markdown":
                    cell.source = redirect(cell.source, path, place, anchors)
                elif "alt" in cell.metadata:
                    cell.metadata["mystnb"] = {"image": {"alt": cell.metadata["alt"]}}
            nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=notebook.metadata), source / place)


def split(cells: list[NotebookNode]) -> Chapters:
    """Divide a notebook at its headings of level 2, which become titles; the first part has links to the others."""
    first = PLACES[ARTICLE]
    chapters: Chapters = {first: []}
    for cell in cells:
        if cell.cell_type != "markdown":
            list(chapters.values())[-1].append(cell)
            continue
        parts = [(list(chapters)[-1], "")]
        for line, is_prose in lines(cell.source):
            if is_prose and line.startswith("## "):
                parts.append((f"article/{github_slugify(line[3:].strip())}.ipynb", ""))
            place, text = parts[-1]
            parts[-1] = (place, text + (line[1:] if is_prose and line.startswith("##") else line))
        for place, text in parts:
            if text.strip():
                chapters.setdefault(place, []).append(nbformat.v4.new_markdown_cell(text))
    others = [Path(place).stem for place in chapters if place != first]
    contents = ["```{toctree}", ":hidden:", *others, "```"]
    chapters[first].append(nbformat.v4.new_markdown_cell("\n".join(contents)))
    return chapters


def titles(cells: list[NotebookNode]) -> Iterator[str]:
    """The text of every heading."""
    for cell in cells:
        if cell.cell_type == "markdown":
            for line, is_prose in lines(cell.source):
                if is_prose and line.startswith("#"):
                    yield line.lstrip("#").strip()


def lines(text: str) -> Iterator[tuple[str, bool]]:
    """Every line, and whether it is prose rather than part of a code block."""
    fenced = False
    for line in text.splitlines(keepends=True):
        is_fence = line.lstrip().startswith("```")
        yield line, not (fenced or is_fence)
        fenced ^= is_fence


def embed_drawing_page(chapters: Chapters) -> None:
    """Show the drawing page where the article first speaks of it."""
    for cell in (cell for cells in chapters.values() for cell in cells if cell.cell_type == "markdown"):
        if DRAW.search(cell.source):
            cell.source = with_frame(cell.source)
            return
    sys.exit(f"{ARTICLE}: the site has no place for the drawing page; mention `tenfold draw` or {ADDRESS}draw/")


def with_frame(text: str) -> str:
    """The text with the drawing page after the first paragraph that speaks of it."""
    paragraphs = text.split("\n\n")
    where = next(i for i, paragraph in enumerate(paragraphs) if DRAW.search(paragraph))
    return "\n\n".join([*paragraphs[: where + 1], FRAME, *paragraphs[where + 1 :]])


def redirect(text: str, path: str, place: str, anchors: dict[str, str]) -> str:
    """A document's text with its links as they must be on the site, and without images from elsewhere."""

    def point(found: re.Match[str]) -> str:
        return found[0] if found[1] is None else f"]({resolve(found[1], path, place, anchors)})"

    return "".join(
        CODE_OR_LINK.sub(point, REMOTE_IMAGE.sub(r"\1", line)) if is_prose else line for line, is_prose in lines(text)
    )


def resolve(target: str, path: str, place: str, anchors: dict[str, str]) -> str:
    """Where a link of a document leads: to a page of the site or, for all other files, to the repository."""
    if target.startswith(ADDRESS):
        address = target.removeprefix(ADDRESS)
        return "site:" + relpath(join(address, "" if Path(address).suffix else "index.html"), dirname(place))
    file, _, anchor = unquote(re.sub(rf"^{re.escape(REPOSITORY)}/(blob|raw)/main/", "/", target)).partition("#")
    if ":" in file:
        return target
    file = normpath(join("/", dirname(path), file))[1:] if file else path
    slug = github_slugify(anchor)
    if file.startswith("docs/figures/"):
        return relpath(file, dirname(place))
    if file in PLACES:
        other = anchors.get(slug) if file == ARTICLE and anchor else PLACES[file]
        if other is None:
            sys.exit(f"{path}: {file} has no heading for the link to #{anchor}")
        return relpath(other, dirname(place) or ".") + (anchor and f"#{slug}")
    if not (ROOT / file).exists():
        sys.exit(f"{path}: there is no {file} for the link to {target}")
    return f"{REPOSITORY}/blob/main/{file}" + (anchor and f"#{anchor}")


if __name__ == "__main__":
    sys.exit(build(Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "build/site")))
