"""A table of numbers, and the page on which a person types those that are uncertain."""

import csv
from pathlib import Path

import pytest
from PIL import Image

from tenfold.base.errors import TenfoldError
from tenfold.jobs.pictures import Source
from tenfold.jobs.table import Table
from tenfold.reader import Number


def source(folder: Path, name: str) -> Source:
    Image.new("L", (100, 60), 200).save(folder / name)
    return Source(folder / name, Path(name))


def number(text: str, probability: float, field: str = "") -> Number:
    return Number(text, None, probability, (10, 10, 50, 30), [], None, field)


def read(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_a_table_is_continued_where_it_was_left(tmp_path):
    sources = [source(tmp_path, f"{name}.png") for name in "abc"]
    path = tmp_path / "out.csv"
    table = Table(path, 0.9, tmp_path / "review")
    table.add(sources[0], [number("3,5", 0.95), number("12:30", 0.5, "time")])
    table.add(sources[1], [])
    written = path.read_bytes()
    assert [(row["text"], row["value"], row["review"]) for row in read(path)] == [
        ("3,5", "3.5", ""),
        ("12:30", "", "yes"),
        ("", "", "yes"),
    ]
    with path.open("ab") as file:
        file.write(f"{sources[2].path},,7".encode())  # killed while writing
    table = Table(path, 0.9, tmp_path / "review")
    assert path.read_bytes() == written
    assert table.remaining(sources) == sources[2:]
    table.add(sources[2], [number("8", 0.1)])
    table.write_page()
    assert {crop.name for crop in (tmp_path / "review" / "crops").iterdir()} == {"1.png", "2.png", "3.png"}


def test_another_file_is_no_table(tmp_path):
    (tmp_path / "out.csv").write_text("a,b\n1,2\n")
    with pytest.raises(TenfoldError, match="is no table of numbers"):
        Table(tmp_path / "out.csv", 0.9)


def test_a_person_types_the_uncertain_numbers_and_saves_the_table(tmp_path, browser):
    table = Table(tmp_path / "out.csv", 0.9, tmp_path / "review")
    for name, text in (("a.png", "1</script>"), ("b.png", "22"), ("c,d.png", "33")):
        table.add(source(tmp_path, name), [number(text, 0.5), number("9", 1.0)])
    table.write_page()
    context = browser.new_context(accept_downloads=True)
    pages = [context.new_page() for _ in "ab"]
    for page in pages:
        page.goto((tmp_path / "review" / "index.html").as_uri())
    pages[0].keyboard.type("-4,5")  # the first box has the focus, and all of its text is selected
    pages[0].keyboard.press("Enter")
    pages[1].locator("input").nth(1).fill("77")  # the same page once more loses nothing
    pages[1].keyboard.press("Enter")
    pages[1].keyboard.press("Enter")  # what was read is right
    with pages[0].expect_download() as download:
        pages[0].locator("#save").click()
    saved = tmp_path / "saved.csv"
    download.value.save_as(saved)
    assert download.value.suggested_filename == "out.csv"
    rows = read(saved)
    assert [(row["text"], row["value"], row["review"]) for row in rows[::2]] == [
        ("-4,5", "-4.5", "done"),
        ("77", "77", "done"),
        ("33", "33", "done"),
    ]
    assert [row["file"] for row in rows] == [row["file"] for row in read(tmp_path / "out.csv")]
    assert len(Table(saved, 0.9).rows) == 6
    context.close()
