import os
import stat
import subprocess
import sys
from pathlib import Path
from unittest.mock import Mock

import pytest
from PIL import Image

from tenfold import TenfoldError
from tenfold.base import files
from tenfold.base.files import locked, write_atomically
from tenfold.data import write_idx
from tenfold.reader.show import write
from tenfold.report import plots

HOLD = """
import sys, time
from tenfold.base.files import locked, write_atomically
with locked(sys.argv[1]):
    print("held", flush=True)
    time.sleep(600)
"""


def hold(folder: Path) -> subprocess.Popen:
    """Another process that keeps a folder locked until it is killed."""
    process = subprocess.Popen([sys.executable, "-c", HOLD, folder], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "held\n"
    return process


def test_a_link_stays_and_the_file_behind_it_keeps_its_permissions(tmp_path):
    (tmp_path / "real").mkdir()
    page, link = tmp_path / "real" / "page.html", tmp_path / "link.html"
    page.write_text("old")
    page.chmod(0o600)
    link.symlink_to(page)
    write_atomically(link, "new")
    assert link.is_symlink()
    assert page.read_text() == "new"
    assert stat.S_IMODE(page.stat().st_mode) == 0o600
    (tmp_path / "to nothing yet").symlink_to(tmp_path / "real" / "later")
    write_atomically(tmp_path / "to nothing yet", "there")
    assert (tmp_path / "real" / "later").read_text() == "there"
    assert sorted(path.name for path in page.parent.iterdir()) == ["later", "page.html"]


def test_what_is_no_regular_file_is_not_replaced(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", tmp_path, Path(os.devnull)):
        before = path.stat()
        with pytest.raises(OSError, match="not a regular file"):
            write_atomically(path, "new")
        assert path.stat().st_ino == before.st_ino


@pytest.mark.parametrize("name", ["picture.png", "x" * 250])
def test_a_picture_or_data_that_cannot_be_written_whole_leaves_the_old_one(name, few, tmp_path, monkeypatch):
    path = tmp_path / name
    picture = Image.new("L", (8, 8))
    writers = [
        lambda: plots.class_histogram(few).savefig(path, format="png"),
        lambda: write_idx(path, few.labels),
        *([lambda: write(picture, path)] if path.suffix else []),
    ]
    for writer in writers:
        writer()
        before = path.read_bytes()

        with monkeypatch.context() as patch:
            patch.setattr(files.os, "fsync", Mock(side_effect=OSError(28, "No space left on device")))
            with pytest.raises(OSError, match="No space left") as caught:
                writer()
        assert caught.value.filename == str(path)
        assert path.read_bytes() == before
        assert list(tmp_path.iterdir()) == [path]


def test_a_figure_without_a_suffix_becomes_a_png(few, tmp_path):
    plots.class_histogram(few).savefig(tmp_path / "classes", metadata={"Description": "counts"})
    with Image.open(tmp_path / "classes.png") as picture:
        assert picture.info["Description"] == "counts"


def test_a_folder_is_locked_until_its_writer_ends_however_it_ends(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "PATIENCE", 0.0)
    folder = tmp_path / "runs" / "one"
    writer = hold(folder)
    (folder / ".tenfold-0123").write_text("half")
    with pytest.raises(TenfoldError, match=r"one: another process is writing to this folder"), locked(folder):
        pass
    assert (folder / ".tenfold-0123").exists()
    writer.kill()
    writer.communicate()
    with locked(folder), locked(folder) as lock:  # they nest
        assert lock.is_file()
        assert [path.name for path in folder.iterdir()] == [lock.name]
        (folder / "whole").touch()
    assert [path.name for path in folder.iterdir()] == ["whole"]
    with locked(tmp_path / "nothing written"):
        pass
    assert not (tmp_path / "nothing written").exists()
