"""Make the exercise sheets: `python exercises/build.py [FOLDER]`, by default into build/exercises.

Every chapter is a Python file here. It becomes two notebooks: one without solutions, and one with, in the folder
`solutions`. A cell begins with `# %%`, a cell of text with `# %% [markdown]`. What stands between `### BEGIN SOLUTION`
and `### END SOLUTION`, students write themselves.
"""

import re
import sys
from pathlib import Path

import nbformat
from nbformat import NotebookNode

HERE = Path(__file__).parent
CHAPTERS = sorted(HERE.glob("chapter_*.py"))
CELL = re.compile(r"^# %%(.*)\n", re.MULTILINE)
SOLUTION = re.compile(r"^( *)### BEGIN SOLUTION\n(.*?)\n *### END SOLUTION$", re.MULTILINE | re.DOTALL)
SETUP = """\
import importlib.util

if importlib.util.find_spec("tenfold") is None:  # in Colab or Kaggle; what is there stays as it is
    !pip list --format=freeze > installed.txt
    %pip install --quiet --constraint installed.txt "tenfold[train] @ git+https://github.com/tenfold-mnist/tenfold\""""


def notebook(source: str, solved: bool) -> NotebookNode:
    """The notebook of a chapter, with or without the solutions."""
    _, *parts = CELL.split(SOLUTION.sub(r"\1# your answer\n\2" if solved else r"\1# your answer", source))
    cells = [nbformat.v4.new_code_cell(SETUP)]
    for kind, text in zip(parts[::2], parts[1::2], strict=True):
        if "[markdown]" in kind:
            cells.append(nbformat.v4.new_markdown_cell(re.sub("^# ?", "", text.strip(), flags=re.MULTILINE)))
        else:
            cells.append(nbformat.v4.new_code_cell(text.strip()))
    for number, cell in enumerate(cells):
        cell.id = f"cell-{number}"  # else it would be another one every time
    kernel = {"name": "python3", "display_name": "Python 3"}
    return nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})


def build(target: Path) -> None:
    """Write both notebooks of every chapter."""
    for folder, solved in ((target, False), (target / "solutions", True)):
        folder.mkdir(parents=True, exist_ok=True)
        for chapter in CHAPTERS:
            nbformat.write(notebook(chapter.read_text("utf-8"), solved), folder / f"{chapter.stem}.ipynb")
    print(f"{target}: {len(CHAPTERS)} sheets; {target / 'solutions'}: the same with solutions")


if __name__ == "__main__":
    build(Path(sys.argv[1] if len(sys.argv) > 1 else HERE.parent / "build/exercises"))
