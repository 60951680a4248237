"""The exercise sheets: with the solutions every check passes; without them every check says what is missing."""

import re

import matplotlib
import pytest

build = pytest.importorskip("exercises.build")  # it needs nbformat
matplotlib.use("agg")


def run(chapter, solved):
    """What the cells after the one for Colab print or raise."""
    space, said = {"print": lambda *words: said.append(" ".join(map(str, words)))}, []
    for cell in build.notebook(chapter.read_text("utf-8"), solved).cells[1:]:
        if cell.cell_type == "code":
            try:
                exec(cell.source, space)  # noqa: S102  # our own code
            except AssertionError as missing:
                said.append(str(missing))
    return said


@pytest.mark.parametrize("chapter", build.CHAPTERS, ids=lambda chapter: chapter.stem)
def test_checks(chapter):
    exercises = re.findall(r"^# ## Exercise (\S+):", chapter.read_text("utf-8"), re.MULTILINE)
    assert len(exercises) >= 2
    verdicts = [line.split(":")[0] for line in run(chapter, solved=True) if re.match(r"\d\.\d", line)]
    assert verdicts == [f"{number} solved" for number in exercises]
    missing = [line for line in run(chapter, solved=False) if re.match(r"\d\.\d", line)]
    assert [line.split(":")[0] for line in missing] == exercises
    assert all(re.search("`# your answer`", line) for line in missing)


def test_both_notebooks_are_written(tmp_path):
    build.build(tmp_path)
    for chapter in build.CHAPTERS:
        sheet, solutions = (
            (tmp_path / folder / f"{chapter.stem}.ipynb").read_text("utf-8") for folder in ("", "solutions")
        )
        assert sheet.count("# your answer") == solutions.count("# your answer") > 0
        assert "SOLUTION" not in sheet + solutions
        assert len(sheet) < len(solutions)
