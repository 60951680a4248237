"""Many pictures at once, in one process and in many."""

from pathlib import Path

import pytest
from PIL import Image

from tenfold import models
from tenfold.jobs import pictures
from tenfold.jobs.pictures import Answer, Options, find_sources, read_sources
from tenfold.reader import Reader

pytestmark = pytest.mark.fast


def test_a_pile_is_read_the_same_by_one_process_and_by_many(lines, mnist, tmp_path, monkeypatch):
    (tmp_path / "in" / "deep").mkdir(parents=True)
    (tmp_path / "in" / "no.txt").write_text("no picture")
    (tmp_path / "in" / "bad.png").write_text("no picture")
    Image.fromarray(lines[0]).save(tmp_path / "in" / "deep" / "page.PNG")
    for number, image in enumerate(mnist[1].images[:20]):
        Image.fromarray(image).save(tmp_path / "in" / f"{number}.png")
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path)
    sources = find_sources([Path("in"), Path("empty"), Path("missing.png")])
    assert len(sources) == 24
    answers = []
    for patience in (1000.0, 0.0):
        monkeypatch.setattr(pictures, "PATIENCE", patience)
        found = list(read_sources(sources, Reader(), Options(numbers=True, annotated=Path(f"out{patience}"))))
        assert [source for source, _ in found] == sources
        answers.append([answer if isinstance(answer, Answer) else str(answer) for _, answer in found])
    assert answers[0] == answers[1]
    assert sum(isinstance(answer, str) for answer in answers[0]) == 3
    drawn = [{path.relative_to(folder) for path in folder.rglob("*.png")} for folder in tmp_path.glob("out*")]
    assert drawn[0] == drawn[1] == {Path("deep/page-read.png")} | {Path(f"{number}-read.png") for number in range(20)}


def test_a_pile_is_read_by_the_model_that_is_there_now(lines, tmp_path, monkeypatch):
    pytest.importorskip("ai_edge_litert")
    monkeypatch.setattr(pictures, "PATIENCE", 0.0)  # all but the first picture go to other processes, ...
    monkeypatch.setattr(pictures, "CHUNK", 1)  # ... one by one, to all of them
    for number in range(6):
        Image.fromarray(lines[0]).save(tmp_path / f"{number}.png")
    for name in ("reader-int8.tflite", "reader-float16.tflite"):
        (tmp_path / "model.tflite").write_bytes((models.SHIPPED / name).read_bytes())
        reader = Reader(tmp_path / "model.tflite")
        (_, here), *rest = read_sources(find_sources([tmp_path]), reader, Options())
        assert all(there == here for _, there in rest)
