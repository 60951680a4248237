"""A table of numbers, and the page on which a person types those that are uncertain."""

import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tenfold.base.errors import TenfoldError
from tenfold.data import write_idx
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


def test_what_a_person_typed_is_never_lost(tmp_path):
    path = tmp_path / "out.csv"
    table = Table(path, 0.9)
    for name in "ab":
        table.add(source(tmp_path, f"{name}.png"), [number("1", 0.5), number("2", 0.95)])
    typed = path.read_bytes().replace(b",yes", b",done")
    path.write_bytes(b"\xef\xbb\xbf" + typed.rstrip())  # as other programs save it
    Table(path, 0.9)
    assert path.read_bytes() == typed
    path.write_bytes(typed.rstrip()[:-3])
    before = path.read_bytes()
    with pytest.raises(TenfoldError, match="row 4 is damaged"):
        Table(path, 0.9)
    assert path.read_bytes() == before


def test_a_new_threshold_and_a_new_page_apply_to_all_rows(tmp_path):
    path, gone = tmp_path / "out.csv", source(tmp_path, "b.png")
    table = Table(path, 0.9)
    table.add(source(tmp_path, "a.png"), [number("1", 0.5), number("2", 0.95)])
    table.add(gone, [number("3", 0.97)])
    gone.path.unlink()
    table = Table(path, 0.99, tmp_path / "review")
    [problem] = table.write_page()
    assert "b.png" in str(problem)
    assert [row["review"] for row in read(path)] == ["yes", "yes", "yes"]
    assert {crop.name for crop in (tmp_path / "review" / "crops").iterdir()} == {"0.png", "1.png"}
    Table(path, 0.9)
    assert [row["review"] for row in read(path)] == ["yes", "", ""]


def test_crops_of_an_idx_file_are_its_images(tmp_path, mnist):
    images, path = mnist[1].images[:3], tmp_path / "images-idx3-ubyte"
    write_idx(path, images)
    answers = [Number(str(place), None, 0.5 + 0.4 * (place < 2), (0, 0, 28, 28), []) for place in range(3)]
    table = Table(tmp_path / "out.csv", 0.8, tmp_path / "review")
    table.add(Source(path, Path(path.name)), answers)
    assert table.write_page() == []
    [crop] = (tmp_path / "review" / "crops").iterdir()
    assert crop.name == "2.png"
    np.testing.assert_array_equal(np.array(Image.open(crop).convert("L")), images[2])  # nothing around it


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a,b\n1,2\n", "is no table of numbers"),
        ("", "is no table of numbers"),
        ("file,field,text,value,probability,box,review\na.png,,1\n", "row 1 is damaged"),
        ("file,field,text,value,probability,box,review\na.png,,1,1,high,0 0 9 9,\n", "row 1 is damaged"),
    ],
)
def test_another_file_is_no_table(tmp_path, content, message):
    (tmp_path / "out.csv").write_text(content)
    with pytest.raises(TenfoldError, match=message):
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
