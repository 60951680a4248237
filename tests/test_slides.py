"""The slides: what they show, what becomes the speaker's notes, and that they load nothing from elsewhere."""

import re

import pytest

nbformat = pytest.importorskip("nbformat")
build = pytest.importorskip("slides.build")  # it needs nbconvert

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNkYAAAAAYAAjCB0C8AAAAASUVORK5CYII="


def test_slides():
    v4 = nbformat.v4
    figure = v4.new_output("display_data", {"image/png": PIXEL})
    notebook = v4.new_notebook(
        cells=[
            v4.new_markdown_cell("## Look\n\nSaid, not shown.\n\n- shown\n\n<details>\n\n1. solution\n\n</details>"),
            v4.new_code_cell("draw()", outputs=[figure]),
            v4.new_code_cell("loop()"),
            v4.new_markdown_cell("## Glossary\n\n| term |"),
        ]
    )
    cells = build.to_slides(notebook).cells
    assert [(cell.metadata["slideshow"]["slide_type"], cell.source) for cell in cells] == [
        ("slide", "## Look"),
        ("notes", "Said, not shown."),
        ("-", "- shown"),
        ("subslide", "## Look"),
        ("-", "draw()"),
        ("subslide", "## Look"),
        ("-", "loop()"),
    ]
    page = build.render(notebook)
    assert "loop" in page
    assert "draw" not in page
    assert {target.split("/")[0] for target in re.findall(r'<(?:script|link)[^>]* (?:src|href)="(.*?)"', page)} == {
        "node_modules"
    }
