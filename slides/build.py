"""Make slides from the article: `python slides/build.py [FOLDER]`, by default into build/slides. Needs npm.

A slide has a heading and one thing to see: code with what it printed, a figure, a list, a formula, or a table. The
paragraphs become the speaker's notes. Solutions, the glossary, and the references are left out.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
from nbconvert import SlidesExporter
from nbformat import NotebookNode
from traitlets.config import Config

HERE = Path(__file__).parent
ROOT = HERE.parent
VISIBLE = re.compile(r"[-*] |\d+\. |\||\$\$|!\[")  # how a list, a table, a formula, and a picture begin
REPOSITORY = "https://github.com/tenfold-mnist/tenfold"  # where the article finds its picture when alone, as in Colab
LEFT_OUT = re.compile(r"<details>.*?</details>|\[!\[.*?\)\]\(.*?\)", re.DOTALL)  # solutions, and badges from elsewhere


def to_slides(notebook: NotebookNode) -> NotebookNode:
    """Cells that say where on the slides they belong, as `SlidesExporter` understands it."""
    cells: list[NotebookNode] = []
    heading, empty = "", False  # of the slide so far; whether it has nothing but that

    def add(cell: NotebookNode, kind: str) -> None:
        cell.metadata["slideshow"] = {"slide_type": kind}
        cells.append(cell)

    def show(cell: NotebookNode) -> None:
        nonlocal empty
        if not empty:
            add(nbformat.v4.new_markdown_cell(heading), "subslide")
        add(cell, "-")
        empty = False

    for cell in notebook.cells:
        if cell.cell_type == "code":
            has_figure = any("image/png" in output.get("data", {}) for output in cell.outputs)
            cell.metadata["tags"] = ["without-source"] if has_figure else []
            show(cell)
            continue
        for block in blocks(LEFT_OUT.sub("", cell.source).replace(REPOSITORY + "/raw/main/", "")):
            if block == "## Glossary":
                return nbformat.v4.new_notebook(cells=cells, metadata=notebook.metadata)
            if block.startswith("#"):
                heading, empty = block, True
                add(nbformat.v4.new_markdown_cell(block), "subslide" if block.startswith("###") else "slide")
            elif VISIBLE.match(block):
                show(nbformat.v4.new_markdown_cell(block))
            else:
                add(nbformat.v4.new_markdown_cell(block), "notes")
    return nbformat.v4.new_notebook(cells=cells, metadata=notebook.metadata)


def blocks(text: str) -> list[str]:
    """Paragraphs, headings, lists, formulas, and code blocks, which may have empty lines in them."""
    found: list[str] = []
    fenced = False
    for part in re.split(r"\n\s*\n", text.strip()):
        if fenced:
            found[-1] += "\n\n" + part
        elif part.strip():
            found.append(part.strip())
        fenced ^= part.count("```") % 2 == 1
    return found


def render(notebook: NotebookNode) -> str:
    """The slides as a page, which loads reveal.js and KaTeX from the folder node_modules beside it."""
    exporter = SlidesExporter(
        config=Config(TagRemovePreprocessor={"enabled": True, "remove_input_tags": {"without-source"}}),
        template_file=str(HERE / "slides.html.j2"),
        reveal_url_prefix="node_modules/reveal.js",
        reveal_theme="white",  # its fonts come with it
        embed_images=True,
        exclude_input_prompt=True,
        exclude_output_prompt=True,
    )
    resources = {"metadata": {"name": "tenfold", "path": str(ROOT)}}
    page, _ = exporter.from_notebook_node(to_slides(notebook), resources)
    return page


def build(target: Path) -> None:
    """Write the slides and what they load into a folder."""
    npm = shutil.which("npm") or sys.exit("the slides need npm, which comes with Node.js")
    target.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(HERE / name, target)
    subprocess.run([npm, "ci", "--silent", "--no-audit", "--no-fund"], cwd=target, check=True)  # noqa: S603
    (target / "index.html").write_text(render(nbformat.read(ROOT / "MNIST.ipynb", 4)), "utf-8")
    print(f"open {target / 'index.html'} in a browser")


if __name__ == "__main__":
    build(Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "build/slides"))
